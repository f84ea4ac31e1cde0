//! A binding of a phone number to a social account (绑定, seed 003, step 101).
//!
//! ```text
//! Requested ── code ──► Bound ◄─ follow ─ unfollow ─► Suspended
//!     │                   └───── unbound, taken over ─────┤
//!     └─ time over, wrong codes, withdrawn ───────────────┴──► Unbound
//! ```
//! `Unbound` is absorbing: the same account and number begin anew.

use serde::{Deserialize, Serialize};

use super::{Machine, Step};

/// The state of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingState {
    /// The number was sent a code, and the account has not brought it back.
    Requested,
    /// The number is the account's: its messages go there.
    Bound,
    /// The account does not follow any more. Messages wait.
    Suspended,
    /// Over.
    Unbound,
}

/// What can happen to a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BindingEvent {
    /// The right code came back.
    Confirmed,
    /// The time of its code is over, or the last wrong one that is taken was given.
    Failed,
    /// The account stops following.
    Unfollowed,
    /// The account follows again.
    Followed,
    /// The account gives the number back, or has been suspended for too long.
    Unbound,
    /// Another account proved the number.
    TakenOver,
}

impl Machine for BindingState {
    type Event = BindingEvent;
    const NAME: &'static str = "binding";
    const STATES: &'static [Self] = &[Self::Requested, Self::Bound, Self::Suspended, Self::Unbound];
    const EVENTS: &'static [BindingEvent] = &[
        BindingEvent::Confirmed,
        BindingEvent::Failed,
        BindingEvent::Unfollowed,
        BindingEvent::Followed,
        BindingEvent::Unbound,
        BindingEvent::TakenOver,
    ];

    fn on(self, event: BindingEvent) -> Step<Self> {
        use BindingEvent as E;
        use BindingState as S;
        use Step::{NoOp, NotAllowed, To};
        match (self, event) {
            (S::Requested, E::Confirmed) => To(S::Bound),
            (S::Bound | S::Suspended | S::Unbound, E::Confirmed) => NotAllowed,

            (S::Requested, E::Failed) => To(S::Unbound),
            (S::Bound | S::Suspended | S::Unbound, E::Failed) => NotAllowed,

            // Only followers bind: a request ends with the following.
            (S::Requested, E::Unfollowed) => To(S::Unbound),
            (S::Bound, E::Unfollowed) => To(S::Suspended),
            (S::Suspended, E::Followed) => To(S::Bound),
            (S::Suspended | S::Unbound, E::Unfollowed) => NoOp,
            (S::Requested | S::Bound | S::Unbound, E::Followed) => NoOp,

            (S::Requested | S::Bound | S::Suspended, E::Unbound) => To(S::Unbound),
            (S::Bound | S::Suspended, E::TakenOver) => To(S::Unbound),
            // The code of the one who asked later, or earlier, stays as good as it was: the number answers for itself.
            (S::Requested, E::TakenOver) => NoOp,
            (S::Unbound, E::Unbound | E::TakenOver) => NoOp,
        }
    }
}
