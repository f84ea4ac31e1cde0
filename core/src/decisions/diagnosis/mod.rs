//! Why could somebody not be reached: from what the network and the switches said to one reason, how sure it is, and what else it could be.
//!
//! **Precedence.** Of all that was said the most telling speaks alone: a vendor's explicit code, then what an announcement says, then why the call was
//! redirected to us, then a Q.850 cause, then the SIP status, then a timer of our own. Within Q.850 a cause that the called phone gave itself (location
//! `U`) comes first, then one from a Reason header, then the one of the trunk or the switch. What says nothing (Q.850 0, 31, 127; an unknown vendor's code) is
//! passed over.
//!
//! **Translations are not evidence of their own.** A switch that got a bare SIP status reports a cause, too: its own translation. When the status is
//! known and translates to that cause, the status is judged. When it is not known, the cause may stand for each status that the switch
//! translates to it, so all of their reasons count ([`interworking`](super::interworking)).
//!
//! **Never upgraded.** Evidence that agrees makes nothing surer. The tables say how sure a row is, with their sources: [`tables`].
//!
//! Reasons and rows: seed 003 (遇忙占线、关机、不在服务区、欠费停机).

pub mod tables;

use serde::{Deserialize, Serialize};

use self::tables::Meaning;
use super::interworking::Table;
use crate::values::cause::{FailureReason, FailureReasons};
use crate::values::evidence::{AsteriskRelease, Evidence, Location, Q850, ReasonHeader, SIP};

/// How sure a diagnosis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It cannot be told from what was said.
    Low,
    /// Likely, but others share the sign.
    Medium,
    /// The sign means this.
    High,
}

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
    evidence.vendor.and_then(tables::vendor).map(|meaning| Diagnosis::of(meaning, Basis::Vendor))
}

/// Several classes are several candidates: the words left it open.
fn by_announcement(evidence: &Evidence) -> Option<Diagnosis> {
    let meanings = evidence.announcements.iter().map(|class| tables::announcement(*class));
    meanings.reduce(Meaning::or).map(|meaning| Diagnosis::of(meaning, Basis::Announcement))
}

/// The last redirection is the one that brought the call to us.
fn by_redirection(evidence: &Evidence) -> Option<Diagnosis> {
    let last = evidence.redirections.last()?;
    tables::redirecting(last.reason).map(|meaning| Diagnosis::of(meaning, Basis::Redirection))
}

/// A Q.850 cause and what is known about it.
#[derive(Clone, Copy, Debug)]
struct Cause {
    cause: u16,
    location: Option<Location>,
    /// Nobody declined it: an analytics engine of a network did (ATIS-1000099, "603+").
    is_analytics: bool,
}

impl Cause {
    fn meaning(self) -> Option<Meaning> {
        if self.is_analytics {
            return Some(tables::BLOCKED_BY_ANALYTICS);
        }
        tables::q850(self.cause, self.location)
    }
}

fn by_q850(evidence: &Evidence) -> Option<Diagnosis> {
    let of_trunk =
        evidence.q850_cause.map(|cause| Cause { cause: u16::from(cause), location: evidence.q850_location, is_analytics: false });
    let said = || evidence.reasons.iter().filter_map(of_header).chain(of_trunk);
    let by_user = |cause: &Cause| cause.location == Some(Location::User);
    let mut first = said().filter(by_user).chain(said().filter(|cause| !by_user(cause)));
    let of_network = first.find_map(Cause::meaning);
    of_network
        .or_else(|| evidence.asterisk.and_then(|release| of_asterisk(release, evidence.sip_status)))
        .or_else(|| evidence.freeswitch.as_ref().and_then(|name| of_freeswitch(name, evidence.sip_status)))
        .map(|meaning| Diagnosis::of(meaning, Basis::Q850))
}

/// Carriers write causes with the high bit of the octet still set; it is masked, as FreeSWITCH and Asterisk do.
fn of_header(header: &ReasonHeader) -> Option<Cause> {
    let cause = header.cause.filter(|_| header.protocol.as_ref() == Q850)?;
    let is_analytics = cause == 21 && is_analytics(header);
    Some(Cause { cause: cause & 0x7f, location: header.location, is_analytics })
}

/// Whether the text is the one that ATIS-1000099 puts into a rejection by analytics: `v=analytics1;url=…`.
fn is_analytics(header: &ReasonHeader) -> bool {
    let is_version = |part: &str| part.trim().starts_with("v=analytics");
    header.text.as_ref().is_some_and(|text| text.split(';').any(is_version))
}

/// A cause of Asterisk: the network's own, when its SIP status would have become another one; else that status speaks, or all that it may be.
fn of_asterisk(release: AsteriskRelease, sip_status: Option<u16>) -> Option<Meaning> {
    translated(Table::Asterisk, u16::from(release.cause), release.tech_cause.or(sip_status))
}

fn of_freeswitch(name: &str, sip_status: Option<u16>) -> Option<Meaning> {
    let number = tables::freeswitch_number(name)?;
    match tables::freeswitch_own(number) {
        Some(meaning) => Some(meaning),
        None => translated(Table::Freeswitch, number, sip_status),
    }
}

fn translated(table: Table, cause: u16, status: Option<u16>) -> Option<Meaning> {
    let own = || tables::q850(cause, None);
    match status {
        // The status is judged, as such.
        Some(status) if table.cause_of(status) == Some(cause) => None,
        Some(_) => own(),
        None => {
            let behind = table.statuses_behind(cause).filter_map(tables::sip);
            own().into_iter().chain(behind).reduce(Meaning::or)
        }
    }
}

fn by_sip(evidence: &Evidence) -> Option<Diagnosis> {
    let of_header = |header: &ReasonHeader| header.cause.filter(|_| header.protocol.as_ref() == SIP);
    let statuses = [evidence.sip_status, evidence.asterisk.and_then(|release| release.tech_cause)];
    let mut statuses = statuses.into_iter().flatten().chain(evidence.reasons.iter().filter_map(of_header));
    // After our own timer we cancel, and 487 is the answer to that.
    let is_ours = |status: &u16| *status == 487 && evidence.timer.is_some();
    let analytics = evidence.reasons.iter().any(is_analytics);
    statuses
        .find_map(|status| match status {
            status if is_ours(&status) => None,
            603 if analytics => Some(tables::BLOCKED_BY_ANALYTICS),
            status => tables::sip(status),
        })
        .map(|meaning| Diagnosis::of(meaning, Basis::Sip))
}

fn by_timer(evidence: &Evidence) -> Option<Diagnosis> {
    evidence.timer.map(|timer| Diagnosis::of(tables::timer(timer), Basis::Timer))
}
