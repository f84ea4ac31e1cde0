//! Who shares a bridge? (多个用户, 一个通话通道; seed 000.)
//!
//! Users may share a call when they booked on the same [`GroupKey`] and each agreed. Who of them is on one call is decided when it begins: those who
//! may be rung at that instant, in the order of their places, as many as the page said.

use alloc::vec::Vec;

use crate::values::id::{MerchantId, OfferingId, PageId, ReservationId};
use crate::values::number::PhoneNumber;
use crate::values::reply::{DenyReason, Verdict};
use crate::values::time::{Timestamp, Window};

/// What must be the same for two users to share a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupKey {
    /// With whom.
    pub merchant: MerchantId,
    /// The page that offered it.
    pub page: PageId,
    /// What it is about.
    pub offering: OfferingId,
    /// When their phones may ring.
    pub window: Window,
    /// The line that calls.
    pub line: PhoneNumber,
    /// How many may be on one call, as the page said when each agreed: nobody agreed to more.
    pub size: u32,
}

/// A user who may share a call, as he stands at this instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// His reservation.
    pub reservation: ReservationId,
    /// The phone that would ring.
    pub number: PhoneNumber,
    /// What the gate says of him, by himself.
    pub verdict: Verdict,
}

/// Who is rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gathered {
    /// These, in the order of their places: at least one.
    Members(Vec<ReservationId>),
    /// Nobody, because of this one, when there is anybody.
    Nobody {
        /// The reservation that the answer is about.
        reservation: Option<ReservationId>,
        /// The answer.
        verdict: Verdict,
    },
}

/// Who of the candidates is on a call that begins now. They come in the order of their places, and the first `size` that may be rung are taken; whoever may
/// not is passed over, and keeps his place. No phone is taken twice. When nobody may be rung, the answer is that of the one who may be rung first, as
/// far as an instant is known; else of the first in the order.
#[must_use]
pub fn gather(candidates: impl IntoIterator<Item = Candidate>, size: u32) -> Gathered {
    let size = usize::try_from(size.max(1)).unwrap_or(usize::MAX);
    let mut members: Vec<Candidate> = Vec::new();
    let mut denied: Option<(ReservationId, Option<Timestamp>, Verdict)> = None;
    for candidate in candidates {
        match candidate.verdict {
            Verdict::Allow => {
                if members.iter().all(|member| member.number != candidate.number) {
                    members.push(candidate);
                }
            }
            Verdict::Deny { retry_at, .. } => {
                let is_first = match (&denied, retry_at) {
                    (None, _) => true,
                    (Some((_, None, _)), Some(_)) => true,
                    (Some((_, Some(known), _)), Some(retry_at)) => retry_at < *known,
                    (Some(_), None) => false,
                };
                if is_first {
                    denied = Some((candidate.reservation, retry_at, candidate.verdict));
                }
            }
        }
        if members.len() >= size {
            break;
        }
    }
    match denied {
        _ if !members.is_empty() => Gathered::Members(members.into_iter().map(|member| member.reservation).collect()),
        Some((reservation, _, verdict)) => Gathered::Nobody { reservation: Some(reservation), verdict },
        None => {
            let verdict = Verdict::Deny { reason: DenyReason::NotRecognized, retry_at: None };
            Gathered::Nobody { reservation: None, verdict }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn candidate(reservation: u64, number: &str, verdict: Verdict) -> Candidate {
        let number = PhoneNumber::parse(number).unwrap();
        Candidate { reservation: ReservationId::new(reservation), number, verdict }
    }

    fn deny(reason: DenyReason, retry_at: Option<i64>) -> Verdict {
        Verdict::Deny { reason, retry_at: retry_at.and_then(Timestamp::from_micros) }
    }

    #[test]
    fn the_first_who_may_be_rung_are_taken_in_their_order_and_others_are_passed_over() {
        let busy = deny(DenyReason::NumberBusy, None);
        let all = [
            candidate(4, "+8613800000001", Verdict::Allow),
            candidate(2, "+8613800000002", busy),
            candidate(3, "+8613800000003", Verdict::Allow),
            candidate(5, "+8613800000001", Verdict::Allow),
            candidate(6, "+8613800000006", Verdict::Allow),
        ];
        let ids = |ids: &[u64]| Gathered::Members(ids.iter().map(|id| ReservationId::new(*id)).collect());
        assert_eq!(gather(all, 2), ids(&[4, 3]));
        assert_eq!(gather(all, 9), ids(&[4, 3, 6]), "one phone is rung once");
        assert_eq!(gather(all, 0), ids(&[4]), "there is always room for one");
    }

    #[test]
    fn when_nobody_may_be_rung_the_answer_is_of_the_one_who_may_be_first() {
        let all = vec![
            candidate(1, "+8613800000001", deny(DenyReason::NumberBusy, None)),
            candidate(2, "+8613800000002", deny(DenyReason::TooSoon, Some(9))),
            candidate(3, "+8613800000003", deny(DenyReason::TooSoon, Some(5))),
        ];
        let answer = |id, verdict| Gathered::Nobody { reservation: Some(ReservationId::new(id)), verdict };
        assert_eq!(gather(all.clone(), 3), answer(3, deny(DenyReason::TooSoon, Some(5))));
        let as_soon = [candidate(4, "+8613800000004", deny(DenyReason::OutsideHours, Some(5)))];
        let in_order = all.iter().copied().chain(as_soon);
        assert_eq!(gather(in_order, 3), answer(3, deny(DenyReason::TooSoon, Some(5))), "of two at one instant the first");
        assert_eq!(gather(all.into_iter().take(1), 3), answer(1, deny(DenyReason::NumberBusy, None)));
        assert_eq!(gather([], 3), Gathered::Nobody { reservation: None, verdict: deny(DenyReason::NotRecognized, None) });
    }
}
