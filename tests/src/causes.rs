//! Everything that a network may say when a call fails: every sign of every table of [`ringfence::decisions::diagnosis`], as evidence of its own.
//!
//! ```
//! use ringfence_testing::causes;
//!
//! assert!(*causes::COUNT > 300);
//! assert_eq!(causes::name(causes::named("sip 486").expect("it is known")), "sip 486");
//! ```

use std::sync::LazyLock;

use ringfence::decisions::diagnosis::tables;
use ringfence::values::evidence::{
    Announcement, AsteriskRelease, DiversionReason, Evidence, Location, OwnTimer, Q850, ReasonHeader, Redirecting, Redirection,
    Vendor, VendorCode,
};
use ringfence::values::text::Text;

/// One of them, by its place.
pub type Cause = u16;

/// How many there are.
pub static COUNT: LazyLock<Cause> = LazyLock::new(|| Cause::try_from(ALL.len()).unwrap_or(Cause::MAX));

static ALL: LazyLock<Vec<(String, Evidence)>> = LazyLock::new(all);

/// What it is called in a report.
///
/// # Panics
/// When there is none in this place.
#[must_use]
pub fn name(cause: Cause) -> &'static str {
    &ALL[usize::from(cause)].0
}

/// What the network says.
///
/// # Panics
/// When there is none in this place.
#[must_use]
pub fn evidence(cause: Cause) -> Evidence {
    ALL[usize::from(cause)].1.clone()
}

/// The one with this name.
#[must_use]
pub fn named(name: &str) -> Option<Cause> {
    ALL.iter().position(|(known, _)| known == name).and_then(|at| Cause::try_from(at).ok())
}

fn all() -> Vec<(String, Evidence)> {
    // Of a long run of signs the ends stand for all.
    let signs = |table: &str| -> Vec<u32> {
        let rows = tables::ALL.iter().filter(|(name, _)| *name == table).flat_map(|(_, rows)| rows.iter());
        let mut signs: Vec<u32> = rows.flat_map(|row| [row.first, row.last]).collect();
        signs.dedup();
        signs
    };
    let short = |sign: u32| u16::try_from(sign).unwrap_or(u16::MAX);
    let byte = |sign: u32| u8::try_from(sign).unwrap_or(u8::MAX);
    let none = Evidence::default;
    let mut all: Vec<(String, Evidence)> = vec![("nothing".to_owned(), none())];
    for cause in signs("q850") {
        all.push((format!("q850 {cause}"), Evidence { q850_cause: Some(byte(cause)), ..none() }));
        let asterisk = Some(AsteriskRelease { cause: byte(cause), tech_cause: None });
        all.push((format!("asterisk {cause}"), Evidence { asterisk, ..none() }));
    }
    for location in Location::ALL {
        let evidence = Evidence { q850_cause: Some(21), q850_location: Some(location), ..none() };
        all.push((format!("q850 21 at {}", location.word()), evidence));
    }
    for status in signs("sip") {
        all.push((format!("sip {status}"), Evidence { sip_status: Some(short(status)), ..none() }));
    }
    for (name, _) in tables::freeswitch_names() {
        all.push((format!("freeswitch {name}"), Evidence { freeswitch: Some(Text::from(name)), ..none() }));
    }
    let forwarded = |reason| vec![Redirection { reason, from: None, is_restricted: false }];
    for sign in signs("cdiv") {
        all.push((format!("cdiv {sign}"), Evidence { redirections: forwarded(Redirecting::Cdiv(short(sign))), ..none() }));
    }
    for sign in signs("isup_redirecting") {
        all.push((format!("isup {sign}"), Evidence { redirections: forwarded(Redirecting::Isup(byte(sign))), ..none() }));
    }
    let diversions = [
        DiversionReason::Unknown,
        DiversionReason::UserBusy,
        DiversionReason::NoAnswer,
        DiversionReason::Unavailable,
        DiversionReason::Unconditional,
        DiversionReason::TimeOfDay,
        DiversionReason::DoNotDisturb,
        DiversionReason::Deflection,
        DiversionReason::FollowMe,
        DiversionReason::OutOfService,
        DiversionReason::Away,
    ];
    for reason in diversions {
        let evidence = Evidence { redirections: forwarded(Redirecting::Diversion(reason)), ..none() };
        all.push((format!("diversion {reason:?}"), evidence));
    }
    let vendors = [
        (Vendor::AliyunVms, "aliyun_vms"),
        (Vendor::HuaweiPrivate, "huawei_private"),
        (Vendor::HuaweiVoice, "huawei_voice"),
        (Vendor::Yuntongxun, "yuntongxun"),
    ];
    for (vendor, table) in vendors {
        for code in signs(table) {
            all.push((format!("{table} {code}"), Evidence { vendor: Some(VendorCode { vendor, code }), ..none() }));
        }
    }
    let announcements = [
        Announcement::Busy,
        Announcement::PoweredOff,
        Announcement::OutOfServiceArea,
        Announcement::CannotBeReached,
        Announcement::Suspended,
        Announcement::NoAnswer,
        Announcement::Rejected,
        Announcement::InvalidNumber,
        Announcement::NetworkBusy,
        Announcement::Barred,
    ];
    for class in announcements {
        // It comes in early media, and the cause after it tells little.
        let evidence = Evidence { announcements: vec![class], sip_status: Some(480), ..none() };
        all.push((format!("announcement {class:?}"), evidence));
    }
    for timer in [OwnTimer::Ring, OwnTimer::Setup] {
        all.push((format!("timer {timer:?}"), Evidence { timer: Some(timer), ..none() }));
    }
    let analytics = ReasonHeader {
        protocol: Text::from(Q850),
        cause: Some(21),
        text: Some(Text::from("v=analytics1;url=https://example.com")),
        location: Some(Location::LocalPublic),
    };
    all.push(("603+".to_owned(), Evidence { sip_status: Some(603), reasons: vec![analytics], ..none() }));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_cause_has_a_name_of_its_own_and_can_be_reported() {
        let names: BTreeSet<&str> = ALL.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.iter().all(|(_, evidence)| evidence.is_in_range()));
        // Some of each family: the four reasons of seed 003 among them.
        for known in [
            "q850 20",
            "sip 480",
            "freeswitch SUBSCRIBER_ABSENT",
            "aliyun_vms 200010",
            "huawei_private 8104",
            "yuntongxun 2",
            "announcement PoweredOff",
            "timer Ring",
            "cdiv 503",
            "isup 1",
            "603+",
        ] {
            assert!(named(known).is_some(), "there is no {known}");
        }
    }
}
