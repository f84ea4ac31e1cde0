//! The checker's own gate: P14, and P17 for verdicts. It reads time and the trace, never a deadline.

use ringfence::values::effect::{Judged as Record, Rule};
use ringfence::values::id::{CallId, ReservationId};
use ringfence::values::input::{CallTarget, Input, RequestCall};
use ringfence::values::number::PhoneNumber;
use ringfence::values::policy::CallMode;
use ringfence::values::reply::{DenyReason, Reply};
use ringfence::values::time::Timestamp;

use super::books::{Books, LegState, Reservation};
use super::{Judged, Promise, groups, law, permitted};
use crate::trace::{Doing, Step};

/// Every reason, in the order in which they are asked.
const ORDER: [DenyReason; 17] = [
    DenyReason::NotRecognized,
    DenyReason::WindowOver,
    DenyReason::Closed,
    DenyReason::Unverified,
    DenyReason::Unacknowledged,
    DenyReason::DoNotCall,
    DenyReason::Frozen,
    DenyReason::BeforeWindow,
    DenyReason::PlatformIsCalling,
    DenyReason::WrongMode,
    DenyReason::InCall,
    DenyReason::OutsideHours,
    DenyReason::DailyLimit,
    DenyReason::TooSoon,
    DenyReason::WindowClosing,
    DenyReason::NumberBusy,
    DenyReason::NoChannel,
];

/// What is asked: may this line call for this reservation now? `own` is the call that the platform made of it, if it did.
struct Question<'a> {
    books: &'a Books,
    line: PhoneNumber,
    id: Option<ReservationId>,
    own: Option<CallId>,
    /// The reason that was given.
    denied: Option<DenyReason>,
    /// The reservation, when the line may know of it.
    known: Option<&'a Reservation>,
}

impl<'a> Question<'a> {
    fn new(
        books: &'a Books,
        request: RequestCall,
        own: Option<CallId>,
        denied: Option<DenyReason>,
        said: Option<ReservationId>,
    ) -> Self {
        let line = request.line;
        // Of a group the record says about whom the answer is.
        let of_group = |group| groups::members(books, group).find(|(id, _)| Some(*id) == said).map(|(id, _)| id);
        let id = match request.target {
            CallTarget::Group(group) => of_group(group),
            CallTarget::Reservation(_) | CallTarget::Number(_) => books.asked_for(request),
        };
        let merchant = books.merchant_of_line(line);
        let known = id.and_then(|id| books.reservations.get(&id)).filter(|known| Some(known.merchant) == merchant);
        Self { books, line, id, own, denied, known }
    }

    fn holds(&self, reason: DenyReason) -> bool {
        let (Some(reservation), Some(id)) = (self.known, self.id) else { return reason == DenyReason::NotRecognized };
        let Self { books, own, .. } = *self;
        let (now, window) = (books.now, reservation.window);
        let call = books.live_call(id, own);
        match reason {
            DenyReason::NotRecognized => false,
            DenyReason::WindowOver => now >= window.end(),
            DenyReason::Closed => books.is_used_up(id, reservation, own),
            DenyReason::Unverified => !reservation.verified,
            DenyReason::Unacknowledged => reservation.unacknowledged,
            DenyReason::DoNotCall => books.law.is_listed(reservation.number),
            DenyReason::Frozen => books.law.is_frozen(reservation.merchant, reservation.number),
            DenyReason::BeforeWindow => now < window.start(),
            DenyReason::PlatformIsCalling => call.is_some_and(|call| call.mode == CallMode::PlatformCalls),
            // Where the mode cannot be known, the answer is believed.
            DenyReason::WrongMode if reservation.is_mode_unsure => self.denied == Some(reason),
            DenyReason::WrongMode => books.mode_in_force(reservation) == Some(CallMode::PlatformCalls),
            DenyReason::InCall => call.is_some(),
            // Of these three the strictest holds.
            DenyReason::OutsideHours | DenyReason::DailyLimit | DenyReason::TooSoon => {
                law::pause(books, reservation).is_some_and(|(strictest, _)| strictest == reason)
            }
            DenyReason::WindowClosing => now >= books.last_ring_before(reservation),
            DenyReason::NumberBusy => books.is_number_busy(reservation.number, own),
            DenyReason::NoChannel => books.live_calls_on(self.line, own) >= books.channels_of(self.line),
        }
    }

    /// The instants that may be given as `retry_at` for a reason.
    fn retry_at(&self, reason: DenyReason) -> Vec<Option<Timestamp>> {
        let Some(reservation) = self.known else { return vec![None] };
        match reason {
            DenyReason::BeforeWindow => vec![Some(reservation.window.start())],
            DenyReason::OutsideHours | DenyReason::DailyLimit | DenyReason::TooSoon => {
                vec![law::pause(self.books, reservation).and_then(|(_, retry_at)| retry_at)]
            }
            DenyReason::NotRecognized
            | DenyReason::WindowOver
            | DenyReason::Closed
            | DenyReason::Unverified
            | DenyReason::Unacknowledged
            | DenyReason::DoNotCall
            | DenyReason::Frozen
            | DenyReason::PlatformIsCalling
            | DenyReason::WrongMode
            | DenyReason::InCall
            | DenyReason::WindowClosing
            | DenyReason::NumberBusy
            | DenyReason::NoChannel => vec![None],
        }
    }
}

/// The promise that a wrong allow breaks.
const fn promise_of(reason: DenyReason) -> Promise {
    match reason {
        DenyReason::WindowOver | DenyReason::BeforeWindow | DenyReason::WindowClosing => Promise::P1,
        DenyReason::Unverified | DenyReason::Unacknowledged => Promise::P2,
        DenyReason::WrongMode => Promise::P6,
        DenyReason::NumberBusy | DenyReason::NoChannel => Promise::P8,
        DenyReason::NotRecognized
        | DenyReason::Closed
        | DenyReason::DoNotCall
        | DenyReason::Frozen
        | DenyReason::PlatformIsCalling
        | DenyReason::InCall
        | DenyReason::OutsideHours
        | DenyReason::DailyLimit
        | DenyReason::TooSoon => Promise::P14,
    }
}

/// A `judged` record, beside the reply that it accounts for.
pub(super) fn judged(books: &Books, record: &Record, step: &Step) -> Judged {
    let (Doing::Input(Input::RequestCall(request)), Some(Ok(reply))) = (&step.doing, &step.reply) else {
        return Err((
            Promise::P17,
            format!("an audit record says that leg {} was judged, and no call was requested", record.leg),
        ));
    };
    let (leg, own, denied) = match reply {
        Reply::Allow(allow) => (allow.leg, Some(allow.call), None),
        Reply::Deny(deny) => (deny.leg, None, Some(deny)),
        Reply::Done
        | Reply::NoOp
        | Reply::Published(_)
        | Reply::Booked(_)
        | Reply::Imported(_)
        | Reply::Confirmed(_)
        | Reply::WrongCode(_)
        | Reply::Amended(_)
        | Reply::DoNotCallSet(_)
        | Reply::Forgotten(_)
        | Reply::SlotChosen(_)
        | Reply::FailedCall(_)
        | Reply::OwnLeg(_)
        | Reply::Opened(_)
        | Reply::BindingRequested(_)
        | Reply::Bound(_) => {
            return Err((Promise::P17, "a requested call is answered with allow or deny".to_owned()));
        }
    };
    let question = Question::new(books, *request, own, denied.map(|deny| deny.reason), record.reservation);
    let rule = match denied {
        Some(deny) => Some(Rule::Denied(deny.reason)),
        None => question.known.map(|reservation| permitted(reservation.window, CallMode::MerchantCalls)),
    };
    let target = books.recorded(request.target);
    let about = |what: &str| format!("the call of leg {leg} for {target:?} {what}");
    match denied {
        None => {
            if let Some(reason) = ORDER.into_iter().find(|reason| question.holds(*reason)) {
                let cancelled = question.known.is_some_and(|known| known.cancelled_at.is_some() || known.declined_at.is_some());
                let promise = if reason == DenyReason::Closed && cancelled { Promise::P3 } else { promise_of(reason) };
                return Err((promise, about(&format!("is allowed, and {reason:?} holds"))));
            }
        }
        Some(deny) => {
            if let CallTarget::Group(group) = request.target {
                let may_be_rung = |id| {
                    let other = Question::new(books, *request, None, None, Some(id));
                    other.known.is_some() && !ORDER.into_iter().any(|reason| other.holds(reason))
                };
                if let Some((id, _)) = groups::members(books, group).find(|(id, _)| may_be_rung(*id)) {
                    return Err((Promise::P14, about(&format!("is denied, and reservation {id} of it may be called"))));
                }
            }
            if !question.holds(deny.reason) {
                return Err((Promise::P14, about(&format!("is denied for {:?}, which does not hold", deny.reason))));
            }
            if let Some(earlier) =
                ORDER.into_iter().take_while(|earlier| *earlier != deny.reason).find(|earlier| question.holds(*earlier))
            {
                return Err((Promise::P14, about(&format!("is denied for {:?}, and {earlier:?} comes first", deny.reason))));
            }
            if !question.retry_at(deny.reason).contains(&deny.retry_at) {
                let right = question.retry_at(deny.reason);
                let what = format!("is denied for {:?} until {:?}; right is one of {right:?}", deny.reason, deny.retry_at);
                return Err((Promise::P14, about(&what)));
            }
        }
    }
    let revision = question.known.map(|reservation| reservation.revision);
    let right = record.leg == leg
        && record.target == target
        && record.reservation == question.known.and(question.id)
        && record.revision == revision
        && Some(record.rule) == rule;
    if right { Ok(()) } else { Err((Promise::P17, about("has an audit record with another leg, reservation, revision or rule"))) }
}

/// P9: a denied call is rejected in the same step, or its inbound leg would wait for ever.
pub(super) fn settled(books: &Books, step: &Step) -> Judged {
    let Some(Ok(Reply::Deny(deny))) = &step.reply else { return Ok(()) };
    match books.legs.get(&deny.leg).map(|leg| leg.state) {
        None | Some(LegState::Gone) => Ok(()),
        Some(LegState::Ringing | LegState::Answered | LegState::Joined | LegState::Releasing { .. }) => {
            Err((Promise::P9, format!("leg {} is denied and not rejected", deny.leg)))
        }
    }
}
