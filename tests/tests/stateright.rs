//! Model checking: every interleaving of a small world over the real [`Platform`], judged in every state by the checker.
//!
//! The world: one merchant with one line of one channel and two users with a reservation each in the same window (in one scope, two
//! merchants who both want the same user), a simulated switch, and a host. Whatever the network may report of a leg it may report at any time, twice, too late or never; users and merchant may cancel,
//! choose and call at any time; the host may fire a deadline, be asked something at the instant of a deadline before it fires it, sleep
//! until one microsecond before the window's end or past it, stop between the log and a dial, fail to dial, and lose the switch. Budgets
//! keep it finite; it is explored completely, and the number of its states is pinned.
//!
//! A state is `Platform::model_view()`, the checker's own view, and what the environment needs. Each `always` stands beside the
//! `sometimes` of its promise, which show that it is not vacuous. One scope with every kind of trouble at once would have too many states,
//! so each scope has two kinds; what a scope cannot show is listed with it, and some scope shows everything. `RINGFENCE_MODEL=full` explores
//! larger scopes, with more kinds at once:
//!
//! ```text
//! RINGFENCE_MODEL=full cargo test --release -p ringfence-testing --test stateright -- --nocapture
//! ```
//!
//! When a property falls, the whole life that led there is printed as the lines of a trace.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};

use ringfence::values::cause::Evidence;
use ringfence::values::effect::{Action, Content, Effect, Party};
use ringfence::values::id::{LegId, MerchantId, OfferingId, PageId, ReservationId};
use ringfence::values::input::{
    Book, Cancel, ChooseMode, EffectFailed, Input, LegAnswered, LegEnded, LegProgress, Line, PublishPage, RegisterMerchant,
    RequestCall, Resync,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{CallMode, Policy};
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{Deny, DenyReason, Missed, Reply, Verdict};
use ringfence::values::time::{Timestamp, Window, Zone};
use ringfence::{Keyring, Platform};
use ringfence_testing::checker::{Checker, Promise};
use ringfence_testing::trace::{Doing, Step, Trace};
use stateright::{Checker as _, Expectation, HasDiscoveries, Model, Property};

const USERS: [&str; 2] = ["+8613800000001", "+8613800000002"];
const LINES: [&str; 2] = ["95511", "95522"];

/// How often each kind of trouble may come in one life of this world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Budget {
    requests: u8,
    cancels: u8,
    modes: u8,
    /// Reports that nobody needs: progress, repeats, answers that cross a hang-up or come unasked.
    odd: u8,
    /// Effects that fail, restarts, and switches that lose their legs.
    faults: u8,
    /// Steps of a host that lets a deadline pass.
    late: u8,
}

/// What the last step showed, for the `sometimes`. Part of the state for one step only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Event {
    None,
    Denied(DenyReason),
    UserDialled(CallMode),
    Joined { mode: CallMode, last_microsecond: bool, both_served: bool },
    CancelEndsRinging,
    CancelCrossesAnswer,
    CancelLeavesConversation,
    LateAnswer,
    WindowEndsWhileRinging,
    DialledAfterRestart,
    DialFailed,
    LegsLost,
    Repeat,
    Refused,
    NotReached,
    HostLate,
    Archived,
}

/// Why a state is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Fallen {
    Promise(Promise, String),
    Invariant(String),
    /// `gate` said something else than `request_call` a moment later.
    Gate(String),
    /// A restored platform is another one.
    Restore,
    /// Nothing is due any more, and something has not ended.
    Unfinished(String),
}

/// A leg at the simulated switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct SwitchLeg {
    party: Party,
    inbound: bool,
    /// The platform asked for its answer.
    asked: bool,
    progressed: bool,
    answered: bool,
    hung_up: bool,
    /// It was withdrawn by a cancel, so an answer now crosses it.
    withdrawn: bool,
}

impl SwitchLeg {
    /// Whether its answer may come without any trouble: it rings or was asked for, or a cancel hung it up a moment ago.
    const fn expects_answer(&self) -> bool {
        !self.answered && (!self.hung_up || self.withdrawn) && (!self.inbound || self.asked)
    }
}

#[derive(Clone)]
struct World {
    platform: Platform,
    checker: Checker,
    now: Timestamp,
    end: Timestamp,
    switch: BTreeMap<LegId, SwitchLeg>,
    /// A leg that is gone, for reports that repeat its end.
    gone: Option<LegId>,
    /// The dials and answers handed out in the last step: they may have failed, and are unconfirmed until the next.
    fresh: Vec<(u64, LegId)>,
    last_sequence: u64,
    budget: Budget,
    silence: CallMode,
    sides: Sides,
    restarted: bool,
    /// Whose conversation there was.
    served: [bool; 2],
    event: Event,
    fallen: Option<Fallen>,
    /// Everything that happened, when somebody wants to read it.
    trace: Option<Trace>,
    /// Two hashes of all of this; the state for the model checker.
    key: [u64; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Act {
    Request(u64),
    Cancel(u64),
    Choose(u64, CallMode),
    Progress(LegId),
    Answer(LegId),
    End(LegId, Option<u8>),
    /// The host says that it did not carry out this effect.
    Fail(u64),
    /// The host stops after the log and before the dial, comes back, and dials.
    Restart,
    /// The switch comes back with its legs, or without.
    Resync {
        legs_live: bool,
    },
    /// The host fires what is due next, at its instant.
    Advance,
    /// The host's clock reaches the next deadline, and somebody is faster than it.
    Oversleep,
    /// The clock stands one microsecond before the window's end.
    NearEnd,
    /// The host slept past the window's end.
    PastEnd,
}

/// Who stands on which side of the two reservations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sides {
    OneMerchantTwoUsers,
    TwoMerchantsOneUser,
}

impl Sides {
    /// The user, the merchant and the line of a reservation.
    const fn of(self, reservation: u64) -> (&'static str, MerchantId, &'static str) {
        match (self, reservation) {
            (Self::OneMerchantTwoUsers, 2) => (USERS[1], MerchantId::new(1), LINES[0]),
            (Self::TwoMerchantsOneUser, 2) => (USERS[0], MerchantId::new(2), LINES[1]),
            (Self::OneMerchantTwoUsers | Self::TwoMerchantsOneUser, _) => (USERS[0], MerchantId::new(1), LINES[0]),
        }
    }
}

/// A world to explore, and what is known of it.
struct Scope {
    name: &'static str,
    budget: Budget,
    window_s: u32,
    merchant_attempts_max: u32,
    /// Both reservations are with one merchant, whose line has one channel, and of two users; or they are with two merchants, and of one user.
    sides: Sides,
    /// The `sometimes` that it cannot show.
    lacks: &'static [&'static str],
    /// How many states it has.
    states: usize,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, switch, budget, event, fallen, .. } = self;
        write!(f, "{now} {budget:?} {event:?} {fallen:?} {switch:?}")
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl World {
    /// The merchant is open, both users have booked, and it is ten seconds before their window.
    fn new(scope: &Scope, silence: CallMode, trace: bool) -> Self {
        let start = Timestamp::parse("2026-11-21T18:00:00+08:00").expect("a time");
        let window = Window::new(start, start.saturating_add_s(u64::from(scope.window_s))).expect("a window");
        let policy = scope.policy(silence);
        let mut world = Self {
            platform: Platform::new(policy.clone(), Keyring::default(), 0).expect("a policy within its ranges"),
            checker: Checker::new(policy.clone()),
            now: start.saturating_sub_s(10),
            end: window.end(),
            switch: BTreeMap::new(),
            gone: None,
            fresh: Vec::new(),
            last_sequence: 0,
            budget: scope.budget,
            silence,
            sides: scope.sides,
            restarted: false,
            served: [false; 2],
            event: Event::None,
            fallen: None,
            trace: trace.then(|| Trace::new(policy)),
            key: [0; 2],
        };
        for input in opening(scope.sides, window) {
            world.input(input).expect("the opening is accepted");
        }
        world.seal();
        world
    }

    /// Everything that was handed out before is done: the host confirms it.
    fn confirm(&mut self) {
        self.fresh.clear();
        if self.platform.unconfirmed() > 0 {
            let up_to = self.last_sequence;
            let refused = self.platform.confirm(up_to).err();
            self.judge(Doing::Confirm { up_to }, refused.map(Err));
        }
    }

    fn input(&mut self, input: Input) -> Result<Reply, Refusal> {
        let reply = self.platform.handle(self.now, input.clone());
        self.judge(Doing::Input(input), Some(reply.clone()));
        reply
    }

    fn judge(&mut self, doing: Doing, reply: Option<Result<Reply, Refusal>>) {
        let effects: Vec<Effect> = std::iter::from_fn(|| self.platform.poll_effect()).collect();
        let step = Step { line: None, at: self.now, doing, reply, effects };
        if let Err(violation) = self.checker.step(&step) {
            self.fallen.get_or_insert(Fallen::Promise(violation.promise, violation.text));
        }
        for effect in &step.effects {
            self.carry_out(effect);
        }
        if let Some(trace) = &mut self.trace {
            trace.steps.push(step);
        }
    }

    fn carry_out(&mut self, effect: &Effect) {
        if effect.sequence <= self.last_sequence {
            return;
        }
        self.last_sequence = effect.sequence;
        match &effect.action {
            Action::Dial(dial) => {
                self.fresh.push((effect.sequence, dial.leg));
                self.switch.insert(dial.leg, leg(dial.party, false));
                if dial.party == Party::User {
                    let mode = self.platform.call(dial.call).map_or(self.silence, |call| call.mode);
                    self.event = Event::UserDialled(mode);
                }
            }
            Action::Answer(answer) => {
                self.fresh.push((effect.sequence, answer.leg));
                if let Some(leg) = self.switch.get_mut(&answer.leg) {
                    leg.asked = true;
                }
            }
            Action::Reject(reject) => self.remove(reject.leg),
            Action::HangUp(hang_up) => {
                if let Some(leg) = self.switch.get_mut(&hang_up.leg) {
                    leg.hung_up = true;
                }
            }
            Action::Send(send) => match &send.content {
                Content::Missed(missed) if missed.why == Missed::NotReached => self.event = Event::NotReached,
                Content::Missed(missed) if missed.why == Missed::HostLate => self.event = Event::HostLate,
                Content::Missed(_)
                | Content::BookingPage(_)
                | Content::Result(_)
                | Content::ContactUnconfirmed(_)
                | Content::Reservation(_)
                | Content::ModeOptions(_)
                | Content::Cancelled(_)
                | Content::ReservationCancelled(_)
                | Content::ReservationMissed(_) => {}
            },
            Action::Archive(_) => self.event = Event::Archived,
            Action::Join(_) | Action::Play(_) | Action::Audit(_) => {}
        }
    }

    fn remove(&mut self, leg: LegId) {
        if self.switch.remove(&leg).is_some() {
            self.gone = Some(leg);
        }
    }

    /// The instant of the next deadline, never before now.
    fn deadline(&self) -> Option<Timestamp> {
        self.platform.poll_deadline().map(|(at, _)| at.max(self.now))
    }

    /// Whether a phone of a user rings at the switch.
    fn rings(&self) -> bool {
        self.switch.values().any(|leg| leg.party == Party::User && !leg.answered && !leg.hung_up)
    }

    fn act(&mut self, act: Act) {
        let before = *self.checker.summary();
        let (rang, was_served) = (self.rings(), self.served);
        self.event = Event::None;
        self.restarted = false;
        if !matches!(act, Act::Fail(_) | Act::Restart | Act::Resync { .. }) {
            self.confirm();
        }
        match act {
            Act::Request(id) => self.request(ReservationId::new(id)),
            Act::Cancel(id) => self.cancel(id),
            Act::Choose(id, mode) => {
                self.budget.modes -= 1;
                let choose = ChooseMode { merchant: self.sides.of(id).1, reservation: ReservationId::new(id), mode };
                if self.input(Input::ChooseMode(choose)).is_err() {
                    self.event = Event::Refused;
                }
            }
            Act::Progress(leg) => {
                self.budget.odd -= 1;
                self.switch.entry(leg).and_modify(|leg| leg.progressed = true);
                let _ = self.input(Input::LegProgress(LegProgress { leg }));
            }
            Act::Answer(id) => self.answer(id),
            Act::End(id, q850_cause) => {
                if self.switch.contains_key(&id) {
                    self.remove(id)
                } else {
                    self.budget.odd -= 1
                }
                let _ = self.input(Input::LegEnded(LegEnded { leg: id, evidence: Evidence { sip_status: None, q850_cause } }));
            }
            Act::Fail(sequence) => {
                self.budget.faults -= 1;
                if let Some((_, id)) = self.fresh.iter().find(|(fresh, _)| *fresh == sequence) {
                    let id = *id;
                    match self.switch.get_mut(&id) {
                        // An answer that was not carried out leaves the caller waiting; a dial, no leg at all.
                        Some(leg) if leg.inbound => leg.asked = false,
                        Some(_) => self.remove(id),
                        None => {}
                    }
                }
                self.event = Event::DialFailed;
                let _ = self.input(Input::EffectFailed(EffectFailed { sequence }));
            }
            Act::Restart => self.restart(),
            Act::Resync { legs_live } => {
                self.budget.faults -= 1;
                if !legs_live {
                    self.switch.clear();
                    self.event = Event::LegsLost;
                }
                let legs = self.switch.keys().copied().collect();
                let _ = self.input(Input::Resync(Resync { legs }));
            }
            Act::Advance => {
                self.now = self.deadline().unwrap_or(self.now);
                let _ = self.platform.advance(self.now, 1_000);
                self.judge(Doing::Advance { budget: 1_000 }, None);
            }
            Act::Oversleep => {
                self.budget.late -= 1;
                self.now = self.deadline().unwrap_or(self.now);
            }
            Act::NearEnd => {
                self.budget.late -= u8::from(self.deadline().is_some_and(|at| at < self.last_microsecond()));
                self.now = self.last_microsecond();
            }
            Act::PastEnd => {
                self.budget.late -= 1;
                self.now = self.end.saturating_add_s(1);
            }
        }
        self.notice(act, &before, rang, was_served);
        self.seal();
    }

    fn last_microsecond(&self) -> Timestamp {
        self.end.saturating_add_micros(-1)
    }

    fn request(&mut self, reservation: ReservationId) {
        self.budget.requests -= 1;
        let line = number(self.sides.of(reservation.get()).2);
        let gate = self.platform.gate(line, reservation, self.now);
        let reply = self.input(Input::RequestCall(RequestCall { line, reservation }));
        let verdict = match &reply {
            Ok(Reply::Allow(allow)) => {
                self.switch.insert(allow.leg, leg(Party::Merchant, true));
                Verdict::Allow
            }
            Ok(Reply::Deny(Deny { reason, retry_at, .. })) => {
                self.event = Event::Denied(*reason);
                Verdict::Deny { reason: *reason, retry_at: *retry_at }
            }
            other => return self.fall(Fallen::Gate(format!("{other:?}"))),
        };
        if verdict != gate {
            self.fall(Fallen::Gate(format!("gate says {gate:?}, request_call {verdict:?}")));
        }
    }

    fn cancel(&mut self, id: u64) {
        self.budget.cancels -= 1;
        let talking = self.switch.values().any(|leg| leg.party == Party::User && leg.answered && !leg.hung_up);
        let withdrawn = self.checker.summary().withdrawn_while_ringing;
        let user = Address::Rcs(number(self.sides.of(id).0));
        let reply = self.input(Input::Cancel(Cancel { user, reservation: ReservationId::new(id) }));
        if self.checker.summary().withdrawn_while_ringing > withdrawn {
            self.switch.values_mut().filter(|leg| leg.hung_up).for_each(|leg| leg.withdrawn = true);
            self.event = Event::CancelEndsRinging;
        } else if reply == Ok(Reply::Done) && talking && self.switch.values().all(|leg| !leg.hung_up) {
            self.event = Event::CancelLeavesConversation;
        }
    }

    fn answer(&mut self, id: LegId) {
        let Some(known) = self.switch.get_mut(&id) else { return };
        let crosses = known.withdrawn && !known.answered;
        let expected = known.expects_answer();
        known.answered = true;
        self.budget.odd -= u8::from(!expected);
        let _ = self.input(Input::LegAnswered(LegAnswered { leg: id }));
        if crosses {
            self.event = Event::CancelCrossesAnswer;
        }
    }

    fn restart(&mut self) {
        self.budget.faults -= 1;
        let view = self.platform.model_view();
        match Platform::restore(&self.platform.snapshot(), Keyring::default(), 7) {
            Ok(platform) if platform.model_view() == view && platform.state_hash() == self.platform.state_hash() => {
                self.platform = platform;
            }
            Ok(_) | Err(_) => return self.fall(Fallen::Restore),
        }
        self.restarted = true;
        self.event = Event::DialledAfterRestart;
        self.judge(Doing::Restart, None);
    }

    fn fall(&mut self, fallen: Fallen) {
        self.fallen.get_or_insert(fallen);
    }

    fn notice(&mut self, act: Act, before: &ringfence_testing::checker::Summary, rang: bool, was_served: [bool; 2]) {
        let after = *self.checker.summary();
        let joined = |mode| match mode {
            CallMode::MerchantCalls => after.conversations_merchant_calls > before.conversations_merchant_calls,
            CallMode::PlatformCalls => after.conversations_platform_calls > before.conversations_platform_calls,
        };
        for mode in CallMode::ALL.into_iter().filter(|mode| joined(*mode)) {
            let calls = self.platform.calls();
            let talking = calls
                .iter()
                .filter_map(|call| self.platform.call(*call))
                .find(|call| call.state == ringfence::machines::call::CallState::Talking);
            if let Some(call) = talking {
                self.served[usize::from(call.reservation.get() == 2)] = true;
            }
            let both_served = self.served == [true; 2] && was_served != [true; 2];
            self.event = Event::Joined { mode, last_microsecond: self.now == self.last_microsecond(), both_served };
        }
        if after.window_ended_while_ringing > before.window_ended_while_ringing && rang {
            self.event = Event::WindowEndsWhileRinging;
        } else if after.late_answers > before.late_answers && self.event == Event::None {
            self.event = Event::LateAnswer;
        }
        if self.event == Event::None
            && matches!(act, Act::End(..) | Act::Answer(_) | Act::Progress(_))
            && after.effects == before.effects
        {
            self.event = Event::Repeat;
        }
        if let Err(what) = self.platform.check_invariants() {
            self.fall(Fallen::Invariant(what));
        }
        if self.platform.poll_deadline().is_none() {
            if let Err(violation) = self.checker.closed() {
                self.fall(Fallen::Unfinished(violation.text));
            }
            if !self.platform.reservations().is_empty() || !self.platform.calls().is_empty() || !self.platform.legs().is_empty() {
                self.fall(Fallen::Unfinished("something is left over, and nothing is due".to_owned()));
            }
        }
    }

    /// Makes the key that stands for this state.
    fn seal(&mut self) {
        let places: Vec<LegId> = self.switch.keys().copied().collect();
        let place = |leg: LegId| places.iter().position(|id| *id == leg);
        let mut bytes = self.platform.model_view();
        bytes.extend(self.checker.view());
        let environment = (
            self.now.micros_since(self.platform.latest()),
            self.switch.values().copied().collect::<Vec<_>>(),
            self.gone.is_some(),
            self.fresh.iter().map(|(_, leg)| place(*leg)).collect::<Vec<_>>(),
            (self.budget, self.silence, self.served, self.restarted),
            (self.event, &self.fallen),
        );
        self.key = [1_u64, 2].map(|salt| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            bytes.hash(&mut hasher);
            environment.hash(&mut hasher);
            hasher.finish()
        });
    }
}

impl Model for Scope {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        CallMode::ALL.map(|silence| World::new(self, silence, false)).into()
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        if world.fallen.is_some() {
            return;
        }
        let Budget { requests, cancels, modes, odd, faults, late } = world.budget;
        for id in [1, 2] {
            if requests > 0 {
                acts.push(Act::Request(id));
            }
            if cancels > 0 {
                acts.push(Act::Cancel(id));
            }
            if modes > 0 {
                acts.extend(CallMode::ALL.map(|mode| Act::Choose(id, mode)));
            }
        }
        for (id, leg) in &world.switch {
            if leg.expects_answer() || odd > 0 {
                acts.push(Act::Answer(*id));
            }
            if odd > 0 && !leg.progressed && !leg.inbound && !leg.answered {
                acts.push(Act::Progress(*id));
            }
            if leg.inbound || leg.answered || leg.hung_up {
                acts.push(Act::End(*id, Some(16)));
            } else {
                acts.extend([17, 19].map(|cause| Act::End(*id, Some(cause))));
            }
        }
        if let Some(gone) = world.gone.filter(|_| odd > 0) {
            acts.push(Act::End(gone, None));
        }
        if faults > 0 {
            acts.extend(world.fresh.iter().map(|(sequence, _)| Act::Fail(*sequence)));
            if !world.fresh.is_empty() && !world.restarted {
                acts.push(Act::Restart);
            }
            if !world.switch.is_empty() {
                acts.extend([true, false].map(|legs_live| Act::Resync { legs_live }));
            }
        }
        let deadline = world.deadline();
        acts.extend(deadline.map(|_| Act::Advance));
        if late > 0 && deadline.is_some_and(|at| at > world.now) {
            acts.push(Act::Oversleep);
        }
        let passes = deadline.is_some_and(|at| at < world.last_microsecond());
        if world.now < world.last_microsecond() && (!passes || late > 0) {
            acts.push(Act::NearEnd);
        }
        if world.now < world.end && late > 0 {
            acts.push(Act::PastEnd);
        }
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        let mut next = world.clone();
        next.act(act);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! holds {
            ($promise:ident) => {
                |_, world: &World| !matches!(world.fallen, Some(Fallen::Promise(Promise::$promise, _)))
            };
        }
        macro_rules! event {
            ($event:pat) => {
                |_, world: &World| matches!(world.event, $event)
            };
        }
        use CallMode::{MerchantCalls, PlatformCalls};
        vec![
            Property::always("P1: a user's phone rings inside his window only", holds!(P1)),
            Property::sometimes("P1: a user is dialled in merchant mode", event!(Event::UserDialled(MerchantCalls))),
            Property::sometimes("P1: the window ends while a phone rings", event!(Event::WindowEndsWhileRinging)),
            Property::sometimes(
                "P1: an answer one microsecond before the end leads to a conversation",
                event!(Event::Joined { last_microsecond: true, .. }),
            ),
            Property::sometimes("P1: a call after the window is denied", event!(Event::Denied(DenyReason::WindowOver))),
            Property::sometimes("P1: a call before the window is denied", event!(Event::Denied(DenyReason::BeforeWindow))),
            Property::always("P3: a cancel ends ringing, and a late answer is not joined", holds!(P3)),
            Property::sometimes("P3: a cancel ends ringing", event!(Event::CancelEndsRinging)),
            Property::sometimes("P3: a cancel crosses an answer", event!(Event::CancelCrossesAnswer)),
            Property::sometimes("P3: a cancel leaves a conversation alone", event!(Event::CancelLeavesConversation)),
            Property::sometimes("P3: a call after the cancel is denied", event!(Event::Denied(DenyReason::Closed))),
            Property::always("P4: in platform mode the merchant answers first", holds!(P4)),
            Property::sometimes("P4: a user is dialled in platform mode", event!(Event::UserDialled(PlatformCalls))),
            Property::always("P5: only answered legs are joined, the merchant first", holds!(P5)),
            Property::sometimes("P5: a conversation in merchant mode", event!(Event::Joined { mode: MerchantCalls, .. })),
            Property::sometimes("P5: a conversation in platform mode", event!(Event::Joined { mode: PlatformCalls, .. })),
            Property::sometimes("P5: an answer comes too late", event!(Event::LateAnswer)),
            Property::always("P6: the mode in force decides who starts", holds!(P6)),
            Property::sometimes("P6: a call is denied for the mode", event!(Event::Denied(DenyReason::WrongMode))),
            Property::sometimes(
                "P6: glare, the platform is calling already",
                event!(Event::Denied(DenyReason::PlatformIsCalling)),
            ),
            Property::always("P8: one leg a user, one call a channel", holds!(P8)),
            Property::sometimes(
                "P8: a call is denied because the user is on another",
                event!(Event::Denied(DenyReason::NumberBusy)),
            ),
            Property::sometimes("P8: a call is denied for want of a channel", event!(Event::Denied(DenyReason::NoChannel))),
            Property::sometimes("P8: both users are served one after the other", event!(Event::Joined { both_served: true, .. })),
            Property::always("P9: everything ends within its bound", holds!(P9)),
            Property::always("P9: when nothing is due any more, everything has ended", |_, world: &World| {
                !matches!(world.fallen, Some(Fallen::Unfinished(_)))
            }),
            Property::sometimes("P9: the attempts are used up", event!(Event::NotReached)),
            Property::sometimes("P9: a reservation leaves", event!(Event::Archived)),
            Property::sometimes("P9: nothing is due any more", |_, world: &World| world.platform.poll_deadline().is_none()),
            Property::always("P11: a repeat emits nothing", holds!(P11)),
            Property::sometimes("P11: a report emits nothing", event!(Event::Repeat)),
            Property::always("P12: what is handed out again is the same", holds!(P12)),
            Property::always("P12: a restored platform is the same", |_, world: &World| world.fallen != Some(Fallen::Restore)),
            Property::sometimes("P12: a restart between the log and a dial", event!(Event::DialledAfterRestart)),
            Property::always("P13: a refusal emits nothing", holds!(P13)),
            Property::sometimes("P13: a choice is refused", event!(Event::Refused)),
            Property::always("P14: every verdict and dial is right at its own instant", holds!(P14)),
            Property::always("P14: the gate answers what request_call answers", |_, world: &World| {
                !matches!(world.fallen, Some(Fallen::Gate(_)))
            }),
            Property::sometimes("P14: a call is denied because it comes too soon", event!(Event::Denied(DenyReason::TooSoon))),
            Property::sometimes("P14: a host is so late that a call is lost", event!(Event::HostLate)),
            Property::sometimes("P14: a dial fails", event!(Event::DialFailed)),
            Property::sometimes("P9: the switch loses its legs", event!(Event::LegsLost)),
            Property::always("P16: the queue is served in order, and nobody starves", holds!(P16)),
            Property::sometimes(
                "P16: the second is served after the first",
                event!(Event::Joined { mode: PlatformCalls, both_served: true, .. }),
            ),
            Property::always("P17: verdicts and dials are on record", holds!(P17)),
            Property::sometimes("P17: a verdict", event!(Event::Denied(_))),
            Property::always("no other promise falls", |_, world: &World| world.fallen.is_none()),
            Property::always("the invariants of the engine hold", |_, world: &World| {
                !matches!(world.fallen, Some(Fallen::Invariant(_)))
            }),
        ]
    }
}

/// The merchants register and publish, and the users book.
fn opening(sides: Sides, window: Window) -> Vec<Input> {
    let offering = OfferingId::new(1);
    let mut inputs = Vec::new();
    for id in [1, 2] {
        let (_, merchant, line) = sides.of(id);
        let page = PageId::new(merchant.get());
        if inputs.is_empty() || sides == Sides::TwoMerchantsOneUser {
            let chatbot = Some(Address::parse("sip:1065@bot.example").expect("an address"));
            let lines = vec![Line { number: number(line), channels: 1 }];
            let zone = Zone::parse("Asia/Shanghai").expect("a zone");
            let name = "平安".into();
            inputs.push(Input::RegisterMerchant(RegisterMerchant {
                merchant,
                name,
                lines,
                zone,
                chatbot,
                contact: None,
                address: None,
            }));
            let offerings = [(offering, "车险".into())].into();
            let windows = vec![window];
            inputs.push(Input::PublishPage(PublishPage {
                page,
                merchant,
                chatbot: None,
                offerings,
                windows,
                hours: Vec::new(),
                line: None,
            }));
        }
    }
    for id in [1, 2] {
        let (user, merchant, _) = sides.of(id);
        let (user, page) = (Address::Rcs(number(user)), PageId::new(merchant.get()));
        inputs.push(Input::Book(Book { user, page, offering, window, zone: None, contact: None, name: None, evidence: None }));
    }
    inputs
}

const fn leg(party: Party, inbound: bool) -> SwitchLeg {
    SwitchLeg { party, inbound, asked: false, progressed: false, answered: false, hung_up: false, withdrawn: false }
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a number")
}

impl Scope {
    /// Everything takes twenty seconds, so that instants fall together and there are fewer states.
    fn policy(&self, mode_on_silence: CallMode) -> Policy {
        Policy {
            ring_timeout_s: 20,
            answer_timeout_s: 20,
            conversation_max_s: 20,
            release_grace_s: 20,
            retry_spacing_s: 20,
            attempts_max: 2,
            merchant_attempts_max: self.merchant_attempts_max,
            retention_s: 20,
            mode_on_silence,
            ..Policy::default()
        }
    }

    /// Explores it completely.
    fn explore(self) {
        let (name, lacks, states) = (self.name, self.lacks, self.states);
        let started = std::time::Instant::now();
        let checker = self.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
        println!("{name}: {} states, {} steps, {:.1?}", checker.unique_state_count(), checker.state_count(), started.elapsed());
        let properties = checker.model().properties();
        for Property { name, expectation, .. } in &properties {
            if let (Expectation::Always, Some(path)) = (expectation, checker.discovery(name)) {
                let (first, acts) = (path.clone().into_states().remove(0), path.into_actions());
                let mut world = World::new(checker.model(), first.silence, true);
                acts.iter().for_each(|act| world.act(*act));
                let life = world.trace.map(|trace| trace.to_json_lines()).unwrap_or_default();
                panic!("{name}: {:?}\n{acts:?}\n{life}", world.fallen);
            }
        }
        let never = |property: &&Property<Self>| {
            matches!(property.expectation, Expectation::Sometimes) && checker.discovery(property.name).is_none()
        };
        let never: Vec<&str> = properties.iter().filter(never).map(|property| property.name).collect();
        assert_eq!(never, lacks, "what this scope never shows");
        assert_eq!(checker.unique_state_count(), states, "the number of states; pin the new one if the change was meant");
    }
}

const TROUBLE_FREE: Budget = Budget { requests: 1, cancels: 0, modes: 0, odd: 0, faults: 0, late: 0 };

const CALLS_AND_CANCELS: Scope = Scope {
    name: "calls and cancels",
    budget: Budget { requests: 2, cancels: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    lacks: &[
        "P8: a call is denied because the user is on another",
        "P5: an answer comes too late",
        "P12: a restart between the log and a dial",
        "P13: a choice is refused",
        "P14: a dial fails",
        "P9: the switch loses its legs",
    ],
    states: 153_976,
};

const CHOICES: Scope = Scope {
    name: "choices of the mode",
    budget: Budget { modes: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    lacks: &[
        "P8: a call is denied because the user is on another",
        "P3: a cancel ends ringing",
        "P3: a cancel crosses an answer",
        "P3: a cancel leaves a conversation alone",
        "P5: an answer comes too late",
        "P12: a restart between the log and a dial",
        "P14: a dial fails",
        "P9: the switch loses its legs",
    ],
    states: 97_880,
};

const ODD_REPORTS_AND_FAULTS: Scope = Scope {
    name: "odd reports and faults",
    budget: Budget { odd: 1, faults: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    lacks: &[
        "P8: a call is denied because the user is on another",
        "P3: a cancel ends ringing",
        "P3: a cancel crosses an answer",
        "P3: a cancel leaves a conversation alone",
        "P8: a call is denied for want of a channel",
        "P13: a choice is refused",
        "P14: a call is denied because it comes too soon",
    ],
    states: 167_834,
};

const FAULTS_AND_A_LATE_HOST: Scope = Scope {
    name: "faults and a late host",
    budget: Budget { faults: 1, late: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    lacks: &[
        "P8: a call is denied because the user is on another",
        "P3: a cancel ends ringing",
        "P3: a cancel crosses an answer",
        "P3: a cancel leaves a conversation alone",
        "P8: a call is denied for want of a channel",
        "P13: a choice is refused",
        "P14: a call is denied because it comes too soon",
    ],
    states: 176_729,
};

const TWO_MERCHANTS: Scope = Scope {
    name: "two merchants and one user",
    budget: Budget { requests: 2, late: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::TwoMerchantsOneUser,
    lacks: &[],
    states: 0,
};

/// The larger scopes, for `RINGFENCE_MODEL=full`.
const FULL: [Scope; 3] = [
    Scope {
        name: "full: calls, cancels, choices and a late host",
        budget: Budget { requests: 2, cancels: 1, modes: 1, late: 1, ..TROUBLE_FREE },
        window_s: 40,
        merchant_attempts_max: 1,
        sides: Sides::OneMerchantTwoUsers,
        lacks: &[
            "P8: a call is denied because the user is on another",
            "P12: a restart between the log and a dial",
            "P14: a dial fails",
            "P9: the switch loses its legs",
        ],
        states: 5_421_725,
    },
    Scope {
        name: "full: cancels, odd reports, faults and a late host",
        budget: Budget { cancels: 1, odd: 1, faults: 1, late: 1, ..TROUBLE_FREE },
        window_s: 40,
        merchant_attempts_max: 1,
        sides: Sides::OneMerchantTwoUsers,
        lacks: &[
            "P8: a call is denied because the user is on another",
            "P8: a call is denied for want of a channel",
            "P13: a choice is refused",
            "P14: a call is denied because it comes too soon",
        ],
        states: 0,
    },
    Scope {
        name: "full: a longer window, more attempts, cancels and odd reports",
        budget: Budget { cancels: 1, odd: 1, ..TROUBLE_FREE },
        window_s: 60,
        merchant_attempts_max: 2,
        sides: Sides::OneMerchantTwoUsers,
        lacks: &["P8: a call is denied because the user is on another"],
        states: 0,
    },
];

#[test]
fn calls_and_cancels_keep_every_promise_in_every_order() {
    CALLS_AND_CANCELS.explore();
}

#[test]
fn choices_of_the_mode_keep_every_promise_in_every_order() {
    CHOICES.explore();
}

#[test]
fn odd_reports_and_faults_keep_every_promise_in_every_order() {
    ODD_REPORTS_AND_FAULTS.explore();
}

#[test]
fn faults_and_a_late_host_keep_every_promise_in_every_order() {
    FAULTS_AND_A_LATE_HOST.explore();
}

#[test]
fn two_merchants_who_want_one_user_keep_every_promise_in_every_order() {
    TWO_MERCHANTS.explore();
}

#[test]
fn every_sometimes_is_shown_by_some_scope() {
    let scopes = [CALLS_AND_CANCELS, CHOICES, ODD_REPORTS_AND_FAULTS, FAULTS_AND_A_LATE_HOST, TWO_MERCHANTS];
    for property in CHOICES.properties().iter().filter(|property| matches!(property.expectation, Expectation::Sometimes)) {
        assert!(scopes.iter().any(|scope| !scope.lacks.contains(&property.name)), "no scope shows: {}", property.name);
    }
}

#[test]
fn the_large_scopes_keep_every_promise_when_they_are_asked_for() {
    match std::env::var("RINGFENCE_MODEL").as_deref() {
        Ok("full") => FULL.into_iter().for_each(Scope::explore),
        Ok(other) => panic!("RINGFENCE_MODEL is {other:?}; known is \"full\""),
        Err(_) => println!("not asked for: set RINGFENCE_MODEL=full"),
    }
}
