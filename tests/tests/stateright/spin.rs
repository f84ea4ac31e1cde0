//! The scopes that SPIN explores too, through the C library and with a host of its own (`tests/spin/`): both must come to the same number of states, which
//! stands in `tests/spin/scopes.json`.
//!
//! SPIN knows no checker, so a state here is what the two have in common: the platform's view, the legs at the switch, the clock, the mode and the budgets.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ringfence::values::id::LegId;
use serde::Deserialize;
use stateright::{Checker as _, HasDiscoveries, Model, Property};

use crate::Explored;
use crate::acts::Act;
use crate::scopes::{PLAIN, Scope, TROUBLE_FREE};
use crate::world::{Budget, Sides, World};

/// The file, as far as it is read here.
#[derive(Deserialize)]
struct Shared {
    counted: Vec<Counted>,
}

/// A scope that both explore.
#[derive(Deserialize)]
struct Counted {
    name: String,
    users: u32,
    recorder: bool,
    requests: u8,
    cancels: u8,
    /// Whether it is explored each time.
    small: bool,
    states: usize,
}

/// A scope whose states are compared without the checker.
struct Bare(Explored);

#[derive(Clone)]
struct BareWorld {
    world: World,
    /// Two hashes of what counts.
    key: [u64; 2],
}

impl From<World> for BareWorld {
    fn from(world: World) -> Self {
        let alive = world.platform.legs();
        let place = |leg: LegId| (alive.contains(&leg), alive.partition_point(|id| *id < leg));
        let environment = (
            world.platform.model_view(),
            world.now.micros_since(world.platform.latest()),
            world.end.micros_since(world.now).max(0),
            world.switch.iter().map(|(leg, at_switch)| (place(*leg), *at_switch)).collect::<Vec<_>>(),
            (world.silence, world.budget.requests, world.budget.cancels),
        );
        let key = [1_u64, 2].map(|salt| {
            let mut hasher = DefaultHasher::new();
            (salt, &environment).hash(&mut hasher);
            hasher.finish()
        });
        Self { world, key }
    }
}

impl std::fmt::Debug for BareWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.world.fmt(f)
    }
}

impl PartialEq for BareWorld {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Hash for BareWorld {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl Model for Bare {
    type State = BareWorld;
    type Action = Act;

    fn init_states(&self) -> Vec<BareWorld> {
        self.0.init_states().into_iter().map(BareWorld::from).collect()
    }

    fn actions(&self, bare: &BareWorld, acts: &mut Vec<Act>) {
        self.0.actions(&bare.world, acts);
    }

    fn next_state(&self, bare: &BareWorld, act: Act) -> Option<BareWorld> {
        self.0.next_state(&bare.world, act).map(BareWorld::from)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("no promise falls", |_, bare: &BareWorld| bare.world.fallen.is_none())]
    }
}

impl Counted {
    /// Explores it completely, and compares the number of its states with the one that SPIN must come to as well.
    fn explore(&self) {
        let sides = match (self.users, self.recorder) {
            (1, true) => Sides::Recorder,
            (2, false) => Sides::OneMerchantTwoUsers,
            other => panic!("no world has {other:?}"),
        };
        let budget = Budget { requests: self.requests, cancels: self.cancels, ..TROUBLE_FREE };
        let scope = Scope { budget, sides, ..PLAIN };
        let explored = Explored { scope, shown: Arc::default(), seen: Arc::default() };
        let checker = Bare(explored).checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
        println!("{}: {} states, {} steps", self.name, checker.unique_state_count(), checker.state_count());
        checker.assert_properties();
        assert_eq!(
            checker.unique_state_count(),
            self.states,
            "{}: pin the new number if the change was meant, and let SPIN count",
            self.name
        );
    }
}

fn scopes() -> Vec<Counted> {
    serde_json::from_str::<Shared>(include_str!("../../spin/scopes.json")).expect("the scopes").counted
}

#[test]
fn small_scopes_have_as_many_states_as_spin_finds() {
    scopes().iter().filter(|scope| scope.small).for_each(Counted::explore);
}

#[test]
fn larger_scopes_have_as_many_states_as_spin_finds_when_they_are_asked_for() {
    if std::env::var("RINGFENCE_MODEL").as_deref() == Ok("all") {
        scopes().iter().filter(|scope| !scope.small).for_each(Counted::explore);
    }
}
