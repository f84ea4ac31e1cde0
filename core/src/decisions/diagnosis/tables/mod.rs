//! What each sign means: the rows, each with how sure it is and where it comes from.
//!
//! High: the sign identifies the reason. Medium: likely, but shared. Low: signalling cannot tell. The rows and their confidence come from comparing, for each of
//! the four reasons of seed 003 and their neighbours, ITU-T Q.850, RFC 3261, RFC 3398, RFC 4458, the cause tables of FreeSWITCH (`switch_types.h`) and Asterisk (`causes.h`), and the
//! vendors' published lists. Each row names its source.

mod early;
mod freeswitch;
mod q850;
mod redirection;
mod sip;
mod vendor;

use super::Confidence;
use crate::values::cause::{FailureReason, FailureReasons};
use crate::values::evidence::{Announcement, DiversionReason, Location, OwnTimer, Redirecting, Vendor, VendorCode};

use Confidence::{High, Medium};

/// What a sign means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The likeliest reason.
    pub reason: FailureReason,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it could be besides; the reason itself is not in it.
    pub could_be: FailureReasons,
}

impl Meaning {
    /// A sign with this reason and no other.
    const fn only(reason: FailureReason, confidence: Confidence) -> Self {
        Self { reason, confidence, could_be: FailureReasons::NONE }
    }

    /// A sign that several share.
    const fn among(reason: FailureReason, confidence: Confidence, others: &[FailureReason]) -> Self {
        Self { reason, confidence, could_be: FailureReasons::of(others) }
    }

    /// Everything that the sign may mean, the likeliest included.
    #[must_use]
    pub const fn candidates(self) -> FailureReasons {
        self.could_be.and(FailureReasons::of(&[self.reason]))
    }

    /// Signs that stand beside each other, or of which one holds and it is not known which: the likeliest is what the surest of them says (of two that are as sure, what the
    /// one with fewer alternatives says, then what comes first in [`FailureReason::ALL`]); every candidate of each; no surer than the least sure, and a guess where they
    /// differ. The order in which they came changes nothing. None when there is none.
    pub fn merged(signs: impl Iterator<Item = Self>) -> Option<Self> {
        let join = |all: Merged, sign: Self| Merged {
            surest: all.surest.surer(sign),
            candidates: all.candidates.and(sign.candidates()),
            least: all.least.min(sign.confidence),
            is_one: all.is_one && all.candidates == sign.candidates(),
        };
        let alone = |sign: Self| Merged { surest: sign, candidates: sign.candidates(), least: sign.confidence, is_one: true };
        let all = signs.fold(None, |all: Option<Merged>, sign| Some(all.map_or(alone(sign), |all| join(all, sign))))?;
        let reason = all.surest.reason;
        let confidence = if all.is_one { all.least } else { all.least.min(Medium) };
        Some(Self { reason, confidence, could_be: all.candidates.without(reason) })
    }

    fn surer(self, other: Self) -> Self {
        let rank = |sign: Self| (core::cmp::Reverse(sign.confidence), sign.could_be.len(), sign.reason);
        if rank(other) < rank(self) { other } else { self }
    }
}

/// Signs on their way to one.
#[derive(Clone, Copy)]
struct Merged {
    surest: Meaning,
    candidates: FailureReasons,
    least: Confidence,
    /// All of them have the same candidates.
    is_one: bool,
}

/// A row: a sign, or a run of them, what it means, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The first sign of the run.
    pub first: u32,
    /// The last one; the same as the first in most rows.
    pub last: u32,
    /// What it means; none when it is known and says nothing about the callee.
    pub meaning: Option<Meaning>,
    /// Where that stands.
    pub source: &'static str,
}

/// The row of one sign.
const fn row(sign: u32, meaning: Meaning, source: &'static str) -> Row {
    rows(sign, sign, meaning, source)
}

/// The row of a run of signs.
const fn rows(first: u32, last: u32, meaning: Meaning, source: &'static str) -> Row {
    Row { first, last, meaning: Some(meaning), source }
}

/// The row of a sign that is known and says nothing about the callee.
const fn mute(sign: u32, source: &'static str) -> Row {
    Row { first: sign, last: sign, meaning: None, source }
}

/// The row of a sign in a table that is in the order of its signs.
fn find(table: &'static [Row], sign: u32) -> Option<&'static Row> {
    let at = table.partition_point(|row| row.last < sign);
    table.get(at).filter(|row| row.first <= sign)
}

fn meaning(table: &'static [Row], sign: u32) -> Option<Meaning> {
    find(table, sign).and_then(|row| row.meaning)
}

/// Every table with its name, for whoever wants to look at the rows or to print them.
pub const ALL: [(&str, &[Row]); 10] = [
    ("q850", &q850::CAUSES),
    ("sip", &sip::STATUSES),
    ("freeswitch_own", &freeswitch::OWN),
    ("cdiv", &redirection::CDIV),
    ("isup_redirecting", &redirection::ISUP),
    ("aliyun_vms", &vendor::ALIYUN_VMS),
    ("huawei_private", &vendor::HUAWEI_PRIVATE),
    ("huawei_voice", &vendor::HUAWEI_VOICE),
    ("yuntongxun", &vendor::YUNTONGXUN),
    ("rejected_by", &q850::REJECTED_BY),
];

/// A rejection by a network's analytics, "603+": nobody declined. Source: ATIS-1000099 (`Reason: Q.850;cause=21;text="v=analytics1;url=…";location=LN`).
pub const BLOCKED_BY_ANALYTICS: Meaning = Meaning::only(FailureReason::Blocked, High);

/// A Q.850 cause (ITU-T Q.850 §2.2.5 to 2.2.7), and who gave it, where that is known. None when it says nothing about the callee.
#[must_use]
pub fn q850(cause: u16, location: Option<Location>) -> Option<Meaning> {
    match location {
        Some(location) if cause == q850::CALL_REJECTED => meaning(&q850::REJECTED_BY, q850::place(location)),
        Some(_) | None => meaning(&q850::CAUSES, u32::from(cause)),
    }
}

/// A final SIP status (RFC 3261 §21; RFC 8197 for 607, RFC 8688 for 608). None when it is no failure.
#[must_use]
pub fn sip(status: u16) -> Option<Meaning> {
    meaning(&sip::STATUSES, u32::from(status))
}

/// A redirecting reason: what the network that forwarded the call says about the callee.
#[must_use]
pub fn redirecting(reason: Redirecting) -> Option<Meaning> {
    match reason {
        Redirecting::Cdiv(cause) => meaning(&redirection::CDIV, u32::from(cause)),
        Redirecting::Diversion(reason) => diversion(reason),
        Redirecting::Isup(reason) => meaning(&redirection::ISUP, u32::from(reason)),
        Redirecting::Sip(status) => sip(status),
        Redirecting::Q850(cause) => q850(u16::from(cause), None),
    }
}

/// The `reason` of a Diversion header (RFC 5806 §10).
#[must_use]
pub const fn diversion(reason: DiversionReason) -> Option<Meaning> {
    redirection::diversion(reason)
}

/// What an announcement says it says.
#[must_use]
pub const fn announcement(class: Announcement) -> Meaning {
    early::announcement(class)
}

/// A timer of our own: nothing answered in time.
#[must_use]
pub const fn timer(timer: OwnTimer) -> Meaning {
    early::timer(timer)
}

/// A vendor's code; none when the list does not have it, or when it says nothing about the callee.
#[must_use]
pub fn vendor(code: VendorCode) -> Option<Meaning> {
    let table: &'static [Row] = match code.vendor {
        Vendor::AliyunVms => &vendor::ALIYUN_VMS,
        Vendor::HuaweiPrivate => &vendor::HUAWEI_PRIVATE,
        Vendor::HuaweiVoice => &vendor::HUAWEI_VOICE,
        Vendor::Yuntongxun => &vendor::YUNTONGXUN,
    };
    meaning(table, code.code)
}

/// The number of a FreeSWITCH cause, from its name; in any case of letters, as FreeSWITCH itself reads it.
#[must_use]
pub fn freeswitch_number(name: &str) -> Option<u16> {
    freeswitch::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim())).map(|(_, number)| *number)
}

/// The names of FreeSWITCH's causes with their numbers, in the order of the numbers: those of Q.850, and its own from 142 on.
pub fn freeswitch_names() -> impl Iterator<Item = (&'static str, u16)> {
    freeswitch::NAMES.into_iter()
}

/// What a cause of FreeSWITCH's own means; none for those of Q.850, and for those that say nothing about the callee.
#[must_use]
pub fn freeswitch_own(number: u16) -> Option<Meaning> {
    meaning(&freeswitch::OWN, u32::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_in_order_without_a_sign_twice_and_every_row_has_a_source() {
        for (name, table) in ALL {
            assert!(table.iter().all(|row| row.first <= row.last && !row.source.is_empty()), "{name}");
            assert!(table.is_sorted_by(|one, next| one.last < next.first), "{name}");
        }
    }

    #[test]
    fn no_row_names_its_reason_again_among_the_others() {
        for (name, table) in ALL {
            for meaning in table.iter().filter_map(|row| row.meaning) {
                assert!(!meaning.could_be.contains(meaning.reason), "{name}: {meaning:?}");
                assert_ne!(meaning.reason, FailureReason::Unknown, "{name}");
            }
        }
    }

    #[test]
    fn every_location_of_a_rejection_has_a_row() {
        for location in Location::ALL {
            assert!(q850(21, Some(location)).is_some(), "{location:?}");
        }
    }

    #[test]
    fn every_name_of_freeswitch_stands_once() {
        let numbers: alloc::vec::Vec<u16> = freeswitch_names().map(|(_, number)| number).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next));
        for (name, number) in freeswitch_names() {
            assert_eq!(freeswitch_number(name), Some(number));
        }
        assert_eq!(freeswitch_number(" user_busy"), Some(17));
        assert_eq!(freeswitch_number("USER_BUS"), None);
    }

    #[test]
    fn merging_the_same_changes_nothing_and_the_order_does_not_count() {
        let signs: alloc::vec::Vec<Meaning> =
            ALL.iter().flat_map(|(_, table)| table.iter()).filter_map(|row| row.meaning).collect();
        for one in &signs {
            assert_eq!(Meaning::merged([*one, *one].into_iter()), Some(*one));
            for other in &signs {
                let merged = Meaning::merged([*one, *other].into_iter()).unwrap();
                assert_eq!(Meaning::merged([*other, *one].into_iter()), Some(merged));
                assert!(merged.confidence <= one.confidence.min(other.confidence));
                assert_eq!(merged.candidates(), one.candidates().and(other.candidates()));
            }
        }
        assert_eq!(Meaning::merged(core::iter::empty()), None);
    }
}
