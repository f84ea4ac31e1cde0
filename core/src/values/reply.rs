//! What an accepted input is answered with.

use serde::{Deserialize, Serialize};

use super::id::{BindingId, CallId, LegId, ReservationId};
use super::time::{Timestamp, Window};
pub use super::voice::{CallJudged, MessageOpened, OwnLeg};

/// The answer to an accepted input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was done.
    Done,
    /// It changed nothing: a report that repeats another, or that speaks of something that is gone.
    NoOp,
    /// The page stands under this version.
    Published(Published),
    /// The booking stands.
    Booked(Booked),
    /// The gate allows the call; the user's phone is being dialled.
    Allow(Allow),
    /// The gate refuses the call; the inbound leg is rejected.
    Deny(Deny),
    /// The numbers are in the pool.
    Imported(Imported),
    /// The code is right: the holder of the contact number agrees.
    Confirmed(Confirmed),
    /// The code is wrong. It counts.
    WrongCode(WrongCode),
    /// The change stands under this revision.
    Amended(Amended),
    /// The list of numbers that are never rung is changed.
    DoNotCallSet(DoNotCallSet),
    /// The user is forgotten.
    Forgotten(Forgotten),
    /// The platform calls inside this slot.
    SlotChosen(SlotChosen),
    /// The holder of the number is asked.
    BindingRequested(BindingRequested),
    /// The number is the account's.
    Bound(NumberBound),
    /// The failed call was judged: its caller is offered the recorder, or not.
    FailedCall(CallJudged),
    /// The forwarded call is the release of a leg of ours.
    OwnLeg(OwnLeg),
    /// The voice message is opened.
    Opened(MessageOpened),
}

/// A binding is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingRequested {
    /// The binding.
    pub binding: BindingId,
    /// Until when the code may be given.
    pub until: Timestamp,
}

/// A number is an account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberBound {
    /// The binding.
    pub binding: BindingId,
}

/// Virtual numbers are in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// How many of them were not in it before.
    pub added: u32,
}

/// A page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Its version, from 1.
    pub version: u32,
}

/// A booking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Booked {
    /// The reservation.
    pub reservation: ReservationId,
    /// The state that it begins in.
    pub state: ReservationState,
}

/// The holder of a contact number agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// The reservation.
    pub reservation: ReservationId,
    /// The state that it is in now.
    pub state: ReservationState,
}

/// A code is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongCode {
    /// How many more wrong ones are taken. At 0 the reservation has closed as `unverified`.
    pub left: u32,
}

/// A change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amended {
    /// Its revision. While a conversation runs it waits for the end of the call.
    pub revision: u32,
    /// The state of the reservation.
    pub state: ReservationState,
}

/// The list of numbers that are never rung is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoNotCallSet {
    /// How many numbers were not on it before.
    pub added: u32,
    /// How many left it.
    pub removed: u32,
}

/// A user is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    /// How many reservations were cancelled by that.
    pub cancelled: u32,
    /// How many are in a conversation that goes on; they close when it ends.
    pub ending: u32,
    /// Of how many reservations the names, media and evidence are erased, these included.
    pub erased: u32,
    /// Whether he had a profile.
    pub profile: bool,
    /// How many messages to him are not sent again any more if they fail.
    pub messages: u32,
    /// How many bindings of his number, asked for or held, ended by that.
    pub bindings: u32,
    /// How many voice messages left for his number left by that, and from how many that he left his number went.
    #[serde(default)]
    pub voice_messages: u32,
}

/// A slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotChosen {
    /// The slot.
    pub slot: Window,
    /// The state of the reservation: `open` if the slot has begun.
    pub state: ReservationState,
}

/// A merchant's call goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// The inbound leg, under the id that every report on it uses.
    pub leg: LegId,
    /// The call.
    pub call: CallId,
}

/// A merchant's call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deny {
    /// The inbound leg, which the `reject` names.
    pub leg: LegId,
    /// The rule that said no.
    pub reason: DenyReason,
    /// The earliest instant at which this rule would not say no, when there is one.
    pub retry_at: Option<Timestamp>,
}

/// The gate's answer (判断发起时间, claim 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The phone may ring now.
    Allow,
    /// It may not.
    Deny {
        /// The first rule, in the order of [`DenyReason`], that says no.
        reason: DenyReason,
        /// The earliest instant at which this rule would not say no, when there is one.
        retry_at: Option<Timestamp>,
    },
}

impl Verdict {
    /// Whether the phone may ring.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow)
    }
}

/// Why the gate refuses. The order is the precedence: the first that holds is the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyReason {
    /// The line is not registered, or no such reservation is made with the line's merchant. One answer for all of these, so that
    /// it reveals nothing.
    NotRecognized,
    /// The window is over. `[start, end)`: its end is already outside.
    WindowOver,
    /// The reservation is closed: cancelled, completed, or missed.
    Closed,
    /// The holder of the contact number has not agreed (P2).
    Unverified,
    /// The user has not confirmed the result of his booking, and the policy asks for it.
    Unacknowledged,
    /// The number is on the operator's do-not-call list.
    DoNotCall,
    /// The operator stopped new ringing: everywhere, for this merchant, or to this number. Nobody knows until when.
    Frozen,
    /// The window has not begun. `retry_at` is its start.
    BeforeWindow,
    /// The platform is ringing this merchant, or this user for him, right now (glare).
    PlatformIsCalling,
    /// The mode in force lets the other side start (P6).
    WrongMode,
    /// A call with this reservation is alive.
    InCall,
    /// The hour is none in which phones may ring. Of this reason and the next two the strictest is given; `retry_at` is the first instant inside the window at which none
    /// of them says no.
    OutsideHours,
    /// The number was rung as often within a day as it may be.
    DailyLimit,
    /// Too soon after the last attempt. `retry_at` is the earliest next one, when it lies inside the window.
    TooSoon,
    /// Less of the window is left than a phone must be able to ring.
    WindowClosing,
    /// The user's number is on another call, or the platform rings another merchant for it (P8).
    NumberBusy,
    /// Every channel of the line is in use (P8).
    NoChannel,
}

/// The states of a reservation, as replies and refusals name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReservationState {
    /// The holder of the contact number has not agreed; nothing is callable.
    Unverified,
    /// The merchant has not chosen how to call.
    AwaitingMode,
    /// The mode is known; the window, or the merchant's slot in it, has not begun, or his slot is over and he has chosen no other.
    Scheduled,
    /// Calls are allowed.
    Open,
    /// A call with this reservation is alive.
    InCall,
    /// Over, for good.
    Closed,
}

/// How a reservation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There was a conversation.
    Completed,
    /// There was none.
    Missed(Missed),
    /// The user took it back.
    Cancelled,
    /// The holder of the contact number never agreed.
    Unverified,
    /// The merchant would not call.
    Declined,
    /// The user, or the holder of the phone, wanted to be forgotten.
    Forgotten,
}

/// Why there was no conversation. The first that holds, in the order of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// The user's phone rang, or was tried, and nobody was reached.
    NotReached,
    /// The merchant's own phone was tried and not reached.
    MerchantNotReached,
    /// The user did not confirm the result of his booking.
    NotAcknowledged,
    /// Merchant mode: the merchant never called.
    NotCalled,
    /// The user was on another call until the end, or another merchant was being rung for him.
    NumberBusy,
    /// No channel of the line came free in time.
    NoChannel,
    /// It was due, and nothing stood in its way, but the host did not call `advance` in time.
    HostLate,
    /// A `dial` was handed out and not carried out: nobody was rung.
    NotCarriedOut,
    /// Less than `min_ring_s` of the window was left when its turn came.
    WindowTooShort,
    /// The window ended, or came too near its end, before the user could be dialled: while it waited, or while the merchant's phone rang.
    NotReachedInTime,
    /// The number is on the operator's do-not-call list.
    DoNotCall,
    /// The operator had stopped new ringing when the window ended.
    Frozen,
    /// No hour in which phones may ring was left in the window when its turn came.
    OutsideHours,
    /// The number had been rung so often that it might not be again before the window's end.
    DailyLimit,
}

/// Why there was no conversation, as its merchant is told. Whether the user was on another call is not his to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedForMerchant {
    /// The user's phone rang, or was tried, and nobody was reached.
    NotReached,
    /// The merchant's own phone was tried and not reached.
    MerchantNotReached,
    /// Merchant mode: the merchant never called.
    NotCalled,
    /// No channel of the line came free in time.
    NoChannel,
    /// It was due, and nothing stood in its way, but the host did not call `advance` in time.
    HostLate,
    /// A `dial` was handed out and not carried out: nobody was rung.
    NotCarriedOut,
    /// Less than `min_ring_s` of the window was left when its turn came.
    WindowTooShort,
    /// The window ended, or came too near its end, before the user could be dialled.
    NotReachedInTime,
    /// The user did not confirm the result of his booking.
    NotAcknowledged,
    /// The number is on the operator's do-not-call list.
    DoNotCall,
    /// The operator had stopped new ringing when the window ended.
    Frozen,
    /// No hour in which phones may ring was left in the window when its turn came.
    OutsideHours,
}

impl From<Missed> for MissedForMerchant {
    fn from(why: Missed) -> Self {
        match why {
            Missed::NotReached => Self::NotReached,
            Missed::MerchantNotReached => Self::MerchantNotReached,
            Missed::NotCalled => Self::NotCalled,
            Missed::NoChannel => Self::NoChannel,
            Missed::HostLate => Self::HostLate,
            Missed::NotCarriedOut => Self::NotCarriedOut,
            Missed::WindowTooShort => Self::WindowTooShort,
            Missed::NotAcknowledged => Self::NotAcknowledged,
            Missed::NumberBusy | Missed::NotReachedInTime | Missed::DailyLimit => Self::NotReachedInTime,
            Missed::OutsideHours => Self::OutsideHours,
            Missed::DoNotCall => Self::DoNotCall,
            Missed::Frozen => Self::Frozen,
        }
    }
}
