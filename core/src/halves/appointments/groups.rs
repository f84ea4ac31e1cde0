//! Groups: who may share a call, and who of them is rung (多方通话).

use alloc::vec::Vec;

use super::Appointments;
use super::records::{Reservation, Terms};
use crate::decisions::grouping::{Candidate, Gathered, gather};
use crate::halves::Context;
use crate::values::effect::{AuditRecord, Grouped};
use crate::values::id::{CallId, GroupId, ReservationId};
use crate::values::number::PhoneNumber;
use crate::values::policy::Policy;
use crate::values::reply::{DenyReason, Verdict};
use crate::values::time::Timestamp;

impl Appointments {
    /// The group of a reservation by these terms: its own, if they leave it there; else the first of the live ones which have the same in common that is not full; else a new one. One whose user did not agree to share has none,
    /// nor has one that its contact's holder did not agree to.
    pub(super) fn group_by(&mut self, policy: &Policy, id: ReservationId, terms: &Terms) -> Option<GroupId> {
        let reservation = self.reservations.get(id.get()).filter(|_| terms.is_agreed && terms.group_size > 1)?;
        let own =
            reservation.group_under(terms).or_else(|| self.groups.on(&reservation.group_key_by(terms), policy.group_members_max));
        Some(own.unwrap_or_else(|| GroupId::new(self.counters.group.take())))
    }

    /// A reservation that is being accepted finds its group.
    pub(super) fn find_group(&mut self, policy: &Policy, id: ReservationId) {
        let Some(terms) = self.reservations.get(id.get()).map(Reservation::terms) else { return };
        let group = self.group_by(policy, id, &Terms { is_agreed: true, ..terms });
        self.update_reservation(id, |reservation| reservation.group = group);
    }

    /// Who shares the call that the platform begins for this reservation, the first in the queue of its line: he, and those of his group who wait
    /// too and may be rung now.
    pub(super) fn gather_waiting(&self, policy: &Policy, first: &Reservation, now: Timestamp) -> Gathered {
        let candidate = |one: &Reservation| self.candidate(one, self.gate_to_begin(policy, one, now));
        let others = first.group.into_iter().flat_map(|group| self.groups.waiting(group, now));
        let others = others.filter_map(|id| self.reservations.get(id.get())).filter(|other| other.id != first.id);
        let others = others.map(candidate);
        let own = candidate(first);
        // Nobody is called before him: what he is denied ends his waiting, and the next comes by himself.
        match own.verdict {
            Verdict::Allow => gather(core::iter::once(own).chain(others), first.group_size),
            Verdict::Deny { .. } => gather([own], 1),
        }
    }

    /// Who of a group a merchant's line may ring at this instant. The order is (eligible from, id).
    pub(super) fn gather_for(&self, policy: &Policy, line: PhoneNumber, id: GroupId, at: Timestamp) -> Gathered {
        let merchant = self.lines.get(line).map(|line| line.merchant);
        let Some(group) = self.groups.get(id).filter(|group| Some(group.key.merchant) == merchant) else {
            let verdict = Verdict::Deny { reason: DenyReason::NotRecognized, retry_at: None };
            return Gathered::Nobody { reservation: None, verdict };
        };
        let live = group.live.iter().filter_map(|id| self.reservations.get(id.get()));
        let judged = live.filter_map(|one| {
            let (place, verdict) = self.judge_of_group(policy, one, line, at)?;
            Some((place, self.candidate(one, verdict)))
        });
        let mut candidates: Vec<((Timestamp, ReservationId), Candidate)> = judged.collect();
        candidates.sort_unstable_by_key(|(place, _)| *place);
        gather(candidates.into_iter().map(|(_, candidate)| candidate), group.key.size)
    }

    fn candidate(&self, reservation: &Reservation, verdict: Verdict) -> Candidate {
        Candidate { reservation: reservation.id, number: reservation.contact, verdict }
    }

    /// The live reservations of a group, when the line that asks is its merchant's.
    pub(super) fn live_of_group(&self, line: PhoneNumber, id: GroupId) -> impl Iterator<Item = ReservationId> + '_ {
        let merchant = self.lines.get(line).map(|line| line.merchant);
        let group = self.groups.get(id).filter(|group| Some(group.key.merchant) == merchant);
        group.into_iter().flat_map(|group| group.live.iter().copied())
    }

    /// The record of a call that several share.
    pub(super) fn audit_group(&self, cx: &mut Context<'_>, call: CallId, reservations: &[ReservationId]) {
        let first = reservations.first().and_then(|id| self.reservations.get(id.get()));
        if let Some(group) = first.and_then(|first| first.group).filter(|_| reservations.len() > 1) {
            cx.audit(AuditRecord::Grouped(Grouped { call, group, reservations: reservations.to_vec() }));
        }
    }
}
