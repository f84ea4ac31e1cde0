//! What the appointment half keeps of reservations, calls and legs, and what follows from each record alone.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::decisions::aftermath::{Came, Tally, Withdrawal};
use crate::decisions::grouping::GroupKey;
use crate::machines::call::CallState;
use crate::machines::leg::LegState;
use crate::values::cause::ReleaseCause;
use crate::values::effect::Party;
use crate::values::id::{CallId, ChallengeId, GroupId, LegId, MediaId, MerchantId, OfferingId, PageId, ReservationId};
use crate::values::input::{BookingEvidence, ResultBy};
use crate::values::media::Attachment;
use crate::values::number::{Address, PhoneNumber, VirtualNumber};
use crate::values::person::Person;
use crate::values::policy::CallMode;
use crate::values::reply::{DenyReason, Outcome, ReservationState};
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
    /// Calls with a `dial` that was not carried out.
    pub platform_failures: u32,
    /// Conversations.
    pub conversations: u32,
    /// Its calls that are not gone, in order. In `InCall` the last one is alive.
    pub calls: Vec<CallId>,
    /// The user took it back while he was talking; it closes when the call ends.
    pub is_cancelled: bool,
    /// Its turn in the queue came, and the law put it off until then: the hours, or the limit of a day.
    pub held_until: Option<Timestamp>,
    /// Why the platform serves it no more: the window was over, or too little of it was left by the rules, when it came to it.
    pub given_up: Option<DenyReason>,
    /// The window's end was judged while a conversation lived.
    pub is_window_judged: bool,
    /// How it ended.
    pub closed: Option<Closed>,
    /// The virtual number under which its merchant calls, from its acceptance on.
    pub virtual_number: Option<VirtualNumber>,
    /// The pool was empty when it was accepted: the platform calls, whatever was preset or chosen.
    pub is_platform_only: bool,
    /// The code that is out for its contact number, while it is `Unverified`.
    pub challenge: Option<ChallengeId>,
    /// How many users may share a call with him, himself among them, as the page offered it and he agreed; 1: he is called alone.
    pub group_size: u32,
    /// The group that he may share a call with, from his acceptance on.
    pub group: Option<GroupId>,
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
    /// The part of its window in which the platform calls, if its merchant chose one.
    pub slot: Option<Window>,
    /// What its last slot came to, while it waits for another one.
    pub spent_slot: Option<Outcome>,
    /// What the user attached.
    pub attachments: Vec<Attachment>,
    /// When it was booked.
    pub booked_at: Timestamp,
    /// Whether it has to do with its sender's profile.
    pub is_remembered: bool,
    /// Its sender, or the holder of its phone, wanted to be forgotten: it leaves as soon as no call needs it.
    pub is_forgotten: bool,
    /// Somebody else than its sender changed it: the holder of its phone, or of an earlier one.
    pub is_changed_by_another: bool,
    /// How its results come, if its sender said so.
    pub result_by: Option<ResultBy>,
    /// Its sender's mailbox, if he named one.
    pub email: Option<Address>,
    /// When its user is reminded, as the rules were when it was accepted or changed last.
    pub remind_at: Option<Timestamp>,
    /// Its user was reminded of this window.
    pub is_reminded: bool,
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
    /// How many users may share a call with him, himself among them; 1: he is called alone.
    pub group_size: u32,
    /// What the user attached.
    pub attachments: Vec<Attachment>,
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
            ReservationState::Scheduled if self.spent_slot.is_some() => Some(self.window.end()),
            ReservationState::AwaitingMode | ReservationState::Scheduled => Some(self.span().start()),
            ReservationState::Unverified => Some(self.window.end()),
            ReservationState::Open => Some(self.span().end()),
            ReservationState::InCall => Some(self.span().end()).filter(|_| !self.is_window_judged),
            ReservationState::Closed => self.closed.map(|closed| closed.archive_at).filter(|_| self.calls.is_empty()),
        }
    }

    /// When the platform may call for it: in the merchant's slot, or in the whole window.
    #[must_use]
    pub fn span(&self) -> Window {
        self.slot.unwrap_or(self.window)
    }

    /// The instant from which it may be called when it waits anew: its span has begun, and the spacing is over.
    #[must_use]
    pub fn eligible_from(&self, now: Timestamp) -> Timestamp {
        let begins = self.span().start();
        begins.max(now).max(self.rest_until.unwrap_or(begins))
    }

    /// Whether its slot is over at this instant, and its window is not.
    #[must_use]
    pub fn is_slot_over(&self, now: Timestamp) -> bool {
        now < self.window.end() && self.slot.is_some_and(|slot| slot.end() <= now)
    }

    /// Sets another slot, or none. What put the platform off or let it give up lay in the one before.
    pub fn set_slot(&mut self, slot: Option<Window>, spent: Option<Outcome>) {
        self.slot = slot;
        self.spent_slot = spent;
        self.held_until = None;
        self.given_up = None;
    }

    /// When its user is to be reminded: until the window opens, and as long as it is agreed.
    #[must_use]
    pub fn reminder(&self) -> Option<Timestamp> {
        match self.state {
            ReservationState::AwaitingMode | ReservationState::Scheduled => self.remind_at,
            ReservationState::Unverified | ReservationState::Open | ReservationState::InCall | ReservationState::Closed => None,
        }
    }

    /// The instant from which the platform may call for it, when it may at all: its turn in the queue as long as its number is free.
    #[must_use]
    pub fn turn(&self) -> Option<Timestamp> {
        let is_open = self.state == ReservationState::Open && self.mode == Some(CallMode::PlatformCalls);
        let waits = is_open && self.given_up.is_none() && !self.awaits_acknowledgement;
        Some(self.place()).filter(|turn| waits && *turn < self.span().end())
    }

    /// Its place among those that wait, by instant.
    #[must_use]
    pub fn place(&self) -> Timestamp {
        self.held_until.map_or(self.eligible_at, |held| held.max(self.eligible_at))
    }

    /// The call that is alive with it.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        self.calls.last().copied().filter(|_| self.state == ReservationState::InCall)
    }

    /// What it has in common with whoever it may share a call with, by these terms.
    #[must_use]
    pub const fn group_key_by(&self, terms: &Terms) -> GroupKey {
        GroupKey {
            merchant: self.merchant,
            page: self.page,
            offering: terms.offering,
            window: terms.window,
            line: self.line,
            size: terms.group_size,
        }
    }

    /// Its group, as far as these terms leave it there. The group of terms that wait is found when they are set.
    #[must_use]
    pub fn group_under(&self, terms: &Terms) -> Option<GroupId> {
        self.group.filter(|_| self.group_key_by(terms) == self.group_key())
    }

    /// The same by the terms that hold.
    #[must_use]
    pub const fn group_key(&self) -> GroupKey {
        GroupKey {
            merchant: self.merchant,
            page: self.page,
            offering: self.offering,
            window: self.window,
            line: self.line,
            size: self.group_size,
        }
    }

    /// What it has behind it.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        Tally {
            attempts: self.attempts,
            merchant_failures: self.merchant_failures,
            platform_failures: self.platform_failures,
            conversations: self.conversations,
        }
    }

    /// Counts one call more.
    pub const fn count(&mut self, came: Came) {
        let tally = self.tally().with(came);
        self.attempts = tally.attempts;
        self.merchant_failures = tally.merchant_failures;
        self.platform_failures = tally.platform_failures;
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
        self.pending.as_deref().cloned().unwrap_or_else(|| self.terms_now())
    }

    /// The terms that hold.
    #[must_use]
    pub fn terms_now(&self) -> Terms {
        Terms {
            revision: self.revision,
            window: self.window,
            zone: self.zone,
            contact: self.contact,
            offering: self.offering,
            offering_name: self.offering_name.clone(),
            name: self.name.clone(),
            is_agreed: self.state != ReservationState::Unverified,
            awaits_acknowledgement: self.awaits_acknowledgement,
            group_size: self.group_size,
            attachments: self.attachments.clone(),
        }
    }

    /// Where its results go: as its sender asked for, and otherwise as he writes.
    #[must_use]
    pub fn result_to(&self) -> Address {
        let by_number = |way: fn(PhoneNumber) -> Address| self.sender.number().map(way);
        let asked = self.result_by.and_then(|by| match by {
            ResultBy::Page => by_number(Address::Rcs),
            ResultBy::Sms => by_number(Address::Sms),
            ResultBy::Email => self.email.clone(),
        });
        asked.unwrap_or_else(|| self.sender.clone())
    }

    /// What is attached to it, by the terms that hold and by those that wait.
    pub fn media(&self) -> impl Iterator<Item = MediaId> {
        let waiting = self.pending.iter().flat_map(|terms| &terms.attachments);
        self.attachments.iter().chain(waiting).map(|attachment| attachment.media)
    }

    /// Forgets what says who booked; the number and the sender stay until no call needs it, and it leaves then.
    pub fn forget(&mut self, now: Timestamp) {
        self.is_forgotten = true;
        self.name = None;
        self.evidence = None;
        self.result_by = None;
        self.email = None;
        self.attachments = Vec::new();
        self.pending = None;
        if let Some(closed) = &mut self.closed {
            closed.archive_at = closed.archive_at.min(now);
        }
    }

    /// Sets terms; those that waited are set or of no use any more. What state they lead to is not decided here.
    pub fn set_terms(&mut self, terms: Terms, now: Timestamp) {
        self.pending = None;
        // Why he was put off or given up lay in the window that he had, in its hours, or in the number.
        if (self.window, self.zone, self.contact) != (terms.window, terms.zone, terms.contact) {
            self.given_up = None;
            self.held_until = None;
        }
        // He chose it for the window that was. It stands if it is left, inside the new one; and that one is spent counts for the old window only.
        if self.window != terms.window {
            self.slot = self.slot.filter(|slot| terms.window.covers(slot) && now < slot.end());
            self.spent_slot = None;
            self.is_reminded = false;
        }
        self.revision = terms.revision;
        self.window = terms.window;
        self.zone = terms.zone;
        self.contact = terms.contact;
        self.offering = terms.offering;
        self.offering_name = terms.offering_name;
        self.name = terms.name;
        self.awaits_acknowledgement = terms.awaits_acknowledgement;
        self.group_size = terms.group_size;
        self.attachments = terms.attachments;
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
        self.sender.is_same_holder(address) || address.number() == Some(self.contact)
    }
}

/// A user's part in a call: his reservation, and how far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The reservation that permits it.
    pub reservation: ReservationId,
    /// His leg, once it is dialled and until it is gone.
    pub leg: Option<LegId>,
    /// Whether he was dialled, as far as is known: a `dial` that was not carried out does not count.
    pub is_dialled: bool,
    /// Whether he was on the bridge with the merchant.
    pub is_talked: bool,
    /// Whether his part is over, and counted.
    pub is_out: bool,
}

impl Member {
    /// A member who was not dialled yet.
    #[must_use]
    pub const fn new(reservation: ReservationId) -> Self {
        Self { reservation, leg: None, is_dialled: false, is_talked: false, is_out: false }
    }

    /// What his part comes to if it ends through this side's failure.
    #[must_use]
    pub const fn came(&self, failure: Failure) -> Came {
        match failure {
            Failure::Amended => Came::Amended,
            Failure::Merchant | Failure::Platform | Failure::None if self.is_talked => Came::Conversation,
            Failure::Merchant | Failure::Platform | Failure::None if self.is_dialled => Came::Attempt,
            Failure::Merchant => Came::MerchantFailure,
            Failure::Platform => Came::PlatformFailure,
            Failure::None => Came::Nothing,
        }
    }
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its id, and its bridge's.
    pub id: CallId,
    /// The line that it counts on.
    pub line: PhoneNumber,
    /// Who started it.
    pub mode: CallMode,
    /// Its state.
    pub state: CallState,
    /// The merchant's leg, until it is gone.
    pub merchant_leg: Option<LegId>,
    /// The users, at least one; who they are is fixed when it begins. A two-party call has one.
    pub members: Vec<Member>,
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
            // What ends a recording is its message.
            CallState::RingingMerchant | CallState::Recording | CallState::Ended => None,
            CallState::Gathering => self.answer_by,
            CallState::Talking => self.talk_until,
        }
    }

    /// The part of this reservation's user.
    #[must_use]
    pub fn member(&self, reservation: ReservationId) -> Option<&Member> {
        self.members.iter().find(|member| member.reservation == reservation)
    }

    /// The part of this reservation's user, to be changed.
    pub fn member_mut(&mut self, reservation: ReservationId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.reservation == reservation)
    }

    /// The reservations that permit it.
    pub fn reservations(&self) -> impl Iterator<Item = ReservationId> {
        self.members.iter().map(|member| member.reservation)
    }

    /// Its legs that are not gone: the users' first.
    pub fn legs(&self) -> impl Iterator<Item = LegId> {
        self.members.iter().filter_map(|member| member.leg).chain(self.merchant_leg)
    }

    /// Whether everybody but this reservation's user is out.
    #[must_use]
    pub fn is_last(&self, reservation: ReservationId) -> bool {
        self.members.iter().all(|member| member.is_out || member.reservation == reservation)
    }

    /// Whether the merchant was on the bridge with anybody.
    #[must_use]
    pub fn is_talked(&self) -> bool {
        self.members.iter().any(|member| member.is_talked)
    }

    /// Whether it has ended and its last leg is gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == CallState::Ended && self.legs().next().is_none()
    }
}

/// Whose failure ends a call, as far as it counts before the user is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody's: the platform stopped it, or it was the user's.
    None,
    /// The merchant's own leg failed.
    Merchant,
    /// A `dial` was not carried out.
    Platform,
    /// Nobody's: the user changed the terms while a phone rang.
    Amended,
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
    /// The reservation whose user it is to; none for the merchant's.
    pub reservation: Option<ReservationId>,
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

    /// The end of its grace, once it is releasing.
    #[must_use]
    pub fn grace(&self) -> Option<Timestamp> {
        Some(self.until).filter(|_| self.state.is_releasing())
    }

    /// Whether it is gone at this instant, reported or not.
    #[must_use]
    pub fn is_gone_at(&self, at: Timestamp) -> bool {
        self.grace().is_some_and(|until| until <= at)
    }
}

/// A code that is out: somebody booked for a number, and its holder is asked. The code itself is not kept; it is made anew from the key and the ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveChallenge {
    /// Its id.
    pub id: ChallengeId,
    /// What it is about.
    pub reservation: ReservationId,
    /// The revision that the holder is asked to agree to.
    pub revision: u32,
    /// The id of the key.
    pub key: Text,
    /// How many digits the code has.
    pub digits: u32,
    /// From this instant on the code is of no use.
    pub until: Timestamp,
    /// How many wrong codes were given.
    pub wrong: u32,
}
