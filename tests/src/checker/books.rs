//! What a trace tells: merchants, pages, reservations, calls and legs, put together from inputs, replies and effects alone.

use std::collections::{BTreeMap, BTreeSet};

use ringfence::Chain;
use ringfence::values::effect::{Effect, Party};
use ringfence::values::id::{CallId, GroupId, LegId, MerchantId, OfferingId, PageId, ReservationId};
use ringfence::values::input::{BlockTarget, CallDiverted, Dedup, Input, Line};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::person::Person;
use ringfence::values::policy::{CallMode, ModeChooser, Policy};
use ringfence::values::reply::{MissedForMerchant, Reply};
use ringfence::values::text::Text;
use ringfence::values::time::{Timestamp, Window, Zone};

use super::Promise;
use super::accounts::Accounts;
use super::amendments::Terms;
use super::holders::Holders;
use super::law::Law;
use super::media::Media;
use super::messages::Sendings;
use super::people::Profiles;
use super::voice_messages::VoiceMessages;
use crate::trace::{Doing, Step};

mod taking;

/// A merchant as he registered last.
#[derive(Clone, Debug)]
pub(super) struct Merchant {
    pub(super) name: Text,
    pub(super) chatbot: Option<Address>,
    pub(super) lines: Vec<Line>,
    /// What he wrote himself. It may hold anything, and reaches users by his will.
    pub(super) texts: Vec<Text>,
    preset: Option<CallMode>,
    zone: Zone,
}

#[derive(Clone, Debug)]
struct Page {
    merchant: MerchantId,
    group_size: u32,
    line: Option<PhoneNumber>,
    offerings: BTreeMap<OfferingId, Text>,
    descriptions: Vec<Text>,
    withdrawn: bool,
}

/// A reservation as its `book` input and the inputs after it made it.
#[derive(Clone, Debug)]
pub(super) struct Reservation {
    pub(super) merchant: MerchantId,
    pub(super) sender: Address,
    /// Where its results go.
    pub(super) way: Address,
    /// The mailbox that its sender named.
    pub(super) mailbox: Option<Address>,
    pub(super) number: PhoneNumber,
    pub(super) line: PhoneNumber,
    pub(super) window: Window,
    pub(super) zone: Zone,
    pub(super) revision: u32,
    /// Whether the phone that shall ring is the sender's own, or its holder agreed.
    pub(super) verified: bool,
    /// Too many wrong codes were given for it.
    pub(super) refused: bool,
    pub(super) chosen: Option<CallMode>,
    /// The mode of silence changed while its window ran: whether it was open by then, and under which, cannot be seen from outside.
    pub(super) is_mode_unsure: bool,
    pub(super) cancelled_at: Option<Timestamp>,
    pub(super) attempts: u32,
    pub(super) merchant_failures: u32,
    /// Calls with a `dial` that was not carried out.
    pub(super) platform_failures: u32,
    pub(super) conversations: u32,
    /// From when it may be called, and so its place in the queue.
    pub(super) eligible_at: Timestamp,
    /// When its last call ended, its conversations or attempts were used up by the rules of that instant.
    pub(super) used_up: bool,
    pub(super) told_missed: bool,
    pub(super) told_cancelled: bool,
    /// The virtual number that its merchant was told.
    pub(super) virtual_number: Option<PhoneNumber>,
    /// Where it was booked, about what, and how many may share its call; 1: he is called alone.
    pub(super) page: PageId,
    pub(super) offering: OfferingId,
    pub(super) group_size: u32,
    /// The group that its merchant was told, and on which terms: he may be told of terms before anything shows that they hold.
    pub(super) group: Option<GroupId>,
    pub(super) told_of: Option<(OfferingId, Window, u32)>,
    /// The merchant would not call.
    pub(super) declined_at: Option<Timestamp>,
    pub(super) told_declined: bool,
    /// Its result has to be confirmed, and was not.
    pub(super) unacknowledged: bool,
    /// The end of the spacing after its last call.
    pub(super) rested: Option<Timestamp>,
    /// Terms that wait for the end of a call.
    pub(super) waiting: Option<Terms>,
    /// The revision of the last change, whether it holds or waits.
    pub(super) last_revision: u32,
    /// Whether it has to do with its sender's profile.
    pub(super) remembered: bool,
    /// Its name, and its sender's mailbox, as far as it says them.
    pub(super) name: Option<Text>,
    pub(super) email: Option<Address>,
    /// Its sender, or the holder of its phone, was forgotten.
    pub(super) forgotten: bool,
    /// The last slot that its merchant chose, over or not; none when he chose none, or it was dropped.
    pub(super) slot: Option<Window>,
    /// One that was replaced or dropped when it was over already, and the window it was in: this step may still tell so.
    pub(super) slot_before: Option<(Window, Window)>,
    /// What he was told when it was over.
    pub(super) slot_over: Option<MissedForMerchant>,
}

/// A user's part in a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) reservation: ReservationId,
    /// His leg, once it was dialled.
    pub(super) leg: Option<LegId>,
    pub(super) joined: bool,
    /// The permission was taken back before he answered.
    pub(super) withdrawn: bool,
    /// The operator kept it from ringing before anything showed that it did.
    pub(super) barred: bool,
    pub(super) over: bool,
    /// His window ended under a policy that lets the conversation run on: a later policy does not judge that end again.
    pub(super) may_run_on: bool,
}

impl Part {
    pub(super) const fn new(reservation: ReservationId) -> Self {
        Self { reservation, leg: None, joined: false, withdrawn: false, barred: false, over: false, may_run_on: false }
    }
}

/// A call, from its `allow` reply or its merchant's `dial` until its last leg is gone.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Its users, in the order of their places.
    pub(super) parts: Vec<Part>,
    /// The mode of the side that started it.
    pub(super) mode: CallMode,
    pub(super) line: PhoneNumber,
    pub(super) merchant_leg: LegId,
    /// Until when the inbound leg must report its answer.
    pub(super) answer_until: Option<Timestamp>,
    /// When its longest conversation is over. New rules do not move it.
    pub(super) talks_until: Option<Timestamp>,
    pub(super) ended: bool,
}

impl Call {
    /// The part of a reservation that is not over.
    pub(super) fn part(&self, id: ReservationId) -> Option<&Part> {
        self.parts.iter().find(|part| part.reservation == id && !part.over)
    }

    /// The part that a leg is of, over or not.
    pub(super) fn part_of_leg(&self, leg: LegId) -> Option<&Part> {
        self.parts.iter().find(|part| part.leg == Some(leg))
    }

    /// Whether a reservation is in it still.
    pub(super) fn has(&self, id: ReservationId) -> bool {
        !self.ended && self.part(id).is_some()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LegState {
    Ringing,
    Answered,
    Joined,
    /// Its grace ends then. New rules do not move that.
    Releasing {
        until: Timestamp,
    },
    Gone,
}

#[derive(Clone, Debug)]
pub(super) struct Leg {
    /// None for an inbound leg that was denied.
    pub(super) call: Option<CallId>,
    pub(super) party: Party,
    pub(super) inbound: bool,
    /// The number that was dialled, or that it came from.
    pub(super) number: PhoneNumber,
    /// When its ring time is over. An inbound leg has none.
    pub(super) ring_until: Option<Timestamp>,
    pub(super) state: LegState,
    progressed: bool,
    /// An answer was reported, in time or not.
    pub(super) answered: bool,
    /// Why an answer came too late, when one did.
    pub(super) late: Option<(Promise, &'static str)>,
}

impl Leg {
    /// Whether somebody answered it and is on it.
    pub(super) const fn is_there(&self) -> bool {
        matches!(self.state, LegState::Answered | LegState::Joined)
    }

    /// Whether a report showed that it was begun.
    pub(super) const fn was_told(&self) -> bool {
        self.progressed || self.answered
    }
}

#[derive(Clone, Debug)]
pub(super) struct Books {
    pub(super) policy: Policy,
    pub(super) now: Timestamp,
    pub(super) merchants: BTreeMap<MerchantId, Merchant>,
    pages: BTreeMap<PageId, Page>,
    pub(super) reservations: BTreeMap<ReservationId, Reservation>,
    /// Every number and name that booking users gave, and the senders who gave it. For privacy: never forgotten.
    pub(super) numbers: BTreeMap<PhoneNumber, BTreeSet<Address>>,
    pub(super) names: BTreeMap<Text, BTreeSet<Address>>,
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) legs: BTreeMap<LegId, Leg>,
    gone_legs: BTreeSet<LegId>,
    handed_out: BTreeMap<u64, Effect>,
    last_sequence: u64,
    /// The audit records so far.
    chain: Chain,
    /// The inputs that were taken under a key, how they were answered, and how long they are remembered.
    pub(super) taken: BTreeMap<Dedup, (Input, Reply, Timestamp)>,
    /// The virtual numbers, and what each means or meant last to a merchant.
    pub(super) pool: BTreeSet<PhoneNumber>,
    pub(super) meanings: BTreeMap<(MerchantId, PhoneNumber), super::numbers::Meaning>,
    /// The shortest rest of a number that any policy so far asked for.
    pub(super) least_rest_s: u32,
    /// The shortest retention that any policy so far asked for.
    pub(super) least_retention_s: u32,
    /// Who was asked for his agreement.
    pub(super) holders: Holders,
    pub(super) accounts: Accounts,
    /// Who blocked whom.
    pub(super) blocks: BTreeSet<(Person, BlockTarget)>,
    /// What the operator keeps from ringing.
    pub(super) law: Law,
    /// What users attached.
    pub(super) media: Media,
    /// What is remembered of users.
    pub(super) profiles: Profiles,
    /// What was sent, and what became of it.
    pub(super) messages: Sendings,
    /// What callers left.
    pub(super) voice_messages: VoiceMessages,
}

impl Books {
    pub(super) fn new(policy: Policy, shard: u16) -> Self {
        Self {
            least_rest_s: policy.number_rest_s,
            least_retention_s: policy.retention_s,
            pool: BTreeSet::new(),
            meanings: BTreeMap::new(),
            now: Timestamp::MIN,
            merchants: BTreeMap::new(),
            pages: BTreeMap::new(),
            reservations: BTreeMap::new(),
            numbers: BTreeMap::new(),
            names: BTreeMap::new(),
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            gone_legs: BTreeSet::new(),
            handed_out: BTreeMap::new(),
            last_sequence: 0,
            chain: Chain::new(shard),
            taken: BTreeMap::new(),
            holders: Holders::default(),
            accounts: Accounts::default(),
            blocks: BTreeSet::new(),
            law: Law::of(&policy),
            media: Media::default(),
            profiles: Profiles::default(),
            messages: Sendings::default(),
            voice_messages: VoiceMessages::of(&policy),
            policy,
        }
    }

    // Reading.

    pub(super) fn merchant_of_page(&self, page: PageId) -> Option<MerchantId> {
        self.pages.get(&page).map(|page| page.merchant)
    }

    pub(super) fn merchant_of_line(&self, line: PhoneNumber) -> Option<MerchantId> {
        let has = |merchant: &Merchant| merchant.lines.iter().any(|own| own.number == line);
        self.merchants.iter().find(|(_, merchant)| has(merchant)).map(|(id, _)| *id)
    }

    pub(super) fn channels_of(&self, line: PhoneNumber) -> u32 {
        let lines = self.merchants.values().flat_map(|merchant| &merchant.lines);
        lines.filter(|own| own.number == line).map(|own| own.channels).sum()
    }

    pub(super) fn mode_in_force(&self, reservation: &Reservation) -> Option<CallMode> {
        let begun = self.now >= reservation.window.start() && !reservation.is_mode_unsure;
        reservation.chosen.or_else(|| begun.then_some(self.mode_of_silence()))
    }

    /// Every deadline has fired: what could open is open, and its mode does not change any more by itself.
    pub(super) fn take_openings(&mut self) {
        let (now, silence) = (self.now, self.mode_of_silence());
        for reservation in self.reservations.values_mut() {
            if reservation.verified && now >= reservation.window.start() && !reservation.is_mode_unsure {
                reservation.chosen.get_or_insert(silence);
            }
        }
    }

    /// The mode from a window's start on if nobody has chosen: the platform's while the platform chooses.
    pub(super) fn mode_of_silence(&self) -> CallMode {
        match self.policy.mode_chosen_by {
            ModeChooser::Merchant => self.policy.mode_on_silence,
            ModeChooser::Platform(mode) => mode,
        }
    }

    /// The instant from which `min_ring_s` are no longer left.
    pub(super) fn last_ring_before(&self, reservation: &Reservation) -> Timestamp {
        reservation.span().end().saturating_sub_s(u64::from(self.policy.min_ring_s))
    }

    /// The call of this reservation that has not ended, other than `except`.
    pub(super) fn live_call(&self, id: ReservationId, except: Option<CallId>) -> Option<&Call> {
        self.calls.iter().find(|(call, c)| c.has(id) && Some(**call) != except).map(|(_, c)| c)
    }

    /// How many users a page that is published offers to put on one call.
    pub(super) fn offered_size(&self, page: PageId) -> Option<u32> {
        self.pages.get(&page).filter(|page| !page.withdrawn && page.group_size > 1).map(|page| page.group_size)
    }

    /// Whether it is over for good, whatever the time: taken back, or its conversations or attempts are used up.
    pub(super) fn is_used_up(&self, id: ReservationId, reservation: &Reservation, except: Option<CallId>) -> bool {
        let used_up = reservation.cancelled_at.is_some()
            || reservation.declined_at.is_some()
            || reservation.used_up
            || reservation.refused
            || reservation.told_missed;
        used_up && self.live_call(id, except).is_none()
    }

    /// Whether a leg counts for its number and its channel.
    pub(super) fn is_alive(&self, leg: &Leg) -> bool {
        match leg.state {
            LegState::Ringing | LegState::Answered | LegState::Joined => true,
            LegState::Releasing { until } => self.now < until,
            LegState::Gone => false,
        }
    }

    /// When the grace of a leg that is hung up now ends.
    pub(super) fn grace_end(&self) -> Timestamp {
        self.now.saturating_add_s(u64::from(self.policy.release_grace_s))
    }

    pub(super) fn is_number_busy(&self, number: PhoneNumber, except: Option<CallId>) -> bool {
        let on_leg = |leg: &Leg| leg.party == Party::User && leg.number == number && self.is_alive(leg);
        self.legs.values().any(on_leg) || self.is_rung_for(number, except)
    }

    /// Whether the platform rings a merchant for this number, in another call than `except`.
    fn is_rung_for(&self, number: PhoneNumber, except: Option<CallId>) -> bool {
        let is_its = |id: &ReservationId| self.reservations.get(id).is_some_and(|reservation| reservation.number == number);
        self.calls.iter().any(|(id, call)| {
            let is_rung = call.parts.iter().all(|part| part.leg.is_none());
            let waits = call.mode == CallMode::PlatformCalls && !call.ended && is_rung;
            waits && Some(*id) != except && call.parts.iter().any(|part| !part.over && is_its(&part.reservation))
        })
    }

    /// Whether a leg to this number has not gone by a report, a rejection or a record, whatever the time, or a merchant is rung for it.
    pub(super) fn is_number_taken(&self, number: PhoneNumber) -> bool {
        self.legs.values().any(|leg| leg.party == Party::User && leg.number == number) || self.is_rung_for(number, None)
    }

    /// The calls that count on this line, other than `except`.
    pub(super) fn live_calls_on(&self, line: PhoneNumber, except: Option<CallId>) -> u32 {
        let alive: BTreeSet<CallId> = self.legs.values().filter(|leg| self.is_alive(leg)).filter_map(|leg| leg.call).collect();
        let on_line = |id: &&CallId| Some(**id) != except && self.calls.get(*id).is_some_and(|call| call.line == line);
        u32::try_from(alive.iter().filter(on_line).count()).unwrap_or(u32::MAX)
    }

    pub(super) fn grace_over(&self) -> BTreeSet<LegId> {
        let over = |leg: &Leg| matches!(leg.state, LegState::Releasing { until } if until <= self.now);
        self.legs.iter().filter(|(_, leg)| over(leg)).map(|(id, _)| *id).collect()
    }

    pub(super) fn was_leg(&self, leg: LegId) -> bool {
        self.gone_legs.contains(&leg)
    }

    pub(super) fn unconfirmed(&self) -> usize {
        self.handed_out.len()
    }

    pub(super) fn handed_out(&self, sequence: u64) -> Option<&Effect> {
        self.handed_out.get(&sequence)
    }

    /// The texts of the offerings of a merchant's pages.
    pub(super) fn offerings(&self) -> impl Iterator<Item = &Text> {
        self.pages.values().flat_map(|page| page.offerings.values().chain(&page.descriptions))
    }

    pub(super) const fn was_handed_out(&self, sequence: u64) -> bool {
        sequence <= self.last_sequence
    }

    /// Whether the step's instant lies farther ahead than the policy trusts.
    pub(super) fn is_leap(&self, step: &Step) -> bool {
        let input = match &step.doing {
            Doing::Input(input) | Doing::Once { input, .. } => Some(input),
            Doing::Advance { .. } => None,
            Doing::Confirm { .. } | Doing::Restart => return false,
        };
        let most_s = self.policy.clock_leap_max_s;
        // What is remembered confirms nothing any more.
        let is_repeat = match &step.doing {
            Doing::Once { key, .. } => self.taken.get(key).is_some_and(|(_, _, until)| self.now < *until),
            Doing::Input(_) | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => false,
        };
        let is_confirmed = matches!(input, Some(Input::ConfirmClock(_))) && !is_repeat;
        let is_trusted = most_s == 0 || self.now == Timestamp::MIN || is_confirmed;
        !is_trusted && step.at > self.now.saturating_add_s(u64::from(most_s))
    }

    /// The user's leg that rings and that a diverted call may be.
    fn forwarded(&self, input: &CallDiverted) -> Option<LegId> {
        let of_line = |leg: &Leg| leg.call.and_then(|call| self.calls.get(&call)).map(|call| call.line) == input.caller;
        let rings = |leg: &Leg| leg.party == Party::User && leg.number == input.callee && leg.state == LegState::Ringing;
        self.legs.iter().find(|(_, leg)| rings(leg) && of_line(leg)).map(|(id, _)| *id)
    }

    /// The reservation that an input is about, when it is about one, and the call.
    pub(super) fn named(&self, input: &Input) -> (Option<ReservationId>, Option<CallId>) {
        let of_reservation = |id: ReservationId| {
            let call = self.calls.iter().find(|(_, call)| call.has(id)).map(|(id, _)| *id);
            (Some(id), call)
        };
        let of_leg = |id: LegId| {
            let call = self.legs.get(&id).and_then(|leg| leg.call);
            let of_leg = |call: &Call| call.part_of_leg(id).or(call.parts.first()).map(|part| part.reservation);
            (call.and_then(|call| self.calls.get(&call)).and_then(of_leg), call)
        };
        match input {
            Input::ChooseMode(input) => of_reservation(input.reservation),
            Input::ChooseSlot(input) => of_reservation(input.reservation),
            Input::MerchantReady(input) => of_reservation(input.reservation),
            Input::RequestCall(input) => self.asked_for(*input).map_or((None, None), of_reservation),
            Input::Cancel(input) => of_reservation(input.reservation),
            Input::ConfirmContact(input) => of_reservation(input.reservation),
            Input::RequestCode(input) => of_reservation(input.reservation),
            Input::Amend(input) => of_reservation(input.reservation),
            Input::Decline(input) => of_reservation(input.reservation),
            Input::Acknowledge(input) => of_reservation(input.reservation),
            Input::LegProgress(input) => of_leg(input.leg),
            Input::LegAnswered(input) => of_leg(input.leg),
            Input::LegEnded(input) => of_leg(input.leg),
            Input::RegisterMerchant(_)
            | Input::PublishPage(_)
            | Input::PushPage(_)
            | Input::PresetMode(_)
            | Input::Book(_)
            | Input::PlayFinished(_)
            | Input::EffectFailed(_)
            | Input::Resync(_)
            | Input::SetPolicy(_)
            | Input::RotateKey(_)
            | Input::ConfirmClock(_)
            | Input::WithdrawPage(_)
            | Input::SetCalendar(_)
            | Input::Search(_)
            | Input::RequestPage(_)
            | Input::ImportNumbers(_)
            | Input::Block(_)
            | Input::Freeze(_)
            | Input::Thaw(_)
            | Input::ImportDoNotCall(_)
            | Input::SetProfile(_)
            | Input::ForgetMe(_)
            | Input::MessageReported(_)
            | Input::Follow(_)
            | Input::Unfollow(_)
            | Input::RequestBinding(_)
            | Input::ConfirmBinding(_)
            | Input::Unbind(_)
            | Input::CallFailed(_)
            | Input::Recorded(_)
            | Input::RecordFailed(_)
            | Input::Transcribed(_)
            | Input::OpenMessage(_)
            | Input::RequestCallBack(_)
            | Input::Unblock(_) => (None, None),
            Input::CallDiverted(input) => self.forwarded(input).map_or((None, None), of_leg),
        }
    }

    /// Whether this advance has the budget for everything that can be due.
    pub(super) fn fires_everything(&self, step: &Step) -> bool {
        let lines: usize = self.merchants.values().map(|merchant| merchant.lines.len()).sum();
        let objects = self.reservations.len() + self.calls.len() + self.legs.len() + lines + self.voice_messages.len();
        matches!(step.doing, Doing::Advance { budget } if usize::try_from(budget).unwrap_or(usize::MAX) >= 16 + 8 * objects)
    }

    /// See [`super::Checker::view`].
    pub(super) fn view(&self) -> Vec<u8> {
        let mut view = View { now: self.now, out: Vec::new() };
        for (id, reservation) in &self.reservations {
            let Reservation {
                cancelled_at,
                attempts,
                merchant_failures,
                platform_failures,
                conversations,
                told_missed,
                told_cancelled,
                ..
            } = *reservation;
            reservation.view_changes(&mut view);
            view.number(id.get());
            view.number(reservation.chosen.map_or(0, |mode| 1 + mode as u64));
            view.number(
                u64::from(reservation.used_up) << 4
                    | u64::from(cancelled_at.is_some())
                    | u64::from(told_missed) << 1
                    | u64::from(told_cancelled) << 2,
            );
            view.number(
                u64::from(reservation.verified) | u64::from(reservation.refused) << 1 | u64::from(reservation.forgotten) << 2,
            );
            view.number(u64::from(attempts) | u64::from(merchant_failures) << 20 | u64::from(conversations) << 40);
            view.number(u64::from(platform_failures));
            view.instant(Some(reservation.window.start()));
            view.instant(Some(reservation.window.end()));
            view.instant(Some(reservation.eligible_at));
        }
        view.out.extend(format!("{:?}", self.blocks).bytes());
        view.out.extend(self.media.view().bytes());
        view.out.extend(self.accounts.view(self.now).bytes());
        view.out.extend(self.profiles.view(self.now).bytes());
        view.out.extend(self.voice_messages.view(self.now).bytes());
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        let place =
            |call: Option<CallId>| call.and_then(|call| calls.iter().position(|id| *id == call)).map_or(0, |at| 1 + at as u64);
        for (id, call) in &self.calls {
            view.number(place(Some(*id)));
            view.number(call.mode as u64 | u64::from(call.ended) << 2 | (call.parts.len() as u64) << 3);
            for part in &call.parts {
                view.number(part.reservation.get());
                view.number(
                    u64::from(part.over)
                        | u64::from(part.withdrawn) << 1
                        | u64::from(part.joined) << 2
                        | u64::from(part.leg.is_some()) << 3,
                );
            }
            view.instant(call.answer_until);
            view.instant(call.talks_until);
        }
        for (id, leg) in &self.legs {
            view.number(place(leg.call));
            let part = leg.call.and_then(|call| self.calls.get(&call)).and_then(|call| call.part_of_leg(*id));
            view.number(part.map_or(0, |part| part.reservation.get()));
            view.number(leg.party as u64 | u64::from(leg.inbound) << 1 | u64::from(leg.late.is_some()) << 2);
            view.number(u64::from(leg.progressed) | u64::from(leg.answered) << 1);
            view.instant(leg.ring_until);
            let (state, until) = match leg.state {
                LegState::Ringing => (0, None),
                LegState::Answered => (1, None),
                LegState::Joined => (2, None),
                LegState::Releasing { until } => (3, Some(until)),
                LegState::Gone => (4, None),
            };
            view.number(state);
            view.instant(until);
        }
        for (id, wrong, until) in self.holders.view().filter(|(.., until)| *until > self.now) {
            view.number(id);
            view.number(wrong);
            view.instant(Some(until));
        }
        for kept in self.law.view() {
            view.number(kept);
        }
        // Of the effects, what an `effect_failed` can still name.
        let legs: Vec<LegId> = self.legs.keys().copied().collect();
        for effect in self.handed_out.values().filter(|effect| effect.action.is_at_most_once()) {
            view.number(self.last_sequence - effect.sequence);
            let leg = effect.action.leg().and_then(|leg| legs.iter().position(|id| *id == leg));
            view.number(leg.map_or(0, |at| 1 + at as u64) << 1 | u64::from(effect.action.is_dial()));
        }
        view.out
    }
}

/// Writes numbers, and instants relative to the clock.
pub(super) struct View {
    now: Timestamp,
    out: Vec<u8>,
}

impl View {
    pub(super) fn number(&mut self, number: u64) {
        self.out.extend(number.to_le_bytes());
    }

    pub(super) fn instant(&mut self, at: Option<Timestamp>) {
        self.out.extend(at.map_or(i64::MIN, |at| at.micros_since(self.now)).to_le_bytes());
    }
}
