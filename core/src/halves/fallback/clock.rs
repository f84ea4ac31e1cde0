//! Settling, and firing deadlines.

use super::Fallback;
use crate::books::agenda::{Due, May, Side};
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

/// Nothing of this half starts anything yet.
const MAY: May = May { remind: true, start: true };

impl Fallback {
    /// Settles the bindings of an account.
    pub(super) fn settle_account(&mut self, cx: &mut Context<'_>, account: &AccountId) {
        for id in self.ids_of(account) {
            self.settle_binding(cx, id);
        }
    }

    /// Settles the binding of the account that has this number.
    pub(super) fn settle_number(&mut self, cx: &mut Context<'_>, number: PhoneNumber) {
        if let Some(id) = self.bindings.holder(number).map(|holder| holder.id) {
            self.settle_binding(cx, id);
        }
    }

    fn settle_binding(&mut self, cx: &mut Context<'_>, id: BindingId) {
        if self.bindings.get(id).and_then(|binding| binding.deadline()).is_some_and(|due| due <= cx.now) {
            self.fire(cx, Target::Binding(id));
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
