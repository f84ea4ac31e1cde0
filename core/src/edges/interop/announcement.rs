//! What an announcement says, from its transcript.
//!
//! Mobile networks in China tell the caller in words, in Chinese and then in English, what the release cause does not: 您拨打的电话已关机 ... A host that transcribes early
//! media hands the words to [`classify`] and the result to the platform, as evidence. The phrases are those of the three carriers and of
//! their English versions; what else is said around them does not matter.

use alloc::string::String;
use alloc::vec::Vec;

use crate::values::evidence::Announcement;

/// The phrases, in lower case and without blanks in Chinese. Of two where one contains the other, the longer stands first: what it covers is not
/// looked at again.
const PHRASES: [(Announcement, &[&str]); 10] = [
    (
        Announcement::OutOfServiceArea,
        &[
            "不在服务区",
            "不在服務區",
            "out of the service area",
            "out of service area",
            "not in the service area",
            "not within the service area",
            "not in service area",
            "out of the coverage",
            "out of coverage",
            "outside the coverage",
        ],
    ),
    (
        Announcement::NetworkBusy,
        &[
            "线路正忙",
            "线路忙",
            "线路繁忙",
            "网络正忙",
            "网络忙",
            "网络繁忙",
            "系统忙",
            "network is busy",
            "network busy",
            "circuits are busy",
            "lines are busy",
        ],
    ),
    (Announcement::PoweredOff, &["关机", "關機", "powered off", "power off", "switched off", "turned off"]),
    (
        Announcement::InvalidNumber,
        &[
            "空号",
            "空號",
            "号码不存在",
            "号码有误",
            "号码错误",
            "不存在",
            "does not exist",
            "doesn't exist",
            "not exist",
            "not in service",
            "not in use",
            "invalid number",
            "number is invalid",
            "has not been assigned",
        ],
    ),
    (Announcement::Suspended, &["停机", "停機", "欠费", "暂停服务", "out of service", "suspended", "in arrears"]),
    (
        Announcement::CannotBeReached,
        &[
            "无法接通",
            "無法接通",
            "不能接通",
            "cannot be reached",
            "can not be reached",
            "can't be reached",
            "cannot be connected",
            "can not be connected",
            "can't be connected",
            "not reachable",
            "unreachable",
            "temporarily unavailable",
        ],
    ),
    (
        Announcement::NoAnswer,
        &[
            "无人接听",
            "無人接聽",
            "无人应答",
            "无应答",
            "no answer",
            "not answered",
            "does not answer",
            "is not answering",
            "no one answers",
        ],
    ),
    (
        Announcement::Barred,
        &[
            "呼入限制",
            "限制呼入",
            "限制呼叫",
            "呼叫限制",
            "被限制",
            "无权拨打",
            "incoming calls are barred",
            "call is barred",
            "calls are restricted",
            "call is restricted",
        ],
    ),
    (Announcement::Rejected, &["拒接", "拒绝接听", "拒绝", "declined", "rejected", "not accepting calls"]),
    (
        Announcement::Busy,
        &[
            "正在通话中",
            "通话中",
            "通話中",
            "用户忙",
            "正忙",
            "占线",
            "is busy",
            "busy now",
            "on another call",
            "on the phone",
            "engaged",
            "in a call",
            "line busy",
        ],
    ),
];

/// The classes that the words of an announcement have, in their order and each once; none when nothing is recognized. Several when the words leave
/// it open (暂时无法接通或已关机).
///
/// # Examples
/// ```
/// use ringfence::edges::interop::announcement::classify;
/// use ringfence::values::evidence::Announcement;
///
/// let heard = "您好，您拨打的电话 已关机，请稍后再拨。Sorry, the subscriber you dialed is powered off.";
/// assert_eq!(classify(heard), [Announcement::PoweredOff]);
/// assert_eq!(classify("请按一"), []);
/// ```
#[must_use]
pub fn classify(transcript: &str) -> Vec<Announcement> {
    let mut text = normalized(transcript);
    let mut found = Vec::new();
    for (class, phrases) in PHRASES {
        for phrase in phrases {
            if text.contains(phrase) {
                found.push(class);
                text = text.replace(phrase, "|");
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Lower case, one blank between Latin words, none beside Chinese, no punctuation but apostrophes.
fn normalized(transcript: &str) -> String {
    let mut out = String::with_capacity(transcript.len());
    let mut is_gap = false;
    for c in transcript.chars().flat_map(char::to_lowercase) {
        let c = if c == '’' { '\'' } else { c };
        if !c.is_alphanumeric() && c != '\'' {
            is_gap = true;
            continue;
        }
        if is_gap && c.is_ascii() && out.chars().next_back().is_some_and(|last| last.is_ascii()) {
            out.push(' ');
        }
        is_gap = false;
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use Announcement as A;

    #[test]
    fn the_announcements_of_the_carriers_are_recognized_in_both_languages() {
        for (heard, classes) in [
            ("您好，您拨打的电话已关机。", &[A::PoweredOff][..]),
            ("Sorry! The subscriber you dialed is power off.", &[A::PoweredOff]),
            ("您拨打的用户不在服务区，请稍后再拨", &[A::OutOfServiceArea]),
            ("The subscriber you dialed is not in the service area", &[A::OutOfServiceArea]),
            ("您拨打的用户已停机", &[A::Suspended]),
            ("The number you have dialed is out of service.", &[A::Suspended]),
            ("您拨打的电话正在通话中，请稍后再拨", &[A::Busy]),
            ("Sorry, the subscriber you dialed is busy now, please redial later.", &[A::Busy]),
            ("您拨打的用户正忙", &[A::Busy]),
            ("您拨打的号码是空号，请核对后再拨", &[A::InvalidNumber]),
            ("The number you dialed does not exist, please check it and dial later", &[A::InvalidNumber]),
            ("您拨打的电话暂时无法接通", &[A::CannotBeReached]),
            ("the subscriber you dialed can not be connected for the moment", &[A::CannotBeReached]),
            ("您拨打的电话暂时无人接听", &[A::NoAnswer]),
            ("对不起，线路忙，请稍后再拨", &[A::NetworkBusy]),
            ("您呼叫的用户已呼入限制", &[A::Barred]),
            ("您拨打的用户拒接", &[A::Rejected]),
            ("您拨打的用户暂时无法接通或已关机", &[A::PoweredOff, A::CannotBeReached]),
            ("欢迎致电，请按一", &[]),
            ("", &[]),
        ] {
            assert_eq!(classify(heard), classes, "{heard}");
        }
    }

    #[test]
    fn blanks_punctuation_and_case_do_not_matter() {
        assert_eq!(classify("您拨打的 电话, 已 关 机"), [A::PoweredOff]);
        assert_eq!(classify("THE SUBSCRIBER YOU DIALED IS\nPOWERED-OFF"), [A::PoweredOff]);
        assert_eq!(classify("The subscriber can’t be reached"), [A::CannotBeReached]);
    }

    #[test]
    fn a_phrase_inside_a_longer_one_is_not_seen_twice() {
        assert_eq!(classify("out of service area"), [A::OutOfServiceArea]);
        assert_eq!(classify("线路正忙"), [A::NetworkBusy]);
        assert_eq!(classify("not in service area"), [A::OutOfServiceArea]);
    }
}
