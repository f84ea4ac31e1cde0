//! The half seen from outside: what a snapshot holds, what a model checker compares, and what must always hold.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::records::{Call, Leg, Origin, Reservation};
use super::{Appointments, Counters};
use crate::books::agenda::Target;
use crate::books::catalog::Catalog;
use crate::books::directory::Blocks;
use crate::books::lines::LineBook;
use crate::books::senders::Senders;
use crate::machines::call::CallState;
use crate::machines::leg::LegState;
use crate::values::cause::ReleaseCause;
use crate::values::effect::Party;
use crate::values::id::{CallId, LegId, MerchantId, OfferingId, ReservationId};
use crate::values::number::{Address, PhoneNumber};
use crate::values::policy::CallMode;
use crate::values::reply::{Outcome, ReservationState};
use crate::values::text::Text;
use crate::values::time::Timestamp;

/// Everything that a snapshot holds of this half, in the order of ids. The indexes are made anew from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    catalog: Catalog,
    reservations: Vec<Reservation>,
    calls: Vec<Call>,
    legs: Vec<Leg>,
    counters: Counters,
    blocks: Blocks,
}

/// Equal views behave alike, whatever ids and instants lie behind them.
#[derive(Clone, Debug, Serialize)]
pub struct ModelView {
    catalog: Catalog,
    reservations: Vec<ReservationView>,
    calls: Vec<CallView>,
    legs: Vec<LegView>,
    blocks: Blocks,
}

#[derive(Clone, Debug, Serialize)]
struct ReservationView {
    merchant: MerchantId,
    sender: Address,
    contact: PhoneNumber,
    line: PhoneNumber,
    window: (i64, i64),
    state: ReservationState,
    mode: Option<CallMode>,
    /// What is left until it may be called; once that is over, its place in the line's queue is all that counts.
    eligible_in: i64,
    rank: u32,
    tally: (u32, u32, u32),
    calls: Vec<u32>,
    flags: [bool; 5],
    closed: Option<(Outcome, i64)>,
    name: Option<Text>,
    offering: OfferingId,
    revision: u32,
    rest_in: i64,
    pending: Option<PendingView>,
}

/// Terms that wait for the end of a call.
#[derive(Clone, Debug, Serialize)]
struct PendingView {
    revision: u32,
    contact: PhoneNumber,
    window: (i64, i64),
    offering: OfferingId,
    name: Option<Text>,
    flags: (bool, bool),
}

#[derive(Clone, Debug, Serialize)]
struct CallView {
    reservation: u32,
    line: PhoneNumber,
    mode: CallMode,
    state: CallState,
    legs: (Option<u32>, Option<u32>),
    flags: (bool, bool),
    deadline: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
struct LegView {
    call: u32,
    party: Party,
    origin: Origin,
    state: LegState,
    cause: Option<ReleaseCause>,
    deadline: Option<i64>,
}

/// What the records say of a line.
#[derive(Default)]
struct OnLine {
    calls: Vec<CallId>,
    live: u64,
    queue: Vec<(Timestamp, ReservationId)>,
}

/// Says which invariant does not hold, and where.
macro_rules! hold {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

impl Appointments {
    /// What a snapshot holds.
    #[must_use]
    pub fn state(&self) -> State {
        State {
            catalog: self.catalog.clone(),
            reservations: self.reservations.in_order().cloned().collect(),
            calls: self.calls.in_order().cloned().collect(),
            legs: self.legs.in_order().copied().collect(),
            counters: self.counters,
            blocks: self.blocks.clone(),
        }
    }

    /// A half as a snapshot holds it.
    ///
    /// # Errors
    /// The invariant that the state breaks, when it was not made by [`Appointments::state`].
    pub fn from_state(state: State, hash_seed: u64) -> Result<Self, String> {
        let mut half = Self::new(0, hash_seed);
        half.catalog = state.catalog;
        half.counters = state.counters;
        half.blocks = state.blocks;
        for merchant in half.catalog.merchants.values() {
            for line in &merchant.lines {
                half.lines.insert(line.number, LineBook::new(merchant.id, line.channels));
            }
        }
        let pages: Vec<_> = half.catalog.pages.keys().copied().collect();
        for page in pages {
            half.index_page(page);
        }
        for leg in state.legs {
            half.restore_leg(leg);
        }
        for call in state.calls {
            half.restore_call(call);
        }
        for reservation in state.reservations {
            hold!(half.reservations.get(reservation.id.get()).is_none(), "reservation {} stands twice", reservation.id);
            half.add_reservation(reservation);
        }
        half.check_invariants()?;
        Ok(half)
    }

    /// Checks everything that must hold between inputs. For tests and for restoring; costs a walk over everything.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.check_catalog()?;
        self.check_directory()?;
        for reservation in self.reservations.in_order() {
            self.check_reservation(reservation)?;
        }
        for call in self.calls.in_order() {
            self.check_call(call)?;
        }
        for leg in self.legs.in_order() {
            self.check_leg(leg)?;
        }
        self.check_indexes()
    }

    fn check_directory(&self) -> Result<(), String> {
        hold!(self.blocks.is_consistent(), "the blocks are miscounted, or somebody is kept without one");
        let for_others =
            || self.reservations.in_order().filter_map(|one| Some((one.foreign_sender()?, one)).filter(|_| one.state.is_live()));
        let all_noted = for_others().all(|(person, one)| self.for_others.has(&person, one.id));
        hold!(all_noted && for_others().count() == self.for_others.count(), "the senders do not agree with the records");
        Ok(())
    }

    fn check_catalog(&self) -> Result<(), String> {
        let mut lines = 0_usize;
        for (id, merchant) in &self.catalog.merchants {
            hold!(*id == merchant.id && !merchant.lines.is_empty(), "merchant {id} has no line or another id");
            for line in &merchant.lines {
                let is_his =
                    self.lines.get(line.number).is_some_and(|book| book.merchant == *id && book.channels == line.channels);
                hold!(is_his, "a line of merchant {id} is not in the book of lines as registered");
                lines = lines.saturating_add(1);
            }
        }
        hold!(self.lines.in_order().count() == lines, "a line in the book is registered by nobody, or twice");
        for (id, page) in &self.catalog.pages {
            let is_owned = self.catalog.merchants.contains_key(&page.merchant);
            hold!(*id == page.id && is_owned && !page.offerings.is_empty(), "page {id} has no owner, no offering or another id");
            let has_calendar = page.calendar.is_none_or(|calendar| self.catalog.calendars.contains_key(&calendar));
            hold!(has_calendar, "page {id} follows a calendar that is missing");
            let has_chatbot = self.catalog.merchants.get(&page.merchant).is_some_and(|merchant| merchant.chatbot.is_some());
            hold!(has_chatbot, "page {id} is published, and its merchant has no chatbot");
            let is_on_it = |offering| page.offerings.contains_key(offering);
            hold!(page.descriptions.keys().all(is_on_it), "page {id} describes an offering that it does not have");
        }
        for (id, page) in &self.catalog.withdrawn {
            let is_owned = self.catalog.merchants.contains_key(&page.merchant);
            hold!(is_owned && !self.catalog.pages.contains_key(id), "page {id} was withdrawn, and is published or has no owner");
        }
        let pages = self.catalog.pages.values().map(|page| (page.id, page.merchant));
        hold!(self.search.in_order().eq(pages), "the index of the search does not hold the published pages");
        Ok(())
    }

    fn check_reservation(&self, reservation: &Reservation) -> Result<(), String> {
        let id = reservation.id;
        hold!(self.counters.reservation.has_given(id.get()), "reservation {id} has an id that was not given");
        hold!(self.catalog.merchants.contains_key(&reservation.merchant), "reservation {id} has no merchant");
        let is_closed = reservation.state == ReservationState::Closed;
        hold!(is_closed == reservation.closed.is_some(), "reservation {id} is closed without an outcome, or the other way round");
        let line = self.lines.get(reservation.line).map(|line| line.merchant);
        hold!(is_closed || line == Some(reservation.merchant), "reservation {id} names a line that is not its merchant's");
        for (earlier, later) in reservation.calls.iter().zip(reservation.calls.iter().skip(1)) {
            hold!(earlier < later, "the calls of reservation {id} are out of order");
        }
        for (index, call) in reservation.calls.iter().enumerate() {
            let known = self.calls.get(call.get()).filter(|known| known.reservation == id);
            let is_last = index.saturating_add(1) == reservation.calls.len();
            let lives = known.map(|known| known.state != CallState::Ended);
            let expected = is_last && reservation.state == ReservationState::InCall;
            hold!(
                lives == Some(expected),
                "call {call} of reservation {id} is missing, or lives when it must not, or the other way round"
            );
        }
        let must_have_call = reservation.state == ReservationState::InCall;
        hold!(!must_have_call || !reservation.calls.is_empty(), "reservation {id} is in a call that is missing");
        let has_mode = reservation.mode.is_some();
        let needs_mode = match reservation.state {
            ReservationState::Scheduled | ReservationState::Open | ReservationState::InCall => Some(true),
            ReservationState::AwaitingMode => Some(false),
            ReservationState::Unverified | ReservationState::Closed => None,
        };
        hold!(needs_mode.is_none_or(|needed| needed == has_mode), "reservation {id} has a mode too early, or none in time");
        hold!(
            reservation.withdrawal().is_none() || is_closed || must_have_call,
            "reservation {id} waits with a cancel or a decline pending"
        );
        hold!(reservation.pending.is_none() || must_have_call, "reservation {id} has terms that wait for nothing");
        let is_unverified = reservation.state == ReservationState::Unverified;
        hold!(
            !reservation.awaits_acknowledgement || !(is_unverified || must_have_call),
            "reservation {id} awaits the confirmation of a result that was not sent, or has a call without it"
        );
        Ok(())
    }

    fn check_call(&self, call: &Call) -> Result<(), String> {
        let id = call.id;
        hold!(self.counters.call.has_given(id.get()), "call {id} has an id that was not given");
        hold!(!call.is_over(), "call {id} is over and still kept");
        let lists_it = |reservation: &Reservation| reservation.calls.contains(&id);
        hold!(self.reservations.get(call.reservation.get()).is_some_and(lists_it), "call {id} is not listed by its reservation");
        for party in [Party::Merchant, Party::User] {
            if let Some(leg) = call.leg(party) {
                let known = self.legs.get(leg.get());
                let is_its = known.is_some_and(|known| known.call == id && known.party == party);
                hold!(is_its, "leg {leg} of call {id} is missing or another's");
                let is_ending = known.is_some_and(|known| known.state.is_releasing());
                hold!(call.state != CallState::Ended || is_ending, "leg {leg} outlives its call {id} (P9)");
                let is_joined = known.is_some_and(|known| known.state == LegState::Joined);
                hold!(
                    is_joined == (call.state == CallState::Talking),
                    "leg {leg} is joined without call {id} talking, or the other way round (P5)"
                );
            }
        }
        let is_merchant_there = call.merchant_leg.is_some();
        hold!(call.state == CallState::Ended || is_merchant_there, "call {id} lives without a merchant leg (P5)");
        let is_user_there = call.user_leg.is_some();
        let needs_user = match call.state {
            CallState::RingingMerchant => Some(false),
            CallState::Gathering | CallState::Talking => Some(true),
            CallState::Ended => None,
        };
        hold!(
            needs_user.is_none_or(|needed| needed == is_user_there),
            "call {id} is {:?} with a user leg too many or too few (P4)",
            call.state
        );
        Ok(())
    }

    fn check_leg(&self, leg: &Leg) -> Result<(), String> {
        let id = leg.id;
        hold!(self.counters.leg.has_given(id.get()), "leg {id} has an id that was not given");
        hold!(leg.state != LegState::Gone, "leg {id} is gone and still kept");
        let is_listed = self.calls.get(leg.call.get()).is_some_and(|call| call.leg(leg.party) == Some(id));
        hold!(is_listed, "leg {id} is not listed by its call");
        hold!(leg.state.is_releasing() == leg.cause.is_some(), "leg {id} is releasing without a cause, or the other way round");
        let holds_number = leg.party == Party::Merchant || self.contacts.leg(leg.number) == Some(id);
        hold!(holds_number, "leg {id} is not the one leg on its number (P8)");
        Ok(())
    }

    /// Every index is what the records say.
    fn check_indexes(&self) -> Result<(), String> {
        let mut expected: Vec<(Timestamp, Target)> = Vec::new();
        let mut contacts = 0_usize;
        let mut seen: BTreeMap<_, (bool, Vec<ReservationId>)> = BTreeMap::new();
        for reservation in self.reservations.in_order() {
            expected.extend(reservation.deadline().map(|due| (due, Target::Reservation(reservation.id))));
            if reservation.state.is_live() {
                let waiting =
                    reservation.pending.as_ref().map(|terms| terms.contact).filter(|number| *number != reservation.contact);
                for number in [Some(reservation.contact), waiting].into_iter().flatten() {
                    seen.entry(number).or_default().1.push(reservation.id);
                }
            }
        }
        expected.extend(self.calls.in_order().filter_map(|call| Some((call.deadline()?, Target::Call(call.id)))));
        for leg in self.legs.in_order() {
            expected.extend(leg.deadline().map(|due| (due, Target::Leg(leg.id))));
            if leg.party == Party::User {
                seen.entry(leg.number).or_default().0 = true;
            }
        }
        for (number, (is_busy, live)) in &seen {
            let known = self.contacts.get(*number);
            let agrees = known.is_some_and(|known| known.leg.is_some() == *is_busy && known.live.iter().eq(live));
            hold!(agrees, "the book of contacts does not agree with the records");
            contacts = contacts.saturating_add(1);
        }
        hold!(self.contacts.len() == contacts, "the book of contacts holds a number that nothing names");
        let has_line = |number: &PhoneNumber| self.lines.get(*number).is_some();
        hold!(!seen.keys().any(has_line), "a merchant's line is the phone of a live reservation or leg (P8)");
        self.check_senders()?;
        let mut on_lines: BTreeMap<PhoneNumber, OnLine> = BTreeMap::new();
        for call in self.calls.in_order() {
            on_lines.entry(call.line).or_default().calls.push(call.id);
        }
        for reservation in self.reservations.in_order() {
            let on_line = on_lines.entry(reservation.line).or_default();
            on_line.live = on_line.live.saturating_add(u64::from(reservation.state.is_live()));
            let turn = reservation.turn().filter(|_| self.contacts.leg(reservation.contact).is_none());
            on_line.queue.extend(turn.map(|turn| (turn, reservation.id)));
        }
        let nothing = OnLine::default();
        for (number, line) in self.lines.in_order() {
            let on_line = on_lines.get_mut(number).map_or(&nothing, |on_line| {
                on_line.queue.sort_unstable();
                on_line
            });
            hold!(line.calls.iter().eq(&on_line.calls), "the calls of a line do not agree with the records");
            hold!(line.live() <= line.channels, "a line has more live calls than channels (P8)");
            hold!(on_line.live == line.reservations, "a line miscounts its live reservations");
            hold!(line.queue.iter().eq(&on_line.queue), "the queue of a line does not agree with the records (P16)");
            hold!(line.due == line.deadline(), "a line has another deadline than it says");
            expected.extend(line.deadline().map(|due| (due, Target::Line(*number))));
        }
        expected.sort_unstable();
        let mut known: Vec<_> = self.agenda.all().copied().collect();
        known.sort_unstable();
        hold!(known == expected, "the agenda does not agree with the records (P9)");
        Ok(())
    }

    fn check_senders(&self) -> Result<(), String> {
        let mut senders = Senders::new(0);
        for reservation in self.reservations.in_order() {
            senders.add(&reservation.sender);
        }
        let agrees = |reservation: &Reservation| self.senders.kept(&reservation.sender) == senders.kept(&reservation.sender);
        hold!(self.reservations.in_order().all(agrees), "the book of senders miscounts a sender");
        hold!(self.senders.len() == senders.len(), "the book of senders holds one of whom nothing is kept");
        Ok(())
    }

    /// The place of a leg among those that are kept; as in the view.
    pub(crate) fn place_of_leg(&self, id: LegId) -> usize {
        self.legs.ids().partition_point(|other| *other < id.get())
    }

    /// What a model checker compares: times relative to `now`, ids renumbered, counters left out. Equal views behave alike.
    pub(crate) fn model_view(&self, now: Timestamp) -> ModelView {
        let reservations: Vec<u64> = self.reservations.ids();
        let (calls, legs) = (self.calls.ids(), self.legs.ids());
        let place = |ids: &[u64], id: u64| u32::try_from(ids.partition_point(|other| *other < id)).unwrap_or(u32::MAX);
        let until = |instant: Timestamp| instant.micros_since(now);
        let rank = |one: &Reservation| {
            let is_before = |other: &&Reservation| {
                let waits = other.state.is_live() && other.line == one.line;
                waits && (other.eligible_at, other.id) < (one.eligible_at, one.id)
            };
            let before = self.reservations.in_order().filter(is_before).count();
            u32::try_from(before).unwrap_or(u32::MAX)
        };
        ModelView {
            catalog: self.catalog.clone(),
            blocks: self.blocks.clone(),
            reservations: self
                .reservations
                .in_order()
                .map(|one| ReservationView {
                    merchant: one.merchant,
                    sender: one.sender.clone(),
                    line: one.line,
                    contact: one.contact,
                    window: (until(one.window.start()), until(one.window.end())),
                    state: one.state,
                    mode: one.mode,
                    eligible_in: until(one.eligible_at).max(0),
                    rank: rank(one),
                    tally: (one.attempts, one.merchant_failures, one.conversations),
                    calls: one.calls.iter().map(|call| place(&calls, call.get())).collect(),
                    flags: [
                        one.is_cancelled,
                        one.is_window_judged,
                        one.is_declined,
                        one.is_announced,
                        one.awaits_acknowledgement,
                    ],
                    closed: one.closed.map(|closed| (closed.outcome, until(closed.archive_at))),
                    name: one.name.clone(),
                    offering: one.offering,
                    revision: one.revision,
                    rest_in: one.rest_until.filter(|_| one.state.is_live()).map_or(0, |rest| until(rest).max(0)),
                    pending: one.pending.as_ref().map(|terms| PendingView {
                        revision: terms.revision,
                        contact: terms.contact,
                        window: (until(terms.window.start()), until(terms.window.end())),
                        offering: terms.offering,
                        name: terms.name.clone(),
                        flags: (terms.is_agreed, terms.awaits_acknowledgement),
                    }),
                })
                .collect(),
            calls: self
                .calls
                .in_order()
                .map(|one| CallView {
                    reservation: place(&reservations, one.reservation.get()),
                    line: one.line,
                    mode: one.mode,
                    state: one.state,
                    legs: (one.merchant_leg.map(|leg| place(&legs, leg.get())), one.user_leg.map(|leg| place(&legs, leg.get()))),
                    flags: (one.is_user_dialled, one.is_talked),
                    deadline: one.deadline().map(until),
                })
                .collect(),
            legs: self
                .legs
                .in_order()
                .map(|one| LegView {
                    call: place(&calls, one.call.get()),
                    party: one.party,
                    origin: one.origin,
                    state: one.state,
                    cause: one.cause,
                    deadline: one.deadline().map(until),
                })
                .collect(),
        }
    }

    /// A reservation that is kept.
    pub(crate) fn reservation(&self, id: ReservationId) -> Option<&Reservation> {
        self.reservations.get(id.get())
    }

    /// A call that is kept.
    pub(crate) fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(id.get())
    }

    /// A leg that is kept.
    pub(crate) fn leg(&self, id: LegId) -> Option<&Leg> {
        self.legs.get(id.get())
    }

    /// The ids of every reservation, call and leg that is kept, in order.
    pub(crate) fn ids(&self) -> (Vec<u64>, Vec<u64>, Vec<u64>) {
        (self.reservations.ids(), self.calls.ids(), self.legs.ids())
    }
}
