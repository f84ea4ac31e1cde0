//! What a model checker compares: equal views behave alike.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use serde::Serialize;

use super::Appointments;
use super::records::{Origin, Reservation};
use crate::books::catalog::Catalog;
use crate::books::commons::counting;
use crate::books::directory::Blocks;
use crate::books::law::Law;
use crate::books::messages::Again;
use crate::books::numbers::MerchantNumbersView;
use crate::decisions::gate::last_call;
use crate::machines::call::CallState;
use crate::machines::leg::LegState;
use crate::values::cause::ReleaseCause;
use crate::values::effect::Party;
use crate::values::id::{GroupId, LegId, MerchantId, OfferingId, PageId, ReservationId};
use crate::values::input::ResultBy;
use crate::values::media::Attachment;
use crate::values::number::{Address, PhoneNumber, VirtualNumber};
use crate::values::person::Person;
use crate::values::policy::{CallMode, Policy};
use crate::values::reply::{DenyReason, Outcome, ReservationState};
use crate::values::text::Text;
use crate::values::time::Timestamp;

/// Equal views behave alike, whatever ids and instants lie behind them.
#[derive(Clone, Debug, Serialize)]
pub struct ModelView {
    catalog: Catalog,
    reservations: Vec<ReservationView>,
    calls: Vec<CallView>,
    legs: Vec<LegView>,
    numbers: NumbersView,
    blocks: Blocks,
    law: Law,
    rings: Vec<(PhoneNumber, i64)>,
    profiles: Vec<ProfileView>,
}

/// Whose it is, his name, phone and mailbox, and how long it is remembered.
type ProfileView = (Person, Option<Text>, Option<PhoneNumber>, Option<Address>, i64);

/// The pool, and what each merchant has of it.
type NumbersView = (Vec<PhoneNumber>, Vec<MerchantNumbersView>);

#[derive(Clone, Debug, Serialize)]
struct ReservationView {
    merchant: MerchantId,
    sender: Address,
    contact: PhoneNumber,
    line: PhoneNumber,
    window: (i64, i64),
    state: ReservationState,
    mode: Option<CallMode>,
    /// What is left until it may be called; once that is over, its place among all, and whether too little of the window is left, are all that counts.
    eligible_in: i64,
    held_in: Option<i64>,
    is_too_late: bool,
    rank: (u32, u32),
    tally: (u32, u32, u32, u32),
    calls: Vec<u32>,
    flags: [bool; 7],
    given_up: Option<DenyReason>,
    closed: Option<(Outcome, i64)>,
    number: (Option<VirtualNumber>, bool),
    challenge: Option<ChallengeView>,
    /// With how many he shares, which group of those that are kept, and on what page it was booked.
    sharing: Option<(u32, u32, PageId)>,
    name: Option<Text>,
    attachments: Vec<Attachment>,
    offering: OfferingId,
    revision: u32,
    rest_in: i64,
    pending: Option<PendingView>,
    slot: (Option<(i64, i64)>, Option<Outcome>),
    result_way: (Option<ResultBy>, Option<Address>),
    reminder: (Option<i64>, bool),
}

/// Terms that wait for the end of a call.
#[derive(Clone, Debug, Serialize)]
struct PendingView {
    revision: u32,
    contact: PhoneNumber,
    window: (i64, i64),
    offering: OfferingId,
    name: Option<Text>,
    attachments: Vec<Attachment>,
    flags: (bool, bool),
    group_size: u32,
}

/// How long the code may be used, how many wrong ones came, how many digits it has, and under which key it was made.
type ChallengeView = (i64, u32, u32, Text);

#[derive(Clone, Debug, Serialize)]
struct CallView {
    line: PhoneNumber,
    mode: CallMode,
    state: CallState,
    merchant_leg: Option<u32>,
    members: Vec<MemberView>,
    deadline: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
struct MemberView {
    reservation: u32,
    leg: Option<u32>,
    flags: (bool, bool, bool),
}

#[derive(Clone, Debug, Serialize)]
struct LegView {
    call: u32,
    party: Party,
    origin: Origin,
    state: LegState,
    cause: Option<ReleaseCause>,
    deadline: Option<i64>,
}

impl Appointments {
    /// The place of a reservation among those that are kept; none once it has left.
    pub(crate) fn place_of_reservation(&self, id: ReservationId) -> Option<u32> {
        let ids = self.reservations.ids();
        ids.binary_search(&id.get()).ok().and_then(|place| u32::try_from(place).ok())
    }

    /// The place of a leg among those that are kept; as in the view.
    pub(crate) fn place_of_leg(&self, id: LegId) -> usize {
        self.legs.ids().partition_point(|other| *other < id.get())
    }

    /// The same for the messages that may be reported on: how far back each stands, how long it waits yet, and what is to be sent again. What they say keeps
    /// its ids, so two views may differ that behave alike; none is the same that does not.
    pub(crate) fn messages_view(
        &self,
        policy: &Policy,
        now: Timestamp,
        last: u64,
    ) -> Vec<(u64, i64, Option<ReservationId>, Option<&Again>)> {
        let ends = |at: Timestamp| at.saturating_add_s(u64::from(policy.fallback_wait_s)).micros_since(now);
        let waiting = self.messages.in_order().filter(|sent| ends(sent.at) > 0);
        let back = |sequence: u64| last.saturating_sub(sequence);
        waiting.map(|sent| (back(sent.sequence), ends(sent.at), sent.reservation, sent.again.as_deref())).collect()
    }

    /// What a model checker compares: times relative to `now`, ids renumbered, counters left out. Equal views behave alike.
    pub(crate) fn model_view(&self, policy: &Policy, now: Timestamp) -> ModelView {
        let reservations: Vec<u64> = self.reservations.ids();
        let (calls, legs) = (self.calls.ids(), self.legs.ids());
        let place = |ids: &[u64], id: u64| u32::try_from(ids.partition_point(|other| *other < id)).unwrap_or(u32::MAX);
        let until = |instant: Timestamp| instant.micros_since(now);
        // What is due fires in the order of its instants, lines after everything else: the turn of a reservation among all turns, and among
        // the other deadlines that wait with it.
        let groups: BTreeSet<_> =
            self.reservations.in_order().filter(|one| one.state.is_live()).filter_map(|one| one.group).collect();
        let group_place = |group: GroupId| u32::try_from(groups.range(..=group).count()).unwrap_or(u32::MAX);
        let rank = |one: &Reservation| {
            let turn = |one: &Reservation| (one.place(), one.line, one.id);
            let is_before = |other: &&Reservation| other.state.is_live() && turn(other) < turn(one);
            let before = self.reservations.in_order().filter(is_before).count();
            let overdue = self.agenda.closing_by(one.place().min(now)).count();
            (u32::try_from(before).unwrap_or(u32::MAX), u32::try_from(overdue).unwrap_or(u32::MAX))
        };
        ModelView {
            catalog: self.catalog.clone(),
            blocks: self.blocks.clone(),
            reservations: self
                .reservations
                .in_order()
                .map(|one| ReservationView {
                    merchant: one.merchant,
                    sender: one.sender.clone(),
                    line: one.line,
                    contact: one.contact,
                    window: (until(one.window.start()), until(one.window.end())),
                    state: one.state,
                    mode: one.mode,
                    eligible_in: until(one.eligible_at).max(0),
                    held_in: one.held_until.filter(|held| *held > now).map(until),
                    is_too_late: one.eligible_at >= last_call(one.span().end(), policy.min_ring_s),
                    rank: rank(one),
                    tally: (one.attempts, one.merchant_failures, one.platform_failures, one.conversations),
                    calls: one.calls.iter().map(|call| place(&calls, call.get())).collect(),
                    flags: [
                        one.is_cancelled,
                        one.is_window_judged,
                        one.is_declined,
                        one.is_announced,
                        one.awaits_acknowledgement,
                        one.is_remembered,
                        one.is_forgotten,
                    ],
                    given_up: one.given_up,
                    closed: one.closed.map(|closed| (closed.outcome, until(closed.archive_at))),
                    number: (one.virtual_number, one.is_platform_only),
                    challenge: one
                        .challenge
                        .and_then(|id| self.challenges.get(id.get()))
                        .map(|challenge| (until(challenge.until), challenge.wrong, challenge.digits, challenge.key.clone())),
                    sharing: Some(one.group_size)
                        .filter(|size| *size > 1 && one.state.is_live())
                        .map(|size| (size, one.group.map_or(0, group_place), one.page)),
                    name: one.name.clone(),
                    attachments: one.attachments.clone(),
                    offering: one.offering,
                    revision: one.revision,
                    rest_in: one.rest_until.filter(|_| one.state.is_live()).map_or(0, |rest| until(rest).max(0)),
                    pending: one.pending.as_ref().map(|terms| PendingView {
                        revision: terms.revision,
                        contact: terms.contact,
                        window: (until(terms.window.start()), until(terms.window.end())),
                        offering: terms.offering,
                        name: terms.name.clone(),
                        attachments: terms.attachments.clone(),
                        flags: (terms.is_agreed, terms.awaits_acknowledgement),
                        group_size: terms.group_size,
                    }),
                    slot: (one.slot.map(|slot| (until(slot.start()), until(slot.end()))), one.spent_slot),
                    result_way: (one.result_by, one.email.clone()),
                    reminder: (one.reminder().map(until), one.is_reminded),
                })
                .collect(),
            calls: self
                .calls
                .in_order()
                .map(|one| CallView {
                    line: one.line,
                    mode: one.mode,
                    state: one.state,
                    merchant_leg: one.merchant_leg.map(|leg| place(&legs, leg.get())),
                    members: one
                        .members
                        .iter()
                        .map(|member| MemberView {
                            reservation: place(&reservations, member.reservation.get()),
                            leg: member.leg.map(|leg| place(&legs, leg.get())),
                            flags: (member.is_dialled, member.is_talked, member.is_out),
                        })
                        .collect(),
                    deadline: one.deadline().map(until),
                })
                .collect(),
            legs: self
                .legs
                .in_order()
                .map(|one| LegView {
                    call: place(&calls, one.call.get()),
                    party: one.party,
                    origin: one.origin,
                    state: one.state,
                    cause: one.cause,
                    deadline: one.deadline().map(until),
                })
                .collect(),
            numbers: self.numbers.view(now),
            law: self.law.clone(),
            rings: counting(&self.rings, now),
            profiles: self
                .profiles
                .in_order()
                .filter(|(_, kept)| kept.until > now)
                .map(|(person, kept)| (person.clone(), kept.name.clone(), kept.contact, kept.email.clone(), until(kept.until)))
                .collect(),
        }
    }
}
