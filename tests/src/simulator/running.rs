//! The world goes on: events in the order of time, the host that hands them in, and the judge who sees every step.

use std::collections::{BTreeMap, VecDeque};

use ringfence::values::effect::Effect;
use ringfence::values::id::{LegId, MediaId, ReservationId};
use ringfence::values::input::{ConfirmClock, Dedup, EffectFailed, Input, Resync, Scope, Thaw};
use ringfence::values::policy::Policy;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::Reply;
use ringfence::values::text::Text;
use ringfence::values::time::Timestamp;
use sha2::{Digest as _, Sha256};

use super::dice::{Dice, Whose};
use super::people::Act;
use super::subject::Subject;
use super::switch::{Happening, SwitchLeg};
use super::tally::{Tally, count};
use super::{Actor, Config, people, world};
use crate::checker::{Following, Promise, Violation};
use crate::codes::known_keys;
use crate::strategies::StepReply;
use crate::trace::{Doing, Header, Step, Trace};

pub(super) const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// A host that has nothing to do tells the time so often, so that a leap of its clock can be told from a quiet night.
const HEARTBEAT_S: u64 = 1_500;
/// So many advances at one instant without an end are none.
const ADVANCES_MAX: u32 = 200_000;
const INSPECTED_EVERY: u64 = 997;

/// What is going to happen.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A day begins: everybody makes his plans.
    Day(u32),
    /// Somebody does something.
    Acts(Act),
    /// Something happens at the switch, whether anybody hears of it or not.
    Switch(LegId, Happening),
    /// A report or a request reaches the host.
    Arrives(Option<Dedup>, Box<Input>),
    /// Something happens to the host.
    Fault(Fault),
}

/// What happens to the host or to its switch.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The host's clock is off by so much for so long.
    ClockJumps {
        by_s: i64,
        for_s: u64,
    },
    ClockIsRight,
    /// `advance` comes so late.
    Late {
        for_s: u64,
    },
    /// Nothing is confirmed for so long.
    HoldsConfirms {
        for_s: u64,
    },
    /// The switch loses so many of a hundred of its legs; the host tells the platform later.
    SwitchDies {
        of_100: u64,
    },
    Resyncs,
    Restarts,
}

/// Where the host stops, between the log and the deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CrashPoint {
    BeforeLog,
    BeforePoll,
    BeforeMark,
    BeforeDeed,
    AfterDeed,
    BeforeConfirm,
}

const CRASH_POINTS: [(CrashPoint, &str); 6] = [
    (CrashPoint::BeforeLog, "before the log line was written"),
    (CrashPoint::BeforePoll, "the log line written, effects not polled"),
    (CrashPoint::BeforeMark, "effects polled, none or some carried out"),
    (CrashPoint::BeforeDeed, "an effect marked as begun, not carried out"),
    (CrashPoint::AfterDeed, "an effect carried out, not confirmed"),
    (CrashPoint::BeforeConfirm, "all effects carried out, none confirmed"),
];

/// What everybody knows of a reservation.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) user: usize,
    pub(super) merchant: usize,
    pub(super) sender: ringfence::values::number::Address,
    pub(super) contact: Option<ringfence::values::number::PhoneNumber>,
    pub(super) window: ringfence::values::time::Window,
    pub(super) line: ringfence::values::number::PhoneNumber,
    pub(super) number: Option<ringfence::values::number::PhoneNumber>,
    pub(super) group: Option<ringfence::values::id::GroupId>,
    pub(super) is_shared: bool,
}

/// A world that goes on.
pub(super) struct Simulation<S> {
    pub(super) config: Config,
    pub(super) policy: Policy,
    pub(super) subject: S,
    judge: Following,
    digest: Sha256,
    recorded: Option<Trace>,
    pub(super) now: Timestamp,
    latest_step: Timestamp,
    skew_us: i64,
    late_until: Timestamp,
    holds_until: Timestamp,
    events: BTreeMap<(Timestamp, u64), Event>,
    given: u64,
    outbox: VecDeque<Effect>,
    /// The write-ahead mark: the last effect that was begun.
    begun: u64,
    seen: u64,
    carried: u64,
    confirmed: u64,
    crash: Option<(CrashPoint, u64)>,
    advances: (Timestamp, u32),
    pub(super) is_calm: bool,
    pub(super) legs: BTreeMap<LegId, SwitchLeg>,
    pub(super) known: BTreeMap<ReservationId, Known>,
    pub(super) people: people::People,
    pub(super) network: Dice,
    pub(super) host: Dice,
    pub(super) keys_given: u64,
    pub(super) last_key: Option<Dedup>,
    media_given: u64,
    pub(super) tally: Tally,
}

impl<S: Subject> Simulation<S> {
    pub(super) fn new(config: Config, records: bool) -> Self {
        let policy = world::policy(config.seed);
        let mut header = Header::new(policy.clone());
        known_keys(&mut header);
        let mut digest = Sha256::new();
        let empty = Trace { header: header.clone(), steps: Vec::new() };
        digest.update(empty.to_json_lines());
        let now = world::begins().saturating_add_s(u64::from(config.first_day) * world::DAY_S);
        Self {
            subject: S::new(&policy),
            judge: Following::of(&header),
            digest,
            recorded: records.then_some(empty),
            now,
            latest_step: now,
            skew_us: 0,
            late_until: now,
            holds_until: now,
            events: BTreeMap::new(),
            given: 0,
            outbox: VecDeque::new(),
            begun: 0,
            seen: 0,
            carried: 0,
            confirmed: 0,
            crash: None,
            advances: (now, 0),
            is_calm: false,
            legs: BTreeMap::new(),
            known: BTreeMap::new(),
            people: people::People::new(config.seed),
            network: Dice::new(config.seed, Whose::Network, 0),
            host: Dice::new(config.seed, Whose::Host, 0),
            keys_given: 0,
            last_key: None,
            media_given: 0,
            tally: Tally::default(),
            policy,
            config,
        }
    }

    /// Sets the world up, lets the days pass, and then the calm phase. `shown` is told after each simulated hour.
    pub(super) fn run(&mut self, shown: &mut dyn FnMut(&super::Progress)) -> Result<(), Violation> {
        let has = |index: usize| self.config.has(Actor::Merchant(index));
        for input in world::setup(has) {
            self.hand_in(Doing::Input(input))?;
        }
        let begins = self.now;
        let days = i64::from(self.config.days - self.config.first_day);
        for day in self.config.first_day..self.config.days {
            let at = begins.saturating_add_micros(i64::from(day - self.config.first_day) * DAY);
            self.at(at, Event::Day(day));
        }
        for hour in 1..=days * 24 {
            self.runs_until(begins.saturating_add_micros(hour * 3_600 * SECOND))?;
            shown(&super::Progress { hour, hours: days * 24, steps: self.tally.steps, is_calm: false });
        }
        self.calms_down()?;
        shown(&super::Progress { hour: days * 24, hours: days * 24, steps: self.tally.steps, is_calm: true });
        Ok(())
    }

    /// Nobody does anything more, nothing is lost, and everything comes to its end.
    fn calms_down(&mut self) -> Result<(), Violation> {
        self.is_calm = true;
        self.skew_us = 0;
        self.late_until = self.now;
        self.holds_until = self.now;
        self.hand_in(Doing::Input(Input::ConfirmClock(ConfirmClock {})))?;
        let by = || (Text::from("operator"), Text::from("calm"));
        let numbers: Vec<_> = (0..world::USERS).map(world::phone).collect();
        let scopes = (0..world::MERCHANTS).map(|index| Scope::Merchant(world::merchant_id(index)));
        let all = scopes.chain(numbers.iter().map(|number| Scope::Number(*number))).chain([Scope::Platform]);
        for scope in all.filter(|scope| self.people.frozen.contains(scope)).collect::<Vec<_>>() {
            let (by, why) = by();
            self.hand_in(Doing::Input(Input::Thaw(Thaw { scope, by, why })))?;
        }
        let legs = self.legs.keys().copied().collect();
        self.hand_in(Doing::Input(Input::Resync(Resync { legs })))?;
        loop {
            self.runs_until(self.now.saturating_add_s(HEARTBEAT_S))?;
            let more = self.events.values().any(|event| !matches!(event, Event::Acts(_) | Event::Fault(_)));
            if !more && self.subject.next_deadline().is_none() {
                break;
            }
        }
        self.inspect()?;
        let at_rest = self.subject.at_rest();
        self.judge.finish()?.closed()?;
        at_rest.map_err(|what| self.violation(Promise::P9, format!("after the calm phase {what}")))
    }

    pub(super) fn at(&mut self, at: Timestamp, event: Event) {
        self.given += 1;
        self.events.insert((at, self.given), event);
    }

    pub(super) fn in_s(&mut self, seconds: u64, event: Event) {
        self.at(self.now.saturating_add_s(seconds), event);
    }

    /// What the host's clock shows.
    pub(super) fn clock(&self) -> Timestamp {
        self.now.saturating_add_micros(self.skew_us)
    }

    fn runs_until(&mut self, until: Timestamp) -> Result<(), Violation> {
        loop {
            let event = self.events.keys().next().map(|(at, _)| *at);
            let due = self
                .subject
                .next_deadline()
                .map(|due| due.saturating_add_micros(-self.skew_us).max(self.now).max(self.late_until));
            let heartbeat = self.subject.latest().saturating_add_s(HEARTBEAT_S).max(self.now).max(self.late_until);
            let advance = due.map_or(heartbeat, |due| due.min(heartbeat));
            let next = event.map_or(advance, |event| event.min(advance));
            if next > until {
                break;
            }
            self.now = self.now.max(next);
            if event.is_some_and(|event| event <= next) {
                if let Some((_, event)) = self.events.pop_first() {
                    self.happens(event)?;
                }
            } else {
                self.advances()?;
            }
        }
        self.now = self.now.max(until);
        Ok(())
    }

    fn happens(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Day(day) => {
                self.plans(day);
                Ok(())
            }
            Event::Acts(_) | Event::Fault(_) if self.is_calm => Ok(()),
            Event::Acts(act) => self.acts(act),
            Event::Switch(leg, what) => {
                self.at_the_switch(leg, what);
                Ok(())
            }
            Event::Arrives(key, input) => {
                let doing = match key.clone() {
                    Some(key) => Doing::Once { key, input: (*input).clone() },
                    None => Doing::Input((*input).clone()),
                };
                if self.hand_in(doing)?.is_none() {
                    // The gateway got no answer, and asks again.
                    self.in_s(4, Event::Arrives(key, input));
                }
                Ok(())
            }
            Event::Fault(fault) => self.suffers(fault),
        }
    }

    fn suffers(&mut self, fault: Fault) -> Result<(), Violation> {
        let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX / SECOND);
        match fault {
            Fault::ClockJumps { by_s, for_s } => {
                let name = if by_s < 0 {
                    "clock jumps backward"
                } else if by_s > 3_600 {
                    "clock leaps too far"
                } else {
                    "clock jumps forward"
                };
                count(&mut self.tally.faults, name);
                self.skew_us = by_s * SECOND;
                self.in_s(for_s, Event::Fault(Fault::ClockIsRight));
            }
            Fault::ClockIsRight => self.skew_us = 0,
            Fault::Late { for_s } => {
                count(&mut self.tally.faults, "advance comes late");
                self.late_until = self.now.saturating_add_micros(seconds(for_s) * SECOND);
            }
            Fault::HoldsConfirms { for_s } => {
                count(&mut self.tally.faults, "confirms are held back");
                self.holds_until = self.now.saturating_add_s(for_s);
            }
            Fault::SwitchDies { of_100 } => {
                count(&mut self.tally.faults, "switch loses legs");
                let lost: Vec<LegId> = self.legs.keys().copied().collect();
                for leg in lost {
                    if self.network.below(100) < of_100 {
                        self.legs.remove(&leg);
                    }
                }
                let after = self.network.between(1, 40);
                self.in_s(after, Event::Fault(Fault::Resyncs));
            }
            Fault::Resyncs => {
                let mut legs: Vec<LegId> = self.legs.keys().copied().collect();
                if self.network.often(200) {
                    legs.push(LegId::new(legs.last().map_or(0, |leg| leg.get()) + 1_000));
                }
                self.hand_in(Doing::Input(Input::Resync(Resync { legs })))?;
            }
            Fault::Restarts => {
                count(&mut self.tally.crashes, "between two inputs");
                self.restarts()?;
                self.works()?;
            }
        }
        Ok(())
    }

    fn advances(&mut self) -> Result<(), Violation> {
        let at = self.clock();
        self.advances = if self.advances.0 == self.now { (self.now, self.advances.1 + 1) } else { (self.now, 1) };
        if self.advances.1 > ADVANCES_MAX {
            return Err(self.violation(Promise::P9, "a deadline stays due, however often it is fired".to_owned()));
        }
        let is_small = !self.is_calm && self.host.often(20);
        let budget = if is_small { u32::try_from(self.host.between(1, 3)).unwrap_or(1) } else { 100_000 };
        if is_small {
            count(&mut self.tally.faults, "advance with a small budget");
        }
        self.hand_in(Doing::Advance { budget })?;
        if self.subject.latest() < at {
            count(&mut self.tally.faults, "clock refused");
            // Somebody looks at the clock. It is wrong, or it is confirmed.
            if self.skew_us == 0 || self.host.often(300) {
                self.hand_in(Doing::Input(Input::ConfirmClock(ConfirmClock {})))?;
            } else {
                self.skew_us = 0;
            }
        }
        Ok(())
    }

    /// Something comes to the host: it writes it down, hands it over, and does what it is told. `None`: it stopped before it could answer, or there is no answer.
    pub(super) fn hand_in(&mut self, doing: Doing) -> Result<StepReply, Violation> {
        self.crash = None;
        if !self.is_calm && self.config.has(Actor::Crashes) && self.host.often(10) {
            let (point, name) = CRASH_POINTS[self.host.index(CRASH_POINTS.len())];
            let after = if matches!(point, CrashPoint::BeforeMark | CrashPoint::BeforeDeed | CrashPoint::AfterDeed) {
                self.host.below(2)
            } else {
                0
            };
            match point {
                CrashPoint::BeforeLog => {
                    count(&mut self.tally.crashes, name);
                    self.restarts()?;
                    self.works()?;
                    return Ok(None);
                }
                CrashPoint::BeforePoll => {
                    count(&mut self.tally.crashes, name);
                    let reply = self.step(doing.clone(), false)?;
                    self.learns(&doing, &reply);
                    self.restarts()?;
                    self.works()?;
                    return Ok(reply);
                }
                CrashPoint::BeforeMark | CrashPoint::BeforeDeed | CrashPoint::AfterDeed | CrashPoint::BeforeConfirm => {
                    self.crash = Some((point, after));
                }
            }
        }
        let reply = self.step(doing.clone(), true)?;
        self.learns(&doing, &reply);
        self.works()?;
        self.crash = None;
        Ok(reply)
    }

    /// Whether the host stops here.
    fn stops_at(&mut self, point: CrashPoint) -> bool {
        match &mut self.crash {
            Some((at, 0)) if *at == point => {
                self.crash = None;
                let name = CRASH_POINTS.iter().find(|(known, _)| *known == point).map_or("", |(_, name)| name);
                count(&mut self.tally.crashes, name);
                true
            }
            Some((at, left)) if *at == point => {
                *left -= 1;
                false
            }
            Some(_) | None => false,
        }
    }

    /// Carries out what was handed out, and confirms it.
    fn works(&mut self) -> Result<(), Violation> {
        loop {
            while let Some(effect) = self.outbox.pop_front() {
                let is_again = effect.sequence <= self.begun;
                if self.stops_at(CrashPoint::BeforeMark) {
                    self.restarts()?;
                    continue;
                }
                let not_after = effect.action.not_after();
                self.begun = self.begun.max(effect.sequence);
                self.carried = effect.sequence;
                let is_late = not_after.is_some_and(|not_after| self.clock() >= not_after);
                if not_after.is_some() && (is_again || is_late) {
                    count(&mut self.tally.faults, if is_late { "an effect comes too late" } else { "an effect is in doubt" });
                    let failed = Input::EffectFailed(EffectFailed { sequence: effect.sequence });
                    self.step(Doing::Input(failed), true)?;
                    continue;
                }
                if self.stops_at(CrashPoint::BeforeDeed) {
                    self.restarts()?;
                    continue;
                }
                self.carries_out(&effect);
                if self.stops_at(CrashPoint::AfterDeed) {
                    self.restarts()?;
                }
            }
            if self.stops_at(CrashPoint::BeforeConfirm) {
                self.restarts()?;
                continue;
            }
            if self.carried > self.confirmed && self.now >= self.holds_until {
                self.confirmed = self.carried;
                self.step(Doing::Confirm { up_to: self.carried }, true)?;
                if !self.outbox.is_empty() {
                    continue;
                }
            }
            return Ok(());
        }
    }

    fn restarts(&mut self) -> Result<(), Violation> {
        self.outbox.clear();
        self.step(Doing::Restart, true)?;
        if self.subject.next_deadline().is_some_and(|_| self.host.often(100)) {
            self.inspect()?;
        }
        Ok(())
    }

    /// One step of the trace.
    fn step(&mut self, doing: Doing, polls: bool) -> Result<StepReply, Violation> {
        // These have no clock of their own.
        let at = if matches!(doing, Doing::Confirm { .. } | Doing::Restart) { self.latest_step } else { self.clock() };
        self.latest_step = at;
        let reply = self.subject.perform(at, &doing);
        let effects = if polls { self.subject.poll() } else { Vec::new() };
        self.tally.step(&reply);
        for effect in effects.iter().filter(|effect| effect.sequence > self.seen) {
            self.tally.effect(effect);
        }
        self.seen = effects.last().map_or(self.seen, |effect| effect.sequence.max(self.seen));
        let step = Step { line: None, at, doing, reply: reply.clone(), effects: effects.clone() };
        self.digest.update(step.to_json_lines());
        self.outbox.extend(effects);
        if let Some(trace) = &mut self.recorded {
            trace.steps.push(step.clone());
        }
        self.judge.step(step)?;
        if self.tally.steps.is_multiple_of(INSPECTED_EVERY) {
            self.inspect()?;
        }
        Ok(reply)
    }

    fn inspect(&mut self) -> Result<(), Violation> {
        self.tally.inspections += 1;
        self.subject.inspect().map_err(|(promise, text)| self.violation(promise, text))
    }

    fn violation(&self, promise: Promise, text: String) -> Violation {
        let step = usize::try_from(self.tally.steps).unwrap_or(usize::MAX);
        Violation { promise, step, line: None, at: self.latest_step, text }
    }

    pub(super) fn refused(reply: &StepReply) -> Option<&Refusal> {
        reply.as_ref().and_then(|reply| reply.as_ref().err())
    }

    pub(super) fn replied(reply: &StepReply) -> Option<&Reply> {
        reply.as_ref().and_then(|reply| reply.as_ref().ok())
    }

    pub(super) fn next_media(&mut self) -> MediaId {
        self.media_given += 1;
        MediaId::new(self.media_given)
    }

    pub(super) fn next_key(&mut self, source: &str) -> Dedup {
        self.keys_given += 1;
        Dedup { source: Text::from(source), key: Text::from(format!("{}", self.keys_given)) }
    }

    /// The digest of the trace so far, and what else a report needs.
    pub(super) fn ended(self) -> super::Ended {
        let bytes = self.digest.finalize();
        let digest = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        super::Ended { digest, tally: self.tally, summary: *self.judge.summary(), trace: self.recorded }
    }
}
