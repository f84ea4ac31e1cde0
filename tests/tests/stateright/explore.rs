//! Explores a scope completely: every interleaving, each state once, with what is counted and what is told.

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasherDefault;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stateright::{Checker as _, HasDiscoveries, Model as _};

use crate::Explored;
use crate::moments::Moment;
use crate::scopes::Scope;
use crate::world::World;

/// What an exploration came to.
pub(crate) struct Found {
    pub(crate) scope: Scope,
    pub(crate) states: usize,
    /// Hashes of the different views of the platform alone.
    pub(crate) views: HashSet<u64, Spread>,
    pub(crate) steps: usize,
    pub(crate) depth: usize,
    pub(crate) took: Duration,
}

/// Hashes are spread already.
type Spread = BuildHasherDefault<Itself>;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Itself(u64);

impl std::hash::Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers are hashed by themselves");
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// The views of the platform that were seen. Several threads add to it, each to another part most of the time.
#[derive(Debug)]
pub(crate) struct Views([Mutex<HashSet<u64, Spread>>; 64]);

impl Default for Views {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Views {
    pub(crate) fn note(&self, view: u64) {
        self.0[(view % 64) as usize].lock().expect("no thread fails while it notes a view").insert(view);
    }

    fn all(&self) -> HashSet<u64, Spread> {
        let parts = self.0.iter().map(|part| part.lock().expect("no thread fails while it notes a view"));
        parts.flat_map(|part| part.iter().copied().collect::<Vec<_>>()).collect()
    }
}

impl Scope {
    /// Explores it completely, and judges what was found: no promise falls, what it has what it takes for is shown, and the counts are as pinned.
    pub(crate) fn explore(self) -> Found {
        let found = self.walk();
        let (states, views) = (found.states, found.views.len());
        assert_eq!(
            (states, views),
            (self.states, self.views),
            "{}: states, and views of the platform; pin the new ones if the change was meant",
            self.name
        );
        found
    }

    /// The same, but for the counts.
    pub(crate) fn walk(self) -> Found {
        let started = Instant::now();
        // Two threads come to the states by other ways in every run, and to the same number of them: see `alike`.
        let (shown, seen) = (Arc::default(), Arc::default());
        let model = Explored { scope: self, shown: Arc::clone(&shown), seen: Arc::clone(&seen) };
        let checker = model.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_dfs();
        let is_watched = std::io::stdout().is_terminal();
        let mut told = Duration::ZERO;
        while !checker.is_done() {
            std::thread::sleep(Duration::from_millis(50));
            let (states, took) = (checker.unique_state_count(), started.elapsed());
            if is_watched {
                print!("\r{}: {states} states, {took:.0?} ", self.name);
                let _ = std::io::stdout().flush();
            } else if took > told + Duration::from_secs(30) {
                told = took;
                println!("{}: {states} states after {took:.0?}", self.name);
            }
        }
        let checker = checker.join();
        let (states, steps, depth) = (checker.unique_state_count(), checker.state_count(), checker.max_depth());
        let found = Found { scope: self, states, views: seen.all(), steps, depth, took: started.elapsed() };
        println!(
            "{}{}: {states} states, {} views, {steps} steps, {:.1?}",
            if is_watched { "\r" } else { "" },
            self.name,
            found.views.len(),
            found.took
        );
        if let Some((name, path)) = checker.discoveries().into_iter().next() {
            let (first, acts) = (path.clone().into_states().remove(0), path.into_actions());
            let mut world = World::new(&self, first.silence, true);
            acts.iter().for_each(|act| world.act(*act));
            let life = world.trace.map(|trace| trace.to_json_lines()).unwrap_or_default();
            panic!("{}: \"{name}\" does not hold: {:?}\n{acts:?}\n{life}", self.name, world.fallen);
        }
        let is_missing = |moment: &&Moment| moment.is_in(&self) && !shown.has(**moment);
        let missing: BTreeSet<Moment> = Moment::ALL.iter().filter(is_missing).copied().collect();
        let lacks: BTreeSet<Moment> = self.lacks.iter().copied().collect();
        assert_eq!(missing, lacks, "{}: what this scope has what it takes for, and never shows", self.name);
        found
    }
}

/// The table of what was explored.
pub(crate) fn tell(all: &[Found]) {
    let mut views: HashSet<u64, Spread> = HashSet::default();
    let row = |name: &str, letters: &str, numbers: [usize; 4], took: Duration| {
        let [states, seen, steps, depth] = numbers;
        println!("{name:66} {letters:8} {states:>10} {seen:>10} {steps:>11} {depth:>6} {:>8.1}", took.as_secs_f64());
    };
    println!("\n{:66} {:8} {:>10} {:>10} {:>11} {:>6} {:>8}", "scope", "of", "states", "views", "steps", "depth", "seconds");
    for found in all {
        let Found { scope, states, steps, depth, took, .. } = found;
        row(scope.name, scope.letters, [*states, found.views.len(), *steps, *depth], *took);
        views.extend(&found.views);
    }
    let sum = |of: fn(&Found) -> usize| all.iter().map(of).sum();
    let depth = all.iter().map(|found| found.depth).max().unwrap_or(0);
    let took = all.iter().map(|found| found.took).sum();
    row("all", "", [sum(|found| found.states), views.len(), sum(|found| found.steps), depth], took);
    println!(
        "\n{} different views of the platform alone (`Platform::model_view()`), each scope explored completely",
        views.len()
    );
}
