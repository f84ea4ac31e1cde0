//! A leg of a call.
//!
//! ```text
//!  dialled           answered              joined
//! Dialled ─► Ringing ──────► Answered ─────► Joined
//!    └─────────┤ hang-up          └────┬───────┘ hang-up
//!              ▼        answered       ▼
//!          Releasing ─────────────► Clearing
//! ```
//! `Ended` leads to `Gone` from every state. An inbound leg begins in `Ringing`: it rings at us.

use serde::{Deserialize, Serialize};

use super::{Machine, Step};

/// The state of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegState {
    /// The host was asked to dial it.
    Dialled,
    /// The phone rings.
    Ringing,
    /// Somebody answered; the leg is on no bridge.
    Answered,
    /// On the bridge.
    Joined,
    /// Hung up by us before anybody answered; its end is not reported yet.
    Releasing,
    /// Hung up by us, and answered: before, or crossing the hang-up, which was then repeated. Never joined again.
    Clearing,
    /// Gone for good.
    Gone,
}

/// What can happen to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegEvent {
    /// Report: it rings.
    Progress,
    /// Report: it was answered.
    Answered,
    /// We put it on the bridge.
    Join,
    /// We hang it up.
    HangUp,
    /// It ended: reported, rejected by us, or lost.
    Ended,
}

impl Machine for LegState {
    type Event = LegEvent;
    const NAME: &'static str = "leg";
    const STATES: &'static [Self] =
        &[Self::Dialled, Self::Ringing, Self::Answered, Self::Joined, Self::Releasing, Self::Clearing, Self::Gone];
    const EVENTS: &'static [LegEvent] =
        &[LegEvent::Progress, LegEvent::Answered, LegEvent::Join, LegEvent::HangUp, LegEvent::Ended];

    fn on(self, event: LegEvent) -> Step<Self> {
        use LegEvent as E;
        use LegState as S;
        use Step::{NoOp, NotAllowed, To};
        match (self, event) {
            (S::Dialled, E::Progress) => To(S::Ringing),
            (S::Ringing | S::Answered | S::Joined | S::Releasing | S::Clearing | S::Gone, E::Progress) => NoOp,

            (S::Dialled | S::Ringing, E::Answered) => To(S::Answered),
            (S::Releasing, E::Answered) => To(S::Clearing),
            (S::Answered | S::Joined | S::Clearing | S::Gone, E::Answered) => NoOp,

            (S::Answered, E::Join) => To(S::Joined),
            (S::Joined, E::Join) => NoOp,
            (S::Dialled | S::Ringing | S::Releasing | S::Clearing | S::Gone, E::Join) => NotAllowed,

            (S::Dialled | S::Ringing, E::HangUp) => To(S::Releasing),
            (S::Answered | S::Joined, E::HangUp) => To(S::Clearing),
            (S::Releasing | S::Clearing, E::HangUp) => NoOp,
            (S::Gone, E::HangUp) => NotAllowed,

            (S::Dialled | S::Ringing | S::Answered | S::Joined | S::Releasing | S::Clearing, E::Ended) => To(S::Gone),
            (S::Gone, E::Ended) => NoOp,
        }
    }
}

impl LegState {
    /// Whether its phone may be ringing: nobody has answered and we have not hung up.
    #[must_use]
    pub const fn is_unanswered(self) -> bool {
        matches!(self, Self::Dialled | Self::Ringing)
    }

    /// Whether somebody is on it.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        matches!(self, Self::Answered | Self::Joined)
    }

    /// Whether we have hung it up and wait for its end.
    #[must_use]
    pub const fn is_releasing(self) -> bool {
        matches!(self, Self::Releasing | Self::Clearing)
    }
}
