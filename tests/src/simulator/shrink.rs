//! A failing run made small: fewer days, fewer actors, then fewer steps, as long as the same promise falls.

use std::collections::BTreeMap;

use ringfence::edges::journal::{input_from_json, input_to_json};
use ringfence::values::code::Code;
use ringfence::values::effect::{Action, AuditRecord, Content, Effect, Ruling, Send};
use ringfence::values::id::ChallengeId;
use ringfence::values::input::Input;
use ringfence::values::number::PhoneNumber;
use ringfence::values::reply::Reply;
use serde_json::Value;

use super::subject::Subject;
use super::{Actor, Config, simulate, simulate_and_record, world};
use crate::checker::{Following, Promise, Violation};
use crate::trace::{Doing, Step, Trace};

/// What is left of a failing run.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest world in which it fails.
    pub config: Config,
    /// The smallest trace, to the step that breaks the promise.
    pub trace: Trace,
    /// How it fails then.
    pub violation: Violation,
    /// How many steps it failed after at first.
    pub steps_before: usize,
}

/// Makes a failing run small, in so many tries at most. `shown` is told what goes on. `None`: it does not fail again.
pub fn shrink<S: Subject>(config: &Config, violation: &Violation, tries: u32, shown: &mut dyn FnMut(&str)) -> Option<Shrunk> {
    let mut shrinker = Shrinker::<S> { promise: violation.promise, tries, subject: std::marker::PhantomData };
    shown("fewer days");
    let mut config = config.clone();
    let day = violation.at.micros_since(world::begins()) / 1_000_000 / 86_400;
    let day = u32::try_from(day).unwrap_or(0).clamp(config.first_day, config.days - 1);
    for before in [0, 1, 2, 4, 8, 16] {
        let shorter = Config { first_day: day.saturating_sub(before).max(config.first_day), days: day + 1, ..config.clone() };
        if shrinker.fails(&shorter) {
            config = shorter;
            break;
        }
    }
    shown("fewer actors");
    config = shrinker.without_actors(config);
    shown("fewer steps");
    let broken = simulate_and_record::<S>(&config).err()?;
    let mut trace = broken.ended.trace?;
    let mut violation = broken.violation;
    let steps_before = trace.steps.len();
    if violation.step > 0 {
        trace.steps.truncate(violation.step);
        if let Some((shorter, fallen)) = shrinker.without_steps(&trace) {
            (trace, violation) = (shorter, fallen);
        }
    }
    Some(Shrunk { config, trace, violation, steps_before })
}

struct Shrinker<S> {
    promise: Promise,
    tries: u32,
    subject: std::marker::PhantomData<S>,
}

/// A step that may stay or go, with its place in the first trace.
#[derive(Clone, Copy)]
struct Kept<'a> {
    place: usize,
    step: &'a Step,
    /// The host stopped before it polled.
    polls: bool,
}

impl<S: Subject> Shrinker<S> {
    fn may_try(&mut self) -> bool {
        self.tries = self.tries.saturating_sub(1);
        self.tries > 0
    }

    fn fails(&mut self, config: &Config) -> bool {
        let fallen = simulate::<S>(config, &mut |_| {}).err();
        self.may_try() && fallen.is_some_and(|broken| broken.violation.promise == self.promise)
    }

    /// Leaves out as many actors as possible: halves of them first.
    fn without_actors(&mut self, mut config: Config) -> Config {
        let mut left: Vec<Actor> = Actor::all().into_iter().filter(|actor| config.has(*actor)).collect();
        let mut size = left.len().div_ceil(2);
        // A world costs more than a trace.
        let mut tries = 40_u32;
        while size > 0 {
            let mut at = 0;
            while at < left.len() && tries > 0 {
                tries -= 1;
                let chunk: Vec<Actor> = left[at..(at + size).min(left.len())].to_vec();
                let mut fewer = config.clone();
                fewer.without.extend(&chunk);
                if self.fails(&fewer) {
                    config = fewer;
                    left.retain(|actor| !chunk.contains(actor));
                } else {
                    at += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        config
    }

    /// Leaves out as many steps as possible: halves of them first.
    fn without_steps(&mut self, trace: &Trace) -> Option<(Trace, Violation)> {
        let first = Census::of(trace);
        let mut handed_out = 0;
        let mut kept: Vec<Kept<'_>> = Vec::new();
        for (place, step) in trace.steps.iter().enumerate() {
            let polls = match trace.steps.get(place + 1).filter(|next| next.doing == Doing::Restart) {
                Some(restart) => !restart.effects.iter().any(|effect| {
                    effect.sequence > handed_out && !step.effects.iter().any(|known| known.sequence == effect.sequence)
                }),
                None => true,
            };
            handed_out = step.effects.iter().map(|effect| effect.sequence).max().unwrap_or(0).max(handed_out);
            kept.push(Kept { place, step, polls });
        }
        let mut best = self.replayed(trace, &first, &kept)?;
        let mut size = kept.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < kept.len() {
                if !self.may_try() {
                    return Some(best);
                }
                let mut fewer = kept.clone();
                fewer.drain(at..(at + size).min(fewer.len()));
                match self.replayed(trace, &first, &fewer) {
                    Some(found) => {
                        // What came after the fall is not needed either.
                        fewer.truncate(found.0.steps.len());
                        kept = fewer;
                        best = found;
                    }
                    None => at += size,
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        Some(best)
    }

    /// Does these steps again, under the ids that things have now. The trace to the fall, if the promise falls.
    fn replayed(&self, trace: &Trace, first: &Census, kept: &[Kept<'_>]) -> Option<(Trace, Violation)> {
        let mut subject = S::new(&trace.header.policy);
        let mut judge = Following::of(&trace.header);
        let mut again = Trace { header: trace.header.clone(), steps: Vec::new() };
        let mut census = Census::default();
        let is_it = |violation: &Violation| violation.promise == self.promise;
        for kept in kept {
            // A step whose subject is not there any more is one that is left out.
            let doing = census.renamed(first, kept.step, &subject).unwrap_or(Doing::Advance { budget: 0 });
            let reply = subject.perform(kept.step.at, &doing);
            let effects = if kept.polls { subject.poll() } else { Vec::new() };
            let step = Step { line: None, at: kept.step.at, doing, reply, effects };
            census.take(kept.place, &step);
            again.steps.push(step.clone());
            if let Err(violation) = judge.step(step) {
                again.steps.truncate(violation.step);
                return is_it(&violation).then_some((again, violation));
            }
        }
        let last = judge.finish().err();
        let looked = subject.inspect().err().map(|(promise, text)| {
            let at = again.steps.last().map_or(world::begins(), |step| step.at);
            Violation { promise, step: again.steps.len(), line: None, at, text }
        });
        last.or(looked).filter(is_it).map(|violation| (again, violation))
    }
}

/// What a thing is called, whatever its number: by the step that made it, or by what it is about.
type Name = String;

/// The numbers of things, and their names.
#[derive(Clone, Debug, Default)]
struct Census {
    /// By kind and number.
    names: BTreeMap<(&'static str, u64), Name>,
    numbers: BTreeMap<(&'static str, Name), u64>,
    /// How many things of one name there were.
    times: BTreeMap<Name, u64>,
    /// The last challenge about a reservation, by its number; and about a phone.
    challenges: BTreeMap<u64, ChallengeId>,
    binding_challenges: BTreeMap<PhoneNumber, ChallengeId>,
    last: u64,
}

impl Census {
    fn of(trace: &Trace) -> Self {
        let mut census = Self::default();
        for (place, step) in trace.steps.iter().enumerate() {
            census.take(place, step);
        }
        census
    }

    fn born(&mut self, kind: &'static str, number: u64, name: Name) {
        self.numbers.insert((kind, name.clone()), number);
        self.names.entry((kind, number)).or_insert(name);
    }

    fn name(&self, kind: &'static str, number: u64) -> Name {
        self.names.get(&(kind, number)).cloned().unwrap_or_default()
    }

    /// The next thing of this name.
    fn nth(&mut self, name: Name) -> Name {
        let times = self.times.entry(name.clone()).or_default();
        *times += 1;
        format!("{name}/{times}")
    }

    fn take(&mut self, place: usize, step: &Step) {
        let made = format!("step {place}");
        match &step.reply {
            Some(Ok(Reply::Booked(booked))) => self.born("reservation", booked.reservation.get(), made),
            Some(Ok(Reply::Allow(allow))) => self.born("leg", allow.leg.get(), made),
            Some(Ok(Reply::Deny(deny))) => self.born("leg", deny.leg.get(), made),
            Some(Ok(Reply::OwnLeg(own))) => self.born("leg", own.leg.get(), made),
            Some(Ok(Reply::FailedCall(judged))) => {
                self.born("leg", judged.leg.get(), made.clone());
                if let Ruling::Offered(offered) = judged.ruling {
                    self.born("voice_message", offered.voice_message.get(), made);
                }
            }
            Some(_) | None => {}
        }
        let last = self.last;
        for effect in step.effects.iter().filter(|effect| effect.sequence > last) {
            self.effect(effect);
        }
        self.last = step.effects.last().map_or(self.last, |effect| effect.sequence.max(self.last));
    }

    fn effect(&mut self, effect: &Effect) {
        let what = if let Action::Dial(dial) = &effect.action {
            let about = self.name("reservation", dial.reason.reservation.get());
            let name = self.nth(format!("{:?} of {about}", dial.party));
            self.born("leg", dial.leg.get(), name.clone());
            name
        } else if let Action::Send(send) = &effect.action {
            self.sent(send)
        } else if let Action::Audit(audit) = &effect.action {
            if let AuditRecord::FailedCall(record) = &audit.record
                && let Ruling::Offered(offered) = record.ruling
            {
                let of = self.name("leg", record.leg.get());
                self.born("voice_message", offered.voice_message.get(), format!("of {of}"));
            }
            "audit".to_owned()
        } else {
            let of = effect.action.leg().map(|leg| self.name("leg", leg.get())).unwrap_or_default();
            format!("{} {of}", kind(&effect.action))
        };
        let name = self.nth(format!("effect {what}"));
        self.born("effect", effect.sequence, name);
    }

    fn sent(&mut self, send: &Send) -> Name {
        if let Content::Challenge(asked) = &send.content {
            self.challenges.insert(asked.reservation.get(), asked.challenge);
        }
        if let (Content::BindingChallenge(asked), Some(number)) = (&send.content, send.to.number()) {
            self.binding_challenges.insert(number, asked.challenge);
        }
        if let Content::Reservation(notice) | Content::Amended(notice) = &send.content
            && let Some(group) = notice.group
        {
            let of = self.name("reservation", notice.reservation.get());
            self.born("group", group.get(), format!("of {of}"));
        }
        let about = send.content.reservation().map(|id| self.name("reservation", id.get())).unwrap_or_default();
        let to = send.to.number().map(PhoneNumber::dialable);
        format!("{} to {to:?} of {about}", kind(&send.content))
    }

    /// The number that a thing of another census has here; as it is, when it was nothing there. `None`: it is not here.
    fn number(&self, first: &Self, kind: &'static str, number: u64) -> Option<u64> {
        match first.names.get(&(kind, number)) {
            Some(name) => self.numbers.get(&(kind, name.clone())).copied(),
            None => Some(number),
        }
    }

    fn renamed(&self, first: &Self, step: &Step, subject: &impl Subject) -> Option<Doing> {
        Some(match &step.doing {
            Doing::Input(input) => Doing::Input(self.input(first, input, step, subject)?),
            Doing::Once { key, input } => Doing::Once { key: key.clone(), input: self.input(first, input, step, subject)? },
            Doing::Confirm { up_to } if first.names.contains_key(&("effect", *up_to)) => {
                Doing::Confirm { up_to: self.number(first, "effect", *up_to)? }
            }
            other @ (Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart) => other.clone(),
        })
    }

    fn input(&self, first: &Self, input: &Input, step: &Step, subject: &impl Subject) -> Option<Input> {
        let mut value: Value = serde_json::from_str(&input_to_json(input)).ok()?;
        self.rename(first, &mut value)?;
        let mut input = input_from_json(&value.to_string()).ok()?;
        let right = |challenge: Option<&ChallengeId>| -> Option<Code> { subject.code(*challenge?) };
        match (&mut input, &step.reply) {
            (Input::ConfirmContact(given), Some(Ok(Reply::Confirmed(_)))) => {
                given.code = right(self.challenges.get(&given.reservation.get()))?;
            }
            (Input::ConfirmBinding(given), Some(Ok(Reply::Bound(_)))) => {
                given.code = right(self.binding_challenges.get(&given.number))?;
            }
            _ => {}
        }
        Some(input)
    }

    /// Gives every id in a value the number that it has here.
    fn rename(&self, first: &Self, value: &mut Value) -> Option<()> {
        match value {
            Value::Object(fields) => {
                for (field, value) in fields.iter_mut() {
                    let kind = match field.as_str() {
                        "reservation" => Some("reservation"),
                        "leg" => Some("leg"),
                        "group" => Some("group"),
                        "voice_message" => Some("voice_message"),
                        "sequence" | "message" => Some("effect"),
                        _ => None,
                    };
                    match (kind, value.as_u64()) {
                        (Some(kind), Some(number)) => *value = Value::from(self.number(first, kind, number)?),
                        _ if field == "legs" => {
                            let legs = value.as_array()?.iter().filter_map(Value::as_u64);
                            *value = legs.filter_map(|leg| self.number(first, "leg", leg)).collect::<Vec<_>>().into();
                        }
                        _ => self.rename(first, value)?,
                    }
                }
                Some(())
            }
            Value::Array(values) => values.iter_mut().try_for_each(|value| self.rename(first, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(()),
        }
    }
}

/// The first word of what `Debug` writes: a variant's name.
fn kind(of: &impl std::fmt::Debug) -> String {
    format!("{of:?}").chars().take_while(|c| c.is_ascii_alphanumeric()).collect()
}
