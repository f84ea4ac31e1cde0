//! Calls: how they begin, what joins them, how they end.

use ringfence::decisions::diagnosis::diagnose;
use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{
    Action, Answer, AuditRecord, CallReason, Dial, DialWithdrawn, HangUp, Join, Judged, LegLost, Party, Play, Prompt, Reject,
    Rule, UserDialled,
};
use ringfence::values::id::{CallId, LegId, ReservationId};
use ringfence::values::input::{CallTarget, RequestCall};
use ringfence::values::number::PhoneNumber;
use ringfence::values::policy::CallMode;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{Allow, Deny, DenyReason, Outcome, Reply, ReservationState, Verdict};

use super::gate::Asker;
use super::numbers::NOBODY_KNOWN;
use super::{Call, CallState, Leg, LegState, Model, Part};

/// Why a call ends, as far as it matters to the counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The user's leg failed.
    UserFailed,
    /// The merchant's leg failed.
    MerchantFailed,
    /// A `dial` was not carried out.
    PlatformFailed,
    /// Something else: it was over, or stopped.
    Other,
    /// The terms were changed, and the new ones do not carry it: it counts as nothing.
    Amended,
}

impl Model {
    /// Merchant mode: a line calls.
    pub(super) fn request_call(&mut self, input: &RequestCall) -> Result<Reply, Refusal> {
        let (users, verdict, meant, room) = match input.target {
            CallTarget::Group(group) => {
                let (users, verdict, meant) = self.judge_group(input.line, group);
                (users, verdict, meant, self.room_for(input.line, group))
            }
            CallTarget::Reservation(_) | CallTarget::Number(_) => {
                let meant = self.meant_by(*input);
                let verdict = meant.map_or(NOBODY_KNOWN, |id| self.judge(Asker::Line(input.line), id));
                (meant.into_iter().collect(), verdict, meant, 3)
            }
        };
        self.check_outbox(room)?;
        self.legs_given += 1;
        let leg = LegId::new(self.legs_given);
        let target = self.as_recorded(input.target);
        let (Verdict::Allow, Some(id)) = (verdict, meant) else {
            let Verdict::Deny { reason, retry_at } = verdict else { unreachable!("nothing is allowed that is not known") };
            let reservation = meant.filter(|_| reason != DenyReason::NotRecognized);
            let revision = reservation.map(|id| self.reservation_of(id).revision);
            self.audit(AuditRecord::Judged(Judged { leg, target, reservation, revision, rule: Rule::Denied(reason) }));
            self.reject(leg, ReleaseCause::NotPermitted);
            return Ok(Reply::Deny(Deny { leg, reason, retry_at }));
        };
        let revision = Some(self.reservation_of(id).revision);
        let rule = self.permission(id);
        self.audit(AuditRecord::Judged(Judged { leg, target, reservation: Some(id), revision, rule }));
        let call = self.begin_call(&users, CallMode::MerchantCalls, input.line, CallState::Gathering);
        self.record_group(call, &users);
        self.enter_leg(leg, call, None, true, input.line, LegState::Ringing);
        for user in users {
            self.dial_user(call, user);
        }
        Ok(Reply::Allow(Allow { leg, call }))
    }

    /// Platform mode: the merchant's line is rung.
    pub(super) fn ring_merchant(&mut self, users: &[ReservationId]) {
        let line = self.reservation_of(users[0]).line;
        let call = self.begin_call(users, CallMode::PlatformCalls, line, CallState::RingingMerchant);
        self.record_group(call, users);
        self.dial(call, None, line);
    }

    fn begin_call(&mut self, users: &[ReservationId], mode: CallMode, line: PhoneNumber, state: CallState) -> CallId {
        self.calls_given += 1;
        let call = CallId::new(self.calls_given);
        let part = |user: &ReservationId| Part { reservation: *user, dialled: false, talked: false, over: false };
        let parts = users.iter().map(part).collect();
        self.calls.insert(call, Call { parts, mode, line, state, joined_at: None, answer_due: None });
        for user in users {
            self.reservation_mut(*user).state = ReservationState::InCall;
        }
        call
    }

    fn enter_leg(
        &mut self,
        leg: LegId,
        call: CallId,
        user: Option<ReservationId>,
        inbound: bool,
        number: PhoneNumber,
        state: LegState,
    ) {
        let (dialled_at, party) = (self.latest, if user.is_some() { Party::User } else { Party::Merchant });
        let (reservation, dial, answer, was_answered, released) = (user, None, None, false, None);
        let leg_of = Leg {
            call,
            party,
            reservation,
            inbound,
            number,
            state,
            dialled_at,
            dial,
            answer,
            was_answered,
            hours_end: None,
            released,
        };
        self.legs.insert(leg, leg_of);
    }

    fn dial_user(&mut self, call: CallId, id: ReservationId) {
        let leg = LegId::new(self.legs_given + 1);
        let revision = self.reservation_of(id).revision;
        self.audit(AuditRecord::UserDialled(UserDialled { leg, call, reservation: id, revision, rule: self.permission(id) }));
        self.part_mut(call, id).dialled = true;
        self.count_ring(self.reservation_of(id).contact);
        self.dial(call, Some(id), self.reservation_of(id).contact);
    }

    fn dial(&mut self, call: CallId, user: Option<ReservationId>, to: PhoneNumber) {
        let party = if user.is_some() { Party::User } else { Party::Merchant };
        self.legs_given += 1;
        let leg = LegId::new(self.legs_given);
        self.enter_leg(leg, call, user, false, to, LegState::Dialled);
        let line = self.call_of(call).line;
        let id = user.unwrap_or(self.call_of(call).parts[0].reservation);
        let reservation = self.reservation_of(id);
        let span_end = reservation.span().end();
        // A user's phone stops with the hours in which it may ring.
        let end = if party == Party::User { self.hours(id).end_from(self.latest) } else { span_end };
        let from = match party {
            Party::Merchant => reservation.number.map_or(line, |number| number.number()),
            Party::User => line,
        };
        let left_ms = end.micros_since(self.latest) / 1_000;
        let ring_timeout_ms = (i64::from(self.policy.ring_timeout_s) * 1_000).min(left_ms).max(1);
        let reason = CallReason {
            reservation: id,
            merchant_name: self.merchant_of(reservation.merchant).name.clone(),
            offering_name: reservation.offering_name.clone(),
            window: reservation.window,
            zone: reservation.zone,
        };
        let dial = Dial {
            leg,
            call,
            party,
            to,
            from,
            ring_timeout_ms: u32::try_from(ring_timeout_ms).unwrap_or(u32::MAX),
            ring_until: self.latest.saturating_add_s(self.policy.ring_timeout_s.into()).min(end),
            not_after: end.saturating_sub_s(self.policy.min_ring_s.into()),
            reason,
            bearer: self.policy.bearer,
        };
        let sequence = self.emit(Action::Dial(dial));
        self.leg_mut(leg).dial = Some(sequence);
        self.leg_mut(leg).hours_end = Some(end).filter(|end| *end < span_end);
    }

    fn permission(&self, id: ReservationId) -> Rule {
        // A call begins inside the window, where a mode is always in force.
        let mode = self.mode_in_force(id).unwrap_or(self.mode_of_silence());
        Rule::Permitted { window: self.reservation_of(id).window, mode }
    }

    /// A leg that is not releasing was reported answered.
    pub(super) fn answered(&mut self, leg: LegId) {
        let kept = self.leg_mut(leg);
        kept.state = LegState::Answered;
        kept.was_answered = true;
        let (call, party, inbound) = (kept.call, kept.party, kept.inbound);
        match party {
            Party::Merchant if inbound => {
                self.call_mut(call).answer_due = None;
                self.join_who_answered(call);
            }
            Party::Merchant => self.merchant_answered(call, leg),
            Party::User => {
                let merchant = self.merchant_leg(call).filter(|merchant| !self.legs[merchant].was_answered);
                match merchant {
                    Some(merchant) if self.legs[&merchant].answer.is_none() => self.answer_inbound(call, merchant),
                    // It is being answered for another user.
                    Some(_) => {}
                    None => self.join_who_answered(call),
                }
            }
        }
    }

    /// Platform mode: the gate once more, then the user's phone.
    fn merchant_answered(&mut self, call: CallId, leg: LegId) {
        self.call_mut(call).state = CallState::Gathering;
        let mut told = false;
        for id in self.users_of(call) {
            if self.call_of(call).parts.iter().any(|part| part.reservation == id && part.over) {
                continue;
            }
            let verdict = self.judge_by_time(Asker::Platform { own: Some(call) }, id);
            if let Verdict::Deny { reason, retry_at } = verdict {
                self.put_off(id, reason, retry_at);
                self.end_part(call, id, ReleaseCause::UserUnreachable, Why::Other);
                continue;
            }
            if !told {
                let not_after = self.reservation_of(id).span().end();
                self.emit(Action::Play(Play { leg, prompt: Prompt::ConnectingUser, not_after }));
            }
            told = true;
            self.dial_user(call, id);
        }
    }

    /// Merchant mode: the user is there, so the caller's leg is answered.
    fn answer_inbound(&mut self, call: CallId, leg: LegId) {
        let not_after = self.latest.saturating_add_s(self.policy.answer_timeout_s.into());
        self.call_mut(call).answer_due = Some(not_after);
        let sequence = self.emit(Action::Answer(Answer { leg, not_after }));
        self.leg_mut(leg).answer = Some(sequence);
    }

    /// If the merchant is there, everybody who has answered is put on the bridge, he first.
    fn join_who_answered(&mut self, call: CallId) {
        let answered = |model: &Self, leg: LegId| model.legs[&leg].state == LegState::Answered;
        let Some(merchant) = self.merchant_leg(call).filter(|leg| self.legs[leg].was_answered) else { return };
        let waiting: Vec<_> = self.users_of(call).into_iter().filter_map(|user| Some((user, self.leg_of(call, user)?))).collect();
        let waiting: Vec<_> = waiting.into_iter().filter(|(_, leg)| answered(self, *leg)).collect();
        if waiting.is_empty() {
            return;
        }
        for leg in Some(merchant).filter(|leg| answered(self, *leg)).into_iter().chain(waiting.iter().map(|(_, leg)| *leg)) {
            self.emit(Action::Join(Join { bridge: call, leg }));
            self.leg_mut(leg).state = LegState::Joined;
        }
        for (user, _) in waiting {
            self.part_mut(call, user).talked = true;
        }
        let latest = self.latest;
        let kept = self.call_mut(call);
        kept.state = CallState::Talking;
        kept.joined_at.get_or_insert(latest);
    }

    /// Ends a call: every leg that is not gone or releasing, the users' first; then what it means for each reservation that was in it still.
    pub(super) fn end_call(&mut self, call: CallId, cause: ReleaseCause, why: Why) {
        let users: Vec<_> = self.users_of(call).into_iter().filter_map(|user| self.leg_of(call, user)).collect();
        for leg in users.into_iter().chain(self.merchant_leg(call)) {
            if self.legs[&leg].state != LegState::Releasing {
                self.end_leg(leg, cause);
            }
        }
        let parts = self.call_of(call).parts.clone();
        let kept = self.call_mut(call);
        kept.state = CallState::Ended;
        kept.parts.iter_mut().for_each(|part| part.over = true);
        self.forget_call_without_legs(call);
        for part in parts.into_iter().filter(|part| !part.over) {
            self.count(part, why);
        }
    }

    /// Ends one user's part in a call, and the call with the last of them.
    pub(super) fn end_part(&mut self, call: CallId, user: ReservationId, cause: ReleaseCause, why: Why) {
        if self.call_of(call).parts.iter().all(|part| part.over || part.reservation == user) {
            self.end_call(call, cause, why);
            return;
        }
        if let Some(leg) = self.leg_of(call, user).filter(|leg| self.legs[leg].state != LegState::Releasing) {
            self.end_leg(leg, cause);
        }
        let part = *self.part_mut(call, user);
        self.part_mut(call, user).over = true;
        if !part.over {
            self.count(part, why);
        }
    }

    pub(super) fn end_leg(&mut self, id: LegId, cause: ReleaseCause) {
        let leg = self.legs[&id].clone();
        if leg.inbound && !leg.was_answered && leg.answer.is_none() {
            self.reject(id, cause);
            self.remove_leg(id);
            return;
        }
        let user_failed = matches!(cause, ReleaseCause::UserBusy | ReleaseCause::NoAnswer | ReleaseCause::UserUnreachable);
        let prompt = match leg.party {
            Party::Merchant if leg.state == LegState::Answered && user_failed => Some(Prompt::UserUnreachable),
            Party::User if leg.state == LegState::Answered && cause == ReleaseCause::OtherSideGone => Some(Prompt::MerchantGone),
            Party::Merchant | Party::User => None,
        };
        if self.kept.iter().any(|kept| Some(kept.effect.sequence) == leg.dial && !kept.voided) {
            self.withdraw_dial(id, leg.call, leg.party);
        }
        self.hang_up(id, cause, prompt);
        let latest = self.latest;
        let leg = self.leg_mut(id);
        leg.state = LegState::Releasing;
        leg.released = Some((latest, cause));
    }

    /// What the end of a call means for its reservation.
    pub(super) fn count(&mut self, part: Part, why: Why) {
        let id = part.reservation;
        let (latest, policy) = (self.latest, self.policy.clone());
        let waited = self.set_waiting_terms(id);
        let reservation = self.reservation_mut(id);
        let joined = part.talked;
        let mut cut_off = false;
        if joined {
            reservation.conversations += 1;
        } else if part.dialled && why != Why::Amended {
            reservation.attempts += 1;
        } else {
            match why {
                // The user is at his phone: nobody failed to be reached.
                Why::Amended => {}
                Why::MerchantFailed => reservation.merchant_failures += 1,
                Why::PlatformFailed => reservation.platform_failures += 1,
                Why::UserFailed | Why::Other => cut_off = true,
            }
        }
        let next = latest.saturating_add_s(if joined || cut_off { 0 } else { policy.retry_spacing_s.into() });
        if reservation.cancel_pending {
            self.close(id, Outcome::Cancelled);
        } else if reservation.decline_pending {
            self.close(id, Outcome::Declined);
        } else if reservation.conversations >= policy.conversations_max {
            self.close(id, Outcome::Completed);
        } else if latest >= reservation.window.end()
            || reservation.attempts >= policy.attempts_max
            || reservation.merchant_failures >= policy.merchant_attempts_max
            || reservation.platform_failures >= policy.platform_attempts_max
        {
            self.close_at_the_end(id, cut_off);
        } else {
            if waited.is_none() {
                self.end_slot_if_over(id, cut_off);
            }
            let reservation = self.reservation_mut(id);
            reservation.state = if reservation.spent.is_some() { ReservationState::Scheduled } else { ReservationState::Open };
            reservation.eligible = next;
            reservation.rested = Some(next);
            if let Some(set) = waited {
                self.place(id, set.agreed, None);
                // A change that ended the call itself tells the rest.
                if why != Why::Amended {
                    self.follow_up(id, &set);
                }
            }
        }
    }

    /// The dial of a leg is taken back before anything showed that it was carried out: of a user's there is a record.
    pub(super) fn withdraw_dial(&mut self, leg: LegId, call: CallId, party: Party) {
        if party == Party::User {
            self.audit(AuditRecord::DialWithdrawn(DialWithdrawn { leg, call }));
        }
    }

    /// A leg is gone, for whatever reason, with what the network said of it.
    pub(super) fn leg_is_gone(&mut self, id: LegId, evidence: &ringfence::values::evidence::Evidence) {
        self.leg_ends(id, evidence, false);
    }

    /// A leg is gone; `undialled`, when its `dial` was not carried out, so that nobody was rung.
    pub(super) fn leg_ends(&mut self, id: LegId, evidence: &ringfence::values::evidence::Evidence, undialled: bool) {
        let leg = self.legs[&id].clone();
        let talking = self.call_of(leg.call).state == CallState::Talking;
        self.remove_leg(id);
        if leg.state == LegState::Releasing {
            self.forget_call_without_legs(leg.call);
            return;
        }
        if let Some(user) = leg.reservation.filter(|_| undialled) {
            self.part_mut(leg.call, user).dialled = false;
        }
        let (cause, why) = match leg.party {
            Party::User if leg.was_answered => (ReleaseCause::Normal, Why::Other),
            Party::User => (ReleaseCause::of_failed_leg(diagnose(evidence).reason), Why::UserFailed),
            Party::Merchant if talking => (ReleaseCause::Normal, Why::Other),
            Party::Merchant => (ReleaseCause::OtherSideGone, Why::MerchantFailed),
        };
        let why = if undialled { Why::PlatformFailed } else { why };
        match leg.reservation {
            Some(user) if why == Why::UserFailed => self.user_not_reached(leg.call, user, leg.number, cause, evidence),
            Some(user) => self.end_part(leg.call, user, cause, why),
            None => self.end_call(leg.call, cause, why),
        }
    }

    /// A `dial` was not carried out, or nobody knows whether it was: nobody counts as rung, the leg is hung up, and is releasing like any other.
    pub(super) fn dial_failed(&mut self, id: LegId) {
        let (call, user) = (self.legs[&id].call, self.legs[&id].reservation);
        self.end_leg(id, ReleaseCause::Unknown);
        match user {
            Some(user) => {
                self.part_mut(call, user).dialled = false;
                self.end_part(call, user, ReleaseCause::UserUnreachable, Why::PlatformFailed);
            }
            None => self.end_call(call, ReleaseCause::OtherSideGone, Why::PlatformFailed),
        }
    }

    /// Nobody reported the end of a leg, so it is counted as gone.
    pub(super) fn lose_leg(&mut self, id: LegId, undialled: bool) {
        self.audit(AuditRecord::LegLost(LegLost { leg: id, call: self.legs[&id].call }));
        self.leg_ends(id, &ringfence::values::evidence::Evidence::default(), undialled);
    }

    /// What was not confirmed and is done at most once is not handed out again once the leg is ended (P3).
    pub(super) fn void_effects_of(&mut self, id: LegId) {
        for kept in &mut self.kept {
            let leg = match &kept.effect.action {
                Action::Dial(dial) => Some(dial.leg),
                Action::Answer(answer) => Some(answer.leg),
                Action::Play(play) => Some(play.leg),
                Action::Record(record) => Some(record.leg),
                Action::Reject(_)
                | Action::Join(_)
                | Action::HangUp(_)
                | Action::Send(_)
                | Action::Audit(_)
                | Action::Archive(_)
                | Action::Erase(_)
                | Action::Transcribe(_)
                | Action::ArchiveVoiceMessage(_) => None,
            };
            kept.voided |= leg == Some(id);
        }
    }

    fn remove_leg(&mut self, id: LegId) {
        self.void_effects_of(id);
        self.legs.remove(&id);
    }

    fn forget_call_without_legs(&mut self, id: CallId) {
        if self.legs.values().any(|leg| leg.call == id) {
            return;
        }
        self.calls.remove(&id);
    }

    pub(super) fn hang_up(&mut self, leg: LegId, cause: ReleaseCause, prompt: Option<Prompt>) {
        self.void_effects_of(leg);
        self.emit(Action::HangUp(HangUp { leg, cause, q850_cause: cause.q850(), prompt }));
    }

    fn reject(&mut self, leg: LegId, cause: ReleaseCause) {
        self.emit(Action::Reject(Reject { leg, cause, sip_status: cause.sip_status(), q850_cause: cause.q850() }));
    }
}
