//! Groups: who may share a call, found by looking at everybody.

use std::collections::BTreeSet;

use ringfence::values::effect::{AuditRecord, Grouped};
use ringfence::values::id::{CallId, GroupId, MerchantId, OfferingId, PageId, ReservationId};
use ringfence::values::number::PhoneNumber;
use ringfence::values::reply::{ReservationState, Verdict};

use super::gate::Asker;
use super::numbers::NOBODY_KNOWN;
use super::{Model, Part, Reservation};

impl Model {
    /// A reservation is accepted, or has new terms: it joins the live ones on its terms, or begins a group.
    pub(super) fn find_group(&mut self, id: ReservationId) {
        let own = self.reservation_of(id).clone();
        if own.group_size < 2 {
            return;
        }
        let alike = |other: &&Reservation| {
            (other.merchant, other.page, other.offering, other.window) == (own.merchant, own.page, own.offering, own.window)
                && (other.line, other.group_size) == (own.line, own.group_size)
                && other.state != ReservationState::Closed
        };
        self.reservation_mut(id).group = None;
        let members = |group: &GroupId| {
            let of_it = |kept: &&Reservation| kept.group == Some(*group) && kept.state != ReservationState::Closed;
            self.reservations.values().filter(of_it).count()
        };
        let alike: BTreeSet<GroupId> = self.reservations.values().filter(alike).filter_map(|other| other.group).collect();
        let known = alike.into_iter().find(|group| members(group) < self.policy.group_members_max as usize);
        if known.is_none() {
            self.groups_given += 1;
        }
        self.reservation_mut(id).group = known.or(Some(GroupId::new(self.groups_given)));
    }

    /// The live reservations of a group, as far as it is this merchant's.
    pub(super) fn live_in(&self, group: GroupId, merchant: MerchantId) -> BTreeSet<ReservationId> {
        let of_it = self
            .reservations
            .iter()
            .filter(|(_, kept)| kept.group == Some(group) && kept.merchant == merchant && kept.state != ReservationState::Closed);
        of_it.map(|(id, _)| *id).collect()
    }

    /// Whom the platform calls together with the first of the queue.
    pub(super) fn sharing_with(&self, first: ReservationId) -> Vec<ReservationId> {
        let own = self.reservation_of(first);
        let mut users = vec![first];
        let Some(group) = own.group else { return users };
        let mut others: Vec<_> = self
            .live_in(group, own.merchant)
            .into_iter()
            .filter(|id| *id != first && self.waits(*id) && self.reservation_of(*id).place() <= self.latest)
            .map(|id| (self.reservation_of(id).place(), id))
            .collect();
        others.sort_unstable();
        for (_, id) in others {
            let room = users.len() < own.group_size as usize;
            if room && self.judge_by_time(Asker::Platform { own: None }, id).is_allow() && self.is_new_phone(id, &users) {
                users.push(id);
            }
        }
        users
    }

    fn is_new_phone(&self, id: ReservationId, users: &[ReservationId]) -> bool {
        users.iter().all(|user| self.reservation_of(*user).contact != self.reservation_of(id).contact)
    }

    /// Whom a line may ring of a group, once what is due is settled; or the answer, and about whom it is.
    pub(super) fn judge_group(&self, line: PhoneNumber, group: GroupId) -> (Vec<ReservationId>, Verdict, Option<ReservationId>) {
        let Some(merchant) = self.merchant_of_line(line) else { return (Vec::new(), NOBODY_KNOWN, None) };
        let lasts = |id: &ReservationId| self.latest < self.reservation_of(*id).window.end();
        let mut live: Vec<_> =
            self.live_in(group, merchant).into_iter().filter(lasts).map(|id| (self.reservation_of(id).eligible, id)).collect();
        live.sort_unstable();
        let Some(size) = live.first().map(|(_, id)| self.reservation_of(*id).group_size) else {
            return (Vec::new(), NOBODY_KNOWN, None);
        };
        let mut users = Vec::new();
        let mut denied: Vec<(ReservationId, Verdict)> = Vec::new();
        for (_, id) in live {
            match self.judge(Asker::Line(line), id) {
                Verdict::Allow if users.len() < size as usize && self.is_new_phone(id, &users) => users.push(id),
                Verdict::Allow => {}
                verdict @ Verdict::Deny { .. } => denied.push((id, verdict)),
            }
        }
        if let Some(first) = users.first().copied() {
            return (users, Verdict::Allow, Some(first));
        }
        let until = |verdict: &Verdict| match verdict {
            Verdict::Allow => None,
            Verdict::Deny { retry_at, .. } => *retry_at,
        };
        let soonest = denied.iter().filter(|(_, verdict)| until(verdict).is_some()).min_by_key(|(_, verdict)| until(verdict));
        soonest.or(denied.first()).map_or((Vec::new(), NOBODY_KNOWN, None), |(id, verdict)| (Vec::new(), *verdict, Some(*id)))
    }

    /// How many effects a request for a group may emit.
    pub(super) fn room_for(&self, line: PhoneNumber, group: GroupId) -> usize {
        let live = self.merchant_of_line(line).map(|merchant| self.live_in(group, merchant)).unwrap_or_default();
        let size = live.first().map_or(1, |id| self.reservation_of(*id).group_size);
        (2 + 2 * live.len().min(size as usize)).max(3)
    }

    pub(super) fn record_group(&mut self, call: CallId, users: &[ReservationId]) {
        if let Some(group) = self.reservation_of(users[0]).group.filter(|_| users.len() > 1) {
            self.audit(AuditRecord::Grouped(Grouped { call, group, reservations: users.to_vec() }));
        }
    }

    /// How many users a page that is published offers to put on one call.
    pub(super) fn offered_size(&self, page: PageId) -> Option<u32> {
        self.published(page).ok().map(|page| page.group_size).filter(|size| *size > 1)
    }

    /// The reservations of a call, also of those whose part is over.
    pub(super) fn users_of(&self, call: CallId) -> Vec<ReservationId> {
        self.call_of(call).parts.iter().map(|part| part.reservation).collect()
    }

    /// Whether a user's part in a call is not over.
    pub(super) fn is_in(&self, call: CallId, user: ReservationId) -> bool {
        let parts = self.calls.get(&call).map_or(&[][..], |call| &call.parts);
        parts.iter().any(|part| part.reservation == user && !part.over)
    }

    pub(super) fn part_mut(&mut self, call: CallId, user: ReservationId) -> &mut Part {
        let part = self.call_mut(call).parts.iter_mut().find(|part| part.reservation == user);
        part.expect("a user's leg is of a call with a part for him")
    }

    /// On which page a reservation that is kept was booked, and about what.
    #[must_use]
    pub fn booked(&self, id: ReservationId) -> Option<(PageId, OfferingId)> {
        self.reservations.get(&id).map(|kept| (kept.page, kept.offering))
    }

    /// The group of a reservation that is kept.
    #[must_use]
    pub fn group_of(&self, id: ReservationId) -> Option<GroupId> {
        self.reservations.get(&id)?.group
    }

    /// How many groups were given an id, which is the number of the last one.
    #[must_use]
    pub const fn groups_given(&self) -> u64 {
        self.groups_given
    }

    /// The users of every call: their reservations, and whether the part of each is over.
    #[must_use]
    pub fn parts(&self) -> Vec<(CallId, Vec<(ReservationId, bool)>)> {
        let parts = |parts: &[Part]| parts.iter().map(|part| (part.reservation, part.over)).collect();
        self.calls.iter().map(|(id, call)| (*id, parts(&call.parts))).collect()
    }
}
