//! The facts that the gate judges by, as they stand at an instant.
//!
//! A call or a leg whose own end has come counts as ended, with the consequences that its end would have at that instant. So the
//! answer is the same whether or not a deadline has fired.

use super::Appointments;
use super::records::{Call, Reservation};
use crate::decisions::aftermath::{Aftermath, aftermath};
use crate::decisions::gate::{Facts, Standing, judge};
use crate::values::id::CallId;
use crate::values::input::{CallTarget, RequestCall};
use crate::values::number::PhoneNumber;
use crate::values::policy::{CallMode, OnWindowClose, Policy};
use crate::values::reply::{ReservationState, Verdict};
use crate::values::time::Timestamp;

impl Appointments {
    /// May this call of a merchant's line begin at this instant?
    pub(crate) fn gate(&self, policy: &Policy, request: RequestCall, at: Timestamp) -> Verdict {
        let kept = self.named_by(request).filter(|reservation| !self.is_archived_at(reservation, at));
        let facts = kept.map(|reservation| self.facts(policy, reservation, request.line, at));
        judge(at, CallMode::MerchantCalls, policy.min_ring_s, facts.as_ref())
    }

    /// Whether the retention of a closed reservation is over at this instant, fired or not.
    fn is_archived_at(&self, reservation: &Reservation, at: Timestamp) -> bool {
        let is_over = reservation.closed.is_some_and(|closed| closed.archive_at <= at);
        is_over && reservation.calls.iter().all(|call| self.is_call_gone_at(*call, at))
    }

    /// The reservation that is asked for, if it is made with the merchant whose line asks.
    pub(super) fn named_by(&self, request: RequestCall) -> Option<&Reservation> {
        let merchant = self.lines.get(request.line)?.merchant;
        let id = match request.target {
            CallTarget::Reservation(id) => id,
            CallTarget::Number(_) => return None,
        };
        self.reservations.get(id.get()).filter(|reservation| reservation.merchant == merchant)
    }

    /// May the platform call the merchant, and then the user, for this reservation now?
    pub(super) fn gate_to_begin(&self, policy: &Policy, reservation: &Reservation, now: Timestamp) -> Verdict {
        let facts = self.facts(policy, reservation, reservation.line, now);
        judge(now, CallMode::PlatformCalls, policy.min_ring_s, Some(&facts))
    }

    /// May the platform ring the user now, for this reservation's own call, whose merchant has answered?
    pub(super) fn gate_to_go_on(&self, policy: &Policy, reservation: &Reservation, now: Timestamp) -> Verdict {
        let mut facts = self.facts(policy, reservation, reservation.line, now);
        facts.in_call = None;
        facts.is_channel_free = true;
        judge(now, CallMode::PlatformCalls, policy.min_ring_s, Some(&facts))
    }

    fn facts(&self, policy: &Policy, reservation: &Reservation, line: PhoneNumber, at: Timestamp) -> Facts {
        let mut facts = Facts {
            window: reservation.window,
            standing: match reservation.state {
                ReservationState::Closed => Standing::Closed,
                ReservationState::Unverified => Standing::Unverified,
                ReservationState::AwaitingMode
                | ReservationState::Scheduled
                | ReservationState::Open
                | ReservationState::InCall => {
                    if reservation.awaits_acknowledgement {
                        Standing::Unacknowledged
                    } else {
                        Standing::Agreed
                    }
                }
            },
            mode: reservation.mode,
            mode_on_silence: policy.mode_on_silence,
            in_call: None,
            eligible_at: reservation.eligible_at,
            is_number_busy: self.is_number_busy(reservation.contact, at),
            is_channel_free: self.is_channel_free(line, at),
        };
        if let Some(call) = reservation.call().and_then(|id| self.calls.get(id.get())) {
            if self.is_over_at(policy, reservation, call, at) {
                if let Some(terms) = &reservation.pending {
                    facts.window = terms.window;
                    facts.standing = match (terms.is_agreed, terms.awaits_acknowledgement) {
                        (false, _) => Standing::Unverified,
                        (true, true) => Standing::Unacknowledged,
                        (true, false) => Standing::Agreed,
                    };
                    facts.is_number_busy = self.is_number_busy(terms.contact, at);
                }
                let came = call.came(true);
                match aftermath(reservation.tally(), came, reservation.withdrawal(), &facts.window, policy, at) {
                    Aftermath::Reopen { eligible_at } => {
                        let start = reservation.pending.as_ref().map_or(eligible_at, |terms| terms.window.start());
                        facts.eligible_at = eligible_at.max(start);
                    }
                    Aftermath::Complete | Aftermath::Miss | Aftermath::Cancel | Aftermath::Decline => {
                        facts.standing = Standing::Closed;
                    }
                }
            } else {
                facts.in_call = Some(call.mode);
            }
        }
        facts
    }

    /// Whether the call has ended by itself at this instant. The end of the window matters only where other terms wait for it: without them
    /// the window is judged before the call is.
    fn is_over_at(&self, policy: &Policy, reservation: &Reservation, call: &Call, at: Timestamp) -> bool {
        let is_cut = match policy.on_window_close {
            OnWindowClose::Continue => false,
            OnWindowClose::HangUp => !reservation.is_window_judged && reservation.window.end() <= at,
        };
        self.expires_at(call).is_some_and(|end| end <= at) || (is_cut && reservation.pending.is_some())
    }

    /// When the call ends by itself if nothing is reported: a ring time, the wait for an answer, the longest conversation. (The window's
    /// end is judged before.)
    fn expires_at(&self, call: &Call) -> Option<Timestamp> {
        let legs = call.legs().filter_map(|id| self.legs.get(id.get()));
        let ring_times = legs.filter(|leg| leg.state.is_unanswered()).filter_map(|leg| leg.deadline());
        ring_times.chain(call.deadline()).min()
    }

    fn is_number_busy(&self, number: PhoneNumber, at: Timestamp) -> bool {
        let leg = self.contacts.leg(number).and_then(|id| self.legs.get(id.get()));
        leg.is_some_and(|leg| !leg.is_gone_at(at))
    }

    fn is_channel_free(&self, line: PhoneNumber, at: Timestamp) -> bool {
        self.lines.get(line).is_some_and(|line| {
            line.has_free_channel() || {
                let gone = line.calls.iter().filter(|call| self.is_call_gone_at(**call, at)).count();
                line.live().saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX)) < line.channels
            }
        })
    }

    /// Whether every leg of the call is gone at this instant, reported or not.
    fn is_call_gone_at(&self, id: CallId, at: Timestamp) -> bool {
        self.calls.get(id.get()).is_some_and(|call| {
            let mut legs = call.legs().filter_map(|id| self.legs.get(id.get()));
            legs.all(|leg| leg.is_gone_at(at))
        })
    }
}
