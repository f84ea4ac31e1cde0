//! What WeChat says to a request.

use alloc::string::{String, ToString as _};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::EVENT_BYTES_MAX;
use crate::decisions::delivery::{Next, after_code};
use crate::values::text::Text;

/// What WeChat said to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Its return code; 0 for success.
    pub code: i32,
    /// What follows ([`after_code`]).
    pub next: Next,
    /// WeChat's id of the message, when it was taken. The event that reports its end ([`What::Finished`](super::What::Finished)) names it.
    pub message: Option<Text>,
    /// WeChat's words, for the operator. They may name the account.
    pub text: Text,
}

/// Why an answer cannot be read. It is then not known whether the message was taken: send it again under the same client message id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// It is too long.
    #[error("the answer has {bytes} bytes; at most {EVENT_BYTES_MAX} are read")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
    /// It is no JSON object with an `errcode`.
    #[error("at line {line}, column {column}: it is no answer of WeChat")]
    NoAnswer {
        /// The line, from 1.
        line: usize,
        /// The column, from 1; 0 before the first character.
        column: usize,
    },
}

#[derive(Deserialize)]
struct Said {
    errcode: i32,
    #[serde(default)]
    errmsg: String,
    #[serde(default)]
    msgid: Option<Id>,
}

/// A number in most answers, a text in some.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
}

/// Reads the answer to `message/template/send`.
///
/// # Errors
/// [`AnswerError`] says what is wrong and where.
///
/// # Examples
/// ```
/// use ringfence::decisions::delivery::Next;
/// use ringfence::edges::interop::wechat::answer;
///
/// let read = answer(r#"{"errcode":0,"errmsg":"ok","msgid":200228332}"#)?;
/// assert_eq!((read.next, read.message.as_deref()), (Next::Taken, Some("200228332")));
/// assert_eq!(answer(r#"{"errcode":43004,"errmsg":"require subscribe"}"#)?.next, Next::AwaitFollow);
/// # Ok::<(), ringfence::edges::interop::wechat::AnswerError>(())
/// ```
pub fn answer(body: impl AsRef<[u8]>) -> Result<Answer, AnswerError> {
    let body = body.as_ref();
    if body.len() > EVENT_BYTES_MAX {
        return Err(AnswerError::TooLong { bytes: body.len() });
    }
    let said: Said = serde_json::from_slice(body)
        .map_err(|error| AnswerError::NoAnswer { line: error.line().max(1), column: error.column() })?;
    let message = said.msgid.map(|id| match id {
        Id::Number(id) => Text::from(id.to_string()),
        Id::Text(id) => Text::from(id),
    });
    Ok(Answer { code: said.errcode, next: after_code(said.errcode), message, text: Text::from(said.errmsg) })
}
