//! Template messages: the body of the request, its fields within their kinds.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::Serialize;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// The longest client message id (return code 45067 beyond it).
pub const CLIENT_MESSAGE_CHARS_MAX: usize = 32;

/// A template message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// The account: its open id.
    pub account: &'a str,
    /// The template's id.
    pub template: &'a str,
    /// The id by which WeChat knows a repeat.
    pub client_message: &'a str,
    /// Where a tap leads: an address with `http://` or `https://`; empty for nowhere.
    pub url: &'a str,
    /// The mini program that a tap opens where the phone can; else the address.
    pub mini_program: Option<MiniProgram<'a>>,
    /// The fields, such as `("thing3", "语音留言 00:23")`.
    pub fields: &'a [(&'a str, &'a str)],
}

/// A mini program that belongs to the official account.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MiniProgram<'a> {
    /// Its id.
    #[serde(rename = "appid")]
    pub app: &'a str,
    /// The page, with its query.
    #[serde(rename = "pagepath")]
    pub page: &'a str,
}

/// The body of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rendered {
    /// The JSON.
    pub json: String,
    /// The fields that had to be cut.
    pub cut: Vec<String>,
    /// The fields that had emoji, which WeChat does not show.
    pub stripped: Vec<String>,
}

/// Why a message cannot be sent as a template message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// A field's name begins with no kind that WeChat knows.
    #[error("field {name}: its name begins with none of {known}")]
    UnknownKind {
        /// The field.
        name: String,
        /// The kinds that such a message knows.
        known: &'static str,
    },
    /// A field is empty, or holds nothing that may be shown; WeChat refuses it (47003).
    #[error("field {name}: it is empty")]
    Empty {
        /// The field.
        name: String,
    },
    /// A value has a character that its kind does not allow.
    #[error("field {name}: {wrong:?} is not allowed in it")]
    Character {
        /// The field.
        name: String,
        /// The character.
        wrong: char,
    },
    /// A value is too long, and cutting it would make another value of it.
    #[error("field {name}: it has {length} characters, and at most {most} are allowed")]
    TooLong {
        /// The field.
        name: String,
        /// How many it has.
        length: usize,
        /// How many are allowed.
        most: usize,
    },
    /// A field stands twice; one of the two would be lost.
    #[error("field {name}: it stands twice")]
    Repeated {
        /// The field.
        name: String,
    },
    /// A field does not show all that it should, and there is no link that does.
    #[error("field {name}: a part of it is not shown, and the message has no link to the whole")]
    NoLink {
        /// The field.
        name: String,
    },
    /// An account, a template or a page is missing.
    #[error("{what} is empty")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// The address is none that a phone opens.
    #[error("the address begins with neither http:// nor https://, or holds a blank")]
    Url,
    /// The client message id is empty or too long.
    #[error("the client message id has {length} characters; 1 to {CLIENT_MESSAGE_CHARS_MAX} are allowed")]
    ClientMessage {
        /// How many it has.
        length: usize,
    },
}

/// A kind of field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) word: &'static str,
    pub(super) most: usize,
    /// The most when a Chinese character is in it.
    pub(super) most_chinese: usize,
    /// Whether a part of the value still says something true.
    pub(super) may_be_cut: bool,
    pub(super) allowed: fn(char) -> bool,
}

/// The kinds of fields that one sort of message has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds {
    pub(super) all: &'static [Kind],
    /// Their words, for whoever used another.
    pub(super) words: &'static str,
}

impl Kind {
    /// A kind whose values are cut where they are too long.
    pub(super) const fn cut(word: &'static str, most: usize, allowed: fn(char) -> bool) -> Self {
        Self { word, most, most_chinese: most, may_be_cut: true, allowed }
    }

    /// A kind of which a part would be another value.
    pub(super) const fn whole(word: &'static str, most: usize, allowed: fn(char) -> bool) -> Self {
        Self { word, most, most_chinese: most, may_be_cut: false, allowed }
    }
}

pub(super) const fn any(_: char) -> bool {
    true
}

pub(super) const fn is_ascii_shown(c: char) -> bool {
    c.is_ascii_graphic() || c == ' '
}

pub(super) const fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '-' | '*' | ' ')
}

/// The unified ideographs and those for compatibility.
pub(super) const fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// The kinds and their lengths: thing 20, character_string 32, phone_number 17, car_number 8, const 20; every field at most 20 but those that have
/// more of their own.
pub(super) const KINDS: Kinds = Kinds {
    all: &[
        Kind::whole("character_string", 32, is_ascii_shown),
        Kind::whole("phone_number", 17, is_of_number),
        Kind::whole("car_number", 8, any),
        Kind::cut("thing", 20, any),
        Kind::whole("const", 20, any),
        Kind::whole("time", 20, any),
        Kind::whole("date", 20, any),
        Kind::whole("number", 20, is_of_number),
        Kind::whole("amount", 20, any),
        Kind::cut("name", 20, any),
    ],
    words: "thing, character_string, phone_number, car_number, const, time, date, number, amount, name",
};

#[derive(Serialize)]
struct Body<'a> {
    touser: &'a str,
    template_id: &'a str,
    client_msg_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    miniprogram: Option<MiniProgram<'a>>,
    data: Data<'a>,
}

/// The fields in their order.
pub(super) struct Data<'a>(Vec<(&'a str, String)>);

#[derive(Serialize)]
struct Value<'a> {
    value: &'a str,
}

impl Serialize for Data<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Value { value })))
    }
}

/// The body of the request that sends a template message.
///
/// # Errors
/// [`TemplateError`] names the first field that WeChat would refuse, and why.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::wechat::{Template, template_request};
///
/// let sent = template_request(&Template {
///     account: "OPENID",
///     template: "TID",
///     client_message: "RF-7",
///     url: "https://voice.example/7",
///     mini_program: None,
///     fields: &[("phone_number1", "+8613*********"), ("time2", "2026年11月20日 15:01"), ("thing3", "语音留言 00:23")],
/// })?;
/// assert!(sent.json.contains(r#""thing3":{"value":"语音留言 00:23"}"#));
/// assert!(sent.cut.is_empty());
/// # Ok::<(), ringfence::edges::interop::wechat::TemplateError>(())
/// ```
pub fn template_request(message: &Template<'_>) -> Result<Rendered, TemplateError> {
    let length = message.client_message.chars().count();
    if length == 0 || length > CLIENT_MESSAGE_CHARS_MAX {
        return Err(TemplateError::ClientMessage { length });
    }
    let Template { account, template, url, mini_program, .. } = *message;
    let Fields { data, cut, stripped } = Head { account, template, url, mini_program }.fields(KINDS, message.fields)?;
    let client_msg_id = message.client_message;
    let body = Body { touser: account, template_id: template, client_msg_id, url, miniprogram: mini_program, data };
    Ok(Rendered { json: crate::edges::json::write(&body), cut, stripped })
}

/// What every sort of message has before its fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) account: &'a str,
    pub(super) template: &'a str,
    pub(super) url: &'a str,
    pub(super) mini_program: Option<MiniProgram<'a>>,
}

/// The fields as they will be shown, and what became of them.
pub(super) struct Fields<'a> {
    pub(super) data: Data<'a>,
    pub(super) cut: Vec<String>,
    pub(super) stripped: Vec<String>,
}

impl Head<'_> {
    /// The fields of such a message, once it is known where it goes and where a tap leads.
    pub(super) fn fields<'a>(self, kinds: Kinds, fields: &[(&'a str, &str)]) -> Result<Fields<'a>, TemplateError> {
        let app = self.mini_program.map(|program| ("the id of the mini program", program.app));
        let needed = [("the account", self.account), ("the template", self.template)].into_iter().chain(app);
        if let Some((what, _)) = needed.into_iter().find(|(_, text)| text.is_empty()) {
            return Err(TemplateError::Missing { what });
        }
        let is_address = self.url.starts_with("https://") || self.url.starts_with("http://");
        if !self.url.is_empty() && (!is_address || self.url.contains(char::is_whitespace)) {
            return Err(TemplateError::Url);
        }
        all_of(kinds, !self.url.is_empty() || self.mini_program.is_some(), fields)
    }
}

fn all_of<'a>(kinds: Kinds, has_link: bool, fields: &[(&'a str, &str)]) -> Result<Fields<'a>, TemplateError> {
    let mut data: Vec<(&str, String)> = Vec::new();
    let mut cut = Vec::new();
    let mut stripped = Vec::new();
    for (name, value) in fields {
        let shown = field(kinds, name, value)?;
        let name_of = || (*name).to_string();
        if data.iter().any(|(known, _)| known == name) {
            return Err(TemplateError::Repeated { name: name_of() });
        }
        if (shown.is_cut || shown.is_stripped) && !has_link {
            return Err(TemplateError::NoLink { name: name_of() });
        }
        cut.extend(shown.is_cut.then(name_of));
        stripped.extend(shown.is_stripped.then(name_of));
        data.push((*name, shown.text));
    }
    Ok(Fields { data: Data(data), cut, stripped })
}

/// A value as WeChat will show it.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) is_cut: bool,
    pub(super) is_stripped: bool,
}

pub(super) fn field(kinds: Kinds, name: &str, value: &str) -> Result<Shown, TemplateError> {
    let name_of = || name.to_string();
    let is_kind = |kind: &&Kind| {
        name.strip_prefix(kind.word).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let unknown = || TemplateError::UnknownKind { name: name_of(), known: kinds.words };
    let kind = kinds.all.iter().find(is_kind).ok_or_else(unknown)?;
    let (text, is_stripped) = plain(value);
    if text.is_empty() {
        return Err(TemplateError::Empty { name: name_of() });
    }
    if let Some(wrong) = text.chars().find(|c| !(kind.allowed)(*c)) {
        return Err(TemplateError::Character { name: name_of(), wrong });
    }
    // WeChat counts characters; a grapheme of several is never cut in two.
    let length = text.chars().count();
    let most = if text.contains(is_chinese) { kind.most_chinese } else { kind.most };
    if length <= most {
        return Ok(Shown { text, is_cut: false, is_stripped });
    }
    if !kind.may_be_cut {
        return Err(TemplateError::TooLong { name: name_of(), length, most });
    }
    let mut kept = String::new();
    let mut room = most.saturating_sub(1);
    for grapheme in text.graphemes(true) {
        let Some(left) = room.checked_sub(grapheme.chars().count()) else { break };
        room = left;
        kept.push_str(grapheme);
    }
    kept.push('…');
    Ok(Shown { text: kept, is_cut: true, is_stripped })
}

/// A value without what WeChat strips, and whether it had any: emoji are left out; a line's end becomes a blank, which keeps the words apart. Composed characters, so that
/// an accent does not count as a character of its own.
fn plain(value: &str) -> (String, bool) {
    let mut out = String::with_capacity(value.len());
    let mut is_stripped = false;
    let composed: String = value.nfc().collect();
    for grapheme in composed.graphemes(true) {
        if grapheme.contains(is_of_emoji) {
            is_stripped = true;
            // A key of a phone (1️⃣) is its digit.
            out.extend(grapheme.chars().find(char::is_ascii_graphic));
        } else {
            out.extend(grapheme.chars().map(|c| if c.is_control() { ' ' } else { c }));
        }
    }
    (out.trim().to_string(), is_stripped)
}

/// Pictures, flags, skin tones, and the marks that turn a sign into a picture.
pub(super) const fn is_of_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}')
        // Those of the first plane that are pictures by themselves (Unicode, emoji-data.txt, Emoji_Presentation).
        || matches!(
            c,
            '⌚' | '⌛' | '⏩'..='⏬' | '⏰' | '⏳' | '◽' | '◾' | '☔' | '☕' | '♈'..='♓' | '♿' | '⚓' | '⚡' | '⚪' | '⚫' | '⚽' | '⚾' | '⛄'
                | '⛅' | '⛎' | '⛔' | '⛪' | '⛲' | '⛳' | '⛵' | '⛺' | '⛽' | '✅' | '✊' | '✋' | '✨' | '❌' | '❎' | '❓'..='❕' | '❗'
                | '➕'..='➗' | '➰' | '➿' | '⬛' | '⬜' | '⭐' | '⭕'
        )
}
