//! What the appointment half keeps of reservations, calls and legs, and what follows from each record alone.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::decisions::aftermath::{Came, Tally, Withdrawal};
use crate::machines::call::CallState;
use crate::machines::leg::LegState;
use crate::values::cause::ReleaseCause;
use crate::values::effect::Party;
use crate::values::id::{CallId, LegId, MerchantId, OfferingId, PageId, ReservationId};
use crate::values::input::BookingEvidence;
use crate::values::number::{Address, PhoneNumber};
use crate::values::person::Person;
use crate::values::policy::CallMode;
use crate::values::reply::{Outcome, ReservationState};
use crate::values::text::Text;
use crate::values::time::{Timestamp, Window, Zone};

/// A reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Its id.
    pub id: ReservationId,
    /// Whom it permits to call.
    pub merchant: MerchantId,
    /// The page it was made on.
    pub page: PageId,
    /// What it is about.
    pub offering: OfferingId,
    /// The offering's name when it was booked.
    pub offering_name: Text,
    /// Who booked.
    pub sender: Address,
    /// The phone that shall ring.
    pub contact: PhoneNumber,
    /// The user's name.
    pub name: Option<Text>,
    /// Where the booking came from.
    pub evidence: Option<BookingEvidence>,
    /// The line that calls come from.
    pub line: PhoneNumber,
    /// When the phone may ring.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
    /// How often its terms were set, from 1.
    pub revision: u32,
    /// Its state.
    pub state: ReservationState,
    /// The mode that was chosen, if any was.
    pub mode: Option<CallMode>,
    /// The instant from which it may be called, and its place in the queue.
    pub eligible_at: Timestamp,
    /// Attempts for nothing.
    pub attempts: u32,
    /// Failures of the merchant's own leg.
    pub merchant_failures: u32,
    /// Conversations.
    pub conversations: u32,
    /// Its calls that are not gone, in order. In `InCall` the last one is alive.
    pub calls: Vec<CallId>,
    /// The user took it back while he was talking; it closes when the call ends.
    pub is_cancelled: bool,
    /// The window's end was judged while a conversation lived.
    pub is_window_judged: bool,
    /// How it ended.
    pub closed: Option<Closed>,
    /// Whether the merchant was told of it.
    pub is_announced: bool,
    /// The policy asked for a confirmation of its result, and none has come.
    pub awaits_acknowledgement: bool,
    /// The merchant declined it while the user was talking; it closes when the call ends.
    pub is_declined: bool,
    /// The end of the spacing after its last call.
    pub rest_until: Option<Timestamp>,
    /// The terms that were set while the user was talking; they hold when the call ends.
    pub pending: Option<Box<Terms>>,
}

/// What a revision of a reservation says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The revision.
    pub revision: u32,
    /// When the phone may ring.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
    /// The phone that shall ring.
    pub contact: PhoneNumber,
    /// What it is about.
    pub offering: OfferingId,
    /// The offering's name when it was chosen.
    pub offering_name: Text,
    /// The user's name.
    pub name: Option<Text>,
    /// Whether the holder of the contact number has agreed.
    pub is_agreed: bool,
    /// Whether its result has to be confirmed.
    pub awaits_acknowledgement: bool,
}

/// How and when a reservation closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// How.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// When it may leave.
    pub archive_at: Timestamp,
}

impl Reservation {
    /// Its deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            ReservationState::AwaitingMode | ReservationState::Scheduled => Some(self.window.start()),
            ReservationState::Unverified | ReservationState::Open => Some(self.window.end()),
            ReservationState::InCall => Some(self.window.end()).filter(|_| !self.is_window_judged),
            ReservationState::Closed => self.closed.map(|closed| closed.archive_at).filter(|_| self.calls.is_empty()),
        }
    }

    /// The instant from which the platform may call for it, when it may at all: its turn in the queue as long as its number is free.
    #[must_use]
    pub fn turn(&self) -> Option<Timestamp> {
        let waits =
            self.state == ReservationState::Open && self.mode == Some(CallMode::PlatformCalls) && !self.awaits_acknowledgement;
        Some(self.eligible_at).filter(|eligible_at| waits && *eligible_at < self.window.end())
    }

    /// The call that is alive with it.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        self.calls.last().copied().filter(|_| self.state == ReservationState::InCall)
    }

    /// What it has behind it.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        Tally { attempts: self.attempts, merchant_failures: self.merchant_failures, conversations: self.conversations }
    }

    /// Counts one call more.
    pub const fn count(&mut self, came: Came) {
        let tally = self.tally().with(came);
        self.attempts = tally.attempts;
        self.merchant_failures = tally.merchant_failures;
        self.conversations = tally.conversations;
    }

    /// Its sender, when the phone that shall ring is not his.
    #[must_use]
    pub fn foreign_sender(&self) -> Option<Person> {
        Person::of(&self.sender).filter(|person| *person != Person::Number(self.contact))
    }

    /// The terms that hold, or that will when the call ends.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.pending.as_deref().cloned().unwrap_or_else(|| Terms {
            revision: self.revision,
            window: self.window,
            zone: self.zone,
            contact: self.contact,
            offering: self.offering,
            offering_name: self.offering_name.clone(),
            name: self.name.clone(),
            is_agreed: self.state != ReservationState::Unverified,
            awaits_acknowledgement: self.awaits_acknowledgement,
        })
    }

    /// Sets terms. What state they lead to is not decided here.
    pub fn set_terms(&mut self, terms: Terms) {
        self.revision = terms.revision;
        self.window = terms.window;
        self.zone = terms.zone;
        self.contact = terms.contact;
        self.offering = terms.offering;
        self.offering_name = terms.offering_name;
        self.name = terms.name;
        self.awaits_acknowledgement = terms.awaits_acknowledgement;
        self.is_window_judged = false;
    }

    /// What it claims of this number, now and by terms that wait: whether the holder has agreed, and the window.
    pub fn claims(&self, number: PhoneNumber) -> impl Iterator<Item = (bool, Window)> + use<> {
        let now = (self.contact, self.state != ReservationState::Unverified, self.window);
        let waiting = self.pending.as_ref().map(|terms| (terms.contact, terms.is_agreed, terms.window));
        let all = [Some(now), waiting].into_iter().flatten();
        all.filter(move |(contact, ..)| *contact == number).map(|(_, is_agreed, window)| (is_agreed, window))
    }

    /// What was said of it while its call lives.
    #[must_use]
    pub const fn withdrawal(&self) -> Option<Withdrawal> {
        match (self.is_cancelled, self.is_declined) {
            (true, _) => Some(Withdrawal::Cancelled),
            (false, true) => Some(Withdrawal::Declined),
            (false, false) => None,
        }
    }

    /// Whether this address may speak for it: the sender, or the holder of the contact number.
    #[must_use]
    pub fn belongs_to(&self, address: &Address) -> bool {
        self.sender == *address || address.number() == Some(self.contact)
    }
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its id, and its bridge's.
    pub id: CallId,
    /// The reservation that permits it.
    pub reservation: ReservationId,
    /// The line that it counts on.
    pub line: PhoneNumber,
    /// Who started it.
    pub mode: CallMode,
    /// Its state.
    pub state: CallState,
    /// The merchant's leg, until it is gone.
    pub merchant_leg: Option<LegId>,
    /// The user's leg, once it is dialled and until it is gone.
    pub user_leg: Option<LegId>,
    /// Whether the user was dialled.
    pub is_user_dialled: bool,
    /// Whether both were on the bridge.
    pub is_talked: bool,
    /// How long it waits for the inbound leg's answer.
    pub answer_by: Option<Timestamp>,
    /// How long the conversation may last.
    pub talk_until: Option<Timestamp>,
}

impl Call {
    /// Its deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            CallState::RingingMerchant | CallState::Ended => None,
            CallState::Gathering => self.answer_by,
            CallState::Talking => self.talk_until,
        }
    }

    /// The leg of this party.
    #[must_use]
    pub const fn leg(&self, party: Party) -> Option<LegId> {
        match party {
            Party::Merchant => self.merchant_leg,
            Party::User => self.user_leg,
        }
    }

    /// Its legs that are not gone: the user's first.
    pub fn legs(&self) -> impl Iterator<Item = LegId> + use<> {
        self.user_leg.into_iter().chain(self.merchant_leg)
    }

    /// Whether it has ended and its last leg is gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == CallState::Ended && self.user_leg.is_none() && self.merchant_leg.is_none()
    }

    /// What it comes to if it ends because of a leg or the clock.
    #[must_use]
    pub const fn came(&self, is_merchant_failure: bool) -> Came {
        if self.is_talked {
            Came::Conversation
        } else if self.is_user_dialled {
            Came::Attempt
        } else if is_merchant_failure {
            Came::MerchantFailure
        } else {
            Came::Nothing
        }
    }
}

/// Where a leg comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// We dialled it.
    Dialled,
    /// It came in; nobody was asked to answer it.
    Inbound,
    /// It came in, and the host was asked to answer it.
    InboundAsked,
}

/// A leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Its id.
    pub id: LegId,
    /// Its call.
    pub call: CallId,
    /// Whose it is.
    pub party: Party,
    /// Where it comes from.
    pub origin: Origin,
    /// The number at its far end.
    pub number: PhoneNumber,
    /// Its state.
    pub state: LegState,
    /// How long it may ring; then, once it is releasing, how long it counts as alive.
    pub until: Timestamp,
    /// Why it was hung up.
    pub cause: Option<ReleaseCause>,
    /// No effect about it has a smaller sequence number.
    pub since: u64,
}

impl Leg {
    /// Its deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            LegState::Dialled | LegState::Ringing => Some(self.until).filter(|_| self.origin == Origin::Dialled),
            LegState::Answered | LegState::Joined | LegState::Gone => None,
            LegState::Releasing | LegState::Clearing => Some(self.until),
        }
    }

    /// Whether it is gone at this instant, reported or not.
    #[must_use]
    pub fn is_gone_at(&self, at: Timestamp) -> bool {
        self.state.is_releasing() && self.until <= at
    }
}
