//! The facts that the gate judges by, as they stand at an instant.
//!
//! A call or a leg whose own end has come counts as ended, with the consequences that its end would have at that instant. So the
//! answer is the same whether or not a deadline has fired.

use super::Appointments;
use super::records::{Call, Failure, Member, Reservation, Terms};
use crate::decisions::aftermath::{Aftermath, aftermath};
use crate::decisions::gate::{Facts, Standing, judge};
use crate::decisions::grouping::Gathered;
use crate::values::id::{CallId, LegId, ReservationId};
use crate::values::input::{CallTarget, RequestCall};
use crate::values::number::PhoneNumber;
use crate::values::policy::{CallMode, OnWindowClose, Policy};
use crate::values::reply::{ReservationState, Verdict};
use crate::values::time::Timestamp;

impl Appointments {
    /// May this call of a merchant's line begin at this instant?
    pub(crate) fn gate(&self, policy: &Policy, request: RequestCall, at: Timestamp) -> Verdict {
        if let CallTarget::Group(group) = request.target {
            return match self.gather_for(policy, request.line, group, at) {
                Gathered::Members(_) => Verdict::Allow,
                Gathered::Nobody { verdict, .. } => verdict,
            };
        }
        let kept = self.named_by(policy, request, at).filter(|reservation| !self.is_archived_at(policy, reservation, at));
        let facts = kept.map(|reservation| self.facts(policy, reservation, request.line, at));
        judge(at, CallMode::MerchantCalls, policy.min_ring_s, facts.as_ref())
    }

    /// Whether the retention of a closed reservation is over at this instant, fired or not. That of one whose own end comes only now begins now,
    /// and is over at once at the end of time, where it has nowhere to go.
    fn is_archived_at(&self, policy: &Policy, reservation: &Reservation, at: Timestamp) -> bool {
        let archive_at = reservation.closed.map_or(at.saturating_add_s(policy.retention_s.into()), |closed| closed.archive_at);
        archive_at <= at && reservation.calls.iter().all(|call| self.is_call_gone_at(*call, at))
    }

    /// The reservation that is asked for, if it is made with the merchant whose line asks.
    pub(super) fn named_by(&self, policy: &Policy, request: RequestCall, at: Timestamp) -> Option<&Reservation> {
        let merchant = self.lines.get(request.line)?.merchant;
        match request.target {
            CallTarget::Reservation(id) => self.reservations.get(id.get()).filter(|reservation| reservation.merchant == merchant),
            CallTarget::Number(number) => self.meant_by(policy, merchant, number, at),
            CallTarget::Group(_) => None,
        }
    }

    /// The place and the verdict of one of a group, when a merchant's line asks for it; `None` once he is over: his window, or by a call's own end.
    pub(super) fn judge_of_group(
        &self,
        policy: &Policy,
        reservation: &Reservation,
        line: PhoneNumber,
        at: Timestamp,
    ) -> Option<((Timestamp, ReservationId), Verdict)> {
        let facts = self.facts(policy, reservation, line, at);
        // Terms that wait are set when the call ends, and may take him out of the group.
        let set = self.terms_set_at(policy, reservation, at);
        let has_left = set.is_some_and(|terms| !terms.is_agreed || reservation.group_under(terms).is_none());
        let is_over = at >= facts.window.end() || facts.standing == Standing::Closed || has_left;
        let verdict = judge(at, CallMode::MerchantCalls, policy.min_ring_s, Some(&facts));
        Some(((facts.times.eligible_at, reservation.id), verdict)).filter(|_| !is_over)
    }

    /// May the platform call the merchant, and then the user, for this reservation now?
    pub(super) fn gate_to_begin(&self, policy: &Policy, reservation: &Reservation, now: Timestamp) -> Verdict {
        let facts = self.facts_in_span(policy, reservation, now);
        judge(now, CallMode::PlatformCalls, policy.min_ring_s, Some(&facts))
    }

    /// The facts for the platform, which calls in the merchant's slot only.
    fn facts_in_span<'a>(&self, policy: &'a Policy, reservation: &Reservation, now: Timestamp) -> Facts<'a> {
        let mut facts = self.facts(policy, reservation, reservation.line, now);
        facts.window = reservation.span();
        facts.times.hours.window = reservation.span();
        facts
    }

    /// May the platform ring the user now, for this reservation's own call, whose merchant has answered?
    pub(super) fn gate_to_go_on(&self, policy: &Policy, reservation: &Reservation, now: Timestamp) -> Verdict {
        let mut facts = self.facts_in_span(policy, reservation, now);
        facts.in_call = None;
        facts.is_channel_free = true;
        judge(now, CallMode::PlatformCalls, policy.min_ring_s, Some(&facts))
    }

    pub(super) fn facts<'a>(&self, policy: &'a Policy, reservation: &Reservation, line: PhoneNumber, at: Timestamp) -> Facts<'a> {
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
            mode_on_silence: policy.mode_unless_chosen(),
            in_call: None,
            times: self.times(policy, (reservation.window, reservation.zone), reservation.contact, reservation.eligible_at, at),
            is_number_busy: self.is_number_busy(reservation.contact, at),
            is_channel_free: self.is_channel_free(line, at),
            bars: self.bars(reservation.merchant, reservation.contact),
        };
        let call = reservation.call().and_then(|id| self.calls.get(id.get()));
        if let Some((call, member)) = call.and_then(|call| Some((call, call.member(reservation.id)?))) {
            if self.is_over_at(policy, reservation, call, member, at) {
                if let Some(terms) = &reservation.pending {
                    facts.window = terms.window;
                    facts.standing = match (terms.is_agreed, terms.awaits_acknowledgement) {
                        (false, _) => Standing::Unverified,
                        (true, true) => Standing::Unacknowledged,
                        (true, false) => Standing::Agreed,
                    };
                    facts.is_number_busy = self.is_number_busy(terms.contact, at);
                    facts.bars = self.bars(reservation.merchant, terms.contact);
                    facts.times = self.times(policy, (terms.window, terms.zone), terms.contact, reservation.eligible_at, at);
                    if self.will_lack_number(policy, reservation, terms, at) {
                        facts.mode = Some(CallMode::PlatformCalls);
                    }
                }
                // The end of the slot is nobody's failure.
                let came = member.came(if self.is_cut_by_slot(reservation, call, member, at) {
                    Failure::None
                } else {
                    Failure::Merchant
                });
                match aftermath(reservation.tally(), came, reservation.withdrawal(), &facts.window, policy, at) {
                    Aftermath::Reopen { eligible_at } => {
                        let start = reservation.pending.as_ref().map_or(eligible_at, |terms| terms.window.start());
                        facts.times.eligible_at = eligible_at.max(start);
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
    fn is_over_at(&self, policy: &Policy, reservation: &Reservation, call: &Call, member: &Member, at: Timestamp) -> bool {
        let is_cut = match policy.on_window_close {
            OnWindowClose::Continue => false,
            OnWindowClose::HangUp => !reservation.is_window_judged && reservation.window.end() <= at,
        };
        self.expires_at(call, member).is_some_and(|end| end <= at)
            || (is_cut && reservation.pending.is_some())
            || self.is_cut_by_slot(reservation, call, member, at)
    }

    /// Whether the end of the slot has ended the call at this instant, before anything else did: a phone rang.
    fn is_cut_by_slot(&self, reservation: &Reservation, call: &Call, member: &Member, at: Timestamp) -> bool {
        let is_first = |end: Timestamp| end <= at && self.expires_at(call, member).is_none_or(|expiry| end < expiry);
        reservation.slot.is_some_and(|slot| is_first(slot.end())) && !self.is_user_answered(call.id, reservation.id)
    }

    /// The terms that waited for the end of a call which has ended by itself at this instant, fired or not: they hold then.
    pub(super) fn terms_set_at(&self, policy: &Policy, reservation: &Reservation, at: Timestamp) -> Option<&Terms> {
        let call = self.calls.get(reservation.call()?.get())?;
        let is_over = self.is_over_at(policy, reservation, call, call.member(reservation.id)?, at);
        // The records are this half's own: they outlive the answer.
        self.reservations.get(reservation.id.get())?.pending.as_deref().filter(|_| is_over)
    }

    /// When a user's part in a call ends by itself if nothing is reported: a ring time, the wait for an answer, the longest conversation. (The
    /// window's end is judged before.)
    fn expires_at(&self, call: &Call, member: &Member) -> Option<Timestamp> {
        let legs = member.leg.into_iter().chain(call.merchant_leg).filter_map(|id| self.legs.get(id.get()));
        let ring_times = legs.filter(|leg| leg.state.is_unanswered()).filter_map(|leg| leg.deadline());
        ring_times.chain(call.deadline()).min()
    }

    fn is_number_busy(&self, number: PhoneNumber, at: Timestamp) -> bool {
        let Some(contact) = self.contacts.get(number) else { return false };
        let leg = contact.leg.and_then(|id| self.legs.get(id.get()));
        let call = contact.rung_for.and_then(|id| self.calls.get(id.get()));
        leg.is_some_and(|leg| !leg.is_gone_at(at)) || call.is_some_and(|call| !self.is_over_for(call, number, at))
    }

    /// Whether the call in which a merchant is rung for this number has come to its end at this instant, fired or not.
    fn is_over_for(&self, call: &Call, number: PhoneNumber, at: Timestamp) -> bool {
        call.members.iter().filter(|member| !member.is_out).all(|member| {
            let reservation = self.reservations.get(member.reservation.get()).filter(|known| known.contact == number);
            let is_span_over = reservation.is_none_or(|known| known.span().end() <= at);
            is_span_over || self.expires_at(call, member).is_some_and(|end| end <= at)
        })
    }

    /// Whether fewer calls count on the line at this instant than it has channels. A call whose last grace is over counts no more, so only the
    /// legs whose grace is over are looked at.
    fn is_channel_free(&self, number: PhoneNumber, at: Timestamp) -> bool {
        self.lines.get(number).is_some_and(|line| {
            line.has_free_channel() || {
                let excess = usize::try_from(line.live().saturating_sub(line.channels)).unwrap_or(usize::MAX);
                let mut gone = line.released_by(at).filter(|leg| self.is_first_of_gone_call(*leg, number, at));
                gone.nth(excess).is_some()
            }
        })
    }

    /// Whether every leg of this leg's call is gone at this instant, and this one is the first of them: so each call is counted once.
    fn is_first_of_gone_call(&self, leg: LegId, line: PhoneNumber, at: Timestamp) -> bool {
        let call = self.legs.get(leg.get()).and_then(|leg| self.calls.get(leg.call.get()));
        call.is_some_and(|call| call.line == line && call.legs().next() == Some(leg) && self.is_call_gone_at(call.id, at))
    }

    /// Whether every leg of the call is gone at this instant, reported or not.
    fn is_call_gone_at(&self, id: CallId, at: Timestamp) -> bool {
        self.calls.get(id.get()).is_some_and(|call| {
            let mut legs = call.legs().filter_map(|id| self.legs.get(id.get()));
            legs.all(|leg| leg.is_gone_at(at))
        })
    }
}
