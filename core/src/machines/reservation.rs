//! A reservation.
//!
//! ```text
//! Unverified ── code ──► AwaitingMode ─ mode ─► Scheduled ─ opened ─► Open ◄── call over ──┐
//!     │ ▲                     │                     │                  └─ call begins ─► InCall
//!     │ └───── doubted ───────┴─────────────────────┴───────────────────┤                  │
//!     └── window over, wrong codes, cancelled, declined ─┬──────────────┴──────────────────┘
//!                                                        ▼
//!                                                     Closed
//! ```
//! `Closed` is absorbing. An amended reservation goes back to `Scheduled`, and opens again if its new window has begun. So does one whose merchant chooses a slot,
//! or whose slot ends: then only another slot opens it.

use super::{Machine, Step};
use crate::values::reply::ReservationState;

/// What can happen to a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReservationEvent {
    /// The call mode was chosen, by whomever, or by silence.
    ModeChosen,
    /// The window begins.
    Opened,
    /// A call with it begins.
    CallBegan,
    /// Its call is over and another may follow.
    CallOver,
    /// Its call is over and no other may follow.
    CallOverForGood,
    /// The window ends.
    WindowOver,
    /// The user takes it back.
    Cancelled,
    /// The holder of the contact number agrees: by the right code, or by the change that he makes himself.
    Confirmed,
    /// The last wrong code that is taken was given.
    CodesUsedUp,
    /// Its terms change, and the holder's agreement covers the new ones.
    Amended,
    /// Its terms change, and the holder must agree to the new ones.
    Doubted,
    /// The user confirms the result.
    Acknowledged,
    /// The merchant will not call.
    Declined,
    /// Platform mode: the merchant chooses when inside the window he is called.
    SlotChosen,
    /// The merchant's slot ends.
    SlotOver,
}

impl Machine for ReservationState {
    type Event = ReservationEvent;
    const NAME: &'static str = "reservation";
    const STATES: &'static [Self] =
        &[Self::Unverified, Self::AwaitingMode, Self::Scheduled, Self::Open, Self::InCall, Self::Closed];
    const EVENTS: &'static [ReservationEvent] = &[
        ReservationEvent::ModeChosen,
        ReservationEvent::Opened,
        ReservationEvent::CallBegan,
        ReservationEvent::CallOver,
        ReservationEvent::CallOverForGood,
        ReservationEvent::WindowOver,
        ReservationEvent::Cancelled,
        ReservationEvent::Confirmed,
        ReservationEvent::CodesUsedUp,
        ReservationEvent::Amended,
        ReservationEvent::Doubted,
        ReservationEvent::Acknowledged,
        ReservationEvent::Declined,
        ReservationEvent::SlotChosen,
        ReservationEvent::SlotOver,
    ];

    fn on(self, event: ReservationEvent) -> Step<Self> {
        use ReservationEvent as E;
        use ReservationState as S;
        use Step::{NoOp, NotAllowed, To};
        match (self, event) {
            (S::AwaitingMode | S::Scheduled, E::ModeChosen) => To(S::Scheduled),
            (S::Open, E::ModeChosen) => To(S::Open),
            (S::Unverified | S::InCall | S::Closed, E::ModeChosen) => NotAllowed,

            (S::Scheduled, E::Opened) => To(S::Open),
            (S::Unverified | S::Open | S::InCall | S::Closed, E::Opened) => NoOp,
            // Silence chooses the mode first.
            (S::AwaitingMode, E::Opened) => NotAllowed,

            (S::Open, E::CallBegan) => To(S::InCall),
            (S::Unverified | S::AwaitingMode | S::Scheduled | S::InCall | S::Closed, E::CallBegan) => NotAllowed,

            (S::InCall, E::CallOver) => To(S::Open),
            (S::InCall, E::CallOverForGood) => To(S::Closed),
            (S::Unverified | S::AwaitingMode | S::Scheduled | S::Open | S::Closed, E::CallOver | E::CallOverForGood) => {
                NotAllowed
            }

            (S::Unverified | S::AwaitingMode | S::Scheduled | S::Open, E::WindowOver | E::Cancelled | E::Declined) => {
                To(S::Closed)
            }
            // The call decides: what rings is ended at once, what talks may go on; then it closes.
            (S::InCall, E::WindowOver | E::Cancelled | E::Declined) => NoOp,
            (S::Closed, E::WindowOver) => NoOp,
            (S::Closed, E::Cancelled | E::Declined) => NotAllowed,

            (S::Unverified, E::Amended | E::Doubted) => To(S::Unverified),
            (S::AwaitingMode, E::Amended) => To(S::AwaitingMode),
            // An open one opens again when its new window has begun.
            (S::Scheduled | S::Open, E::Amended) => To(S::Scheduled),
            (S::AwaitingMode | S::Scheduled | S::Open, E::Doubted) => To(S::Unverified),
            // What rings goes over to the new terms or is ended; while the user talks they wait for the end of the call.
            (S::InCall, E::Amended | E::Doubted) => NoOp,

            // An open one opens again when its new slot has begun.
            (S::Scheduled | S::Open, E::SlotChosen) => To(S::Scheduled),
            (S::Unverified | S::AwaitingMode | S::InCall | S::Closed, E::SlotChosen) => NotAllowed,

            // Only another slot opens it again.
            (S::Open, E::SlotOver) => To(S::Scheduled),
            // What rings is ended first, what talks goes on: the window is the user's, the slot the merchant's, who is on the line.
            (S::InCall, E::SlotOver) => NoOp,
            // Nothing rings by it.
            (S::Unverified | S::AwaitingMode | S::Scheduled | S::Closed, E::SlotOver) => NoOp,

            (S::AwaitingMode, E::Acknowledged) => To(S::AwaitingMode),
            (S::Scheduled, E::Acknowledged) => To(S::Scheduled),
            (S::Open, E::Acknowledged) => To(S::Open),
            (S::InCall, E::Acknowledged) => NoOp,
            (S::Unverified, E::Acknowledged) => NotAllowed,

            (S::Closed, E::Amended | E::Doubted | E::Acknowledged) => NotAllowed,

            // What was chosen before goes on at once to `Scheduled`.
            (S::Unverified, E::Confirmed) => To(S::AwaitingMode),
            (S::Unverified, E::CodesUsedUp) => To(S::Closed),
            (S::AwaitingMode | S::Scheduled | S::Open | S::InCall | S::Closed, E::Confirmed | E::CodesUsedUp) => NotAllowed,
        }
    }
}

impl ReservationState {
    /// Whether it still permits, or may come to permit, a call.
    #[must_use]
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Closed)
    }
}
