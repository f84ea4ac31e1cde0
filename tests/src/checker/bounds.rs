//! P15: what is created stays within the operator's bounds, told from what was taken and what left.
//!
//! A bound refuses what is new. Rules that are set later may be below what is there already, so only an input that creates is judged, by the rules of its
//! instant: with what it created there is no more than they let be.

use std::collections::{BTreeMap, BTreeSet};

use ringfence::values::effect::{Action, Archive, AuditRecord, Effect, Ruling};
use ringfence::values::id::{LegId, MerchantId, PageId, ReservationId, VoiceMessageId};
use ringfence::values::input::{Input, Scope};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::Policy;
use ringfence::values::reply::{Booked, Reply};

use super::{Judged, Promise};
use crate::trace::{Doing, Step};

/// What there is of each kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds {
    merchants: BTreeSet<MerchantId>,
    pages: BTreeMap<PageId, MerchantId>,
    reservations: BTreeMap<ReservationId, Address>,
    frozen: BTreeSet<Scope>,
    listed: BTreeSet<PhoneNumber>,
    pool: BTreeSet<PhoneNumber>,
    voice_messages: BTreeSet<VoiceMessageId>,
    legs: BTreeSet<LegId>,
    /// The unconfirmed effects but for those that are done at most once, which may be taken back unseen.
    unconfirmed: BTreeSet<u64>,
}

/// Whether so many are more than may be.
fn most(what: &str, there_are: usize, most: u32) -> Judged {
    if there_are <= most as usize {
        return Ok(());
    }
    Err((Promise::P15, format!("there are {there_are} {what}, and the rules let {most} be")))
}

impl Bounds {
    /// What a step created, and whether it may. Its effects were taken.
    pub(super) fn judge(&mut self, policy: &Policy, step: &Step) -> Judged {
        let input = match &step.doing {
            Doing::Input(input) | Doing::Once { input, .. } => Some(input),
            Doing::Confirm { up_to } => {
                if !matches!(step.reply, Some(Err(_))) {
                    self.unconfirmed.retain(|sequence| sequence > up_to);
                }
                None
            }
            Doing::Advance { .. } | Doing::Restart => None,
        };
        let Some((input, Ok(reply))) = input.zip(step.reply.as_ref()) else { return Ok(()) };
        self.created(policy, input, reply)
    }

    /// Something was handed out for the first time.
    pub(super) fn take(&mut self, effect: &Effect) {
        if effect.action.at_most_once_leg().is_none() {
            self.unconfirmed.insert(effect.sequence);
        }
        match &effect.action {
            Action::Archive(Archive { reservation, .. }) => {
                self.reservations.remove(reservation);
            }
            Action::ArchiveVoiceMessage(archive) => {
                self.voice_messages.remove(&archive.voice_message);
            }
            Action::Reject(reject) => {
                self.legs.remove(&reject.leg);
            }
            Action::HangUp(hang_up) => {
                self.legs.remove(&hang_up.leg);
            }
            Action::Audit(audit) => {
                if let AuditRecord::FailedCall(record) = &audit.record
                    && let Ruling::Offered(offered) = record.ruling
                {
                    self.voice_messages.insert(offered.voice_message);
                    self.legs.insert(record.leg);
                }
            }
            Action::Dial(_)
            | Action::Answer(_)
            | Action::Play(_)
            | Action::Join(_)
            | Action::Send(_)
            | Action::Erase(_)
            | Action::Record(_)
            | Action::Transcribe(_) => {}
        }
    }

    fn created(&mut self, policy: &Policy, input: &Input, reply: &Reply) -> Judged {
        match (input, reply) {
            (Input::Book(book), Reply::Booked(Booked { reservation, .. })) => {
                self.reservations.insert(*reservation, book.user.clone());
                let own = self.reservations.values().filter(|user| **user == book.user).count();
                most("reservations", self.reservations.len(), policy.reservations_max)?;
                most("reservations of one sender", own, policy.reservations_per_sender_max)?;
                most("unconfirmed effects", self.unconfirmed.len(), policy.outbox_max)
            }
            (Input::RegisterMerchant(input), _) => {
                let is_new = self.merchants.insert(input.merchant);
                most("lines of one merchant", input.lines.len(), policy.lines_per_merchant_max)?;
                if is_new { most("merchants", self.merchants.len(), policy.merchants_max) } else { Ok(()) }
            }
            (Input::PublishPage(input), _) => {
                let is_new = self.pages.insert(input.page, input.merchant).is_none();
                let own = self.pages.values().filter(|merchant| **merchant == input.merchant).count();
                if is_new {
                    most("pages", self.pages.len(), policy.pages_max)?;
                    most("pages of one merchant", own, policy.pages_per_merchant_max)?;
                }
                Ok(())
            }
            (Input::Freeze(input), Reply::Done) => {
                self.frozen.insert(input.scope);
                let others = self.frozen.iter().filter(|scope| **scope != Scope::Platform).count();
                let is_bounded = input.scope != Scope::Platform;
                if is_bounded { most("freezes", others, policy.freezes_max) } else { Ok(()) }
            }
            (Input::Thaw(input), Reply::Done) => {
                self.frozen.remove(&input.scope);
                Ok(())
            }
            (Input::ImportDoNotCall(input), Reply::DoNotCallSet(set)) => {
                self.listed.retain(|number| !input.remove.contains(number));
                self.listed.extend(&input.add);
                if set.added > 0 {
                    most("numbers on the do-not-call list", self.listed.len(), policy.do_not_call_max)
                } else {
                    Ok(())
                }
            }
            (Input::ImportNumbers(input), _) => {
                let before = self.pool.len();
                self.pool.extend(&input.numbers);
                if self.pool.len() > before { most("virtual numbers", self.pool.len(), policy.numbers_max) } else { Ok(()) }
            }
            (Input::LegEnded(input), _) => {
                self.legs.remove(&input.leg);
                Ok(())
            }
            (Input::Resync(input), _) => {
                self.legs.retain(|leg| input.legs.contains(leg));
                Ok(())
            }
            (_, Reply::FailedCall(call)) => {
                let is_offered = matches!(call.ruling, Ruling::Offered(_));
                if is_offered {
                    most("voice messages", self.voice_messages.len(), policy.voice_messages_max)?;
                    most("callers at the recorder", self.legs.len(), policy.failed_calls_max)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
