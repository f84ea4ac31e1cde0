//! What to do after the answer to a message: deliver it again, by another road, or give up.
//!
//! The table is WeChat's, for template messages (`cgi-bin/message/template/send`). 45015 and 45047 belong to customer-service messages and are not in
//! it. Sources: developers.weixin.qq.com, global return codes and template messages; the list of return codes in WxJava (`WxMpErrorMsgEnum`).

use serde::{Deserialize, Serialize};

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// WeChat took it; a report follows.
    Taken,
    /// The host fetches a new access token and sends it again.
    RefreshToken,
    /// It is sent again later: WeChat is busy, or we are too fast.
    Retry,
    /// It is sent again on the next day: the daily quota is used up.
    RetryTomorrow,
    /// The account does not follow us any more: it waits until it does, or expires.
    AwaitFollow,
    /// This road is closed for this account or this message: another channel, if there is one.
    OtherChannel,
    /// The operator must mend something before any message goes this way: another channel meanwhile.
    Misconfigured,
}

/// What follows a return code. A code that is not in the table is retried: the bounds on attempts and time end that.
#[must_use]
pub const fn after_code(code: i32) -> Next {
    match code {
        // 45065: this client message id was sent already. It is the same message.
        0 | 45065 => Next::Taken,
        40001 | 40014 | 42001 => Next::RefreshToken,
        45009 => Next::RetryTomorrow,
        // Not a follower, or none any more.
        40003 | 43004 | 50005 => Next::AwaitFollow,
        // Blacklisted; subscription refused; the fan refuses messages; the account is limited.
        43019 | 43101 | 48002 | 50002 => Next::OtherChannel,
        // Bad template; withdrawn or banned interface; no permission; JSON, field or id that WeChat does not take.
        40037 | 45067 | 45109 | 47001 | 47003 | 48001 | 48004 => Next::Misconfigured,
        // -1 busy, 45011 too often, 45066 the same id too fast.
        _ => Next::Retry,
    }
}

/// How WeChat says that a template message ended (`TEMPLATESENDJOBFINISH`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// `success`.
    Success,
    /// `failed:user block`.
    UserBlock,
    /// `failed: system failed`, and any other failure.
    Failed,
}

/// What follows such a report; none when the message was delivered.
#[must_use]
pub const fn after_finish(finish: Finish) -> Option<Next> {
    match finish {
        Finish::Success => None,
        Finish::UserBlock => Some(Next::OtherChannel),
        Finish::Failed => Some(Next::Retry),
    }
}
