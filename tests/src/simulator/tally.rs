//! What was seen: counted as it happens, printed at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use ringfence::values::effect::{Action, AuditRecord, Content, Effect, Party};
use ringfence::values::policy::CallMode;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{Outcome, Reply};

use crate::causes;
use crate::checker::{Promise, Summary};
use crate::strategies::StepReply;

/// Names and how often each was seen.
pub type Counts = BTreeMap<String, u64>;

/// What a run contained.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Steps: inputs, advances, confirms, restarts.
    pub steps: u64,
    /// Inputs by how they were answered.
    pub answers: Counts,
    /// Effects by kind.
    pub effects: Counts,
    /// Refusals by code and name.
    pub refusals: Counts,
    /// Why calls of merchants were denied.
    pub denied: Counts,
    /// Reservations that left, by how they ended.
    pub outcomes: Counts,
    /// Calls and conversations by mode.
    pub calls: Counts,
    /// Voice messages that left, by how they ended.
    pub voice_messages: Counts,
    /// Messages by what they say.
    pub messages: Counts,
    /// What was done to the host and to its network.
    pub faults: Counts,
    /// Where the host crashed.
    pub crashes: Counts,
    /// What networks said when calls failed.
    pub causes: BTreeSet<causes::Cause>,
    /// How often everything was looked at that a trace does not show.
    pub inspections: u64,
}

/// One more of it.
pub(super) fn count(counts: &mut Counts, name: &str) {
    match counts.get_mut(name) {
        Some(seen) => *seen += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

/// The first word of what `Debug` writes: a variant's name, in snake case.
fn word(of: &impl fmt::Debug) -> String {
    let text = format!("{of:?}");
    let name: String = text.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
    let mut word = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(c.to_ascii_lowercase());
    }
    word
}

impl Tally {
    pub(super) fn step(&mut self, reply: &StepReply) {
        self.steps += 1;
        match reply {
            Some(Ok(reply)) => {
                count(&mut self.answers, &word(reply));
                if let Reply::Deny(deny) = reply {
                    count(&mut self.denied, &word(&deny.reason));
                }
                if let Reply::Allow(_) = reply {
                    count(&mut self.calls, "merchant calls");
                }
            }
            Some(Err(refusal)) => {
                count(&mut self.answers, "refused");
                count(&mut self.refusals, &Self::refusal(refusal));
            }
            None => {}
        }
    }

    fn refusal(refusal: &Refusal) -> String {
        format!("{} {}", refusal.code(), word(refusal))
    }

    /// An effect that is handed out for the first time.
    pub(super) fn effect(&mut self, effect: &Effect) {
        count(&mut self.effects, &word(&effect.action));
        match &effect.action {
            Action::Dial(dial) if dial.party == Party::Merchant => count(&mut self.calls, "platform calls"),
            Action::Dial(_) => count(&mut self.calls, "users rung"),
            Action::Send(send) => {
                let what =
                    if matches!(send.content, Content::BookingPage(_)) { "booking_page".to_owned() } else { word(&send.content) };
                count(&mut self.messages, &what);
            }
            Action::Archive(archive) => {
                let mode = match archive.mode {
                    Some(CallMode::MerchantCalls) => "merchant calls",
                    Some(CallMode::PlatformCalls) => "platform calls",
                    None => "no mode",
                };
                let how = match archive.outcome {
                    Outcome::Missed(why) => format!("missed: {}", word(&why)),
                    other @ (Outcome::Completed
                    | Outcome::Cancelled
                    | Outcome::Unverified
                    | Outcome::Declined
                    | Outcome::Forgotten) => word(&other),
                };
                count(&mut self.outcomes, &format!("{how} ({mode})"));
            }
            Action::ArchiveVoiceMessage(archive) => {
                let how = format!("{:?}", archive.outcome);
                count(&mut self.voice_messages, &how.to_lowercase());
            }
            Action::Audit(audit) => {
                if let AuditRecord::Grouped(_) = audit.record {
                    count(&mut self.calls, "shared by several");
                }
            }
            Action::Answer(_)
            | Action::Reject(_)
            | Action::Play(_)
            | Action::Join(_)
            | Action::HangUp(_)
            | Action::Erase(_)
            | Action::Record(_)
            | Action::Transcribe(_) => {}
        }
    }

    /// How often something was judged that each promise speaks of.
    #[must_use]
    pub fn judged(&self, summary: &Summary) -> Vec<(Promise, u64, &'static str)> {
        let seen = |counts: &Counts, name: &str| counts.get(name).copied().unwrap_or(0);
        let all = |counts: &Counts| counts.values().sum::<u64>();
        let number = |count: usize| count as u64;
        let dials = number(summary.user_dials + summary.merchant_dials);
        vec![
            (Promise::P1, number(summary.user_dials), "dials of users, each inside a window"),
            (Promise::P2, number(summary.user_dials + summary.confirmed + summary.wrong_codes), "dials of users and codes"),
            (
                Promise::P3,
                number(summary.withdrawn_while_ringing + summary.amended_while_ringing + summary.late_answers),
                "permissions taken back while phones rang, and late answers",
            ),
            (Promise::P4, number(summary.user_dials), "dials of users, the merchant first"),
            (Promise::P5, seen(&self.effects, "join"), "joins"),
            (Promise::P6, dials, "dials under the mode in force"),
            (Promise::P7, seen(&self.effects, "send") + dials, "messages and dials"),
            (Promise::P8, dials, "dials beside living legs"),
            (Promise::P9, seen(&self.effects, "archive") + seen(&self.effects, "hang_up"), "endings"),
            (Promise::P10, all(&self.voice_messages), "voice messages"),
            (Promise::P11, seen(&self.answers, "no_op"), "repeats"),
            (Promise::P12, number(summary.restarts) + self.inspections, "restarts and restored snapshots"),
            (Promise::P13, all(&self.refusals), "refusals"),
            (Promise::P14, number(summary.allowed + summary.denied) + dials, "verdicts and dials"),
            (Promise::P15, self.steps, "steps"),
            (Promise::P16, number(summary.merchant_dials), "lines that were served"),
            (Promise::P17, seen(&self.effects, "audit"), "records"),
        ]
    }

    /// A part of the report: what, and how often, the most frequent first.
    pub(super) fn lines(out: &mut String, title: &str, counts: &Counts) {
        let _ = writeln!(out, "{title}");
        let mut rows: Vec<_> = counts.iter().collect();
        rows.sort_by_key(|(name, seen)| (std::cmp::Reverse(**seen), (*name).clone()));
        if rows.is_empty() {
            let _ = writeln!(out, "  none");
        }
        for (name, seen) in rows {
            let _ = writeln!(out, "  {seen:>9}  {name}");
        }
    }
}
