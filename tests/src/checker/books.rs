//! What a trace tells: merchants, pages, reservations, calls and legs, put together from inputs, replies and effects alone.

use std::collections::{BTreeMap, BTreeSet};

use ringfence::Chain;
use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Action, Archive, Audit, Content, Dial, Effect, Join, Party, Send};
use ringfence::values::id::{CallId, LegId, MerchantId, OfferingId, PageId, ReservationId};
use ringfence::values::input::{Book, Dedup, Input, Line, RegisterMerchant};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{CallMode, ModeChooser, Policy};
use ringfence::values::reply::{Allow, Reply};
use ringfence::values::text::Text;
use ringfence::values::time::{Timestamp, Window};

use super::amendments::Terms;
use super::{Broken, Judged, Notes, Overdue, Promise, Summary};
use crate::trace::{Doing, Step};

/// A merchant as he registered last.
#[derive(Clone, Debug)]
pub(super) struct Merchant {
    pub(super) lines: Vec<Line>,
    /// What he wrote himself. It may hold anything, and reaches users by his will.
    pub(super) texts: Vec<Text>,
    preset: Option<CallMode>,
}

#[derive(Clone, Debug)]
struct Page {
    merchant: MerchantId,
    line: Option<PhoneNumber>,
    offerings: BTreeMap<OfferingId, Text>,
}

/// A reservation as its `book` input and the inputs after it made it.
#[derive(Clone, Debug)]
pub(super) struct Reservation {
    pub(super) merchant: MerchantId,
    pub(super) sender: Address,
    pub(super) number: PhoneNumber,
    pub(super) line: PhoneNumber,
    pub(super) window: Window,
    pub(super) revision: u32,
    /// Whether the phone that shall ring is the sender's own.
    pub(super) verified: bool,
    pub(super) chosen: Option<CallMode>,
    pub(super) cancelled_at: Option<Timestamp>,
    pub(super) attempts: u32,
    pub(super) merchant_failures: u32,
    pub(super) conversations: u32,
    /// From when it may be called, and so its place in the queue.
    pub(super) eligible_at: Timestamp,
    pub(super) told_missed: bool,
    pub(super) told_cancelled: bool,
    /// The merchant would not call.
    pub(super) declined_at: Option<Timestamp>,
    pub(super) told_declined: bool,
    /// Its result has to be confirmed, and was not.
    pub(super) unacknowledged: bool,
    pub(super) offering: OfferingId,
    /// The end of the spacing after its last call.
    pub(super) rested: Option<Timestamp>,
    /// Terms that wait for the end of a call.
    pub(super) waiting: Option<Terms>,
    /// The revision of the last change, whether it holds or waits.
    pub(super) last_revision: u32,
}

/// A call, from its `allow` reply or its merchant's `dial` until its last leg is gone.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) reservation: ReservationId,
    /// The mode of the side that started it.
    pub(super) mode: CallMode,
    pub(super) line: PhoneNumber,
    pub(super) merchant_leg: LegId,
    pub(super) user_leg: Option<LegId>,
    /// Until when the inbound leg must report its answer.
    pub(super) answer_until: Option<Timestamp>,
    pub(super) joined_at: Option<Timestamp>,
    /// The permission was taken back before the user answered.
    pub(super) withdrawn: bool,
    pub(super) ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LegState {
    Ringing,
    Answered,
    Joined,
    Releasing { since: Timestamp },
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

/// How the first leg of a call went.
#[derive(Clone, Copy)]
enum First {
    /// By a report, or for want of one.
    Gone(Party),
    /// By the platform.
    Released(ReleaseCause),
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
}

impl Books {
    pub(super) fn new(policy: Policy, shard: u16) -> Self {
        Self {
            policy,
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
        }
    }

    /// P17: every record is the next of the chain.
    pub(super) fn take_audit(&mut self, audit: &Audit) -> Judged {
        self.chain.verify(audit).map_err(|error| (Promise::P17, error.to_string()))
    }

    // Reading.

    pub(super) fn merchant_of_line(&self, line: PhoneNumber) -> Option<MerchantId> {
        let has = |merchant: &Merchant| merchant.lines.iter().any(|own| own.number == line);
        self.merchants.iter().find(|(_, merchant)| has(merchant)).map(|(id, _)| *id)
    }

    pub(super) fn channels_of(&self, line: PhoneNumber) -> u32 {
        let lines = self.merchants.values().flat_map(|merchant| &merchant.lines);
        lines.filter(|own| own.number == line).map(|own| own.channels).sum()
    }

    pub(super) fn mode_in_force(&self, reservation: &Reservation) -> Option<CallMode> {
        let begun = self.now >= reservation.window.start();
        reservation.chosen.or_else(|| begun.then_some(self.policy.mode_on_silence))
    }

    /// The instant from which `min_ring_s` are no longer left.
    pub(super) fn last_ring_before(&self, reservation: &Reservation) -> Timestamp {
        reservation.window.end().saturating_sub_s(u64::from(self.policy.min_ring_s))
    }

    /// The call of this reservation that has not ended, other than `except`.
    pub(super) fn live_call(&self, id: ReservationId, except: Option<CallId>) -> Option<&Call> {
        self.calls.iter().find(|(call, c)| c.reservation == id && !c.ended && Some(**call) != except).map(|(_, c)| c)
    }

    /// Whether it is over for good, whatever the time: taken back, or its conversations or attempts are used up.
    pub(super) fn is_used_up(&self, id: ReservationId, reservation: &Reservation, except: Option<CallId>) -> bool {
        let used_up = reservation.cancelled_at.is_some()
            || reservation.declined_at.is_some()
            || reservation.conversations >= self.policy.conversations_max
            || reservation.attempts >= self.policy.attempts_max
            || reservation.merchant_failures >= self.policy.merchant_attempts_max
            || reservation.told_missed;
        used_up && self.live_call(id, except).is_none()
    }

    /// Whether a leg counts for its number and its channel.
    pub(super) fn is_alive(&self, leg: &Leg) -> bool {
        match leg.state {
            LegState::Ringing | LegState::Answered | LegState::Joined => true,
            LegState::Releasing { since } => self.now < self.grace_end(since),
            LegState::Gone => false,
        }
    }

    pub(super) fn grace_end(&self, since: Timestamp) -> Timestamp {
        since.saturating_add_s(u64::from(self.policy.release_grace_s))
    }

    pub(super) fn is_number_busy(&self, number: PhoneNumber) -> bool {
        self.legs.values().any(|leg| leg.party == Party::User && leg.number == number && self.is_alive(leg))
    }

    /// The calls that count on this line, other than `except`.
    pub(super) fn live_calls_on(&self, line: PhoneNumber, except: Option<CallId>) -> u32 {
        let alive: BTreeSet<CallId> = self.legs.values().filter(|leg| self.is_alive(leg)).filter_map(|leg| leg.call).collect();
        let on_line = |id: &&CallId| Some(**id) != except && self.calls.get(*id).is_some_and(|call| call.line == line);
        u32::try_from(alive.iter().filter(on_line).count()).unwrap_or(u32::MAX)
    }

    pub(super) fn grace_over(&self) -> BTreeSet<LegId> {
        let over = |leg: &Leg| matches!(leg.state, LegState::Releasing { since } if self.grace_end(since) <= self.now);
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

    /// The reservation that an input is about, when it is about one, and the call.
    pub(super) fn named(&self, input: &Input) -> (Option<ReservationId>, Option<CallId>) {
        let of_reservation = |id: ReservationId| {
            let call = self.calls.iter().find(|(_, call)| call.reservation == id && !call.ended).map(|(id, _)| *id);
            (Some(id), call)
        };
        let of_leg = |id: LegId| {
            let call = self.legs.get(&id).and_then(|leg| leg.call);
            (call.and_then(|call| self.calls.get(&call)).map(|call| call.reservation), call)
        };
        match input {
            Input::ChooseMode(input) => of_reservation(input.reservation),
            Input::RequestCall(input) => of_reservation(input.reservation),
            Input::Cancel(input) => of_reservation(input.reservation),
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
            | Input::ConfirmClock(_) => (None, None),
        }
    }

    /// Whether this advance has the budget for everything that can be due.
    pub(super) fn fires_everything(&self, step: &Step) -> bool {
        let lines: usize = self.merchants.values().map(|merchant| merchant.lines.len()).sum();
        let objects = self.reservations.len() + self.calls.len() + self.legs.len() + lines;
        matches!(step.doing, Doing::Advance { budget } if usize::try_from(budget).unwrap_or(usize::MAX) >= 16 + 8 * objects)
    }

    /// See [`super::Checker::view`].
    pub(super) fn view(&self) -> Vec<u8> {
        let mut view = View { now: self.now, out: Vec::new() };
        for (id, reservation) in &self.reservations {
            let Reservation { cancelled_at, attempts, merchant_failures, conversations, told_missed, told_cancelled, .. } =
                *reservation;
            reservation.view_changes(&mut view);
            view.number(id.get());
            view.number(reservation.chosen.map_or(0, |mode| 1 + mode as u64));
            view.number(u64::from(cancelled_at.is_some()) | u64::from(told_missed) << 1 | u64::from(told_cancelled) << 2);
            view.number(u64::from(attempts) | u64::from(merchant_failures) << 20 | u64::from(conversations) << 40);
            view.instant(Some(reservation.window.start()));
            view.instant(Some(reservation.window.end()));
            view.instant(Some(reservation.eligible_at));
        }
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        let place =
            |call: Option<CallId>| call.and_then(|call| calls.iter().position(|id| *id == call)).map_or(0, |at| 1 + at as u64);
        for (id, call) in &self.calls {
            view.number(place(Some(*id)));
            view.number(call.reservation.get());
            view.number(
                call.mode as u64
                    | u64::from(call.withdrawn) << 1
                    | u64::from(call.ended) << 2
                    | u64::from(call.user_leg.is_some()) << 3,
            );
            view.instant(call.answer_until);
            view.instant(call.joined_at);
        }
        for leg in self.legs.values() {
            view.number(place(leg.call));
            view.number(leg.party as u64 | u64::from(leg.inbound) << 1 | u64::from(leg.late.is_some()) << 2);
            view.number(u64::from(leg.progressed) | u64::from(leg.answered) << 1);
            view.instant(leg.ring_until);
            let (state, since) = match leg.state {
                LegState::Ringing => (0, None),
                LegState::Answered => (1, None),
                LegState::Joined => (2, None),
                LegState::Releasing { since } => (3, Some(since)),
                LegState::Gone => (4, None),
            };
            view.number(state);
            view.instant(since);
        }
        // Of the effects, what an `effect_failed` can still name.
        for effect in self.handed_out.values().filter(|effect| effect.action.is_at_most_once()) {
            view.number(self.last_sequence - effect.sequence);
        }
        view.out
    }

    // Writing.

    /// Whether the effect was handed out before, as it may be after a restart.
    pub(super) fn is_handed_out_again(&mut self, effect: &Effect, restart: bool) -> Result<bool, Broken> {
        let Effect { sequence, .. } = *effect;
        if sequence > self.last_sequence {
            self.last_sequence = sequence;
            self.handed_out.insert(sequence, effect.clone());
            return Ok(false);
        }
        let what = match self.handed_out.get(&sequence) {
            Some(same) if same == effect && restart => return Ok(true),
            Some(same) if same == effect => "was handed out before, and there was no restart",
            Some(_) => "was another one when it was handed out first",
            None => "was confirmed or voided before",
        };
        Err((Promise::P12, format!("effect {sequence} {what}")))
    }

    pub(super) fn take_confirm(&mut self, up_to: u64) {
        self.handed_out = self.handed_out.split_off(&up_to.saturating_add(1));
    }

    /// Whether the step's instant lies farther ahead than the policy trusts.
    pub(super) fn is_leap(&self, step: &Step) -> bool {
        let input = match &step.doing {
            Doing::Input(input) | Doing::Once { input, .. } => Some(input),
            Doing::Advance { .. } => None,
            Doing::Confirm { .. } | Doing::Restart => return false,
        };
        let most_s = self.policy.clock_leap_max_s;
        let is_trusted = most_s == 0 || self.now == Timestamp::MIN || matches!(input, Some(Input::ConfirmClock(_)));
        !is_trusted && step.at > self.now.saturating_add_s(u64::from(most_s))
    }

    /// What an accepted input says.
    pub(super) fn take_input(&mut self, input: &Input, reply: &Reply, notes: &mut Notes, summary: &mut Summary) -> Judged {
        match (input, reply) {
            (Input::RegisterMerchant(input), Reply::Done) => return self.take_merchant(input),
            (Input::PublishPage(input), Reply::Published(_)) => {
                let page = Page { merchant: input.merchant, line: input.line, offerings: input.offerings.clone() };
                self.pages.insert(input.page, page);
            }
            (Input::PresetMode(input), _) => {
                if let Some(merchant) = self.merchants.get_mut(&input.merchant) {
                    merchant.preset = input.mode;
                }
            }
            (Input::ChooseMode(input), Reply::Done) => return self.take_mode(input.reservation, input.mode, notes),
            (Input::Book(input), Reply::Booked(booked)) => return self.take_book(input, booked.reservation),
            (Input::RequestCall(input), Reply::Allow(allow)) => return self.take_allow(input.line, input.reservation, *allow),
            (Input::RequestCall(input), Reply::Deny(deny)) => return self.take_leg(deny.leg, inbound(None, input.line)),
            (Input::Cancel(input), Reply::Done) => self.take_cancel(input.reservation, notes, summary),
            (Input::Amend(input), Reply::Amended(amended)) => return self.take_amend(input, *amended, notes, summary),
            (Input::Decline(input), Reply::Done) => self.take_decline(input.reservation, notes, summary),
            (Input::Acknowledge(input), Reply::Done) => self.take_acknowledge(input.reservation),
            (Input::LegAnswered(input), _) => self.take_answered(input.leg, notes, summary),
            (Input::LegEnded(input), _) => {
                if notes.grace_over.contains(&input.leg) {
                    // Settling counted it as lost before the report was read.
                    notes.lost_by_input.insert(input.leg);
                }
                self.lose(input.leg);
            }
            (Input::Resync(input), _) => {
                let missing: Vec<LegId> = self.legs.keys().filter(|leg| !input.legs.contains(leg)).copied().collect();
                for leg in missing {
                    self.lose(leg);
                    notes.lost_by_input.insert(leg);
                }
                self.handed_out.retain(|_, effect| !effect.action.is_at_most_once());
            }
            (Input::LegProgress(input), _) => {
                if let Some(leg) = self.legs.get_mut(&input.leg) {
                    leg.progressed |= !notes.overdue.iter().any(|overdue| Some(overdue.call) == leg.call);
                }
            }
            // A failed effect is read after the step's own effects.
            (Input::PushPage(_) | Input::PlayFinished(_) | Input::EffectFailed(_) | Input::ConfirmClock(_), _) => {}
            (Input::SetPolicy(input), _) => self.policy = input.policy.clone(),
            // An input with another reply than its own kind is accepted without having done anything.
            (
                Input::RegisterMerchant(_)
                | Input::PublishPage(_)
                | Input::ChooseMode(_)
                | Input::Book(_)
                | Input::RequestCall(_)
                | Input::Cancel(_)
                | Input::Amend(_)
                | Input::Decline(_)
                | Input::Acknowledge(_),
                _,
            ) => {}
        }
        Ok(())
    }

    /// An `effect_failed`, which the platform takes after what was due: a leg that settling ended is no longer waiting for its effect.
    pub(super) fn take_late_input(&mut self, step: &Step, notes: &mut Notes) {
        let Doing::Input(Input::EffectFailed(input)) = &step.doing else { return };
        if !matches!(step.reply, Some(Ok(_))) {
            return;
        }
        match self.handed_out.get(&input.sequence).map(|effect| &effect.action) {
            Some(Action::Dial(dial)) => {
                let id = dial.leg;
                let waits = |leg: &Leg| match leg.state {
                    LegState::Ringing => !leg.progressed,
                    // Ending the leg voided its dial.
                    LegState::Releasing { .. } | LegState::Answered | LegState::Joined | LegState::Gone => false,
                };
                if self.legs.get(&id).is_some_and(waits) {
                    self.lose(id);
                    notes.lost_by_input.insert(id);
                }
            }
            Some(Action::Answer(answer)) => {
                let waits = self.legs.get(&answer.leg).filter(|leg| leg.state == LegState::Ringing);
                if let Some(call) = waits.and_then(|leg| leg.call) {
                    notes.duties.push(Overdue { call, promise: Promise::P9, why: "the inbound leg could not be answered" });
                }
            }
            Some(_) | None => {}
        }
    }

    fn take_merchant(&mut self, input: &RegisterMerchant) -> Judged {
        for line in &input.lines {
            let live = self.live_calls_on(line.number, None);
            if live > line.channels {
                return Err((Promise::P8, format!("a line with {live} live calls is given {} channels", line.channels)));
            }
        }
        let texts = [Some(&input.name), input.contact.as_ref(), input.address.as_ref()].into_iter().flatten().cloned().collect();
        let preset = self.merchants.get(&input.merchant).and_then(|known| known.preset);
        self.merchants.insert(input.merchant, Merchant { lines: input.lines.clone(), texts, preset });
        Ok(())
    }

    /// The texts of the offerings of a merchant's pages.
    pub(super) fn offerings(&self) -> impl Iterator<Item = &Text> {
        self.pages.values().flat_map(|page| page.offerings.values())
    }

    fn take_book(&mut self, input: &Book, id: ReservationId) -> Judged {
        let incomplete = |what: &str| (Promise::P12, format!("reservation {id} {what}; a trace begins with an empty platform"));
        let page = self.pages.get(&input.page).ok_or_else(|| incomplete("stands on a page that was never published"))?;
        let merchant = self.merchants.get(&page.merchant).ok_or_else(|| incomplete("is with a merchant who never registered"))?;
        let own = input.user.number();
        let number = input.contact.or(own).ok_or_else(|| incomplete("has no phone that could ring"))?;
        let named = page.line.filter(|line| merchant.lines.iter().any(|own| own.number == *line));
        let line = named.or_else(|| merchant.lines.first().map(|line| line.number)).ok_or_else(|| incomplete("has no line"))?;
        let chosen = match self.policy.mode_chosen_by {
            ModeChooser::Platform(mode) => Some(mode),
            ModeChooser::Merchant => merchant.preset,
        };
        let verified = own == Some(number);
        let reservation = Reservation {
            merchant: page.merchant,
            sender: input.user.clone(),
            number,
            line,
            window: input.window,
            revision: 1,
            verified,
            chosen,
            cancelled_at: None,
            attempts: 0,
            merchant_failures: 0,
            conversations: 0,
            eligible_at: self.now.max(input.window.start()),
            told_missed: false,
            told_cancelled: false,
            declined_at: None,
            told_declined: false,
            unacknowledged: verified && self.results_await(),
            offering: input.offering,
            rested: None,
            waiting: None,
            last_revision: 1,
        };
        for number in [Some(number), own].into_iter().flatten() {
            self.numbers.entry(number).or_default().insert(input.user.clone());
        }
        if let Some(name) = &input.name {
            self.names.entry(name.clone()).or_default().insert(input.user.clone());
        }
        match self.reservations.insert(id, reservation) {
            None => Ok(()),
            Some(_) => Err((Promise::P12, format!("the number of reservation {id} is given a second time"))),
        }
    }

    fn take_mode(&mut self, id: ReservationId, mode: CallMode, notes: &Notes) -> Judged {
        let in_force = self.reservations.get(&id).and_then(|reservation| self.mode_in_force(reservation));
        let living = self
            .calls
            .iter()
            .find(|(call, c)| c.reservation == id && !c.ended && !notes.overdue.iter().any(|overdue| overdue.call == **call));
        if living.is_some() && in_force != Some(mode) {
            return Err((Promise::P6, format!("the mode of reservation {id} changed while a call of it lives")));
        }
        if let Some(reservation) = self.reservations.get_mut(&id) {
            if in_force != Some(mode) {
                // An open one is queued again now; one whose window has not begun will be when it does.
                reservation.eligible_at = reservation.eligible_at.max(self.now);
            }
            reservation.chosen = Some(mode);
        }
        Ok(())
    }

    fn take_leg(&mut self, id: LegId, leg: Leg) -> Judged {
        let known = self.was_leg(id) || self.legs.insert(id, leg).is_some();
        if known { Err((Promise::P12, format!("the number of leg {id} is given a second time"))) } else { Ok(()) }
    }

    fn take_allow(&mut self, line: PhoneNumber, reservation: ReservationId, allow: Allow) -> Judged {
        let call = Call {
            reservation,
            mode: CallMode::MerchantCalls,
            line,
            merchant_leg: allow.leg,
            user_leg: None,
            answer_until: None,
            joined_at: None,
            withdrawn: false,
            ended: false,
        };
        self.calls.insert(allow.call, call);
        self.take_leg(allow.leg, inbound(Some(allow.call), line))
    }

    pub(super) fn take_dial(&mut self, dial: &Dial) -> Judged {
        if dial.party == Party::Merchant {
            let call = Call {
                reservation: dial.reason.reservation,
                mode: CallMode::PlatformCalls,
                line: dial.to,
                merchant_leg: dial.leg,
                user_leg: None,
                answer_until: None,
                joined_at: None,
                withdrawn: false,
                ended: false,
            };
            self.calls.insert(dial.call, call);
        } else if let Some(call) = self.calls.get_mut(&dial.call) {
            call.user_leg = Some(dial.leg);
        }
        let ring_until = self.now.saturating_add_s(u64::from(self.policy.ring_timeout_s));
        let leg = Leg {
            call: Some(dial.call),
            party: dial.party,
            inbound: false,
            number: dial.to,
            ring_until: Some(ring_until),
            state: LegState::Ringing,
            progressed: false,
            answered: false,
            late: None,
        };
        self.take_leg(dial.leg, leg)
    }

    pub(super) fn take_answer(&mut self, leg: LegId) {
        let until = self.now.saturating_add_s(u64::from(self.policy.answer_timeout_s));
        let call = self.legs.get(&leg).and_then(|leg| leg.call);
        if let Some(call) = call.and_then(|call| self.calls.get_mut(&call)) {
            call.answer_until = Some(until);
        }
    }

    fn take_cancel(&mut self, id: ReservationId, notes: &Notes, summary: &mut Summary) {
        if let Some(reservation) = self.reservations.get_mut(&id) {
            reservation.cancelled_at.get_or_insert(self.now);
        }
        for duty in &notes.duties {
            let Some(call) = self.calls.get_mut(&duty.call).filter(|call| call.reservation == id) else { continue };
            call.withdrawn = true;
            let user = call.user_leg.and_then(|leg| self.legs.get(&leg));
            summary.withdrawn_while_ringing += usize::from(user.is_some_and(|leg| leg.state == LegState::Ringing));
        }
    }

    fn take_answered(&mut self, id: LegId, notes: &Notes, summary: &mut Summary) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let overdue = notes.overdue.iter().find(|overdue| Some(overdue.call) == leg.call);
        let repeats = leg.answered;
        leg.answered = true;
        match (leg.state, overdue) {
            (LegState::Ringing, Some(overdue)) => {
                leg.late = Some((overdue.promise, overdue.why));
                summary.late_answers += 1;
            }
            (LegState::Ringing, None) => leg.state = LegState::Answered,
            (LegState::Releasing { .. }, _) => summary.late_answers += usize::from(!repeats),
            (LegState::Answered | LegState::Joined | LegState::Gone, _) => {}
        }
    }

    pub(super) fn take_join(&mut self, join: &Join, summary: &mut Summary) {
        let Some(leg) = self.legs.get_mut(&join.leg) else { return };
        leg.state = LegState::Joined;
        let party = leg.party;
        let Some(call) = self.calls.get_mut(&join.bridge) else { return };
        if party == Party::User {
            call.joined_at = Some(self.now);
            match call.mode {
                CallMode::MerchantCalls => summary.conversations_merchant_calls += 1,
                CallMode::PlatformCalls => summary.conversations_platform_calls += 1,
            }
        }
    }

    pub(super) fn take_send(&mut self, send: &Send) {
        match &send.content {
            Content::Missed(notice) => {
                if let Some(reservation) = self.reservations.get_mut(&notice.reservation) {
                    reservation.told_missed |= reservation.sender == send.to;
                }
            }
            Content::Cancelled(notice) => {
                if let Some(reservation) = self.reservations.get_mut(&notice.reservation) {
                    reservation.told_cancelled |= reservation.sender == send.to;
                }
            }
            Content::Declined(notice) => {
                if let Some(reservation) = self.reservations.get_mut(&notice.reservation) {
                    reservation.told_declined |= reservation.sender == send.to;
                }
            }
            Content::BookingPage(_)
            | Content::Result(_)
            | Content::ContactUnconfirmed(_)
            | Content::Reservation(_)
            | Content::Amended(_)
            | Content::OnHold(_)
            | Content::ModeOptions(_) => {}
        }
    }

    pub(super) fn take_archive(&mut self, archive: &Archive) {
        self.reservations.remove(&archive.reservation);
    }

    /// A leg is hung up or rejected.
    pub(super) fn release(&mut self, id: LegId, cause: ReleaseCause, state: LegState) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if !matches!(leg.state, LegState::Releasing { .. } | LegState::Gone) {
            leg.state = state;
        }
        let call = leg.call;
        self.end(call, First::Released(cause));
        self.forget_gone(id);
    }

    /// A leg is gone without the platform's doing.
    pub(super) fn lose(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.state = LegState::Gone;
        let (call, party) = (leg.call, leg.party);
        self.end(call, First::Gone(party));
        self.forget_gone(id);
    }

    /// A call ends with its first leg, and its reservation draws the consequence.
    fn end(&mut self, id: Option<CallId>, first: First) {
        let now = self.now;
        let spaced = now.saturating_add_s(u64::from(self.policy.retry_spacing_s));
        let Some(call) = id.and_then(|id| self.calls.get_mut(&id)) else { return };
        if std::mem::replace(&mut call.ended, true) {
            return;
        }
        let Some(reservation) = self.reservations.get_mut(&call.reservation) else { return };
        let rested = if call.joined_at.is_some() { now } else { spaced };
        reservation.eligible_at = rested;
        reservation.rested = Some(rested);
        reservation.set_waiting(now);
        if call.joined_at.is_some() {
            reservation.conversations += 1;
            return;
        }
        if matches!(first, First::Released(ReleaseCause::Amended)) {
            return;
        }
        if call.user_leg.is_some() {
            reservation.attempts += 1;
            return;
        }
        let merchant_failed = match first {
            First::Gone(party) => party == Party::Merchant,
            First::Released(cause) => cause == ReleaseCause::NoAnswer,
        };
        reservation.merchant_failures += u32::from(merchant_failed);
    }

    /// Gone legs are kept by number only, and calls whose legs are all gone not at all.
    fn forget_gone(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id) else { return };
        if leg.state != LegState::Gone {
            return;
        }
        let call = leg.call;
        self.legs.remove(&id);
        self.gone_legs.insert(id);
        if let Some(call) = call
            && self.legs.values().all(|leg| leg.call != Some(call))
        {
            self.calls.remove(&call);
        }
    }
}

const fn inbound(call: Option<CallId>, line: PhoneNumber) -> Leg {
    Leg {
        call,
        party: Party::Merchant,
        inbound: true,
        number: line,
        ring_until: None,
        state: LegState::Ringing,
        progressed: false,
        answered: false,
        late: None,
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
