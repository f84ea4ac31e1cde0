//! The texts that people read: each message of every scenario, and each word, in both languages.
#![cfg(all(feature = "json", feature = "text"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ringfence::edges::journal::{effect_from_json, effect_to_json};
use ringfence::edges::json::write;
use ringfence::edges::replay::{Options, Output, replay};
use ringfence::edges::text::{
    self, Language, binding_change, call_reason, content, deny_reason, failure_reason, missed, missed_for_merchant, outcome,
    prompt, release_cause, reservation_action, reservation_state, weekly_rule, window,
};
use ringfence::values::cause::{FailureReason, ReleaseCause};
use ringfence::values::code::Code;
use ringfence::values::effect::{BindingChange, Content, Prompt, ReservationAction};
use ringfence::values::reply::{DenyReason, Missed, MissedForMerchant, Outcome, ReservationState};
use ringfence::{Action, Address, PhoneNumber, Timestamp, Window, Zone};

const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

fn is_chinese(letter: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&letter)
}

/// Some text, no line of nothing, no break at the end, and in the language.
fn assert_reads(text: &str, language: Language, what: &str) {
    assert!(text.lines().count() > 0 && text.lines().all(|line| !line.trim().is_empty()), "{what}: {text:?}");
    assert!(!text.ends_with('\n') && !text.contains(['{', '}']), "{what}: {text:?}");
    let is_in_it = match language {
        Language::Chinese => text.chars().any(is_chinese),
        Language::English => text.chars().any(|letter| letter.is_ascii_alphabetic()),
    };
    assert!(is_in_it, "{what} is not in {}: {text:?}", language.tag());
}

/// The name of a kind of message, as the journal has it.
fn kind(content: &Content) -> String {
    let debug = format!("{content:?}");
    debug.chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

/// Every message that some scenario sends reads in both languages, each kind of message is among them, and no user's number stands in what a
/// merchant reads (P7).
#[test]
fn every_message_of_every_scenario_reads_in_both_languages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let files = fs::read_dir(&folder).expect("the scenarios").map(|file| file.expect("a file").path());
    let is_scenario = |name: &str| name.ends_with(".jsonl") && !name.ends_with(".twin.jsonl");
    let mut kinds = BTreeSet::new();
    for path in files.filter(|path| is_scenario(&path.to_string_lossy())) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let lines = fs::read_to_string(&path).expect("a scenario can be read");
        let outputs = replay(&lines, Options::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let effects = outputs
            .into_iter()
            .filter_map(|(_, output)| if let Output::Effects(effects) = output { Some(effects) } else { None });
        let actions: Vec<Action> = effects.flatten().map(|effect| effect.action).collect();
        let phones: BTreeSet<String> = actions
            .iter()
            .filter_map(|action| if let Action::Send(send) = action { send.to.number() } else { None })
            .filter(|number| number.is_subscriber())
            .map(PhoneNumber::dialable)
            .collect();
        for action in &actions {
            for language in LANGUAGES {
                if let Action::Send(send) = action {
                    let text = content(&send.content, language);
                    assert_reads(&text, language, &format!("{name}, {}", kind(&send.content)));
                    // Whoever left a voice message is told by its own id which one.
                    if let Some(reservation) = send.content.reservation() {
                        let named = format!("\"reservation\":{reservation}");
                        assert!(write(&send.content).contains(&named), "{name}: {named}");
                    } else {
                        let about_none = write(&send.content).contains("\"voice_message\":")
                            || !write(&send.content).contains("\"reservation\":");
                        assert!(about_none, "{name}, {}", kind(&send.content));
                    }
                    if matches!(send.to, Address::Chatbot(_)) {
                        let shown = phones.iter().find(|number| text.contains(number.as_str()));
                        assert_eq!(shown, None, "{name}, to a merchant: {text}");
                    }
                    kinds.insert(kind(&send.content));
                }
                if let Action::Dial(dial) = action {
                    assert_reads(&call_reason(&dial.reason, language), language, &name);
                }
            }
        }
    }
    let all = [
        "Amended",
        "BindingChallenge",
        "BindingChanged",
        "BookingPage",
        "CallBackRequested",
        "CallBackRequestedForMerchant",
        "Cancelled",
        "CancelledForMerchant",
        "Challenge",
        "ContactNotConfirmed",
        "ContactUnconfirmed",
        "Declined",
        "ManagePage",
        "Missed",
        "MissedForMerchant",
        "ModeOptions",
        "OnHold",
        "Reminder",
        "Reservation",
        "Result",
        "SearchEntry",
        "SearchResults",
        "SlotOver",
        "VoiceMessage",
        "VoiceMessageUndelivered",
        "VoiceMessageUndeliveredForMerchant",
    ];
    assert_eq!(kinds, all.into_iter().map(str::to_owned).collect());
}

/// Each value has words of its own in each language.
fn assert_told_apart<T: Copy + std::fmt::Debug>(all: &[T], words: impl Fn(T, Language) -> String) {
    for language in LANGUAGES {
        let mut told: BTreeMap<String, T> = BTreeMap::new();
        for one in all {
            let text = words(*one, language);
            assert_reads(&text, language, &format!("{one:?}"));
            assert!(language == Language::Chinese || !text.chars().any(is_chinese), "{one:?}: {text}");
            if let Some(other) = told.insert(text, *one) {
                panic!("{one:?} and {other:?} read the same");
            }
        }
    }
}

#[test]
fn every_value_has_words_of_its_own() {
    assert_told_apart(&FailureReason::ALL, |one, language| failure_reason(one, language).into());
    use {DenyReason as D, Missed as M, MissedForMerchant as F, ReleaseCause as R, ReservationState as S};
    let denials = [
        D::NotRecognized,
        D::WindowOver,
        D::Closed,
        D::Unverified,
        D::Unacknowledged,
        D::DoNotCall,
        D::Frozen,
        D::BeforeWindow,
        D::PlatformIsCalling,
        D::WrongMode,
        D::InCall,
        D::OutsideHours,
        D::DailyLimit,
        D::TooSoon,
        D::WindowClosing,
        D::NumberBusy,
        D::NoChannel,
    ];
    assert_told_apart(&denials, |one, language| deny_reason(one, language).into());
    let all_missed = [
        M::NotReached,
        M::MerchantNotReached,
        M::NotAcknowledged,
        M::NotCalled,
        M::NumberBusy,
        M::NoChannel,
        M::HostLate,
        M::NotCarriedOut,
        M::WindowTooShort,
        M::NotReachedInTime,
        M::DoNotCall,
        M::Frozen,
        M::OutsideHours,
        M::DailyLimit,
    ];
    assert_told_apart(&all_missed, |one, language| missed(one, language).into());
    let as_merchants_know = [
        F::NotReached,
        F::MerchantNotReached,
        F::NotCalled,
        F::NoChannel,
        F::HostLate,
        F::NotCarriedOut,
        F::WindowTooShort,
        F::NotReachedInTime,
        F::NotAcknowledged,
        F::DoNotCall,
        F::Frozen,
        F::OutsideHours,
    ];
    assert_told_apart(&as_merchants_know, |one, language| missed_for_merchant(one, language).into());
    let ends = [Outcome::Completed, Outcome::Cancelled, Outcome::Declined, Outcome::Forgotten, Outcome::Unverified];
    let ends: Vec<Outcome> = ends.into_iter().chain(all_missed.map(Outcome::Missed)).collect();
    assert_told_apart(&ends, outcome);
    let states = [S::Unverified, S::AwaitingMode, S::Scheduled, S::Open, S::InCall, S::Closed];
    assert_told_apart(&states, |one, language| reservation_state(one, language).into());
    let causes = [
        R::Normal,
        R::WindowEnded,
        R::Withdrawn,
        R::Amended,
        R::NoAnswer,
        R::UserBusy,
        R::UserUnreachable,
        R::OtherSideGone,
        R::TimeLimit,
        R::NotPermitted,
        R::Unknown,
    ];
    assert_told_apart(&causes, |one, language| release_cause(one, language).into());
    let prompts = [
        Prompt::ConnectingUser,
        Prompt::MerchantGone,
        Prompt::UserUnreachable,
        Prompt::UserBusy,
        Prompt::UserPoweredOff,
        Prompt::UserOutOfArea,
        Prompt::UserSuspended,
        Prompt::MessageTaken,
        Prompt::NothingRecorded,
        Prompt::RecordFailed,
    ];
    assert_told_apart(&prompts, |one, language| prompt(one, language).into());
    let changes = [BindingChange::Bound, BindingChange::NotConfirmed, BindingChange::TakenOver, BindingChange::Forgotten];
    assert_told_apart(&changes, |one, language| binding_change(one, language).into());
    let buttons = [ReservationAction::Acknowledge, ReservationAction::Amend, ReservationAction::Cancel];
    assert_told_apart(&buttons, |one, language| reservation_action(one, language).into());
}

fn span(start: &str, end: &str) -> Window {
    Window::new(Timestamp::parse(start).unwrap(), Timestamp::parse(end).unwrap()).unwrap()
}

#[test]
fn every_month_and_every_weekday_is_named() {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    for (month, name) in (1..).zip(months) {
        let evening = span(&format!("2026-{month:02}-15T18:00:00Z"), &format!("2026-{month:02}-15T20:00:00Z"));
        assert!(window(&evening, Zone::UTC, Language::English).contains(&format!(" 15 {name} 2026, ")));
        assert!(window(&evening, Zone::UTC, Language::Chinese).starts_with(&format!("2026年{month}月15日（周")));
    }
    // 2026-11-16 is a Monday.
    let days =
        [("周一", "Mon"), ("周二", "Tue"), ("周三", "Wed"), ("周四", "Thu"), ("周五", "Fri"), ("周六", "Sat"), ("周日", "Sun")];
    for (day, (chinese, english)) in (16..).zip(days) {
        let evening = span(&format!("2026-11-{day}T18:00:00Z"), &format!("2026-11-{day}T20:00:00Z"));
        assert!(window(&evening, Zone::UTC, Language::English).starts_with(english));
        assert!(window(&evening, Zone::UTC, Language::Chinese).contains(&format!("（{chinese}）")));
        // A window to midnight ends on the day that it is the end of.
        let to_midnight = span("2026-11-14T18:00:00Z", &format!("2026-11-{}T00:00:00Z", day + 1));
        assert!(window(&to_midnight, Zone::UTC, Language::English).contains(&format!(" to {english} {day} Nov 2026, 24:00")));
    }
}

/// A window of several days says both dates; one in which the clock changes says both offsets, west of Greenwich too.
#[test]
fn a_window_of_days_says_both_dates_and_one_in_which_the_clock_changes_both_offsets() {
    let days = span("2026-11-20T18:00:00Z", "2026-11-23T08:30:00Z");
    assert_eq!(window(&days, Zone::UTC, Language::English), "Fri 20 Nov 2026, 18:00 to Mon 23 Nov 2026, 08:30 (UTC)");
    let new_york = Zone::parse("America/New_York").unwrap();
    let night = span("2026-11-01T00:00:00-04:00", "2026-11-01T06:00:00-05:00");
    assert_eq!(window(&night, new_york, Language::English), "Sun 1 Nov 2026, 00:00 UTC-04:00-06:00 UTC-05:00 (America/New_York)");
    assert_eq!(
        window(&night, new_york, Language::Chinese),
        "2026年11月1日（周日）0点 UTC-04:00-6点 UTC-05:00，America/New_York时间"
    );
}

#[test]
fn a_weekly_rule_names_its_days_however_they_lie() {
    use ringfence::values::time::{TimeOfDay, Weekday, Weekdays, WeeklyRule};
    let rule = |days: &[Weekday]| {
        let days = Weekdays::new(days).unwrap();
        WeeklyRule::new(days, TimeOfDay::parse("18:00").unwrap(), TimeOfDay::parse("20:00").unwrap()).unwrap()
    };
    let some = rule(&[Weekday::Mon, Weekday::Wed]);
    assert_eq!(weekly_rule(&some, Language::English), "Mon, Wed 18:00-20:00");
    assert_eq!(weekly_rule(&some, Language::Chinese), "周一、周三 18点-20点");
    let in_a_row = rule(&[Weekday::Tue, Weekday::Wed, Weekday::Thu]);
    assert_eq!(weekly_rule(&in_a_row, Language::English), "Tue-Thu 18:00-20:00");
}

/// What a host sends with a code has the code in its last line, and what it sends without has none.
#[test]
fn a_code_stands_under_its_message() {
    let code = Code::parse("042042").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let sent = |file: &str| {
        let lines = fs::read_to_string(folder.join(file)).expect("a scenario");
        let outputs = replay(&lines, Options::default()).expect("it passes");
        outputs.into_iter().flat_map(|(_, output)| if let Output::Effects(effects) = output { effects } else { Vec::new() })
    };
    let mut seen = 0;
    for effect in sent("contact_confirmed.jsonl").chain(sent("bind_a_number.jsonl")) {
        let Action::Send(send) = effect.action else { continue };
        for (language, last) in [(Language::Chinese, "验证码：042042"), (Language::English, "Code: 042042")] {
            let text = if let Content::Challenge(challenge) = &send.content {
                text::challenge(challenge, code, language)
            } else if let Content::BindingChallenge(challenge) = &send.content {
                text::binding_challenge(challenge, code, language)
            } else {
                continue;
            };
            let without = content(&send.content, language);
            assert_eq!(text, format!("{without}\n{last}"));
            assert!(!without.contains("042042"));
            seen += 1;
        }
    }
    assert_eq!(seen % 2, 0);
    assert!(seen >= 4, "a code for a reservation, and one for a binding");
}

/// Messages as no scenario happens to send them: of calls that are shared, windows of several days, merchants of whom little is known, callers who withhold
/// their number.
#[test]
fn messages_that_few_are_sent_read_too() {
    use serde_json::{Value, json};

    type Change = (&'static str, fn(&mut Value), [&'static str; 2]);
    let changes: [Change; 6] = [
        ("challenge", |content| content["is_shared"] = json!(true), ["多方通话：", "The call is shared"]),
        (
            "result",
            |content| content["window"] = json!({"start": "2026-11-21T10:00:00Z", "end": "2026-11-24T12:00:00Z"}),
            ["2026年11月24日", "24 Nov 2026"],
        ),
        ("reservation", |content| content["media"] = json!([{"media": 7, "kind": "video"}]), ["视频", "video"]),
        (
            "manage_page",
            |content| {
                content["contact"] = json!(null);
                content["address"] = json!(null);
            },
            ["商户：", "Merchant: "],
        ),
        ("voice_message", |content| content["caller"] = json!(null), ["呼叫号码：", "Called: "]),
        ("cancelled", |content| content["zone"] = json!("UTC"), ["UTC时间", "(UTC)"]),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let mut seen = BTreeSet::new();
    for path in fs::read_dir(&folder).expect("the scenarios").map(|file| file.expect("a file").path()) {
        let name = path.to_string_lossy().into_owned();
        if !name.ends_with(".jsonl") || name.ends_with(".twin.jsonl") {
            continue;
        }
        let lines = fs::read_to_string(&path).expect("a scenario can be read");
        for (_, output) in replay(&lines, Options::default()).expect("it passes") {
            let Output::Effects(effects) = output else { continue };
            for effect in effects {
                for (kind, change, words) in &changes {
                    let mut altered: Value = serde_json::from_str(&effect_to_json(&effect)).expect("it is JSON");
                    let Some(said) = altered.pointer_mut(&format!("/send/content/{kind}")) else { continue };
                    change(said);
                    let altered = effect_from_json(&altered.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
                    let Action::Send(send) = altered.action else { panic!("{name}: it was a message") };
                    for (language, words) in LANGUAGES.into_iter().zip(words) {
                        let text = content(&send.content, language);
                        assert_reads(&text, language, &name);
                        assert!(text.contains(words), "{name}: {words:?} in {text:?}");
                    }
                    seen.insert(*kind);
                }
            }
        }
    }
    assert_eq!(seen.len(), changes.len(), "{seen:?}");
}
