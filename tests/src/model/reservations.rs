//! What happens to a reservation, calls apart.

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{
    Action, MerchantContent, MissedNotice, MissedNoticeForMerchant, NoticeForMerchant, Send, UserContent,
};
use ringfence::values::id::{MerchantId, ReservationId};
use ringfence::values::input::{Cancel, ChooseMode};
use ringfence::values::policy::CallMode;
use ringfence::values::refusal::{Object, Refusal};
use ringfence::values::reply::{Missed, Outcome, Reply, ReservationState};

use super::calls::Why;
use super::{Model, Reservation, unknown};

impl Model {
    /// Opens a reservation whose window has begun.
    pub(super) fn open(&mut self, id: ReservationId) {
        let silence = self.policy.mode_on_silence;
        let reservation = self.reservation_mut(id);
        reservation.state = ReservationState::Open;
        reservation.chosen.get_or_insert(silence);
        reservation.eligible = reservation.window.start().max(reservation.booked_at);
    }

    pub(super) fn choose_mode(&mut self, input: &ChooseMode) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let reservation = self.named(id)?;
        if reservation.merchant != input.merchant {
            return Err(unknown(Object::Reservation, id.get()));
        }
        let legal = vec![ReservationState::AwaitingMode, ReservationState::Scheduled, ReservationState::Open];
        if !legal.contains(&reservation.state) {
            return Err(Refusal::WrongState { reservation: id, state: reservation.state, legal });
        }
        if self.mode_in_force(id) == Some(input.mode) {
            return Ok(Reply::NoOp);
        }
        let latest = self.latest;
        let reservation = self.reservation_mut(id);
        reservation.chosen = Some(input.mode);
        if reservation.state == ReservationState::Open {
            reservation.eligible = reservation.eligible.max(latest);
        } else {
            reservation.state = ReservationState::Scheduled;
        }
        Ok(Reply::Done)
    }

    pub(super) fn cancel(&mut self, input: &Cancel) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let reservation = self.named(id)?;
        if reservation.user != input.user && input.user.number() != Some(reservation.contact) {
            return Err(unknown(Object::Reservation, id.get()));
        }
        let announced = reservation.announced;
        match reservation.state {
            ReservationState::Closed if matches!(reservation.closed, Some((Outcome::Cancelled, _))) => return Ok(Reply::NoOp),
            ReservationState::Closed => {
                let legal = vec![
                    ReservationState::Unverified,
                    ReservationState::AwaitingMode,
                    ReservationState::Scheduled,
                    ReservationState::Open,
                    ReservationState::InCall,
                ];
                return Err(Refusal::WrongState { reservation: id, state: ReservationState::Closed, legal });
            }
            ReservationState::InCall if reservation.cancel_pending => return Ok(Reply::NoOp),
            ReservationState::InCall if reservation.decline_pending => return Err(Refusal::Ending { reservation: id }),
            ReservationState::InCall => {
                self.reservation_mut(id).cancel_pending = true;
                for call in self.live_calls_of(id) {
                    if !self.user_has_answered(call) {
                        self.end_call(call, ReleaseCause::Withdrawn, Why::Other);
                    }
                }
            }
            ReservationState::Unverified
            | ReservationState::AwaitingMode
            | ReservationState::Scheduled
            | ReservationState::Open => {
                self.close(id, Outcome::Cancelled);
            }
        }
        let (user, merchant) = (self.reservation_of(id).user.clone(), self.reservation_of(id).merchant);
        let notice = self.notice(id);
        let for_merchant = NoticeForMerchant { reservation: id, window: notice.window, zone: notice.zone };
        self.tell_user(user, UserContent::Cancelled(notice));
        if announced {
            self.tell_merchant(merchant, MerchantContent::Cancelled(for_merchant));
        }
        Ok(Reply::Done)
    }

    /// Closes a reservation, and says so when it was missed.
    pub(super) fn close(&mut self, id: ReservationId, outcome: Outcome) {
        let latest = self.latest;
        let reservation = self.reservation_mut(id);
        reservation.state = ReservationState::Closed;
        reservation.closed = Some((outcome, latest));
        let (user, merchant) = (reservation.user.clone(), reservation.merchant);
        let Outcome::Missed(why) = outcome else { return };
        let notice = self.notice(id);
        let for_merchant = MissedNoticeForMerchant { reservation: id, why, window: notice.window, zone: notice.zone };
        let notice =
            MissedNotice { reservation: id, merchant_name: notice.merchant_name, why, window: notice.window, zone: notice.zone };
        self.tell_user(user, UserContent::Missed(notice));
        self.tell_merchant(merchant, MerchantContent::Missed(for_merchant));
    }

    /// Closes a reservation whose window is over, or that may not be called again.
    pub(super) fn close_at_the_end(&mut self, id: ReservationId) {
        let outcome =
            if self.reservation_of(id).conversations > 0 { Outcome::Completed } else { Outcome::Missed(self.why_missed(id)) };
        self.close(id, outcome);
    }

    fn why_missed(&self, id: ReservationId) -> Missed {
        let reservation = self.reservation_of(id);
        if reservation.attempts > 0 {
            Missed::NotReached
        } else if reservation.merchant_failures > 0 {
            Missed::MerchantNotReached
        } else if reservation.unacknowledged {
            Missed::NotAcknowledged
        } else if self.mode_in_force(id) == Some(CallMode::MerchantCalls) {
            Missed::NotCalled
        } else if self.is_busy(reservation.contact) {
            Missed::NumberBusy
        } else if !self.has_free_channel(reservation.line) {
            Missed::NoChannel
        } else {
            Missed::HostLate
        }
    }

    pub(super) fn tell_merchant(&mut self, merchant: MerchantId, content: MerchantContent) {
        let Some(chatbot) = self.merchant_of(merchant).chatbot.clone() else { return };
        let message = self.next_message();
        self.emit(Action::Send(Send::to_merchant(message, chatbot, content)));
    }

    /// The reservation that an input names.
    pub(super) fn named(&self, id: ReservationId) -> Result<&Reservation, Refusal> {
        let was_given = id.get() > 0 && id.get() <= self.reservations_given;
        let absent = if was_given {
            Refusal::Gone { object: Object::Reservation, id: id.get() }
        } else {
            unknown(Object::Reservation, id.get())
        };
        self.reservations.get(&id).ok_or(absent)
    }
}
