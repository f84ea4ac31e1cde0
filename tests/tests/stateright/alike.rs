//! Whether the key of a state says all that matters: two worlds with the same key must have successors with the same keys. Where they do not,
//! the exploration takes two states for one and may miss what only the second leads to.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use stateright::Model as _;

use crate::Explored;
use crate::acts::Act;
use crate::scopes::Scope;
use crate::world::World;

/// Walks through a scope, and takes every step of every world it comes to, also of one whose key is known.
pub(crate) fn equal_states_have_equal_successors(scope: Scope) {
    let model = Explored { scope, shown: Arc::default(), seen: Arc::default() };
    let mut known: HashMap<u64, (u64, Vec<Act>)> = HashMap::new();
    let mut waiting: VecDeque<(World, Vec<Act>)> = model.init_states().into_iter().map(|world| (world, Vec::new())).collect();
    while let Some((world, path)) = waiting.pop_front() {
        let mut acts = Vec::new();
        model.actions(&world, &mut acts);
        let next: Vec<_> = acts.into_iter().filter_map(|act| Some((act, model.next_state(&world, act)?))).collect();
        let keys: BTreeSet<_> = next.iter().map(|(_, world)| world.key).collect();
        let mut hasher = DefaultHasher::new();
        keys.hash(&mut hasher);
        let successors = hasher.finish();
        if let Some((expected, first)) = known.get(&world.key) {
            assert_eq!(*expected, successors, "{}: one key, and they go on otherwise:\n{first:?}\n{path:?}", scope.name);
            continue;
        }
        for (act, world) in next {
            waiting.push_back((world, path.iter().copied().chain([act]).collect()));
        }
        known.insert(world.key, (successors, path));
    }
    println!("{}: {} states, and equal ones go on alike", scope.name, known.len());
}
