//! Why could somebody not be reached: from what the network and the switches said to one reason, how sure it is, and what else it could be.
//!
//! **Precedence.** Of all that was said the most telling speaks alone: a vendor's explicit code, then what an announcement says, then why the call was
//! redirected to us, then a Q.850 cause, then the SIP status, then a timer of our own. Within Q.850 a rejection by a network's analytics (603+) comes first, then a cause
//! that the called phone gave itself (location `U`), then one from a Reason header, then the one of the trunk, then that of the switch. What says nothing (Q.850 0, 31, 127;
//! an unknown vendor's code) is passed over. Several of one rank are merged ([`Meaning::merged`]): the order of headers tells nothing.
//!
//! **Translations are not evidence of their own.** A switch that got a bare SIP status reports a cause, too: its own translation. When the status is
//! known and translates to that cause, the status is judged. When it is not known, the cause may stand for each status that the switch
//! translates to it, so all of their reasons count ([`interworking`](super::interworking)). A Q.850 cause without a location that is the switch's own once more
//! (`hangup_cause_q850`) counts as that. "Normal clearing" (16) beside a final status other than 487 says nothing: nobody gave up. After a timer of our own, whatever says that the caller gave up says only that we cancelled.
//!
//! **Never upgraded.** Evidence that agrees makes nothing surer. The tables say how sure a row is, with their sources: [`tables`].
//!
//! Reasons and rows: seed 003 (遇忙占线、关机、不在服务区、欠费停机).

pub mod tables;

use serde::{Deserialize, Serialize};

use self::tables::Meaning;
use super::interworking::Table;
pub use crate::values::cause::Confidence;
use crate::values::cause::{FailureReason, FailureReasons};
use crate::values::evidence::{AsteriskRelease, Evidence, Location, Q850, ReasonHeader, SIP};

/// What a diagnosis rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A vendor's code.
    Vendor,
    /// An announcement.
    Announcement,
    /// Why the call was redirected.
    Redirection,
    /// A Q.850 cause.
    Q850,
    /// A SIP status.
    Sip,
    /// A timer of our own.
    Timer,
    /// Nothing.
    Nothing,
}

/// Why somebody could not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// The likeliest reason.
    pub reason: FailureReason,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it could be besides.
    pub could_be: FailureReasons,
    /// What it rests on.
    pub basis: Basis,
}

impl Diagnosis {
    /// Everything that it could be, the likeliest included.
    #[must_use]
    pub const fn candidates(&self) -> FailureReasons {
        self.could_be.and(FailureReasons::of(&[self.reason]))
    }

    const fn of(meaning: Meaning, basis: Basis) -> Self {
        Self { reason: meaning.reason, confidence: meaning.confidence, could_be: meaning.could_be.without(meaning.reason), basis }
    }
}

/// The diagnosis of a failed call.
///
/// # Examples
/// ```
/// use ringfence::decisions::diagnosis::{Basis, Confidence, diagnose};
/// use ringfence::values::cause::FailureReason;
/// use ringfence::values::evidence::{Announcement, Evidence};
///
/// // A mobile network plays 已关机 and then answers 480, which would say little by itself.
/// let evidence = Evidence { sip_status: Some(480), announcements: vec![Announcement::PoweredOff], ..Evidence::default() };
/// let diagnosis = diagnose(&evidence);
/// assert_eq!((diagnosis.reason, diagnosis.confidence), (FailureReason::PoweredOff, Confidence::High));
/// assert_eq!(diagnosis.basis, Basis::Announcement);
/// ```
#[must_use]
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    by_vendor(evidence)
        .or_else(|| by_announcement(evidence))
        .or_else(|| by_redirection(evidence))
        .or_else(|| by_q850(evidence))
        .or_else(|| by_sip(evidence))
        .or_else(|| by_timer(evidence))
        .unwrap_or(Diagnosis {
            reason: FailureReason::Unknown,
            confidence: Confidence::Low,
            could_be: FailureReasons::NONE,
            basis: Basis::Nothing,
        })
}

fn by_vendor(evidence: &Evidence) -> Option<Diagnosis> {
    let meaning = evidence.vendor.and_then(tables::vendor).filter(|meaning| is_heard(evidence, meaning));
    meaning.map(|meaning| Diagnosis::of(meaning, Basis::Vendor))
}

/// Several classes are several candidates: the words left it open.
fn by_announcement(evidence: &Evidence) -> Option<Diagnosis> {
    let meanings = evidence.announcements.iter().map(|class| tables::announcement(*class));
    Meaning::merged(meanings).map(|meaning| Diagnosis::of(meaning, Basis::Announcement))
}

/// The last redirection is the one that brought the call to us.
fn by_redirection(evidence: &Evidence) -> Option<Diagnosis> {
    let last = evidence.redirections.last()?;
    tables::redirecting(last.reason).map(|meaning| Diagnosis::of(meaning, Basis::Redirection))
}

/// After our own timer we cancel. What then says that the caller gave up says only that.
fn is_heard(evidence: &Evidence, meaning: &Meaning) -> bool {
    evidence.timer.is_none() || meaning.reason != FailureReason::CallerGaveUp
}

/// What a Q.850 cause says beside the rest. "Normal clearing" beside a final status that is no answer to a cancel is a gateway's default: a caller who gives up gets 487.
fn of_cause(cause: u16, location: Option<Location>, evidence: &Evidence) -> Option<Meaning> {
    let statuses = [evidence.sip_status, evidence.asterisk.and_then(|release| release.tech_cause)];
    let is_refused = statuses.into_iter().flatten().any(|status| status >= 400 && status != 487);
    tables::q850(cause, location).filter(|meaning| is_heard(evidence, meaning) && !(cause == 16 && is_refused))
}

/// How much a Q.850 cause tells by who gave it: the lower the more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rank {
    /// An analytics engine of a network: nobody declined it (ATIS-1000099, "603+").
    Analytics,
    /// The called phone itself.
    User,
    /// A Reason header.
    Header,
    /// The trunk.
    Trunk,
}

impl Rank {
    const ALL: [Self; 4] = [Self::Analytics, Self::User, Self::Header, Self::Trunk];
}

fn by_q850(evidence: &Evidence) -> Option<Diagnosis> {
    let trunk = of_trunk(evidence);
    let said = || evidence.reasons.iter().filter_map(|header| of_header(header, evidence)).chain(trunk);
    // Causes of one rank stand beside each other: their order in the message tells nothing.
    let of_rank = |wanted: Rank| {
        let of_rank = said().filter(move |(rank, _)| *rank == wanted);
        Meaning::merged(of_rank.map(|(_, meaning)| meaning))
    };
    Rank::ALL
        .into_iter()
        .find_map(of_rank)
        .or_else(|| evidence.asterisk.and_then(|release| of_asterisk(release, evidence)))
        .or_else(|| evidence.freeswitch.as_ref().and_then(|name| of_freeswitch(name, evidence)))
        .map(|meaning| Diagnosis::of(meaning, Basis::Q850))
}

/// The trunk's cause; none when it is the switch's own once more, which is judged as what it is: a translation.
fn of_trunk(evidence: &Evidence) -> Option<(Rank, Meaning)> {
    let cause = u16::from(evidence.q850_cause?);
    let of_freeswitch = || evidence.freeswitch.as_ref().and_then(|name| tables::freeswitch_number(name)).map(freeswitch_as_q850);
    let is_echo = evidence.q850_location.is_none()
        && (evidence.asterisk.is_some_and(|release| u16::from(release.cause) == cause) || of_freeswitch() == Some(cause));
    let rank = if evidence.q850_location == Some(Location::User) { Rank::User } else { Rank::Trunk };
    of_cause(cause, evidence.q850_location, evidence).filter(|_| !is_echo).map(|meaning| (rank, meaning))
}

/// What FreeSWITCH writes into `hangup_cause_q850`: "normal clearing" for each cause of its own (`switch_channel_cause_q850`).
const fn freeswitch_as_q850(number: u16) -> u16 {
    if number <= 127 { number } else { 16 }
}

/// Carriers write causes with the high bit of the octet still set; it is masked, as FreeSWITCH and Asterisk do.
fn of_header(header: &ReasonHeader, evidence: &Evidence) -> Option<(Rank, Meaning)> {
    let cause = header.cause.filter(|_| header.protocol.eq_ignore_ascii_case(Q850))? & 0x7f;
    if cause == 21 && is_analytics(header) {
        return Some((Rank::Analytics, tables::BLOCKED_BY_ANALYTICS));
    }
    let rank = if header.location == Some(Location::User) { Rank::User } else { Rank::Header };
    of_cause(cause, header.location, evidence).map(|meaning| (rank, meaning))
}

/// Whether the text is the one that ATIS-1000099 puts into a rejection by analytics: `v=analytics1;url=…`.
fn is_analytics(header: &ReasonHeader) -> bool {
    const VERSION: &str = "v=analytics";
    let is_version = |part: &str| part.trim_start().get(..VERSION.len()).is_some_and(|head| head.eq_ignore_ascii_case(VERSION));
    header.text.as_ref().is_some_and(|text| text.split(';').any(is_version))
}

/// A cause of Asterisk: the network's own, when its SIP status would have become another one; else that status speaks, or all that it may be.
fn of_asterisk(release: AsteriskRelease, evidence: &Evidence) -> Option<Meaning> {
    translated(Table::Asterisk, u16::from(release.cause), release.tech_cause.or(evidence.sip_status), evidence)
}

fn of_freeswitch(name: &str, evidence: &Evidence) -> Option<Meaning> {
    let number = tables::freeswitch_number(name)?;
    match tables::freeswitch_own(number) {
        Some(meaning) => Some(meaning).filter(|meaning| is_heard(evidence, meaning)),
        None => translated(Table::Freeswitch, number, evidence.sip_status, evidence),
    }
}

fn translated(table: Table, cause: u16, status: Option<u16>, evidence: &Evidence) -> Option<Meaning> {
    let own = of_cause(cause, None, evidence)?;
    match status {
        // The status is judged, as such.
        Some(status) if table.cause_of(status) == Some(cause) => None,
        Some(_) => Some(own),
        None => Meaning::merged(core::iter::once(own).chain(table.statuses_behind(cause).filter_map(tables::sip))),
    }
}

/// The status of the response says more than one that a Reason header tells of.
fn by_sip(evidence: &Evidence) -> Option<Diagnosis> {
    let analytics = evidence.reasons.iter().any(is_analytics);
    let meaning_of = |status: u16| match status {
        603 if analytics => Some(tables::BLOCKED_BY_ANALYTICS),
        status => tables::sip(status).filter(|meaning| is_heard(evidence, meaning)),
    };
    let of_header =
        |header: &ReasonHeader| header.cause.filter(|_| header.protocol.eq_ignore_ascii_case(SIP)).and_then(meaning_of);
    evidence
        .sip_status
        .and_then(meaning_of)
        .or_else(|| evidence.asterisk.and_then(|release| release.tech_cause).and_then(meaning_of))
        .or_else(|| Meaning::merged(evidence.reasons.iter().filter_map(of_header)))
        .map(|meaning| Diagnosis::of(meaning, Basis::Sip))
}

fn by_timer(evidence: &Evidence) -> Option<Diagnosis> {
    evidence.timer.map(|timer| Diagnosis::of(tables::timer(timer), Basis::Timer))
}
