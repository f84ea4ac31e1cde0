//! Beginning, joining and ending calls.

use super::Appointments;
use super::merchants::check_outbox;
use super::records::{Call, Leg, Origin};
use crate::decisions::aftermath::{Aftermath, Came, aftermath};
use crate::decisions::gate::last_call;
use crate::halves::Context;
use crate::machines::call::{CallEvent, CallState};
use crate::machines::leg::{LegEvent, LegState};
use crate::machines::reservation::ReservationEvent;
use crate::machines::{Machine as _, Step};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{
    Action, Answer, Asked, AuditRecord, CallReason, Dial, HangUp, Join, Judged, Party, Play, Prompt, Reject, Rule, UserDialled,
};
use crate::values::id::{CallId, LegId, ReservationId};
use crate::values::input::{CallTarget, RequestCall};
use crate::values::number::PhoneNumber;
use crate::values::policy::CallMode;
use crate::values::refusal::Refusal;
use crate::values::reply::{Allow, Deny, DenyReason, Outcome, Reply, Verdict};

const MICROS_PER_MILLI: i64 = 1_000;

impl Appointments {
    /// A merchant's line asks for a user (claim 2). A denied call is an answer, not a refusal: it is audited and rejected.
    pub(super) fn request_call(&mut self, cx: &mut Context<'_>, input: &RequestCall) -> Result<Reply, Refusal> {
        let request = *input;
        self.settle_asking(cx, request);
        let verdict = self.gate(cx.policy, request, cx.now);
        if verdict.is_allow() {
            check_outbox(cx)?;
        }
        let leg = LegId::new(self.counters.leg.take());
        let known = self.named_by(request);
        let (revision, window) = (known.map(|known| known.revision), known.map(|known| known.window));
        let reservation = known.map(|known| known.id);
        let rule = match (verdict, window) {
            (Verdict::Deny { reason, .. }, _) => Rule::Denied(reason),
            (Verdict::Allow, Some(window)) => Rule::Permitted { window, mode: CallMode::MerchantCalls },
            // The gate allows nothing that it does not recognize.
            (Verdict::Allow, None) => Rule::Denied(DenyReason::NotRecognized),
        };
        let judged = Judged { leg, target: asked(request.target), reservation, revision, rule };
        cx.audit(AuditRecord::Judged(judged));
        match (verdict, reservation) {
            (Verdict::Deny { reason, retry_at }, _) => {
                cx.emit(reject(leg, ReleaseCause::NotPermitted));
                Ok(Reply::Deny(Deny { leg, reason, retry_at }))
            }
            // The gate allows nothing that it does not recognize.
            (Verdict::Allow, None) => {
                cx.emit(reject(leg, ReleaseCause::NotPermitted));
                Ok(Reply::Deny(Deny { leg, reason: DenyReason::NotRecognized, retry_at: None }))
            }
            (Verdict::Allow, Some(reservation)) => {
                let call = self.begin_call(reservation, CallMode::MerchantCalls, request.line);
                self.add_leg(Leg {
                    id: leg,
                    call,
                    party: Party::Merchant,
                    origin: Origin::Inbound,
                    number: request.line,
                    state: LegState::Ringing,
                    until: cx.now,
                    cause: None,
                    since: cx.outbox.next_sequence(),
                });
                self.dial(cx, call, Party::User);
                Ok(Reply::Allow(Allow { leg, call }))
            }
        }
    }

    /// A line serves the first in its queue. The only place where the platform starts a call by itself.
    pub(super) fn serve(&mut self, cx: &mut Context<'_>, line: PhoneNumber) {
        let first = self.lines.get(line).and_then(|line| line.queue.first().copied());
        let Some(reservation) = first.and_then(|(_, id)| self.reservations.get(id.get())) else { return };
        let id = reservation.id;
        if self.gate_to_begin(cx.policy, reservation, cx.now).is_allow() {
            let call = self.begin_call(id, CallMode::PlatformCalls, line);
            self.dial(cx, call, Party::Merchant);
        } else {
            // Whatever denies here (the window is over, or too little of it is left) will not pass before the window does.
            self.update_reservation(id, |reservation| reservation.eligible_at = reservation.window.end());
        }
    }

    fn begin_call(&mut self, reservation: ReservationId, mode: CallMode, line: PhoneNumber) -> CallId {
        let id = CallId::new(self.counters.call.take());
        let state = match mode {
            CallMode::MerchantCalls => CallState::Gathering,
            CallMode::PlatformCalls => CallState::RingingMerchant,
        };
        self.add_call(Call {
            id,
            reservation,
            line,
            mode,
            state,
            merchant_leg: None,
            user_leg: None,
            is_user_dialled: false,
            is_talked: false,
            answer_by: None,
            talk_until: None,
        });
        self.update_reservation(reservation, |reservation| reservation.state.apply(ReservationEvent::CallBegan));
        id
    }

    /// Dials one party of a call. The caller has asked the gate at this instant.
    fn dial(&mut self, cx: &mut Context<'_>, call: CallId, party: Party) {
        let Some(call) = self.calls.get(call.get()) else { return };
        let Some(reservation) = self.reservations.get(call.reservation.get()) else { return };
        let Some(merchant) = self.catalog.merchants.get(&reservation.merchant) else { return };
        let leg = LegId::new(self.counters.leg.take());
        let (call, from, window) = (call.id, call.line, reservation.window);
        let number = match party {
            Party::Merchant => from,
            Party::User => reservation.contact,
        };
        let until = cx.now.saturating_add_s(u64::from(cx.policy.ring_timeout_s));
        let ring_ms = until.min(window.end()).micros_since(cx.now) / MICROS_PER_MILLI;
        let dial = Dial {
            leg,
            call,
            party,
            to: number,
            from,
            ring_timeout_ms: u32::try_from(ring_ms.max(1)).unwrap_or(u32::MAX),
            not_after: last_call(&window, cx.policy.min_ring_s),
            reason: CallReason {
                reservation: reservation.id,
                merchant_name: merchant.name.clone(),
                offering_name: reservation.offering_name.clone(),
                window,
                zone: reservation.zone,
            },
        };
        if party == Party::User {
            let rule =
                Rule::Permitted { window, mode: self.calls.get(call.get()).map_or(CallMode::MerchantCalls, |call| call.mode) };
            let dialled = UserDialled { leg, call, reservation: reservation.id, revision: reservation.revision, rule };
            cx.audit(AuditRecord::UserDialled(dialled));
        }
        let since = cx.outbox.next_sequence();
        self.add_leg(Leg {
            id: leg,
            call,
            party,
            origin: Origin::Dialled,
            number,
            state: LegState::Dialled,
            until,
            cause: None,
            since,
        });
        cx.emit(Action::Dial(dial));
    }

    /// The merchant's leg was answered. In platform mode the user's turn has come (claim 3); in merchant mode a waiting user is joined.
    pub(super) fn merchant_answered(&mut self, cx: &mut Context<'_>, id: CallId, leg: LegId) {
        let step = self.update_call(id, |call| call.state.apply(CallEvent::MerchantAnswered));
        if !matches!(step, Some(Step::To(_))) {
            self.join_if_both(cx, id);
            return;
        }
        let reservation = self.calls.get(id.get()).and_then(|call| self.reservations.get(call.reservation.get()));
        let Some(reservation) = reservation else { return };
        if self.gate_to_go_on(cx.policy, reservation, cx.now).is_allow() {
            let play = Play { leg, prompt: Prompt::ConnectingUser, not_after: reservation.window.end() };
            cx.emit(Action::Play(play));
            self.dial(cx, id, Party::User);
        } else {
            self.end_call(cx, id, CallEvent::Stopped, ReleaseCause::UserUnreachable, false);
        }
    }

    /// The user's leg was answered: the conversation begins. An inbound merchant leg is answered now, unless it was.
    pub(super) fn user_answered(&mut self, cx: &mut Context<'_>, id: CallId) {
        let merchant_leg = self.calls.get(id.get()).and_then(|call| call.merchant_leg);
        let Some(leg) = merchant_leg.and_then(|leg| self.legs.get(leg.get())) else { return };
        if leg.state.is_unanswered() {
            let not_after = cx.now.saturating_add_s(u64::from(cx.policy.answer_timeout_s));
            cx.emit(Action::Answer(Answer { leg: leg.id, not_after }));
            let leg = leg.id;
            self.update_leg(leg, |leg| leg.origin = Origin::InboundAsked);
            self.update_call(id, |call| call.answer_by = Some(not_after));
        } else {
            self.join_if_both(cx, id);
        }
    }

    /// Puts both legs on the bridge, the merchant's first, if both are answered.
    fn join_if_both(&mut self, cx: &mut Context<'_>, id: CallId) {
        let Some(call) = self.calls.get(id.get()) else { return };
        let (Some(merchant), Some(user)) = (call.merchant_leg, call.user_leg) else { return };
        let is_answered = |leg: LegId| self.legs.get(leg.get()).is_some_and(|leg| leg.state == LegState::Answered);
        if !is_answered(merchant) || !is_answered(user) {
            return;
        }
        for leg in [merchant, user] {
            self.update_leg(leg, |leg| leg.state.apply(LegEvent::Join));
            cx.emit(Action::Join(Join { bridge: id, leg }));
        }
        let talk_until = cx.now.saturating_add_s(u64::from(cx.policy.conversation_max_s));
        self.update_call(id, |call| {
            call.state.apply(CallEvent::Joined);
            call.is_talked = true;
            call.answer_by = None;
            call.talk_until = Some(talk_until);
        });
    }

    /// Whether somebody is on the user's leg: the conversation has begun, and may run on past a cancel or the window's end.
    pub(super) fn is_user_answered(&self, id: CallId) -> bool {
        let leg = self.calls.get(id.get()).and_then(|call| call.user_leg).and_then(|leg| self.legs.get(leg.get()));
        leg.is_some_and(|leg| leg.state.is_answered())
    }

    /// Ends a call by the platform's own decision.
    pub(super) fn stop_call(&mut self, cx: &mut Context<'_>, id: CallId, cause: ReleaseCause) {
        self.end_call(cx, id, CallEvent::Stopped, cause, false);
    }

    /// Ends a call: every leg in the same step, the user's first; then the reservation goes on or closes.
    pub(super) fn end_call(
        &mut self,
        cx: &mut Context<'_>,
        id: CallId,
        event: CallEvent,
        cause: ReleaseCause,
        is_merchant_failure: bool,
    ) {
        let step = self.update_call(id, |call| call.state.apply(event));
        if !matches!(step, Some(Step::To(_))) {
            return;
        }
        let Some(call) = self.calls.get(id.get()) else { return };
        // Who changes the terms while his phone rings has not failed to be reached.
        let came = if cause == ReleaseCause::Amended { Came::Nothing } else { call.came(is_merchant_failure) };
        let (reservation, legs) = (call.reservation, call.legs());
        for leg in legs {
            self.release(cx, leg, cause);
        }
        self.drop_if_over(id);
        self.after_call(cx, reservation, came);
    }

    /// Ends one leg: an inbound leg that nobody was asked to answer is rejected and gone at once; any other is hung up.
    fn release(&mut self, cx: &mut Context<'_>, id: LegId, cause: ReleaseCause) {
        let Some(leg) = self.legs.get(id.get()) else { return };
        cx.outbox.void_leg(id, leg.since);
        if leg.origin == Origin::Inbound && leg.state.is_unanswered() {
            cx.emit(reject(id, cause));
            self.remove_leg(id);
            return;
        }
        let prompt = if leg.state == LegState::Answered { apology(leg.party, cause) } else { None };
        let until = cx.now.saturating_add_s(u64::from(cx.policy.release_grace_s));
        let step = self.update_leg(id, |leg| {
            let step = leg.state.apply(LegEvent::HangUp);
            if matches!(step, Step::To(_)) {
                leg.until = until;
                leg.cause = Some(cause);
            }
            step
        });
        if matches!(step, Some(Step::To(_))) {
            cx.emit(hang_up(id, cause, prompt));
        }
    }

    /// What the end of a call means for its reservation.
    fn after_call(&mut self, cx: &mut Context<'_>, id: ReservationId, came: Came) {
        let pending = self.update_reservation(id, |reservation| {
            let terms = reservation.pending.take();
            let is_agreed = terms.as_ref().map(|terms| terms.is_agreed);
            if let Some(terms) = terms {
                reservation.set_terms(*terms);
            }
            is_agreed
        });
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let next = aftermath(reservation.tally(), came, reservation.withdrawal(), &reservation.window, cx.policy, cx.now);
        self.update_reservation(id, |reservation| reservation.count(came));
        let outcome = match next {
            Aftermath::Reopen { eligible_at } => {
                self.update_reservation(id, |reservation| {
                    reservation.eligible_at = eligible_at;
                    reservation.rest_until = Some(eligible_at);
                    reservation.state.apply(ReservationEvent::CallOver)
                });
                if let Some(is_agreed) = pending.flatten() {
                    self.place_amended(cx, id, is_agreed, None);
                }
                return;
            }
            Aftermath::Complete => Outcome::Completed,
            Aftermath::Cancel => Outcome::Cancelled,
            Aftermath::Decline => Outcome::Declined,
            Aftermath::Miss => match self.reservations.get(id.get()) {
                Some(reservation) => self.outcome_at_end(reservation, cx.policy),
                None => return,
            },
        };
        self.close(cx, id, ReservationEvent::CallOverForGood, outcome);
    }
}

/// What was asked for, as a record names it.
const fn asked(target: CallTarget) -> Asked {
    match target {
        CallTarget::Reservation(id) => Asked::Reservation(id),
        CallTarget::Number(_) => Asked::UnknownNumber,
    }
}

/// What an answered leg hears before it is hung up.
const fn apology(party: Party, cause: ReleaseCause) -> Option<Prompt> {
    match (party, cause) {
        (Party::User, ReleaseCause::OtherSideGone) => Some(Prompt::MerchantGone),
        (Party::Merchant, ReleaseCause::UserBusy | ReleaseCause::NoAnswer | ReleaseCause::UserUnreachable) => {
            Some(Prompt::UserUnreachable)
        }
        (
            Party::User,
            ReleaseCause::Normal
            | ReleaseCause::WindowEnded
            | ReleaseCause::Withdrawn
            | ReleaseCause::NoAnswer
            | ReleaseCause::UserBusy
            | ReleaseCause::UserUnreachable
            | ReleaseCause::TimeLimit
            | ReleaseCause::NotPermitted
            | ReleaseCause::Amended
            | ReleaseCause::Unknown,
        )
        | (
            Party::Merchant,
            ReleaseCause::Normal
            | ReleaseCause::WindowEnded
            | ReleaseCause::Withdrawn
            | ReleaseCause::OtherSideGone
            | ReleaseCause::TimeLimit
            | ReleaseCause::NotPermitted
            | ReleaseCause::Amended
            | ReleaseCause::Unknown,
        ) => None,
    }
}

/// A `hang_up` for this cause.
pub(super) const fn hang_up(leg: LegId, cause: ReleaseCause, prompt: Option<Prompt>) -> Action {
    Action::HangUp(HangUp { leg, cause, q850_cause: cause.q850(), prompt })
}

const fn reject(leg: LegId, cause: ReleaseCause) -> Action {
    Action::Reject(Reject { leg, cause, sip_status: cause.sip_status(), q850_cause: cause.q850() })
}
