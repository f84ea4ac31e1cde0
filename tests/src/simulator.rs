//! The simulator: a seeded world of days, its faults, and the checker as judge of every step.
//!
//! Merchants with lines and channels, and users with habits, phones, mailboxes and accounts, live through so many days around a real [`Platform`](ringfence::Platform). They book,
//! change, cancel, decline, block, forget, share calls, choose slots, leave messages. The operator freezes, lists, sets rules anew. Webhooks come late, twice, never, or in
//! another order; clocks jump; hosts are late, hold their confirms back, and crash at every point between the log and the deed; the switch loses its legs; strangers send what
//! they like. At the end everybody goes quiet, and everything has to close.
//!
//! The same seed makes the same bytes, on every machine: [`Ended::digest`] says so.
//!
//! ```
//! use ringfence_testing::simulator::{Config, Sound, simulate};
//!
//! let ended = simulate::<Sound>(&Config::new(1, 1), &mut |_| {}).expect("the platform keeps its promises");
//! assert!(ended.summary.user_dials > 0);
//! assert_eq!(ended.digest.len(), 64);
//! ```

use std::collections::BTreeSet;

use crate::checker::{Summary, Violation};
use crate::trace::Trace;

mod dice;
mod people;
mod report;
mod running;
mod shrink;
mod strangers;
mod subject;
mod switch;
mod tally;
mod world;

pub use self::report::{failed, report};
pub use self::shrink::{Shrunk, shrink};
pub use self::subject::{Sound, Subject};
pub use self::tally::{Counts, Tally};

use self::running::Simulation;

/// Who, or what, makes something happen. A run may be without some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// The user with this index.
    User(usize),
    /// The merchant with this index.
    Merchant(usize),
    /// The operator: freezes, lists, rules.
    Operator,
    /// Those who send hostile input.
    Strangers,
    /// Webhooks that are lost, late, doubled or out of order.
    Webhooks,
    /// The host's clock, which jumps.
    Clock,
    /// A host that advances and confirms late.
    Lateness,
    /// A host that crashes.
    Crashes,
    /// A switch that loses its legs.
    Switch,
}

impl Actor {
    /// Everybody there is.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let faults = [Self::Operator, Self::Strangers, Self::Webhooks, Self::Clock, Self::Lateness, Self::Crashes, Self::Switch];
        let people = (0..world::USERS).map(Self::User).chain((0..world::MERCHANTS).map(Self::Merchant));
        faults.into_iter().chain(people).collect()
    }
}

/// Which run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What chance begins with.
    pub seed: u64,
    /// The day before which it ends, and the calm phase begins.
    pub days: u32,
    /// The day on which it begins, from 0.
    pub first_day: u32,
    /// Who does nothing.
    pub without: BTreeSet<Actor>,
}

impl Config {
    /// So many days of a seed, with everybody.
    #[must_use]
    pub const fn new(seed: u64, days: u32) -> Self {
        Self { seed, days, first_day: 0, without: BTreeSet::new() }
    }

    fn has(&self, actor: Actor) -> bool {
        !self.without.contains(&actor)
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Simulated hours that are over.
    pub hour: i64,
    /// How many there are.
    pub hours: i64,
    /// Steps so far.
    pub steps: u64,
    /// The calm phase is over, too.
    pub is_calm: bool,
}

/// A run that kept every promise.
#[derive(Clone, Debug)]
pub struct Ended {
    /// SHA-256 of the whole trace, as the lines of its file.
    pub digest: String,
    /// What it contained.
    pub tally: Tally,
    /// What the checker saw.
    pub summary: Summary,
    /// The trace, when it was asked for.
    pub trace: Option<Trace>,
}

/// A run that broke a promise.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Which promise, and where.
    pub violation: Violation,
    /// What was seen until then.
    pub ended: Box<Ended>,
}

/// Lets a world live. `shown` is told after each simulated hour how far it is.
///
/// # Errors
/// The first promise that falls.
pub fn simulate<S: Subject>(config: &Config, shown: &mut dyn FnMut(&Progress)) -> Result<Ended, Broken> {
    run::<S>(config, false, shown)
}

/// The same, and keeps the trace.
///
/// # Errors
/// The first promise that falls.
pub fn simulate_and_record<S: Subject>(config: &Config) -> Result<Ended, Broken> {
    run::<S>(config, true, &mut |_| {})
}

fn run<S: Subject>(config: &Config, records: bool, shown: &mut dyn FnMut(&Progress)) -> Result<Ended, Broken> {
    let mut simulation = Simulation::<S>::new(config.clone(), records);
    match simulation.run(shown) {
        Ok(()) => Ok(simulation.ended()),
        Err(violation) => Err(Broken { violation, ended: Box::new(simulation.ended()) }),
    }
}
