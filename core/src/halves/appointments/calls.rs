//! Beginning, joining and ending calls.

use alloc::vec::Vec;

use super::Appointments;
use super::merchants::check_outbox;
use super::records::{Call, Failure, Leg, Member, Origin, Reservation};
use crate::decisions::aftermath::{Aftermath, Came, aftermath};
use crate::decisions::gate::last_call;
use crate::decisions::grouping::Gathered;
use crate::halves::Context;
use crate::machines::call::{CallEvent, CallState};
use crate::machines::leg::{LegEvent, LegState};
use crate::machines::reservation::ReservationEvent;
use crate::machines::{Machine as _, Step};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{
    Action, Answer, AuditRecord, CallReason, Dial, DialWithdrawn, HangUp, Join, Judged, Party, Play, Prompt, Reject, Rule,
    UserDialled,
};
use crate::values::id::{CallId, LegId, ReservationId};
use crate::values::input::{CallTarget, RequestCall};
use crate::values::number::{PhoneNumber, VirtualNumber};
use crate::values::policy::{CallMode, Policy};
use crate::values::refusal::Refusal;
use crate::values::reply::{Allow, Deny, DenyReason, Outcome, Reply, Verdict};
use crate::values::time::Timestamp;

const MICROS_PER_MILLI: i64 = 1_000;
/// What a request emits at most: the verdict's audit, the audit of the dialled user and his `dial`.
const REQUEST_EFFECTS: usize = 3;

impl Appointments {
    /// A merchant's line asks for a user (claim 2). A denied call is an answer, not a refusal: it is audited and rejected.
    pub(super) fn request_call(&mut self, cx: &mut Context<'_>, input: &RequestCall) -> Result<Reply, Refusal> {
        let request = *input;
        self.settle_asking(cx, request);
        // Denied or allowed: a line that nobody knows must not fill the outbox either. There is no verdict then, and nothing to audit (P17).
        check_outbox(cx, self.request_effects(request))?;
        let (verdict, members, known) = self.judge_request(cx.policy, request, cx.now);
        let leg = LegId::new(cx.commons.ids.leg.take());
        let known = known.and_then(|id| self.reservations.get(id.get()));
        let (revision, window) = (known.map(|known| known.revision), known.map(|known| known.window));
        let reservation = known.map(|known| known.id);
        let rule = match (verdict, window) {
            (Verdict::Deny { reason, .. }, _) => Rule::Denied(reason),
            (Verdict::Allow, Some(window)) => Rule::Permitted { window, mode: CallMode::MerchantCalls },
            // The gate allows nothing that it does not recognize.
            (Verdict::Allow, None) => Rule::Denied(DenyReason::NotRecognized),
        };
        let judged = Judged { leg, target: self.as_recorded(request.target), reservation, revision, rule };
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
                let members = members.unwrap_or_else(|| alloc::vec![reservation]);
                let call = self.begin_call(&members, CallMode::MerchantCalls, request.line);
                self.audit_group(cx, call, &members);
                self.add_leg(Leg {
                    id: leg,
                    call,
                    party: Party::Merchant,
                    reservation: None,
                    origin: Origin::Inbound,
                    number: request.line,
                    state: LegState::Ringing,
                    until: cx.now,
                    cause: None,
                });
                for member in members {
                    self.dial(cx, call, member, Party::User);
                }
                Ok(Reply::Allow(Allow { leg, call }))
            }
        }
    }

    /// What a request emits at most: of a group, the verdict's audit, the group's, and two for each user who may be rung.
    fn request_effects(&self, request: RequestCall) -> usize {
        match request.target {
            CallTarget::Reservation(_) | CallTarget::Number(_) => REQUEST_EFFECTS,
            CallTarget::Group(group) => {
                let size = self.groups.get(group).map_or(1, |group| group.key.size);
                let users = self.live_of_group(request.line, group).take(usize::try_from(size).unwrap_or(usize::MAX)).count();
                users.saturating_mul(2).saturating_add(2).max(REQUEST_EFFECTS)
            }
        }
    }

    /// What the gate says of a request; whom a group's call rings; and whom the answer is about, if anybody is known to that line.
    fn judge_request(
        &self,
        policy: &Policy,
        request: RequestCall,
        at: Timestamp,
    ) -> (Verdict, Option<Vec<ReservationId>>, Option<ReservationId>) {
        match request.target {
            CallTarget::Reservation(_) | CallTarget::Number(_) => {
                (self.gate(policy, request, at), None, self.named_by(policy, request, at).map(|known| known.id))
            }
            CallTarget::Group(group) => match self.gather_for(policy, request.line, group, at) {
                Gathered::Members(members) => {
                    let first = members.first().copied();
                    (Verdict::Allow, Some(members), first)
                }
                Gathered::Nobody { reservation, verdict } => (verdict, None, reservation),
            },
        }
    }

    /// A line serves the first in its queue, and whoever shares his call. The only place where the platform starts a call by itself.
    pub(super) fn serve(&mut self, cx: &mut Context<'_>, line: PhoneNumber) {
        let first = self.lines.get(line).and_then(|line| line.queue.first().copied());
        let Some(reservation) = first.and_then(|(_, id)| self.reservations.get(id.get())) else { return };
        let id = reservation.id;
        match self.gather_waiting(cx.policy, reservation, cx.now) {
            Gathered::Members(members) => {
                let call = self.begin_call(&members, CallMode::PlatformCalls, line);
                self.audit_group(cx, call, &members);
                self.dial(cx, call, id, Party::Merchant);
            }
            Gathered::Nobody { verdict: Verdict::Deny { reason, retry_at }, .. } => self.put_off(id, reason, retry_at),
            // Of one candidate who may be rung, somebody is.
            Gathered::Nobody { verdict: Verdict::Allow, .. } => {}
        }
    }

    /// The gate has denied what the platform was about to do. Hours and the limit of a day put it off, if they let it be before the window's end; what somebody
    /// barred may be let on again, and stands aside until then. Anything else will not pass before the window does, and it is given up: the window is over, or
    /// too little of it is left. (A busy number stands aside in the queue, and is nobody else's while the merchant rings.)
    fn put_off(&mut self, id: ReservationId, reason: DenyReason, retry_at: Option<Timestamp>) {
        self.update_reservation(id, |reservation| match (reason, retry_at) {
            (DenyReason::DoNotCall | DenyReason::Frozen, _) => {}
            (DenyReason::OutsideHours | DenyReason::DailyLimit, Some(until)) => reservation.held_until = Some(until),
            (
                DenyReason::OutsideHours
                | DenyReason::DailyLimit
                | DenyReason::NotRecognized
                | DenyReason::WindowOver
                | DenyReason::Closed
                | DenyReason::Unverified
                | DenyReason::Unacknowledged
                | DenyReason::BeforeWindow
                | DenyReason::PlatformIsCalling
                | DenyReason::WrongMode
                | DenyReason::InCall
                | DenyReason::TooSoon
                | DenyReason::WindowClosing
                | DenyReason::NumberBusy
                | DenyReason::NoChannel,
                _,
            ) => reservation.given_up = Some(reason),
        });
    }

    /// New rules hold. Who was given up because too little of his window was left waits again, if enough of it is left under them, at the place that
    /// he had. Looks at every reservation: rules are seldom set.
    pub(crate) fn take_up_again(&mut self, cx: &Context<'_>) {
        let is_again = |kept: &&Reservation| {
            let is_in_time = cx.now < last_call(kept.span().end(), cx.policy.min_ring_s);
            kept.given_up == Some(DenyReason::WindowClosing) && kept.state.is_live() && is_in_time
        };
        let ids: Vec<ReservationId> = self.reservations.in_order().filter(is_again).map(|kept| kept.id).collect();
        for id in ids {
            self.update_reservation(id, |reservation| reservation.given_up = None);
        }
    }

    /// Begins a call with these users. Who they are is fixed with it.
    fn begin_call(&mut self, users: &[ReservationId], mode: CallMode, line: PhoneNumber) -> CallId {
        let id = CallId::new(self.counters.call.take());
        let state = match mode {
            CallMode::MerchantCalls => CallState::Gathering,
            CallMode::PlatformCalls => CallState::RingingMerchant,
        };
        self.add_call(Call {
            id,
            line,
            mode,
            state,
            merchant_leg: None,
            members: users.iter().map(|user| Member::new(*user)).collect(),
            answer_by: None,
            talk_until: None,
        });
        for user in users {
            self.update_reservation(*user, |reservation| reservation.state.apply(ReservationEvent::CallBegan));
        }
        id
    }

    /// Dials one party of a call: this reservation's user, or the merchant for it. The caller has asked the gate at this instant.
    fn dial(&mut self, cx: &mut Context<'_>, call: CallId, reservation: ReservationId, party: Party) {
        let Some(call) = self.calls.get(call.get()) else { return };
        let Some(reservation) = self.reservations.get(reservation.get()) else { return };
        let Some(merchant) = self.catalog.merchants.get(&reservation.merchant) else { return };
        let leg = LegId::new(cx.commons.ids.leg.take());
        let (call, line, window, span) = (call.id, call.line, reservation.window, reservation.span());
        let (number, from) = match party {
            Party::Merchant => (line, reservation.virtual_number.map_or(line, VirtualNumber::number)),
            Party::User => (reservation.contact, line),
        };
        // A user's phone stops at the end of the hours in which it may ring, as at the window's, or the slot's. Their own end is the reservation's deadline.
        let end = match party {
            Party::Merchant => span.end(),
            Party::User => Self::hours(cx.policy, span, reservation.zone).end_from(cx.now),
        };
        let ring_time = cx.now.saturating_add_s(u64::from(cx.policy.ring_timeout_s));
        let until = if end < span.end() { ring_time.min(end) } else { ring_time };
        let ring_ms = until.min(span.end()).micros_since(cx.now) / MICROS_PER_MILLI;
        let dial = Dial {
            leg,
            call,
            party,
            to: number,
            from,
            ring_timeout_ms: u32::try_from(ring_ms.max(1)).unwrap_or(u32::MAX),
            ring_until: until.min(span.end()),
            not_after: last_call(end, cx.policy.min_ring_s),
            reason: CallReason {
                reservation: reservation.id,
                merchant_name: merchant.name.clone(),
                offering_name: reservation.offering_name.clone(),
                window,
                zone: reservation.zone,
            },
            bearer: cx.policy.bearer,
        };
        if party == Party::User {
            let rule =
                Rule::Permitted { window, mode: self.calls.get(call.get()).map_or(CallMode::MerchantCalls, |call| call.mode) };
            let dialled = UserDialled { leg, call, reservation: reservation.id, revision: reservation.revision, rule };
            cx.audit(AuditRecord::UserDialled(dialled));
        }
        let whose = Some(reservation.id).filter(|_| party == Party::User);
        self.add_leg(Leg {
            id: leg,
            call,
            party,
            reservation: whose,
            origin: Origin::Dialled,
            number,
            state: LegState::Dialled,
            until,
            cause: None,
        });
        if party == Party::User {
            self.count_ring(cx, number, leg);
        }
        cx.emit(Action::Dial(dial));
    }

    /// The merchant's leg was answered. In platform mode the users' turn has come (claim 3); in merchant mode a waiting user is joined.
    pub(super) fn merchant_answered(&mut self, cx: &mut Context<'_>, id: CallId, leg: LegId) {
        let step = self.update_call(id, |call| call.state.apply(CallEvent::MerchantAnswered));
        if !matches!(step, Some(Step::To(_))) {
            // Who answered meanwhile may be gone again, and others still ring: nobody waits for this leg any more.
            self.update_call(id, |call| call.answer_by = None);
            self.join_answered(cx, id);
            return;
        }
        let mut is_anybody_dialled = false;
        let mut index = 0_usize;
        while let Some(member) = self.member(id, index) {
            index = index.saturating_add(1);
            // Whose part is over already waits for another call.
            let reservation = self.reservations.get(member.reservation.get()).filter(|_| !member.is_out);
            let Some(reservation) = reservation else { continue };
            match self.gate_to_go_on(cx.policy, reservation, cx.now) {
                Verdict::Allow => {
                    if !is_anybody_dialled {
                        let play = Play { leg, prompt: Prompt::ConnectingUser, not_after: reservation.span().end() };
                        cx.emit(Action::Play(play));
                    }
                    is_anybody_dialled = true;
                    self.dial(cx, id, member.reservation, Party::User);
                }
                Verdict::Deny { reason, retry_at } => {
                    self.put_off(member.reservation, reason, retry_at);
                    self.stop_for(cx, id, member.reservation, ReleaseCause::UserUnreachable);
                }
            }
        }
    }

    /// A user's leg was answered: his conversation begins. An inbound merchant leg is answered now, unless it was.
    pub(super) fn user_answered(&mut self, cx: &mut Context<'_>, id: CallId) {
        let merchant_leg = self.calls.get(id.get()).and_then(|call| call.merchant_leg);
        let Some(leg) = merchant_leg.and_then(|leg| self.legs.get(leg.get())) else { return };
        if leg.state.is_unanswered() && leg.origin == Origin::InboundAsked {
            // Another user answered before: the leg is asked for already, and this one is joined with it.
            return;
        }
        if leg.state.is_unanswered() {
            let not_after = cx.now.saturating_add_s(u64::from(cx.policy.answer_timeout_s));
            cx.emit(Action::Answer(Answer { leg: leg.id, not_after }));
            let leg = leg.id;
            self.update_leg(leg, |leg| leg.origin = Origin::InboundAsked);
            self.update_call(id, |call| call.answer_by = Some(not_after));
        } else {
            self.join_answered(cx, id);
        }
    }

    /// Puts the merchant on the bridge, and every user who has answered, if there are both.
    fn join_answered(&mut self, cx: &mut Context<'_>, id: CallId) {
        let Some(call) = self.calls.get(id.get()) else { return };
        let state = |leg: LegId| self.legs.get(leg.get()).map(|leg| leg.state);
        let is_waiting = |member: &Member| member.leg.and_then(state) == Some(LegState::Answered);
        let Some(merchant) = call.merchant_leg.filter(|leg| state(*leg).is_some_and(LegState::is_answered)) else { return };
        if !call.members.iter().any(is_waiting) {
            return;
        }
        if state(merchant) == Some(LegState::Answered) {
            self.join(cx, id, merchant);
        }
        let mut index = 0_usize;
        while let Some(member) = self.member(id, index) {
            index = index.saturating_add(1);
            let waiting = member.leg.filter(|leg| self.legs.get(leg.get()).is_some_and(|leg| leg.state == LegState::Answered));
            let Some(leg) = waiting else { continue };
            self.join(cx, id, leg);
            self.update_call(id, |call| {
                if let Some(member) = call.member_mut(member.reservation) {
                    member.is_talked = true;
                }
            });
        }
        let talk_until = cx.now.saturating_add_s(u64::from(cx.policy.conversation_max_s));
        self.update_call(id, |call| {
            call.state.apply(CallEvent::Joined);
            call.answer_by = None;
            call.talk_until.get_or_insert(talk_until);
        });
    }

    fn join(&mut self, cx: &mut Context<'_>, bridge: CallId, leg: LegId) {
        self.update_leg(leg, |leg| leg.state.apply(LegEvent::Join));
        cx.emit(Action::Join(Join { bridge, leg }));
    }

    /// Whether this reservation's user is on his leg: the conversation has begun, and may run on past a cancel or the window's end.
    pub(super) fn is_user_answered(&self, id: CallId, reservation: ReservationId) -> bool {
        let member = self.calls.get(id.get()).and_then(|call| call.member(reservation));
        let leg = member.and_then(|member| member.leg).and_then(|leg| self.legs.get(leg.get()));
        leg.is_some_and(|leg| leg.state.is_answered())
    }

    /// Ends a call by the platform's own decision.
    pub(super) fn stop_call(&mut self, cx: &mut Context<'_>, id: CallId, cause: ReleaseCause) {
        self.end_call(cx, id, CallEvent::Stopped, cause, Failure::None);
    }

    /// Ends this reservation's part in a call by the platform's own decision, and the call with the last of them.
    pub(super) fn stop_for(&mut self, cx: &mut Context<'_>, id: CallId, reservation: ReservationId, cause: ReleaseCause) {
        // Who changes the terms while his phone rings has not failed to be reached.
        let failure = if cause == ReleaseCause::Amended { Failure::Amended } else { Failure::None };
        match self.part(id, reservation) {
            Some(true) => self.end_call(cx, id, CallEvent::Stopped, cause, failure),
            Some(false) => self.end_part(cx, id, reservation, cause, failure),
            None => {}
        }
    }

    /// A user's leg is gone, or its ring time is over: his part ends, and the call with the last of them.
    pub(super) fn user_gone(
        &mut self,
        cx: &mut Context<'_>,
        id: CallId,
        reservation: ReservationId,
        cause: ReleaseCause,
        failure: Failure,
    ) {
        match self.part(id, reservation) {
            Some(true) => self.end_call(cx, id, CallEvent::LastUserGone, cause, failure),
            Some(false) => {
                self.update_call(id, |call| call.state.apply(CallEvent::UserGone));
                self.end_part(cx, id, reservation, cause, failure);
            }
            None => {}
        }
    }

    /// Whether this reservation's user is the last of a call who has a part in it. `None` when his own is over: nothing of the call is about him then.
    fn part(&self, id: CallId, reservation: ReservationId) -> Option<bool> {
        let call = self.calls.get(id.get())?;
        let has_part = call.member(reservation).is_some_and(|member| !member.is_out);
        has_part.then(|| call.is_last(reservation))
    }

    /// Ends a call: every leg in the same step, the users' first; then each reservation goes on or closes.
    pub(super) fn end_call(&mut self, cx: &mut Context<'_>, id: CallId, event: CallEvent, cause: ReleaseCause, failure: Failure) {
        let step = self.update_call(id, |call| call.state.apply(event));
        if !matches!(step, Some(Step::To(_))) {
            return;
        }
        let mut index = 0_usize;
        while let Some(member) = self.member(id, index) {
            index = index.saturating_add(1);
            if let Some(leg) = member.leg {
                self.release(cx, leg, cause);
            }
        }
        if let Some(leg) = self.calls.get(id.get()).and_then(|call| call.merchant_leg) {
            self.release(cx, leg, cause);
        }
        let mut index = 0_usize;
        while let Some(member) = self.member(id, index) {
            index = index.saturating_add(1);
            self.count_part(cx, id, &member, failure);
        }
        self.drop_if_over(id);
    }

    /// Ends one user's part in a call that goes on with others.
    pub(super) fn end_part(
        &mut self,
        cx: &mut Context<'_>,
        id: CallId,
        reservation: ReservationId,
        cause: ReleaseCause,
        failure: Failure,
    ) {
        let Some(member) = self.calls.get(id.get()).and_then(|call| call.member(reservation)).copied() else { return };
        if let Some(leg) = member.leg {
            self.release(cx, leg, cause);
        }
        self.count_part(cx, id, &member, failure);
    }

    /// Counts what a user's part in a call came to, once.
    fn count_part(&mut self, cx: &mut Context<'_>, id: CallId, member: &Member, failure: Failure) {
        if member.is_out {
            return;
        }
        self.set_out(id, member.reservation);
        self.after_call(cx, member.reservation, member.came(failure));
    }

    /// Ends one leg: an inbound leg that nobody was asked to answer is rejected and gone at once; any other is hung up.
    pub(super) fn release(&mut self, cx: &mut Context<'_>, id: LegId, cause: ReleaseCause) {
        let Some(leg) = self.legs.get(id.get()) else { return };
        if cx.outbox.void_leg(id) {
            withdrawn(cx, leg);
        }
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
        let set = self.set_waiting(cx, id);
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let next = aftermath(reservation.tally(), came, reservation.withdrawal(), &reservation.window, cx.policy, cx.now);
        self.update_reservation(id, |reservation| reservation.count(came));
        let outcome = match next {
            Aftermath::Reopen { eligible_at } => {
                let is_slot_over = set.is_none() && self.reservations.get(id.get()).is_some_and(|one| one.is_slot_over(cx.now));
                if is_slot_over {
                    self.slot_over(cx, id, came == Came::Nothing);
                }
                self.update_reservation(id, |reservation| {
                    reservation.eligible_at = eligible_at;
                    reservation.rest_until = Some(eligible_at);
                    reservation.state.apply(ReservationEvent::CallOver);
                    if reservation.spent_slot.is_some() {
                        reservation.state.apply(ReservationEvent::SlotOver);
                    }
                });
                if let Some(set) = set {
                    self.place_amended(cx, id, set.is_agreed(), None);
                    // Of what `amend` itself ended it tells the rest.
                    if came != Came::Amended {
                        self.follow_up(cx, id, &set);
                    }
                }
                return;
            }
            Aftermath::Complete => Outcome::Completed,
            Aftermath::Cancel => Outcome::Cancelled,
            Aftermath::Decline => Outcome::Declined,
            Aftermath::Miss => match self.reservations.get(id.get()) {
                Some(reservation) => self.outcome_at_end(reservation, cx.policy, cx.now, came == Came::Nothing),
                None => return,
            },
        };
        self.close(cx, id, ReservationEvent::CallOverForGood, outcome);
    }
}

/// A `dial` was taken back before anything showed that it was carried out. Of a user's there is a record that says that it was asked for.
pub(super) fn withdrawn(cx: &mut Context<'_>, leg: &Leg) {
    if leg.party == Party::User {
        cx.audit(AuditRecord::DialWithdrawn(DialWithdrawn { leg: leg.id, call: leg.call }));
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
