//! Readers of texts and octets: what signalling, gateways and people write.

use ringfence::decisions::delivery::{after_code, after_failure};
use ringfence::edges::interop::isup::{CountryCode, Parameters, isdn, isup};
use ringfence::edges::interop::wechat::{
    MiniProgram, Subscription, Template, answer, event, subscription_request, template_request,
};
use ringfence::edges::interop::{announcement, diversion, reason};
use ringfence::edges::journal::{
    effect_from_json, effect_to_json, refusal_from_json, refusal_to_json, reply_from_json, reply_to_json,
};
use ringfence::edges::replay::{Options, replay};
use ringfence::edges::text::{Language, weekly_rule, window};
use ringfence::values::account::AccountId;
use ringfence::values::called_zone::Prefix;
use ringfence::values::code::Code;
use ringfence::values::evidence::Evidence;
use ringfence::values::input::{CallDiverted, Input};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::text::{DIGIT_RUN_MIN, MaskedText};
use ringfence::values::time::{LocalDate, TimeOfDay, Timestamp, WeeklyRule, Window, Zone};
use ringfence::{Platform, Policy};

use super::bytes::Bytes;
use crate::codes::test_keyring;

/// The first byte says which reader takes the others: Reason, Diversion and History-Info headers, the octets of ISDN and ISUP, the words
/// of an announcement, events and answers of WeChat, the fields of its messages. What is read must be evidence that a platform takes.
///
/// # Panics
/// When anything of that does not hold.
pub fn interop(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let headers = || text.lines();
    match which % 10 {
        0 => {
            let read = reason::read(headers());
            let _ = reason::parse(&text);
            is_taken(Evidence { reasons: read.reasons, ..Evidence::default() });
        }
        1 => {
            let read = diversion::diversion(&text).unwrap_or_default();
            is_taken(Evidence { redirections: read, ..Evidence::default() });
        }
        2 => {
            let read = diversion::history_info(&text).unwrap_or_default();
            is_taken(Evidence { redirections: read, ..Evidence::default() });
        }
        3 => {
            let all: Vec<&str> = headers().collect();
            let (one, other) = all.split_at(all.len() / 2);
            let read = diversion::redirections(one, other).unwrap_or_default();
            is_taken(Evidence { redirections: read, ..Evidence::default() });
        }
        4 => {
            let read = isdn(rest, CountryCode::CHINA);
            is_taken(Evidence { redirections: read.into_iter().collect(), ..Evidence::default() });
        }
        5 => octets(rest),
        6 => is_taken(Evidence { announcements: announcement::classify(&text), ..Evidence::default() }),
        7 => {
            if let Ok(read) = event(rest) {
                assert!(!read.dedup.key.is_empty(), "an event can be told from another");
                let _ = serde_json::to_string(&read).expect("an event can be written");
            }
        }
        8 => {
            if let Ok(read) = answer(rest) {
                assert_eq!(read.next, after_code(read.code));
                let _ = serde_json::to_string(&read).expect("an answer can be written");
            }
            let _ = after_failure(&text);
        }
        _ => messages(&text),
    }
}

/// The parameters of an initial address message, each with its length before it.
fn octets(rest: &[u8]) {
    let mut bytes = Bytes::new(rest);
    let country = CountryCode::new(u16::from(bytes.byte()) << 2).unwrap_or(CountryCode::CHINA);
    let present = bytes.byte();
    let mut part = |bit: u8| {
        let length = usize::from(bytes.byte() & 31);
        let part = bytes.take(length);
        (present & bit == 0).then_some(part)
    };
    let (original_called, redirecting) = (part(1), part(2));
    let parameters = Parameters { original_called, redirecting, information: part(4) };
    let read = isup(parameters, country).unwrap_or_default();
    is_taken(Evidence { redirections: read, ..Evidence::default() });
}

/// Fields of messages to WeChat: a line is a name and a value.
fn messages(text: &str) {
    let fields: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let (account, template, url) = ("O", "T", ["", "https://v.example/1"][text.len() % 2]);
    let mini_program = text.len().is_multiple_of(3).then_some(MiniProgram { app: "wx1", page: "voice?id=7" });
    let message = Template { account, template, client_message: "RF-1", url, mini_program, fields: &fields };
    let notice = Subscription { account, template, url, mini_program, fields: &fields };
    for rendered in [template_request(&message), subscription_request(&notice)].into_iter().flatten() {
        let read: serde_json::Value = serde_json::from_str(&rendered.json).expect("what is sent is JSON");
        assert!(read["data"].is_object() || fields.is_empty());
        assert!(rendered.cut.is_empty() && rendered.stripped.is_empty() || !url.is_empty() || mini_program.is_some());
    }
}

/// What a reader made of a header fits into what a platform takes, and is read as it is written.
fn is_taken(evidence: Evidence) {
    let (caller, callee) = (None, PhoneNumber::parse("+8613800000001").expect("a constant number"));
    let input = Input::CallDiverted(CallDiverted { caller, callee, evidence, is_answered: false });
    let written = ringfence::edges::journal::input_to_json(&input);
    assert_eq!(ringfence::edges::journal::input_from_json(&written).as_ref(), Ok(&input), "{written}");
    let mut platform = Platform::new(Policy::default(), test_keyring(), 0).expect("the default policy is legal");
    let taken = platform.handle(Timestamp::MIN, input);
    assert!(taken.is_ok(), "{written}: {taken:?}");
    platform.check_invariants().expect("a sound platform");
}

/// The first byte says which reader takes the text: instants, windows, dates, times of day, weekly rules, zones, numbers, addresses,
/// accounts, codes, prefixes, languages, replies, refusals, effects, whole journals; or the one that masks numbers. What can be read is written and read again.
///
/// # Panics
/// When anything of that does not hold.
pub fn values(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match which % 17 {
        0 => again(&text, Timestamp::parse, ToString::to_string),
        1 => again(&text, LocalDate::parse, ToString::to_string),
        2 => again(&text, TimeOfDay::parse, ToString::to_string),
        3 => again(&text, Zone::parse, |zone| zone.name().to_owned()),
        4 => again(&text, PhoneNumber::parse, |number| number.dialable()),
        5 => again(&text, Address::parse, Address::in_full),
        6 => again(&text, AccountId::parse, |account| account.as_str().to_owned()),
        7 => again(&text, Code::parse, |code| code.digits()),
        8 => again(&text, Prefix::parse, ToString::to_string),
        9 => again(&text, Language::parse, |language| language.tag().to_owned()),
        10 => {
            if let Ok(read) = serde_json::from_str::<Window>(&text) {
                assert!(read.start() < read.end());
                assert_eq!(serde_json::from_str::<Window>(&ringfence::edges::json::write(&read)).ok(), Some(read));
                let _ = window(&read, Zone::parse("America/St_Johns").expect("a zone"), Language::Chinese);
            }
        }
        11 => {
            if let Ok(rule) = serde_json::from_str::<WeeklyRule>(&text) {
                assert_eq!(serde_json::from_str::<WeeklyRule>(&ringfence::edges::json::write(&rule)).ok(), Some(rule));
                let _ = weekly_rule(&rule, Language::English);
            }
        }
        12 => again(&text, reply_from_json, reply_to_json),
        13 => again(&text, refusal_from_json, refusal_to_json),
        14 => again(&text, effect_from_json, effect_to_json),
        15 => is_masked(&text),
        _ => {
            let _ = replay(&text, Options { any_tzdb: true, ..Options::default() });
        }
    }
}

/// What can be read is written, and the reader reads the same from that.
fn again<T: PartialEq + std::fmt::Debug, E: std::fmt::Debug + std::fmt::Display>(
    text: &str,
    read: impl Fn(&str) -> Result<T, E>,
    write: impl Fn(&T) -> String,
) {
    match read(text) {
        Ok(value) => {
            let written = write(&value);
            match read(&written) {
                Ok(same) => assert_eq!((&same, write(&same)), (&value, written)),
                Err(error) => panic!("{written}: {error}"),
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// P7: no run of seven digits is left, whatever stands between them; and masking twice is masking once.
fn is_masked(text: &str) {
    let masked = MaskedText::new(text);
    let mut run = 0;
    for c in masked.as_str().chars() {
        run = match c {
            '0'..='9' => run + 1,
            c if c.is_alphabetic() || c == '*' => 0,
            _ => run,
        };
        assert!(run < DIGIT_RUN_MIN, "a run of digits is left: {:?}", masked.as_str());
    }
    assert_eq!(MaskedText::new(masked.as_str()).as_str(), masked.as_str());
}
