//! The gate: may this call ring now?

use ringfence::values::id::{CallId, ReservationId};
use ringfence::values::input::{CallTarget, RequestCall};
use ringfence::values::number::PhoneNumber;
use ringfence::values::policy::CallMode;
use ringfence::values::reply::{DenyReason, ReservationState, Verdict};
use ringfence::values::time::Timestamp;

use super::numbers::NOBODY_KNOWN;
use super::{LegState, Model};

/// Who wants to ring.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asker {
    /// A merchant's line, or one that claims to be.
    Line(PhoneNumber),
    /// The platform itself; for a call that has begun already, that call aside.
    Platform {
        /// That call.
        own: Option<CallId>,
    },
}

impl Model {
    /// The mode in force at the latest instant; `None` when nobody has chosen and the window has not begun.
    pub(super) fn mode_in_force(&self, id: ReservationId) -> Option<CallMode> {
        let reservation = self.reservation_of(id);
        let silence = (self.latest >= reservation.window.start()).then_some(self.mode_of_silence());
        reservation.chosen.or(silence)
    }

    /// The gate reads time and not deadlines: a copy settles what matters to the question, and answers.
    pub(super) fn judge_by_time(&self, asker: Asker, id: ReservationId) -> Verdict {
        let line = match asker {
            Asker::Line(line) => Some(line),
            Asker::Platform { .. } => self.reservations.get(&id).map(|reservation| reservation.line),
        };
        let mut copy = self.clone();
        if let Some(line) = line {
            let touched = copy.touched_by_request(line, [id].into());
            copy.settle(&touched);
        }
        copy.judge(asker, id)
    }

    /// The same for what a merchant asks.
    pub(super) fn judge_request_by_time(&self, request: RequestCall) -> Verdict {
        let mut copy = self.clone();
        let touched = copy.touched_by_request(request.line, copy.may_mean(request));
        copy.settle(&touched);
        if let CallTarget::Group(group) = request.target {
            return copy.judge_group(request.line, group).1;
        }
        copy.meant_by(request).map_or(NOBODY_KNOWN, |id| copy.judge(Asker::Line(request.line), id))
    }

    /// The table of the rules, from top to bottom, at the latest instant, once everything that matters is settled.
    pub(super) fn judge(&self, asker: Asker, id: ReservationId) -> Verdict {
        let at = self.latest;
        let Some(reservation) = self.reservations.get(&id) else { return deny(DenyReason::NotRecognized) };
        let (line, own, wanted) = match asker {
            Asker::Line(line) => (line, None, CallMode::MerchantCalls),
            Asker::Platform { own } => (reservation.line, own, CallMode::PlatformCalls),
        };
        let span = if wanted == CallMode::PlatformCalls { reservation.span() } else { reservation.window };
        let (start, end) = (span.start(), span.end());
        let others = || self.live_calls_of(id).into_iter().filter(|call| Some(*call) != own);
        let rung_by_us = || others().any(|call| self.call_of(call).mode == CallMode::PlatformCalls);
        let occupied = self.calls.iter().filter(|(call, kept)| kept.line == line && Some(**call) != own).count();

        if self.merchant_of_line(line) != Some(reservation.merchant) {
            deny(DenyReason::NotRecognized)
        } else if at >= end || (wanted == CallMode::PlatformCalls && reservation.spent.is_some()) {
            // A slot that is over stands for the window too.
            deny(DenyReason::WindowOver)
        } else if reservation.state == ReservationState::Closed {
            deny(DenyReason::Closed)
        } else if reservation.state == ReservationState::Unverified {
            deny(DenyReason::Unverified)
        } else if reservation.unacknowledged {
            deny(DenyReason::Unacknowledged)
        } else if self.is_listed(reservation.contact) {
            deny(DenyReason::DoNotCall)
        } else if self.is_reservation_frozen(id) {
            deny(DenyReason::Frozen)
        } else if at < start {
            deny_until(DenyReason::BeforeWindow, start)
        } else if wanted == CallMode::MerchantCalls && rung_by_us() {
            deny(DenyReason::PlatformIsCalling)
        } else if self.mode_in_force(id) != Some(wanted) {
            deny(DenyReason::WrongMode)
        } else if others().next().is_some() {
            deny(DenyReason::InCall)
        } else if let Some(pause) = self.pause(id) {
            pause
        } else if at.saturating_add_s(self.policy.min_ring_s.into()) >= end {
            deny(DenyReason::WindowClosing)
        } else if self.is_on_a_leg(reservation.contact)
            || self.rung_for(reservation.contact).is_some_and(|call| Some(call) != own)
        {
            deny(DenyReason::NumberBusy)
        } else if occupied >= self.channels_of(line) {
            deny(DenyReason::NoChannel)
        } else {
            Verdict::Allow
        }
    }

    /// Whether this user of a call has answered and is there, be he joined or not.
    pub(super) fn user_has_answered(&self, call: CallId, user: ReservationId) -> bool {
        let leg = self.leg_of(call, user).map(|leg| self.legs[&leg].state);
        matches!(leg, Some(LegState::Answered | LegState::Joined))
    }
}

const fn deny(reason: DenyReason) -> Verdict {
    Verdict::Deny { reason, retry_at: None }
}

const fn deny_until(reason: DenyReason, retry_at: Timestamp) -> Verdict {
    Verdict::Deny { reason, retry_at: Some(retry_at) }
}
