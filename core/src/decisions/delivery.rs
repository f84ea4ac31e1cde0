//! What to do after the answer to a message: deliver it again, by another road, or give up.
//!
//! The table is WeChat's, for template messages (`cgi-bin/message/template/send`). 45015 and 45047 belong to customer-service messages and are not in
//! it. Sources: developers.weixin.qq.com, global return codes and template messages; the list of return codes in WxJava (`WxMpErrorMsgEnum`).

use serde::{Deserialize, Serialize};

use crate::values::time::Timestamp;

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

const GLOBAL: &str = "developers.weixin.qq.com, global return codes";
const TEMPLATE: &str = "developers.weixin.qq.com, template messages";
const ENUM: &str = "WxJava, WxMpErrorMsgEnum";

/// The return codes in their order, what follows each, and who says what it means.
pub const CODES: [(i32, Next, &str); 23] = [
    // The system is busy.
    (-1, Next::Retry, GLOBAL),
    (0, Next::Taken, GLOBAL),
    // The access token is wrong, of another kind, or over.
    (40001, Next::RefreshToken, GLOBAL),
    // The open id is no follower's.
    (40003, Next::AwaitFollow, GLOBAL),
    (40014, Next::RefreshToken, GLOBAL),
    // No such template.
    (40037, Next::Misconfigured, TEMPLATE),
    (42001, Next::RefreshToken, GLOBAL),
    // Not a follower any more.
    (43004, Next::AwaitFollow, GLOBAL),
    // On the black list of the official account.
    (43019, Next::OtherChannel, ENUM),
    // The follower refused messages of this template.
    (43101, Next::OtherChannel, ENUM),
    // The quota of the day is used up.
    (45009, Next::RetryTomorrow, GLOBAL),
    // Too often in a minute.
    (45011, Next::Retry, ENUM),
    // This client message id was sent already: it is the same message.
    (45065, Next::Taken, ENUM),
    // The same client message id too fast.
    (45066, Next::Retry, ENUM),
    // The client message id is too long.
    (45067, Next::Misconfigured, ENUM),
    // The interface was withdrawn.
    (45109, Next::Misconfigured, ENUM),
    // No JSON.
    (47001, Next::Misconfigured, GLOBAL),
    // A field that breaks its rule.
    (47003, Next::Misconfigured, TEMPLATE),
    // No permission for the interface.
    (48001, Next::Misconfigured, GLOBAL),
    // The follower refuses messages.
    (48002, Next::OtherChannel, GLOBAL),
    // The interface is banned.
    (48004, Next::Misconfigured, GLOBAL),
    // The account is limited.
    (50002, Next::OtherChannel, GLOBAL),
    // Not following.
    (50005, Next::AwaitFollow, GLOBAL),
];

/// What follows a return code. A code that is not in the table is retried: the bounds on attempts and time end that.
#[must_use]
pub fn after_code(code: i32) -> Next {
    CODES.iter().find(|(known, _, _)| *known == code).map_or(Next::Retry, |(_, next, _)| *next)
}

/// What follows a failure, by what the host says of it: a return code, or the status of a `TEMPLATESENDJOBFINISH`.
#[must_use]
pub fn after_failure(code: &str) -> Next {
    match code.trim().parse() {
        Ok(number) => after_code(number),
        Err(_) if code.contains("user block") => Next::OtherChannel,
        Err(_) => Next::Retry,
    }
}

/// The quota of a day begins anew at midnight in China; a few minutes later all of its machines know.
const DAY_MICROS: i64 = 86_400_000_000;
/// From UTC to the clock on which 00:05 at UTC+8 is 00:00.
const SHIFT_MICROS: i64 = (8 * 60 - 5) * 60_000_000;

/// The next 00:05 at UTC+8.
#[must_use]
pub fn next_morning(now: Timestamp) -> Timestamp {
    let into_the_day = now.as_micros().saturating_add(SHIFT_MICROS).checked_rem_euclid(DAY_MICROS).unwrap_or(0);
    now.saturating_add_micros(DAY_MICROS.saturating_sub(into_the_day))
}

/// The longest wait between two attempts, in seconds.
const BACKOFF_MAX_S: u64 = 3_600;

/// How long to wait after so many attempts, in seconds: doubled with each after the first.
#[must_use]
pub fn backoff_s(first_s: u32, attempts: u32) -> u64 {
    let doubled = 1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX);
    u64::from(first_s).saturating_mul(doubled).min(BACKOFF_MAX_S)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_in_order_and_has_a_source() {
        assert!(CODES.is_sorted_by(|one, next| one.0 < next.0));
        assert!(CODES.iter().all(|(code, next, source)| after_code(*code) == *next && !source.is_empty()));
    }

    #[test]
    fn codes_of_customer_service_messages_are_not_ours_and_unknown_ones_are_retried() {
        for code in [45015, 45047, 1, -2, i32::MAX, i32::MIN] {
            assert!(CODES.iter().all(|(known, _, _)| *known != code));
            assert_eq!(after_code(code), Next::Retry);
        }
    }

    #[test]
    fn a_failure_is_read_as_a_code_or_as_the_end_of_a_job() {
        assert_eq!(after_failure("43004"), Next::AwaitFollow);
        assert_eq!(after_failure(" -1 "), Next::Retry);
        assert_eq!(after_failure("failed:user block"), Next::OtherChannel);
        assert_eq!(after_failure("failed: system failed"), Next::Retry);
        assert_eq!(after_failure("99999999999"), Next::Retry);
        assert_eq!(after_failure(""), Next::Retry);
    }

    #[test]
    fn the_next_morning_is_five_past_midnight_in_china() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert_eq!(next_morning(at("2026-11-21T23:59:59+08:00")), at("2026-11-22T00:05:00+08:00"));
        assert_eq!(next_morning(at("2026-11-22T00:04:59+08:00")), at("2026-11-22T00:05:00+08:00"));
        assert_eq!(next_morning(at("2026-11-22T00:05:00+08:00")), at("2026-11-23T00:05:00+08:00"));
        assert_eq!(next_morning(at("1969-12-31T12:00:00Z")), at("1969-12-31T16:05:00Z"));
    }

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_an_hour() {
        let waits: alloc::vec::Vec<u64> = (0..=9).map(|attempts| backoff_s(30, attempts)).collect();
        assert_eq!(waits, [30, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(backoff_s(1, u32::MAX), 3_600);
    }

    #[test]
    fn what_was_taken_is_not_sent_again_and_what_cannot_be_is_not_retried() {
        assert_eq!(after_code(45065), Next::Taken);
        for code in [40037, 45067, 47001, 47003, 48001, 48004] {
            assert_eq!(after_code(code), Next::Misconfigured);
        }
        assert_eq!(after_finish(Finish::Success), None);
        assert_eq!(after_finish(Finish::UserBlock), Some(Next::OtherChannel));
        assert_eq!(after_finish(Finish::Failed), Some(Next::Retry));
    }
}
