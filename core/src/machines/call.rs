//! A call: one merchant leg and one user leg or more, in either mode.
//!
//! ```text
//! platform mode             merchant mode
//!      ▼                          ▼
//! RingingMerchant ─ answered ─► Gathering ─ both answered ─► Talking
//!      │                          │  └─ offered ─► Recording     │
//!      └──────────────────────────┴────────────────┴─────────────┴──► Ended
//! ```
//! It ends when the merchant is gone, with the last user (but for `Recording`, where none is left), and when it is stopped.

use serde::{Deserialize, Serialize};

use super::{Machine, Step};

/// The state of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Platform mode: the merchant's phone rings.
    RingingMerchant,
    /// The merchant is on the line, answered or waiting; users' phones ring, or were answered a moment ago.
    Gathering,
    /// The merchant and at least one user are, or were, on the bridge.
    Talking,
    /// The user of a call of two was not reached, and its merchant leaves a message, or is asked to: nobody else is in it.
    Recording,
    /// Every leg is gone or hung up.
    Ended,
}

/// What can happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallEvent {
    /// The merchant's leg was answered.
    MerchantAnswered,
    /// The merchant's leg and a user's are answered and were put on the bridge.
    Joined,
    /// A user's leg is gone, or its ring time is over, and other users are left.
    UserGone,
    /// The last user's leg is gone, or its ring time is over.
    LastUserGone,
    /// The merchant's leg is gone, or its ring time is over.
    MerchantGone,
    /// The platform ends it: withdrawn, window over, or the longest conversation reached.
    Stopped,
    /// The user of a call of two was not reached, and its merchant is offered the recorder.
    Offered,
}

impl Machine for CallState {
    type Event = CallEvent;
    const NAME: &'static str = "call";
    const STATES: &'static [Self] = &[Self::RingingMerchant, Self::Gathering, Self::Talking, Self::Recording, Self::Ended];
    const EVENTS: &'static [CallEvent] = &[
        CallEvent::MerchantAnswered,
        CallEvent::Joined,
        CallEvent::UserGone,
        CallEvent::LastUserGone,
        CallEvent::MerchantGone,
        CallEvent::Stopped,
        CallEvent::Offered,
    ];

    fn on(self, event: CallEvent) -> Step<Self> {
        use CallEvent as E;
        use CallState as S;
        use Step::{NoOp, NotAllowed, To};
        match (self, event) {
            (S::RingingMerchant, E::MerchantAnswered) => To(S::Gathering),
            (S::Gathering | S::Talking | S::Recording | S::Ended, E::MerchantAnswered) => NoOp,

            (S::Gathering, E::Joined) => To(S::Talking),
            (S::Talking, E::Joined) => NoOp,
            (S::RingingMerchant | S::Recording | S::Ended, E::Joined) => NotAllowed,

            (S::Gathering | S::Talking, E::UserGone) => NoOp,
            (S::Gathering | S::Talking, E::LastUserGone) => To(S::Ended),
            // The merchant comes first: no user has a leg yet. At the recorder none has a part any more.
            (S::RingingMerchant | S::Recording, E::UserGone | E::LastUserGone) => NotAllowed,

            (S::Gathering, E::Offered) => To(S::Recording),
            (S::Recording, E::Offered) => NoOp,
            // Only for a user who was rung is anybody asked.
            (S::RingingMerchant | S::Talking | S::Ended, E::Offered) => NotAllowed,

            (S::RingingMerchant | S::Gathering | S::Talking | S::Recording, E::MerchantGone | E::Stopped) => To(S::Ended),
            (S::Ended, E::UserGone | E::LastUserGone | E::MerchantGone | E::Stopped) => NoOp,
        }
    }
}
