//! Settling, and firing deadlines.

use alloc::collections::BTreeSet;

use super::Fallback;
use crate::books::agenda::{Due, May, Side};
use crate::books::bindings::Binding;
use crate::halves::{Context, Why};
use crate::machines::binding::BindingState;
use crate::values::account::AccountId;
use crate::values::effect::BindingEnd;
use crate::values::id::BindingId;
use crate::values::number::PhoneNumber;
use crate::values::time::Timestamp;

/// Whose deadline it is. The order breaks ties between deadlines of the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Target {
    /// A request whose code may not be used any more, or a number whose account has not followed for too long.
    Binding(BindingId),
}

impl Due for Target {
    fn side(&self) -> Side {
        match self {
            Self::Binding(_) => Side::Closing,
        }
    }
}

/// Its deadline, if that has come.
fn due_of(binding: &Binding, now: Timestamp) -> Option<(Timestamp, Target)> {
    binding.deadline().filter(|due| *due <= now).map(|due| (due, Target::Binding(binding.id)))
}

/// Nothing of this half starts anything yet.
const MAY: May = May { remind: true, start: true };

impl Fallback {
    /// Settles the bindings of an account and, if a number is named, that of the account that has it.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>, account: &AccountId, holder_of: Option<PhoneNumber>) {
        let holder = holder_of.and_then(|number| self.bindings.holder(number));
        // The holder may be the account itself.
        let due: BTreeSet<_> = self.bindings.of(account).chain(holder).filter_map(|one| due_of(one, cx.now)).collect();
        self.fire_all(cx, due);
    }

    /// Settles every binding of a number.
    pub(super) fn settle_number(&mut self, cx: &mut Context<'_>, number: PhoneNumber) {
        let due: BTreeSet<_> = self.bindings.of_number(number).filter_map(|one| due_of(one, cx.now)).collect();
        self.fire_all(cx, due);
    }

    fn fire_all(&mut self, cx: &mut Context<'_>, due: BTreeSet<(Timestamp, Target)>) {
        for (_, target) in due {
            self.fire(cx, target);
        }
    }

    /// The first deadline of all, and why.
    pub(crate) fn poll_deadline(&self) -> Option<(Timestamp, Why)> {
        let (due, target) = self.agenda.first(MAY)?;
        let why = match target {
            Target::Binding(id) => match self.bindings.get(id).and_then(|binding| binding.code.as_ref()) {
                Some(code) => Why::CodeExpires(code.challenge),
                None => Why::BindingEnds(id),
            },
        };
        Some((due, why))
    }

    /// When its first deadline is due.
    pub(crate) fn first_due(&self) -> Option<Timestamp> {
        self.agenda.first(MAY).map(|(due, _)| due)
    }

    /// Fires the first deadline that is due. False when none is.
    pub(crate) fn fire_first(&mut self, cx: &mut Context<'_>) -> bool {
        match self.agenda.first(MAY) {
            Some((due, target)) if due <= cx.now => {
                self.fire(cx, target);
                true
            }
            Some(_) | None => false,
        }
    }

    fn fire(&mut self, cx: &mut Context<'_>, target: Target) {
        match target {
            Target::Binding(id) => match self.bindings.get(id).map(|binding| binding.state) {
                // Its time is over, and nobody is told: whoever asked can ask again.
                Some(BindingState::Requested) => {
                    self.remove(id);
                }
                Some(BindingState::Suspended) => self.end(cx, id, BindingEnd::Unfollowed),
                Some(BindingState::Bound | BindingState::Unbound) | None => {}
            },
        }
    }
}
