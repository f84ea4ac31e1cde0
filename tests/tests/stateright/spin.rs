//! The scopes that SPIN explores too, through the C library and with a host of its own (`tests/spin/`): both must come to the same number of states, which
//! stands in `tests/spin/scopes.json`.
//!
//! SPIN knows no checker, so a state here is what the two have in common: the platform's view, the legs at the switch, the clock, the mode and the budgets.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ringfence::values::id::LegId;
use serde::Deserialize;
use stateright::{Checker as _, HasDiscoveries, Model, Property};

use crate::acts::Act;
use crate::scopes::{Scope, TROUBLE_FREE};
use crate::world::{Budget, Sides, World};

/// A scope as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    #[serde(rename = "about")]
    _about: String,
    users: usize,
    recorder: bool,
    requests: u8,
    cancels: u8,
    #[serde(rename = "phones")]
    _phones: usize,
    states: usize,
}

/// A scope whose states are compared without the checker.
struct Bare(Scope);

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

/// Explores it completely, and compares the number of its states with the one that SPIN must come to as well.
fn explore(name: &'static str) {
    let scopes: BTreeMap<String, Shared> = serde_json::from_str(include_str!("../../spin/scopes.json")).expect("the scopes");
    let shared = &scopes[name];
    let sides = match (shared.users, shared.recorder) {
        (1, true) => Sides::Recorder,
        (2, false) => Sides::OneMerchantTwoUsers,
        (1, false) => Sides::OneUser,
        other => panic!("no world has {other:?}"),
    };
    let budget = Budget { requests: shared.requests, cancels: shared.cancels, ..TROUBLE_FREE };
    let scope = Scope { name, budget, window_s: 40, merchant_attempts_max: 1, sides, lacks: &[], states: shared.states };
    let checker = Bare(scope).checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
    println!("{name}: {} states, {} steps", checker.unique_state_count(), checker.state_count());
    checker.assert_properties();
    assert_eq!(
        checker.unique_state_count(),
        shared.states,
        "the number of states; pin the new one if the change was meant, and let SPIN count too"
    );
}

#[test]
fn the_recorder_has_as_many_states_as_spin_finds() {
    explore("recorder");
}

#[test]
fn the_queue_has_as_many_states_as_spin_finds() {
    explore("queue");
}
