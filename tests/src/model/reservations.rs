//! What happens to a reservation, calls apart.

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{MerchantContent, MissedNotice, MissedNoticeForMerchant, NoticeForMerchant, UserContent};
use ringfence::values::id::{MerchantId, ReservationId};
use ringfence::values::input::{Cancel, ChooseMode};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{CallMode, ModeChooser};
use ringfence::values::refusal::{Object, Refusal};
use ringfence::values::reply::{DenyReason, Missed, MissedForMerchant, Outcome, Reply, ReservationState};

use super::calls::Why;
use super::{Model, Reservation, unknown};

impl Model {
    /// Opens a reservation whose window has begun.
    pub(super) fn open(&mut self, id: ReservationId) {
        let silence = self.mode_of_silence();
        let reservation = self.reservation_mut(id);
        reservation.state = ReservationState::Open;
        reservation.chosen.get_or_insert(silence);
        reservation.eligible = reservation.span().start().max(reservation.accepted_at);
    }

    pub(super) fn choose_mode(&mut self, input: &ChooseMode) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let reservation = self.named(id)?.clone();
        if reservation.merchant != input.merchant {
            return Err(unknown(Object::Reservation, id.get()));
        }
        self.merchants_choose()?;
        let legal = vec![ReservationState::AwaitingMode, ReservationState::Scheduled, ReservationState::Open];
        if !legal.contains(&reservation.state) {
            return Err(Refusal::WrongState { reservation: id, state: reservation.state, legal });
        }
        if self.mode_in_force(id) == Some(input.mode) {
            return Ok(Reply::NoOp);
        }
        if self.reservation_of(id).platform_only {
            return Err(Refusal::PlatformCallsOnly { reservation: id });
        }
        let latest = self.latest;
        let reservation = self.reservation_mut(id);
        reservation.chosen = Some(input.mode);
        if reservation.slot.is_some() || reservation.spent.is_some() {
            self.drop_slot(id);
        } else if reservation.state == ReservationState::Open {
            reservation.eligible = reservation.eligible.max(latest);
        } else {
            reservation.state = ReservationState::Scheduled;
        }
        Ok(Reply::Done)
    }

    pub(super) fn cancel(&mut self, input: &Cancel) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let reservation = self.named(id)?;
        if !same_person(&reservation.user, &input.user) && input.user.number() != Some(reservation.contact) {
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
                    if !self.user_has_answered(call, id) {
                        self.end_part(call, id, ReleaseCause::Withdrawn, Why::Other);
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
        self.tell_user(user, UserContent::Cancelled(notice.clone()));
        if announced {
            let (window, zone) = (notice.window, notice.zone);
            self.tell_merchant(merchant, MerchantContent::Cancelled(NoticeForMerchant { reservation: id, window, zone }));
        }
        Ok(Reply::Done)
    }

    /// Closes a reservation, and says so when it was missed.
    pub(super) fn close(&mut self, id: ReservationId, outcome: Outcome) {
        let latest = self.latest;
        let reservation = self.reservation_mut(id);
        reservation.state = ReservationState::Closed;
        let forgotten = reservation.forgotten.is_some() && outcome == Outcome::Cancelled;
        let outcome = if forgotten { Outcome::Forgotten } else { outcome };
        reservation.closed = Some((outcome, latest));
        self.let_rest(id);
        let reservation = self.reservation_mut(id);
        reservation.challenge = None;
        let (user, merchant) = (reservation.user.clone(), reservation.merchant);
        let Outcome::Missed(why) = outcome else { return };
        let notice = self.notice(id);
        let notice =
            MissedNotice { reservation: id, merchant_name: notice.merchant_name, why, window: notice.window, zone: notice.zone };
        self.tell_user(user, UserContent::Missed(notice.clone()));
        let told = MissedNoticeForMerchant { reservation: id, why: for_merchant(why), window: notice.window, zone: notice.zone };
        self.tell_merchant(merchant, MerchantContent::Missed(told));
    }

    /// Closes a reservation whose window is over, or that may not be called again.
    /// `cut_off`: a call of it was just stopped before its user was dialled.
    pub(super) fn close_at_the_end(&mut self, id: ReservationId, cut_off: bool) {
        let talked = self.reservation_of(id).conversations > 0;
        let outcome = if talked { Outcome::Completed } else { Outcome::Missed(self.why_missed(id, cut_off)) };
        self.close(id, outcome);
    }

    pub(super) fn why_missed(&self, id: ReservationId, cut_off: bool) -> Missed {
        let reservation = self.reservation_of(id);
        let end = reservation.span().end();
        if reservation.attempts > 0 {
            Missed::NotReached
        } else if reservation.merchant_failures > 0 {
            Missed::MerchantNotReached
        } else if reservation.platform_failures > 0 {
            Missed::NotCarriedOut
        } else if reservation.unacknowledged {
            Missed::NotAcknowledged
        } else if self.is_listed(reservation.contact) {
            Missed::DoNotCall
        } else if self.is_reservation_frozen(id) {
            Missed::Frozen
        } else if self.mode_in_force(id) == Some(CallMode::MerchantCalls) {
            Missed::NotCalled
        } else if let Some(Outcome::Missed(why)) = reservation.spent {
            why
        } else if reservation.given_up == Some(DenyReason::OutsideHours) {
            Missed::OutsideHours
        } else if reservation.given_up == Some(DenyReason::DailyLimit) {
            Missed::DailyLimit
        } else if reservation.eligible.saturating_add_s(self.policy.min_ring_s.into()) >= end {
            Missed::WindowTooShort
        } else if cut_off || reservation.given_up.is_some_and(|reason| reason != DenyReason::WindowOver) {
            Missed::NotReachedInTime
        } else if self.is_busy(reservation.contact) {
            Missed::NumberBusy
        } else if !self.has_free_channel(reservation.line) {
            Missed::NoChannel
        } else if self.latest == end {
            Missed::NotReachedInTime
        } else {
            Missed::HostLate
        }
    }

    pub(super) fn tell_merchant(&mut self, merchant: MerchantId, content: MerchantContent) {
        let Some(chatbot) = self.merchant_of(merchant).chatbot.clone() else { return };
        self.tell_chatbot(chatbot, content);
    }

    /// Whether the merchants choose how they are called.
    pub(super) fn merchants_choose(&self) -> Result<(), Refusal> {
        match self.policy.mode_chosen_by {
            ModeChooser::Merchant => Ok(()),
            ModeChooser::Platform(_) => Err(Refusal::ModeByPlatform),
        }
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

/// What a merchant is told. Whether the user was on another call is nobody's business but his.
pub(super) fn for_merchant(why: Missed) -> MissedForMerchant {
    match why {
        Missed::NotReached => MissedForMerchant::NotReached,
        Missed::MerchantNotReached => MissedForMerchant::MerchantNotReached,
        Missed::NotCarriedOut => MissedForMerchant::NotCarriedOut,
        Missed::NotCalled => MissedForMerchant::NotCalled,
        Missed::WindowTooShort => MissedForMerchant::WindowTooShort,
        // How often others called him is not the merchant's to know.
        Missed::NumberBusy | Missed::NotReachedInTime | Missed::DailyLimit => MissedForMerchant::NotReachedInTime,
        Missed::OutsideHours => MissedForMerchant::OutsideHours,
        Missed::NoChannel => MissedForMerchant::NoChannel,
        Missed::HostLate => MissedForMerchant::HostLate,
        Missed::NotAcknowledged => MissedForMerchant::NotAcknowledged,
        Missed::DoNotCall => MissedForMerchant::DoNotCall,
        Missed::Frozen => MissedForMerchant::Frozen,
    }
}

/// Who is behind an address, by the rule: the holder of the number, or the mailbox with its host in small letters. A chatbot is nobody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Phone(PhoneNumber),
    Mailbox { name: String, host: String },
}

impl Who {
    pub(super) fn of(address: &Address) -> Option<Self> {
        match address {
            Address::Rcs(number) | Address::Sms(number) | Address::Mms(number) => Some(Self::Phone(*number)),
            Address::Email(mailbox) => {
                let (name, host) = mailbox.split_once('@')?;
                Some(Self::Mailbox { name: name.to_owned(), host: host.to_ascii_lowercase() })
            }
            Address::Chatbot(_) | Address::WeChat(_) => None,
        }
    }
}

/// Whether two addresses are one person's.
pub(super) fn same_person(one: &Address, other: &Address) -> bool {
    Who::of(one).map_or(one == other, |who| Who::of(other) == Some(who))
}
