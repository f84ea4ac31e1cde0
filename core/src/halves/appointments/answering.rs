//! The two answers to a reservation: the merchant declines, the user acknowledges.

use super::Appointments;
use super::merchants::{check_outbox, check_text, legal};
use crate::halves::Context;
use crate::machines::reservation::ReservationEvent;
use crate::machines::{Machine as _, Step};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{AcknowledgedRecord, AuditRecord, DeclinedNotice, DeclinedRecord, UserContent};
use crate::values::input::{Acknowledge, Decline};
use crate::values::refusal::{Object, Refusal};
use crate::values::reply::{Outcome, Reply, ReservationState};
use crate::values::text::MaskedText;

/// What an acknowledgement emits: an audit.
const ACKNOWLEDGING_EFFECTS: usize = 1;

impl Appointments {
    /// A merchant will not call: what rings is ended at once, a conversation is left alone.
    pub(super) fn decline(&mut self, cx: &mut Context<'_>, input: &Decline) -> Result<Reply, Refusal> {
        let id = input.reservation;
        self.settle_reservation(cx, id);
        let missing = self.missing_reservation(id);
        let reservation = self.reservations.get(id.get()).ok_or(missing)?;
        if reservation.merchant != input.merchant {
            return Err(Refusal::Unknown { object: Object::Reservation, id: id.get() });
        }
        if let Some(reason) = &input.reason {
            check_text(reason, cx.policy)?;
        }
        let is_declined = reservation.is_declined || reservation.closed.is_some_and(|closed| closed.outcome == Outcome::Declined);
        if is_declined {
            return Ok(Reply::NoOp);
        }
        let (revision, call) = (reservation.revision, reservation.call());
        match reservation.state.on(ReservationEvent::Declined) {
            Step::NotAllowed => {
                let legal = legal(ReservationEvent::Declined);
                return Err(Refusal::WrongState { reservation: id, state: reservation.state, legal });
            }
            Step::To(_) => self.close(cx, id, ReservationEvent::Declined, Outcome::Declined),
            Step::NoOp if reservation.is_cancelled => return Err(Refusal::Ending { reservation: id }),
            Step::NoOp => {
                self.update_reservation(id, |reservation| reservation.is_declined = true);
                if let Some(call) = call.filter(|call| !self.is_user_answered(*call, id)) {
                    self.stop_for(cx, call, id, ReleaseCause::Withdrawn);
                }
            }
        }
        cx.audit(AuditRecord::Declined(DeclinedRecord { reservation: id, revision }));
        let reason = input.reason.as_deref().map(MaskedText::new);
        self.tell_user(cx, id, |notice| {
            UserContent::Declined(DeclinedNotice {
                reservation: notice.reservation,
                merchant_name: notice.merchant_name,
                reason,
                window: notice.window,
                zone: notice.zone,
            })
        });
        Ok(Reply::Done)
    }

    /// A user confirms the result of his booking, or of his last change.
    pub(super) fn acknowledge(&mut self, cx: &mut Context<'_>, input: &Acknowledge) -> Result<Reply, Refusal> {
        let id = input.reservation;
        self.settle_reservation(cx, id);
        let missing = self.missing_reservation(id);
        let reservation = self.reservations.get(id.get()).ok_or(missing)?;
        if !reservation.belongs_to(&input.user) {
            return Err(Refusal::Unknown { object: Object::Reservation, id: id.get() });
        }
        if reservation.state.on(ReservationEvent::Acknowledged) == Step::NotAllowed {
            let legal = legal(ReservationEvent::Acknowledged);
            return Err(Refusal::WrongState { reservation: id, state: reservation.state, legal });
        }
        let terms = reservation.terms();
        if !terms.awaits_acknowledgement {
            return Ok(Reply::NoOp);
        }
        check_outbox(cx, ACKNOWLEDGING_EFFECTS)?;
        let now = cx.now;
        self.update_reservation(id, |reservation| {
            match &mut reservation.pending {
                Some(terms) => terms.awaits_acknowledgement = false,
                None => reservation.awaits_acknowledgement = false,
            }
            if reservation.state == ReservationState::Open {
                reservation.eligible_at = reservation.eligible_at.max(now);
            }
            reservation.state.apply(ReservationEvent::Acknowledged);
        });
        cx.audit(AuditRecord::Acknowledged(AcknowledgedRecord { reservation: id, revision: terms.revision }));
        Ok(Reply::Done)
    }
}
