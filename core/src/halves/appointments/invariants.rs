//! What must hold between inputs.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::Appointments;
use super::clock::Target;
use super::records::{Call, Leg, Reservation};
use crate::books::commons::Ids;
use crate::books::groups::Groups;
use crate::books::senders::Senders;
use crate::halves::checks::hold;
use crate::machines::call::CallState;
use crate::machines::leg::LegState;
use crate::values::effect::Party;
use crate::values::id::{CallId, LegId, MerchantId, ReservationId};
use crate::values::number::PhoneNumber;
use crate::values::policy::most;
use crate::values::reply::ReservationState;
use crate::values::time::Timestamp;

/// What the records say of a contact number.
#[derive(Default)]
struct OnNumber {
    leg: Option<LegId>,
    rung_for: Option<CallId>,
    live: Vec<ReservationId>,
}

/// What the records say of a line.
#[derive(Default)]
struct OnLine {
    calls: Vec<CallId>,
    releasing: Vec<(Timestamp, LegId)>,
    live: u64,
    queue: Vec<(Timestamp, ReservationId)>,
}

impl Appointments {
    /// Checks everything that must hold between inputs. For tests and for restoring; costs a walk over everything.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn check_invariants(&self, ids: &Ids) -> Result<(), String> {
        self.check_catalog()?;
        self.check_numbers()?;
        self.check_directory()?;
        hold!(self.profiles.is_consistent(), "the book of profiles does not agree with itself");
        hold!(self.messages.is_consistent(), "the book of messages does not agree with itself");
        for reservation in self.reservations.in_order() {
            self.check_reservation(reservation)?;
        }
        for call in self.calls.in_order() {
            self.check_call(call)?;
        }
        for leg in self.legs.in_order() {
            self.check_leg(leg, ids)?;
        }
        self.check_challenges(ids)?;
        self.check_groups()?;
        self.check_indexes()
    }

    /// Whoever agreed is in the group on his terms, and nobody else is in any.
    fn check_groups(&self) -> Result<(), String> {
        let mut groups = Groups::default();
        for one in self.reservations.in_order().filter(|one| one.state.is_live()) {
            let id = one.id;
            let may_share = one.group_size > 1 && one.state != ReservationState::Unverified;
            hold!(may_share == one.group.is_some(), "reservation {id} shares without agreement, or the other way round");
            let Some(group) = one.group else { continue };
            hold!(self.counters.group.has_given(group.get()), "reservation {id} is in a group that was not given");
            let key = one.group_key();
            let is_his = self.groups.on(&key) == Some(group) && self.groups.get(group).is_some_and(|group| group.key == key);
            hold!(is_his, "reservation {id} is not in the group on its terms");
            groups.add(group, key, id);
            if let Some(turn) = one.turn().filter(|_| self.may_wait(one.contact)) {
                groups.set_waiting(group, turn, id, true);
            }
        }
        hold!(groups == self.groups, "the book of groups does not agree with the records");
        Ok(())
    }

    fn check_challenges(&self, ids: &Ids) -> Result<(), String> {
        for challenge in self.challenges.in_order() {
            let id = challenge.id;
            hold!(ids.challenge.has_given(id.get()), "challenge {id} has an id that was not given");
            let reservation = self.reservations.get(challenge.reservation.get());
            let waits = reservation.is_some_and(|reservation| {
                let is_its = reservation.challenge == Some(id) && reservation.revision == challenge.revision;
                is_its && reservation.state == ReservationState::Unverified && challenge.until <= reservation.window.end()
            });
            hold!(waits, "challenge {id} is out for a reservation that does not wait for it (P2)");
        }
        let named = self.reservations.in_order().filter(|reservation| reservation.challenge.is_some()).count();
        hold!(named == self.challenges.len(), "a reservation names a challenge that is not kept");
        Ok(())
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
        let is_known = |merchant: MerchantId| self.catalog.merchants.contains_key(&merchant);
        hold!(self.law.frozen_merchants().all(is_known), "a merchant is frozen who never registered");
        hold!(self.lines.in_order().count() == lines, "a line in the book is registered by nobody, or twice");
        for (id, page) in &self.catalog.pages {
            let is_owned = self.catalog.merchants.contains_key(&page.merchant);
            hold!(*id == page.id && is_owned && !page.offerings.is_empty(), "page {id} has no owner, no offering or another id");
            let has_calendar = page.calendar.is_none_or(|calendar| self.catalog.calendars.contains_key(&calendar));
            hold!(has_calendar, "page {id} follows a calendar that is missing");
            let has_chatbot = self.catalog.merchants.get(&page.merchant).is_some_and(|merchant| merchant.chatbot.is_some());
            hold!(has_chatbot, "page {id} is published, and its merchant has no chatbot");
            let can_share = page.group_size_max.is_none_or(|size| (2..=most::GROUP_SIZE).contains(&size));
            hold!(can_share, "page {id} offers calls that nobody shares, or more share than any policy lets it");
            let is_on_it = |offering| page.offerings.contains_key(offering);
            hold!(page.descriptions.keys().all(is_on_it), "page {id} describes an offering that it does not have");
        }
        for (id, page) in &self.catalog.withdrawn {
            let is_owned = self.catalog.merchants.contains_key(&page.merchant);
            hold!(is_owned && !self.catalog.pages.contains_key(id), "page {id} was withdrawn, and is published or has no owner");
        }
        let pages = self.catalog.pages.values().map(|page| (page.id, page.merchant));
        let mut counted: BTreeMap<MerchantId, u32> = BTreeMap::new();
        for merchant in self.catalog.owners() {
            let pages = counted.entry(merchant).or_default();
            *pages = pages.saturating_add(1);
        }
        hold!(self.pages_of == counted, "the count of the merchants' pages is wrong");
        hold!(self.search.in_order().eq(pages), "the index of the search does not hold the published pages");
        Ok(())
    }

    /// A number means one user to a merchant, and only his live reservations hold it.
    fn check_numbers(&self) -> Result<(), String> {
        hold!(self.numbers.is_consistent(), "the book of numbers does not agree with itself");
        let mut held = 0_usize;
        for one in self.reservations.in_order() {
            let Some(number) = one.virtual_number else { continue };
            let id = one.id;
            hold!(self.numbers.has(number.number()), "reservation {id} has a number that is not in the pool");
            let holds = self.numbers.holders(one.merchant, number.number()).contains(&id);
            let is_his = self.numbers.of(one.merchant, one.contact) == Some(number);
            let is_live = one.state.is_live();
            hold!(holds == is_live && (is_his || !is_live), "reservation {id} holds a number that is not its contact's");
            held = held.saturating_add(usize::from(holds));
        }
        hold!(held == self.numbers.held(), "a number is held by nobody's reservation");
        let is_own = |number: PhoneNumber| self.numbers.has(number);
        hold!(self.lines.in_order().all(|(line, _)| !is_own(*line)), "a line is a virtual number");
        hold!(
            self.reservations.in_order().all(|one| !one.state.is_live() || !(is_own(one.contact) || is_own(one.terms().contact))),
            "a contact is a virtual number"
        );
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
            let known = self.calls.get(call.get()).filter(|known| known.member(id).is_some());
            let is_last = index.saturating_add(1) == reservation.calls.len();
            let lives = known.map(|known| known.member(id).is_some_and(|member| !member.is_out));
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
        hold!(!call.members.is_empty(), "call {id} has no users");
        for (index, member) in call.members.iter().enumerate() {
            let reservation = self.reservations.get(member.reservation.get());
            hold!(reservation.is_some_and(lists_it), "call {id} is not listed by a reservation of its users");
            let is_again = call.reservations().take(index).any(|earlier| earlier == member.reservation);
            hold!(!is_again, "call {id} names a reservation twice");
            hold!(call.state != CallState::Ended || member.is_out, "a user of call {id} is in it after its end");
            if let Some(leg) = member.leg {
                self.check_leg_of(call, leg, Some(member.reservation), member.is_out)?;
            }
        }
        if let Some(leg) = call.merchant_leg {
            self.check_leg_of(call, leg, None, call.state == CallState::Ended)?;
            let is_joined = self.legs.get(leg.get()).is_some_and(|leg| leg.state == LegState::Joined);
            hold!(
                is_joined == (call.state == CallState::Talking),
                "the merchant of call {id} is joined without talking, or the other way round (P5)"
            );
        }
        let is_merchant_there = call.merchant_leg.is_some();
        hold!(call.state == CallState::Ended || is_merchant_there, "call {id} lives without a merchant leg (P5)");
        for member in call.members.iter().filter(|member| !member.is_out) {
            let needs_leg = match call.state {
                CallState::RingingMerchant => Some(false),
                CallState::Gathering | CallState::Talking => Some(true),
                CallState::Recording => {
                    return Err(alloc::format!("a user of call {id} is in it while its merchant leaves a message"));
                }
                CallState::Ended => None,
            };
            hold!(
                needs_leg.is_none_or(|needed| needed == member.leg.is_some()),
                "call {id} is {:?} with a user leg too many or too few (P4)",
                call.state
            );
        }
        Ok(())
    }

    /// A leg that a call names is its own, and is ended once its part is over.
    fn check_leg_of(&self, call: &Call, id: LegId, whose: Option<ReservationId>, is_out: bool) -> Result<(), String> {
        let known = self.legs.get(id.get()).filter(|leg| leg.call == call.id && leg.reservation == whose);
        hold!(known.is_some(), "leg {id} of call {} is missing or another's", call.id);
        let is_ending = known.is_some_and(|leg| leg.state.is_releasing());
        hold!(!is_out || is_ending, "leg {id} outlives its part in call {} (P9)", call.id);
        let is_joined = known.is_some_and(|leg| leg.state == LegState::Joined);
        hold!(!is_joined || call.state == CallState::Talking, "leg {id} is joined without call {} talking (P5)", call.id);
        let is_talking =
            call.members.iter().any(|member| !member.is_out && Some(member.reservation) == whose && member.is_talked);
        hold!(
            whose.is_none() || is_joined == is_talking,
            "leg {id} is joined without its user talking, or the other way round (P5)"
        );
        Ok(())
    }

    fn check_leg(&self, leg: &Leg, ids: &Ids) -> Result<(), String> {
        let id = leg.id;
        hold!(ids.leg.has_given(id.get()), "leg {id} has an id that was not given");
        hold!(leg.state != LegState::Gone, "leg {id} is gone and still kept");
        hold!(
            (leg.party == Party::User) == leg.reservation.is_some(),
            "leg {id} is a user's without a reservation, or the other way round"
        );
        let is_listed = self.calls.get(leg.call.get()).is_some_and(|call| match leg.reservation {
            None => call.merchant_leg == Some(id),
            Some(reservation) => call.member(reservation).is_some_and(|member| member.leg == Some(id)),
        });
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
        let mut seen: BTreeMap<_, OnNumber> = BTreeMap::new();
        for reservation in self.reservations.in_order() {
            expected.extend(reservation.deadline().map(|due| (due, Target::Reservation(reservation.id))));
            expected.extend(reservation.reminder().map(|due| (due, Target::Reminder(reservation.id))));
            if reservation.state.is_live() {
                let waiting =
                    reservation.pending.as_ref().map(|terms| terms.contact).filter(|number| *number != reservation.contact);
                for number in [Some(reservation.contact), waiting].into_iter().flatten() {
                    seen.entry(number).or_default().live.push(reservation.id);
                }
            }
        }
        expected.extend(self.calls.in_order().filter_map(|call| Some((call.deadline()?, Target::Call(call.id)))));
        expected.extend(self.challenges.in_order().map(|challenge| (challenge.until, Target::Challenge(challenge.id))));
        for leg in self.legs.in_order() {
            expected.extend(leg.deadline().map(|due| (due, Target::Leg(leg.id))));
            if leg.party == Party::User {
                seen.entry(leg.number).or_default().leg = Some(leg.id);
            }
        }
        for call in self.calls.in_order().filter(|call| call.state == CallState::RingingMerchant) {
            let rung = call.members.iter().filter(|member| !member.is_out).map(|member| member.reservation);
            for reservation in rung.filter_map(|id| self.reservations.get(id.get())) {
                if let Some(on_number) = seen.get_mut(&reservation.contact) {
                    hold!(on_number.rung_for.replace(call.id).is_none(), "two merchants are rung for one number (P8)");
                }
            }
        }
        for (number, on_number) in &seen {
            let agrees = self.contacts.get(*number).is_some_and(|known| {
                (known.leg, known.rung_for) == (on_number.leg, on_number.rung_for) && known.live.iter().eq(&on_number.live)
            });
            hold!(agrees, "the book of contacts does not agree with the records");
            contacts = contacts.saturating_add(1);
        }
        hold!(self.contacts.len() == contacts, "the book of contacts holds a number that nothing names");
        let has_line = |number: &PhoneNumber| self.lines.get(*number).is_some();
        hold!(!seen.keys().any(has_line), "a merchant's line is the phone of a live reservation or leg (P8)");
        self.check_senders()?;
        self.check_media()?;
        let mut on_lines: BTreeMap<PhoneNumber, OnLine> = BTreeMap::new();
        for call in self.calls.in_order() {
            let on_line = on_lines.entry(call.line).or_default();
            on_line.calls.push(call.id);
            let grace = |leg: LegId| Some((self.legs.get(leg.get())?.grace()?, leg));
            on_line.releasing.extend(call.legs().filter_map(grace));
        }
        for reservation in self.reservations.in_order() {
            let on_line = on_lines.entry(reservation.line).or_default();
            on_line.live = on_line.live.saturating_add(u64::from(reservation.state.is_live()));
            let turn = reservation.turn().filter(|_| self.may_wait(reservation.contact));
            on_line.queue.extend(turn.map(|turn| (turn, reservation.id)));
        }
        let nothing = OnLine::default();
        for (number, line) in self.lines.in_order() {
            let on_line = on_lines.get_mut(number).map_or(&nothing, |on_line| {
                on_line.queue.sort_unstable();
                on_line.releasing.sort_unstable();
                on_line
            });
            hold!(line.calls.iter().eq(&on_line.calls), "the calls of a line do not agree with the records");
            hold!(line.releasing.iter().eq(&on_line.releasing), "the releasing legs of a line do not agree with the records");
            hold!(line.live() <= line.channels, "a line has more live calls than channels (P8)");
            hold!(on_line.live == line.reservations, "a line miscounts its live reservations");
            hold!(line.queue.iter().eq(&on_line.queue), "the queue of a line does not agree with the records (P16)");
            let is_frozen = self.law.is_merchant_frozen(line.merchant);
            hold!(line.is_frozen == is_frozen, "a line is frozen without its merchant, or the other way round");
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
}
