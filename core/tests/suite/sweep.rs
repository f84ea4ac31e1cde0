//! Every Q.850 cause by every SIP status on every switch: the diagnosis as a reviewed table, and what holds of it everywhere.

use std::fmt::Write as _;

use proptest::prelude::*;
use ringfence::decisions::diagnosis::tables::{self, Meaning};
use ringfence::decisions::diagnosis::{Basis, Confidence, Diagnosis, diagnose};
use ringfence::decisions::interworking::Table;
use ringfence::edges::interop::reason::read;
use ringfence::values::cause::{FailureReason as R, FailureReasons};
use ringfence::values::evidence::{
    Announcement, AsteriskRelease, Evidence, Location, Redirecting, Redirection, Vendor, VendorCode,
};

/// By what the cause comes to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Brought {
    /// A trunk, or a Reason header: the network's own.
    Network,
    Freeswitch,
    Asterisk,
}

const ALL: [Brought; 3] = [Brought::Network, Brought::Freeswitch, Brought::Asterisk];

fn name_of(cause: u16) -> Option<&'static str> {
    tables::freeswitch_names().find(|(_, number)| *number == cause).map(|(name, _)| name)
}

fn evidence(brought: Brought, cause: u16, status: Option<u16>) -> Option<Evidence> {
    let q850 = u8::try_from(cause).ok().filter(|cause| *cause <= 127);
    let said = match brought {
        Brought::Network => Evidence { q850_cause: Some(q850?), ..Evidence::default() },
        Brought::Asterisk => {
            Evidence { asterisk: Some(AsteriskRelease { cause: q850?, tech_cause: status }), ..Evidence::default() }
        }
        Brought::Freeswitch => Evidence { freeswitch: Some(name_of(cause)?.into()), ..Evidence::default() },
    };
    Some(Evidence { sip_status: status, ..said })
}

fn causes() -> impl Iterator<Item = u16> {
    (0..=127).chain(tables::freeswitch_names().map(|(_, number)| number).filter(|number| *number > 127))
}

fn statuses() -> impl Iterator<Item = Option<u16>> {
    std::iter::once(None).chain((100..=699).map(Some))
}

fn word(reason: R) -> String {
    serde_json::to_value(reason).unwrap().as_str().unwrap().to_owned()
}

/// `powered_off medium q850 (or out_of_service_area)`.
fn compact(diagnosis: &Diagnosis) -> String {
    let lower = |text: String| text.to_lowercase();
    let mut out = format!(
        "{} {} {}",
        word(diagnosis.reason),
        lower(format!("{:?}", diagnosis.confidence)),
        lower(format!("{:?}", diagnosis.basis))
    );
    let others: Vec<String> = diagnosis.could_be.iter().map(word).collect();
    if !others.is_empty() {
        write!(out, " (or {})", others.join(", ")).unwrap();
    }
    out
}

/// `16, 20-22`.
fn runs(numbers: &[u16]) -> String {
    let mut out: Vec<(u16, u16)> = Vec::new();
    for number in numbers {
        match out.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => out.push((*number, *number)),
        }
    }
    let run = |(first, last): &(u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    out.iter().map(run).collect::<Vec<_>>().join(", ")
}

/// What a cause comes to under each status: the statuses of each diagnosis, the first one first; `-` is no status.
fn row(brought: Brought, cause: u16) -> Option<String> {
    let mut groups: Vec<(String, bool, Vec<u16>)> = Vec::new();
    for status in statuses() {
        let said = compact(&diagnose(&evidence(brought, cause, status)?));
        let at = groups.iter().position(|(known, _, _)| *known == said).unwrap_or_else(|| {
            groups.push((said, false, Vec::new()));
            groups.len() - 1
        });
        match status {
            None => groups[at].1 = true,
            Some(status) => groups[at].2.push(status),
        }
    }
    let mut out = String::new();
    for (said, is_without, statuses) in groups {
        let without = is_without.then(|| "-".to_owned());
        let with = (!statuses.is_empty()).then(|| runs(&statuses));
        let under: Vec<String> = without.into_iter().chain(with).collect();
        writeln!(out, "    {}: {said}", under.join(", ")).unwrap();
    }
    Some(out)
}

#[test]
fn every_cause_by_every_status_on_every_switch_is_diagnosed_as_reviewed() {
    let mut out = String::new();
    for brought in ALL {
        // Causes whose rows are the same stand together.
        let mut rows: Vec<(Vec<u16>, String)> = Vec::new();
        for cause in causes() {
            let Some(row) = row(brought, cause) else { continue };
            match rows.iter_mut().find(|(_, known)| *known == row) {
                Some((causes, _)) => causes.push(cause),
                None => rows.push((vec![cause], row)),
            }
        }
        writeln!(out, "{brought:?}").unwrap();
        for (causes, row) in rows {
            write!(out, "  cause {}\n{row}", runs(&causes)).unwrap();
        }
    }
    insta::assert_snapshot!(out);
}

/// What the tables say of each sign in an evidence of the sweep.
fn signs(brought: Brought, cause: u16, status: Option<u16>) -> Vec<Meaning> {
    let of_switch = match brought {
        Brought::Freeswitch => tables::freeswitch_own(cause),
        Brought::Network | Brought::Asterisk => None,
    };
    [of_switch, tables::q850(cause, None), status.and_then(tables::sip)].into_iter().flatten().collect()
}

#[test]
fn nothing_is_ever_surer_than_the_table_that_says_it() {
    for brought in ALL {
        for cause in causes() {
            for status in statuses() {
                let Some(evidence) = evidence(brought, cause, status) else { continue };
                let diagnosis = diagnose(&evidence);
                let signs = signs(brought, cause, status);
                let allowed = signs.iter().filter(|sign| sign.candidates().is_within(diagnosis.candidates()));
                let most = allowed.map(|sign| sign.confidence).max().unwrap_or(Confidence::Low);
                assert!(diagnosis.confidence <= most, "{evidence:?}: {diagnosis:?}");
                // What is known of a suspended number by signalling alone is a guess.
                assert!(diagnosis.reason != R::Suspended || diagnosis.confidence == Confidence::Low, "{evidence:?}");
            }
        }
    }
}

#[test]
fn a_switch_that_hides_the_status_leaves_open_all_that_it_may_have_been() {
    for (table, brought) in [(Table::Freeswitch, Brought::Freeswitch), (Table::Asterisk, Brought::Asterisk)] {
        for status in 400..=699 {
            let (Some(cause), Some(truth)) = (table.cause_of(status), tables::sip(status)) else { panic!("{status}") };
            let hidden = diagnose(&evidence(brought, cause, None).unwrap());
            // FreeSWITCH's own causes name the status; a cause that means nothing says nothing.
            if cause <= 127 && hidden.basis != Basis::Nothing {
                assert!(truth.candidates().is_within(hidden.candidates()), "{table:?} {status} as {cause}: {hidden:?}");
            }
            // With the status it is the status that is judged.
            let shown = diagnose(&evidence(brought, cause, Some(status)).unwrap());
            assert!(truth.candidates().is_within(shown.candidates()), "{table:?} {status} as {cause}: {shown:?}");
        }
    }
}

/// What one hop without a Reason header loses of the candidates of a cause that the sender's table names; everything else is kept.
const LOST: [(Table, u16, FailureReasons); 4] = [
    // FreeSWITCH sends 603 for every rejection, a network's too.
    (Table::Freeswitch, 21, FailureReasons::of(&[R::Blocked])),
    // 504 is taken for a fault of the network.
    (Table::Rfc3398, 102, FailureReasons::of(&[R::NoAnswer, R::PoweredOff, R::OutOfServiceArea])),
    (Table::Freeswitch, 102, FailureReasons::of(&[R::NoAnswer, R::PoweredOff, R::OutOfServiceArea])),
    // "Number changed" with a new number is a redirection on Asterisk, and no failure.
    (Table::Asterisk, 23, FailureReasons::NONE),
];

#[test]
fn the_truth_stays_among_the_candidates_over_a_hop() {
    for table in Table::ALL {
        for cause in (1..=127).filter(|cause| table.names_cause(*cause)) {
            let Some(truth) = tables::q850(cause, None) else { continue };
            let status = table.sip_of(cause, None).unwrap();
            let lost = LOST.iter().find(|(of, lost, _)| (*of, *lost) == (table, cause)).map_or(FailureReasons::NONE, |row| row.2);
            for received in ALL {
                // The cause that the receiving switch makes of it.
                let made = match received {
                    Brought::Network => None,
                    Brought::Freeswitch => Table::Freeswitch.cause_of(status),
                    Brought::Asterisk => Table::Asterisk.cause_of(status),
                };
                let bare = match made {
                    Some(made) => evidence(received, made, Some(status)).unwrap(),
                    None => Evidence { sip_status: Some(status), ..Evidence::default() },
                };
                let found = diagnose(&bare).candidates();
                for reason in truth.candidates().iter() {
                    assert_eq!(
                        found.contains(reason),
                        !lost.contains(reason),
                        "{table:?} {cause} over {status} to {received:?}: {reason:?}"
                    );
                }
                // With a Reason header the hop loses nothing.
                let header = format!("Q.850;cause={cause}");
                let told = Evidence { reasons: read([header.as_str()]).reasons, ..bare };
                assert_eq!(diagnose(&told).candidates(), truth.candidates(), "{table:?} {cause}");
            }
        }
    }
}

/// Asterisk 16 reads a Reason header through a buffer of twenty bytes, the last of which is a zero (`res_pjsip_rfc3326.c`).
fn through_twenty_bytes(header: &str) -> Option<u16> {
    let buffer = &header[..header.len().min(19)];
    let (_, cause) = buffer.split_once("cause=")?;
    cause.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[test]
fn the_cause_that_twenty_bytes_hide_is_read_and_tells() {
    for cause in 1..=127_u16 {
        for (header, is_hidden) in [
            (format!("Q.850;cause={cause}"), false),
            (format!("Q.850;text=\"User busy\";cause={cause}"), true),
            (format!("Q.850;location=RLN;cause={cause}"), true),
        ] {
            assert_eq!(through_twenty_bytes(&header), Some(cause).filter(|_| !is_hidden), "{header}");
            // What Asterisk then reports is its translation of the status; ours is the header's.
            let release = AsteriskRelease { cause: 19, tech_cause: Some(480) };
            let reasons = read([header.as_str()]).reasons;
            assert_eq!(reasons[0].cause, Some(cause));
            let location = reasons[0].location;
            let found = diagnose(&Evidence { sip_status: Some(480), asterisk: Some(release), reasons, ..Evidence::default() });
            // "Normal clearing" beside a 480 says nothing.
            match tables::q850(cause, location).filter(|_| cause != 16) {
                Some(meaning) => assert_eq!((found.candidates(), found.basis), (meaning.candidates(), Basis::Q850), "{header}"),
                None => assert_eq!(found.basis, Basis::Sip, "{header}"),
            }
        }
    }
}

#[test]
fn the_high_bit_of_a_cause_is_masked() {
    for cause in 0..=127_u16 {
        let with =
            |cause: u16| Evidence { reasons: read([format!("Q.850;cause={cause}").as_str()]).reasons, ..Evidence::default() };
        assert_eq!(diagnose(&with(cause)), diagnose(&with(cause | 0x80)), "{cause}");
    }
}

#[test]
fn a_rejection_by_analytics_is_no_persons_on_either_switch() {
    let plus = r#"Q.850;cause=21;text="v=analytics1;url=https://why.example/?a=1;b";location=LN"#;
    for (brought, table) in [(Brought::Freeswitch, Table::Freeswitch), (Brought::Asterisk, Table::Asterisk)] {
        let cause = table.cause_of(603).unwrap();
        let bare = evidence(brought, cause, Some(603)).unwrap();
        assert_eq!(diagnose(&bare).reason, R::Rejected);
        // A plain header beside it, in either order, changes nothing.
        for headers in [vec![plus], vec![plus, "Q.850;cause=21"], vec!["Q.850;cause=21", plus]] {
            let told = Evidence { reasons: read(headers).reasons, ..bare.clone() };
            assert_eq!((diagnose(&told).reason, diagnose(&told).confidence), (R::Blocked, Confidence::High));
        }
    }
}

#[test]
fn freeswitchs_cause_once_more_as_q850_adds_nothing() {
    for (name, number) in tables::freeswitch_names() {
        // switch_channel_cause_q850: "normal clearing" for each of its own.
        let q850 = u8::try_from(number).ok().filter(|cause| *cause <= 127).unwrap_or(16);
        for status in [None, Some(480), Some(486), Some(603)] {
            let plain = Evidence { sip_status: status, freeswitch: Some(name.into()), ..Evidence::default() };
            let echoed = Evidence { q850_cause: Some(q850), ..plain.clone() };
            assert_eq!(diagnose(&echoed), diagnose(&plain), "{name} {status:?}");
        }
    }
    // With its location it is the trunk's, and counts as such.
    let of_trunk = Evidence {
        q850_cause: Some(19),
        q850_location: Some(Location::RemotePublic),
        asterisk: Some(AsteriskRelease { cause: 19, tech_cause: None }),
        ..Evidence::default()
    };
    assert_eq!(compact(&diagnose(&of_trunk)), "no_answer medium q850");
}

#[test]
fn after_our_own_timer_nobody_gave_up() {
    use ringfence::values::evidence::OwnTimer;
    for brought in ALL {
        for cause in causes() {
            for status in [None, Some(480), Some(487)] {
                let Some(evidence) = evidence(brought, cause, status) else { continue };
                let diagnosis = diagnose(&Evidence { timer: Some(OwnTimer::Ring), ..evidence });
                assert_ne!(diagnosis.reason, R::CallerGaveUp, "{brought:?} {cause} {status:?}");
                assert_ne!(diagnosis.basis, Basis::Nothing);
            }
        }
    }
    // Huawei's 7501 is a caller who hung up: here, we.
    let vendor = VendorCode { vendor: Vendor::HuaweiPrivate, code: 7501 };
    let evidence = Evidence { vendor: Some(vendor), timer: Some(OwnTimer::Ring), ..Evidence::default() };
    assert_eq!(compact(&diagnose(&evidence)), "no_answer medium timer");
}

#[test]
fn what_a_retargeted_request_was_answered_with_is_judged_as_that() {
    let to = |reason| Evidence { redirections: vec![Redirection::unnamed(reason)], ..Evidence::default() };
    for status in 100..=699 {
        let found = diagnose(&to(Redirecting::Sip(status)));
        assert_eq!(
            tables::sip(status).map(Meaning::candidates),
            Some(found.candidates()).filter(|_| found.basis != Basis::Nothing)
        );
    }
    assert_eq!(compact(&diagnose(&to(Redirecting::Q850(20)))), "powered_off medium redirection (or out_of_service_area)");
    assert!(!to(Redirecting::Q850(128)).is_in_range() && !to(Redirecting::Sip(99)).is_in_range());
}

fn any_header() -> impl Strategy<Value = String> {
    let location = proptest::option::of(proptest::sample::select(Location::ALL.to_vec()));
    prop_oneof![
        4 => (0_u16..=255, location, any::<bool>()).prop_map(|(cause, location, is_plus)| {
            let location = location.map(|location| format!(";location={}", location.word())).unwrap_or_default();
            let text = if is_plus { ";text=\"v=analytics1;url=x\"" } else { "" };
            format!("Q.850;cause={cause}{text}{location}")
        }),
        3 => (400_u16..700).prop_map(|status| format!("SIP;cause={status}")),
        1 => Just("X.INT;cause=17".to_owned()),
        1 => Just("Q.850;text=\"no cause\"".to_owned()),
    ]
}

proptest! {
    #[test]
    fn the_order_of_reason_headers_changes_nothing(
        headers in proptest::collection::vec(any_header(), 0..8),
        status in proptest::option::of(400_u16..700),
        seed in any::<u64>(),
    ) {
        let mut shuffled = headers.clone();
        // A rotation and a reversal reach every neighbourhood.
        let by = usize::try_from(seed % 8).unwrap() % headers.len().max(1);
        shuffled.rotate_left(by);
        if seed % 2 == 0 {
            shuffled.reverse();
        }
        let of = |headers: &[String]| {
            let reasons = read(headers.iter().map(String::as_str)).reasons;
            diagnose(&Evidence { sip_status: status, reasons, ..Evidence::default() })
        };
        prop_assert_eq!(of(&headers), of(&shuffled));
        // In one header by commas it is the same.
        let joined = [headers.join(" , ")];
        prop_assert_eq!(of(&headers), of(if headers.is_empty() { &[] } else { &joined }));
    }

    #[test]
    fn the_order_of_announcements_changes_nothing(
        classes in proptest::collection::vec(
            proptest::sample::select(vec![
                Announcement::Busy, Announcement::PoweredOff, Announcement::CannotBeReached, Announcement::Rejected, Announcement::Suspended,
            ]),
            0..5,
        ),
    ) {
        let of = |announcements: Vec<Announcement>| diagnose(&Evidence { announcements, ..Evidence::default() });
        let mut reversed = classes.clone();
        reversed.reverse();
        prop_assert_eq!(of(classes), of(reversed));
    }
}
