//! What a restored state must keep beyond its indexes: every object ends (P9), nothing rings but by its own permission, and ids are never given twice.
//! A snapshot that says otherwise was forged. Instants are measured against the widest range that any policy has, since rules may have changed after
//! they were fixed.

use alloc::string::String;

use super::records::{Call, Leg, Origin, Reservation};
use super::{Appointments, Counters};
use crate::books::commons::Ids;
use crate::books::recent::DAY_S;
use crate::decisions::gate::last_call;
use crate::halves::checks::hold;
use crate::machines::call::CallState;
use crate::machines::leg::LegState;
use crate::values::code::CODE_DIGITS_MAX;
use crate::values::effect::{Action, Effect, Party};
use crate::values::id::{LegId, ReservationId};
use crate::values::number::VirtualNumber;
use crate::values::policy::{CallMode, most};
use crate::values::reply::{Outcome, ReservationState};
use crate::values::time::Timestamp;

/// Whether an instant is at most so many seconds ahead.
fn within(now: Timestamp, seconds: u32, instant: Timestamp) -> bool {
    instant <= now.saturating_add_s(u64::from(seconds))
}

impl Appointments {
    /// Checks what a state must keep at the latest instant seen, as one of this shard.
    ///
    /// # Errors
    /// The first bound that does not hold.
    pub(crate) fn check_bounds(&self, now: Timestamp, shard: u16, last_effect: u64, ids: &Ids) -> Result<(), String> {
        let Counters { reservation, call, group } = self.counters;
        let counters = [reservation, call, group];
        hold!(counters.iter().all(|counter| counter.is_sound(shard)), "a counter of ids is beyond its shard");
        let by = now.saturating_add_s(u64::from(most::NUMBER_REST_S));
        hold!(self.numbers.rest_by(by), "a virtual number rests longer than any policy lets it");
        let by = now.saturating_add_s(u64::from(most::PROFILE_LIFE_S));
        hold!(self.profiles.ends_by(by), "a profile is remembered longer than any policy lets it");
        for reservation in self.reservations.unordered() {
            check_reservation(now, reservation)?;
        }
        for call in self.calls.unordered() {
            self.check_ends(now, call)?;
        }
        for leg in self.legs.unordered() {
            check_leg(now, leg)?;
        }
        for challenge in self.challenges.unordered() {
            let id = challenge.id;
            hold!(within(now, most::CODE_LIFE_S, challenge.until), "challenge {id} ends later than any policy lets it (P9)");
            hold!((1..=CODE_DIGITS_MAX).contains(&challenge.digits), "challenge {id} has no code");
        }
        for ring in self.rings.in_order() {
            let is_given = ids.leg.has_given(ring.mark.get());
            hold!(is_given && ring.until <= now.saturating_add_s(DAY_S), "a ring counts longer than a day, or never was");
        }
        for sent in self.messages.in_order() {
            let is_given = ids.message.has_given(sent.message.get()) && (1..=last_effect).contains(&sent.sequence);
            let is_about = sent.reservation.is_none_or(|id| self.counters.reservation.has_given(id.get()));
            hold!(is_given && is_about && sent.at <= now, "a message may be reported on that was never sent");
        }
        Ok(())
    }

    /// Every state of a call has what ends it.
    fn check_ends(&self, now: Timestamp, call: &Call) -> Result<(), String> {
        let id = call.id;
        let leg = |leg: Option<LegId>| leg.and_then(|leg| self.legs.get(leg.get()));
        let merchant = leg(call.merchant_leg);
        let owner = self.lines.get(call.line).map(|line| line.merchant);
        hold!(!call.members.is_empty(), "call {id} has nobody in it");
        for member in &call.members {
            let reservation = self.reservations.get(member.reservation.get());
            let is_own = owner.is_some() && owner == reservation.map(|kept| kept.merchant);
            hold!(is_own, "call {id} counts on another merchant's line");
            let is_to_contact = leg(member.leg).is_none_or(|leg| reservation.is_some_and(|kept| kept.contact == leg.number));
            // Once his part is over another phone may be the one to ring.
            hold!(is_to_contact || member.is_out, "call {id} rings a number that its reservation does not permit (P1)");
        }
        let most = |id: ReservationId| self.reservations.get(id.get()).map_or(1, |one| one.group_size);
        let users = call.members.iter().filter(|member| !member.is_out);
        let count = u32::try_from(users.clone().count()).unwrap_or(u32::MAX);
        let all_agreed = users.map(|member| most(member.reservation)).all(|size| count <= size);
        hold!(count < 2 || all_agreed, "call {id} is shared by who did not agree to it, or by too many");
        let users = || call.members.iter().filter_map(|member| leg(member.leg));
        hold!(merchant.is_none_or(|leg| leg.number == call.line), "the merchant leg of call {id} is not on its line");
        let is_dialled = |leg: &Leg| leg.origin == Origin::Dialled;
        let is_as_begun = match call.mode {
            CallMode::MerchantCalls => merchant.is_none_or(|leg| !is_dialled(leg)),
            CallMode::PlatformCalls => merchant.is_none_or(is_dialled),
        };
        hold!(is_as_begun && users().all(is_dialled), "a leg of call {id} did not come from where its mode says");
        for member in call.members.iter().filter(|member| member.is_talked) {
            let has_talked = matches!(call.state, CallState::Talking | CallState::Ended) && member.is_dialled;
            hold!(has_talked, "a user of call {id} has talked in it before it talks (P5)");
        }
        match call.state {
            CallState::RingingMerchant => {
                let rings = call.mode == CallMode::PlatformCalls && merchant.is_some_and(|leg| leg.state.is_unanswered());
                hold!(rings, "call {id} rings a merchant whose phone does not ring (P9)");
            }
            CallState::Gathering => {
                let is_user_rung = users().any(|leg| leg.state.is_unanswered());
                let is_asked = |leg: &Leg| leg.origin == Origin::InboundAsked && leg.state.is_unanswered();
                let is_awaited = call.answer_by.is_some() && merchant.is_some_and(is_asked);
                hold!(is_user_rung || is_awaited, "call {id} waits for nobody (P9)");
                let is_there =
                    call.mode == CallMode::MerchantCalls || merchant.is_some_and(|leg| leg.state == LegState::Answered);
                hold!(is_there, "call {id} rings its user before the merchant answered (P4)");
            }
            CallState::Talking => hold!(call.talk_until.is_some(), "call {id} may talk for ever (P9)"),
            CallState::Recording => hold!(self.may_record(call), "call {id} leaves a message as no call of two does"),
            CallState::Ended => {}
        }
        let most_s = if call.state == CallState::Talking { most::CONVERSATION_S } else { most::ANSWER_TIMEOUT_S };
        hold!(call.deadline().is_none_or(|due| within(now, most_s, due)), "call {id} ends later than any policy lets it (P9)");
        Ok(())
    }

    /// Whether an effect that is done at most once is what this platform says to this leg: what it holds follows from the records, but for the
    /// rules of that time, which are within what a policy may set.
    fn is_as_emitted(&self, now: Timestamp, effect: &Effect, leg: &Leg, call: &Call) -> bool {
        let of_call = |id: ReservationId| self.reservations.get(id.get()).filter(|_| call.member(id).is_some());
        match &effect.action {
            Action::Dial(dial) => {
                let Some(one) = of_call(dial.reason.reservation) else { return false };
                let from = match dial.party {
                    Party::Merchant => one.virtual_number.map_or(call.line, VirtualNumber::number),
                    Party::User => call.line,
                };
                // A change of the terms lets a phone ring on that it permits all that was said of.
                let end = one.slot.map_or(dial.reason.window.end(), |slot| slot.end());
                let is_carried = one.revision > 1 && dial.ring_until.max(dial.not_after) <= one.window.end();
                // A user's phone may have been cut to hours that ended before the window; it rings no longer than they last.
                let cut_to = match dial.party {
                    Party::Merchant => end,
                    Party::User => dial.ring_until,
                };
                let last_call = last_call(cut_to, most::MIN_RING_S)..=end;
                let is_for = leg.reservation.is_none_or(|id| id == one.id) && leg.origin == Origin::Dialled;
                // A merchant who is rung for several is rung on for the others when the part of the first is over, whatever becomes of his terms.
                let is_of_others = dial.party == Party::Merchant && call.member(one.id).is_some_and(|member| member.is_out);
                let is_as_booked = dial.from == from
                    // The merchant may have another name by now.
                    && dial.reason.offering_name == one.offering_name
                    && (is_carried || (dial.reason.window, dial.reason.zone) == (one.window, one.zone));
                let is_in_time = dial.ring_until == leg.until.min(end) && last_call.contains(&dial.not_after);
                let told = dial.reason.window.end();
                let is_as_told = dial.ring_until <= leg.until && dial.ring_until.max(dial.not_after) <= told;
                is_for
                    && if is_of_others { is_as_told } else { is_as_booked && is_in_time }
                    && (dial.to, dial.party, dial.call) == (leg.number, leg.party, leg.call)
                    && (1..=most::RING_TIMEOUT_S.saturating_mul(1_000)).contains(&dial.ring_timeout_ms)
            }
            // Once it is reported answered, nothing says any more how long the report was waited for.
            Action::Answer(answer) => {
                let ends =
                    call.answer_by.map_or(within(now, most::ANSWER_TIMEOUT_S, answer.not_after), |by| by == answer.not_after);
                ends && leg.party == Party::Merchant && leg.origin == Origin::InboundAsked
            }
            Action::Play(play) => {
                let mut of_it = call.reservations().filter_map(of_call);
                // What becomes of his user's reservation does not touch a merchant at the recorder: its slot may be another by now.
                let is_apart = call.state == CallState::Recording;
                leg.party == Party::Merchant
                    && (is_apart
                        || of_it.any(|one| one.span().end() == play.not_after || one.revision > 1 || one.spent_slot.is_some()))
            }
            Action::Reject(_)
            | Action::HangUp(_)
            | Action::Join(_)
            | Action::Send(_)
            | Action::Audit(_)
            | Action::Archive(_)
            | Action::Erase(_)
            | Action::Transcribe(_)
            | Action::ArchiveVoiceMessage(_) => true,
            // No leg of this half is recorded.
            Action::Record(_) => false,
        }
    }

    /// An effect that waits: what is done at most once is for a leg that is alive, and a message has an id that was given.
    pub(crate) fn check_effect(&self, now: Timestamp, ids: &Ids, effect: &Effect) -> Result<(), String> {
        let sequence = effect.sequence;
        if let Some(id) = effect.action.at_most_once_leg() {
            let leg = self.legs.get(id.get()).filter(|leg| !leg.state.is_releasing());
            hold!(leg.is_some(), "effect {sequence} is for a leg that is not alive (P3)");
            let call = leg.and_then(|leg| self.calls.get(leg.call.get()));
            let is_its = leg.zip(call).is_some_and(|(leg, call)| self.is_as_emitted(now, effect, leg, call));
            hold!(is_its, "effect {sequence} says another thing than its leg and call do (P1)");
            let is_untold = leg.is_some_and(|leg| leg.state == LegState::Dialled);
            hold!(!effect.action.is_dial() || is_untold, "effect {sequence} dials a leg that was reported already (P8)");
            let waits = leg.is_some_and(|leg| leg.state.is_unanswered() && leg.origin == Origin::InboundAsked);
            hold!(!effect.action.is_answer() || waits, "effect {sequence} answers a leg that does not wait for it");
        }
        if let Action::Send(send) = &effect.action {
            hold!(ids.message.has_given(send.message.get()), "effect {sequence} sends a message that was not numbered");
        }
        Ok(())
    }
}

fn check_reservation(now: Timestamp, reservation: &Reservation) -> Result<(), String> {
    let id = reservation.id;
    let is_bare = reservation.name.is_none()
        && reservation.evidence.is_none()
        && reservation.email.is_none()
        && reservation.media().next().is_none();
    hold!(!reservation.is_forgotten || is_bare, "reservation {id} is forgotten and still says who booked");
    let leaves = reservation.closed.map_or(reservation.withdrawal().is_some(), |closed| closed.archive_at <= now);
    hold!(!reservation.is_forgotten || leaves, "reservation {id} is forgotten and does not leave");
    let waiting = reservation.pending.as_ref().map(|terms| terms.group_size);
    let can_share =
        [Some(reservation.group_size), waiting].into_iter().flatten().all(|size| (1..=most::GROUP_SIZE).contains(&size));
    hold!(can_share, "reservation {id} shares with more than any policy lets it");
    let Some(closed) = reservation.closed else {
        let ends = within(now, most::BOOK_AHEAD_S, reservation.window.end());
        hold!(ends, "reservation {id} ends later than any policy lets it (P9)");
        let waits = reservation.pending.as_ref().is_none_or(|terms| within(now, most::BOOK_AHEAD_S, terms.window.end()));
        hold!(waits, "the terms that wait for reservation {id} end later than any policy lets them (P9)");
        let begins = match reservation.state {
            ReservationState::Open | ReservationState::InCall => reservation.window.start() <= now,
            ReservationState::Unverified
            | ReservationState::AwaitingMode
            | ReservationState::Scheduled
            | ReservationState::Closed => true,
        };
        hold!(begins, "reservation {id} is open before its window begins");
        let is_reminded_before =
            reservation.reminder().is_none_or(|at| at < reservation.window.start() && !reservation.is_reminded);
        hold!(is_reminded_before, "the user of reservation {id} is reminded of a window that has begun, or twice");
        check_slot(now, reservation)?;
        let is_held_inside = reservation.held_until.is_none_or(|held| held < reservation.span().end());
        hold!(is_held_inside, "reservation {id} is put off beyond its window");
        return Ok(());
    };
    hold!(closed.at <= now, "reservation {id} closed in the future");
    hold!(within(now, most::RETENTION_S, closed.archive_at), "reservation {id} stays longer than any policy lets it (P9)");
    Ok(())
}

/// A slot is the platform's, and lies inside what the user permits.
fn check_slot(now: Timestamp, reservation: &Reservation) -> Result<(), String> {
    let Reservation { id, state, slot, spent_slot, .. } = reservation;
    let is_platforms = reservation.mode == Some(CallMode::PlatformCalls) || (slot.is_none() && spent_slot.is_none());
    hold!(is_platforms, "reservation {id} has a slot that is not the platform's (P6)");
    hold!(slot.is_none_or(|slot| reservation.window.covers(&slot)), "the slot of reservation {id} lies outside its window (P1)");
    let is_one = slot.is_none() || spent_slot.is_none();
    hold!(is_one, "reservation {id} has a slot and waits for one");
    let begins = match state {
        ReservationState::Open | ReservationState::InCall => slot.is_none_or(|slot| slot.start() <= now),
        ReservationState::Unverified
        | ReservationState::AwaitingMode
        | ReservationState::Scheduled
        | ReservationState::Closed => true,
    };
    hold!(begins, "reservation {id} is open before its slot begins");
    let waits = *state != ReservationState::Open || spent_slot.is_none();
    hold!(waits, "reservation {id} is open and waits for another slot");
    let is_sound = match spent_slot {
        None | Some(Outcome::Completed | Outcome::Missed(_)) => true,
        Some(Outcome::Cancelled | Outcome::Unverified | Outcome::Declined | Outcome::Forgotten) => false,
    };
    hold!(is_sound, "the slot of reservation {id} came to what no slot comes to");
    Ok(())
}

fn check_leg(now: Timestamp, leg: &Leg) -> Result<(), String> {
    let id = leg.id;
    hold!(leg.party == Party::Merchant || leg.origin == Origin::Dialled, "the user leg {id} was not dialled");
    let most_s = if leg.state.is_releasing() { most::RELEASE_GRACE_S } else { most::RING_TIMEOUT_S };
    hold!(leg.deadline().is_none_or(|due| within(now, most_s, due)), "leg {id} ends later than any policy lets it (P9)");
    Ok(())
}
