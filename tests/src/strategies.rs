//! Worlds and what happens in them: [`proptest`] strategies for property tests of the engine, or of a host around it.
//!
//! A [`Script`] is a [`World`] (policy, merchants, pages, users) and a list of [`Move`]s. A move is symbolic: "a leg that rings
//! is answered", "one microsecond before the next deadline", "the switch comes back with these legs". What it means is decided
//! while the script is played, from the state of a [`Model`] at that moment ([`World::step`]), so that scripts go deep, and still
//! mean something after a shrinker has taken moves out.
//!
//! ```
//! use proptest::strategy::{Strategy, ValueTree};
//! use proptest::test_runner::TestRunner;
//! use ringfence_testing::model::Model;
//! use ringfence_testing::strategies::{play, scripts};
//!
//! let mut runner = TestRunner::deterministic();
//! let script = scripts(20).new_tree(&mut runner).expect("a script").current();
//! let trace = play(&script, &mut Model::new(script.world.policy.clone()));
//! assert_eq!(trace.steps.len(), script.world.setup.len() + script.moves.len());
//! ```

use proptest::collection::vec;
use proptest::strategy::Strategy;
use ringfence::Platform;
use ringfence::values::effect::Effect;
use ringfence::values::policy::Policy;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::Reply;
use ringfence::values::time::Timestamp;

use crate::codes::{known_keys, test_keyring};
use crate::model::Model;
use crate::trace::{Doing, Step, Trace};

mod accounts;
mod amendments;
mod blocking;
mod groups;
mod law;
mod managing;
mod meeting;
mod moves;
mod people;
mod slots;
mod voice_messages;
mod worlds;

use self::moves::moves_of_calls;

pub use self::accounts::{AccountMove, account_scripts};
pub use self::meeting::meeting_scripts;
pub use self::moves::{BadWindow, Booking, Move, Pick, Report, Wait, What, moves};
pub use self::voice_messages::{VoiceMove, voice_scripts};
pub use self::worlds::{World, policies, worlds};

/// A world and what happens in it.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where it happens.
    pub world: World,
    /// What happens, in order.
    pub moves: Vec<Move>,
}

/// Scripts of at most this many moves, and at least half as many.
pub fn scripts(moves_max: usize) -> impl Strategy<Value = Script> {
    (worlds(), vec(moves(), moves_max / 2..=moves_max)).prop_map(|(world, moves)| Script { world, moves })
}

/// Scripts about calls, of at most this many moves and at least half as many: no callable hours, no limit of a day, and room for whoever books.
pub fn call_scripts(moves_max: usize) -> impl Strategy<Value = Script> {
    let roomy = |world: World| {
        let callable_hours = Vec::new();
        let (outbox_max, reservations_max) = (100_000, 100);
        let policy = Policy { callable_hours, rings_per_day_max: 0, outbox_max, reservations_max, ..world.policy };
        World { policy, ..world }
    };
    let moves = vec(moves_of_calls(), moves_max / 2..=moves_max);
    (worlds().prop_map(roomy), moves).prop_map(|(world, moves)| Script { world, moves })
}

/// The answer to a step: `None` for those that have none.
pub type StepReply = Option<Result<Reply, Refusal>>;

/// What a script is played on: the model alone, or the model and what is compared with it.
pub trait Stage {
    /// The model as it stands: the moves are chosen from it.
    fn model(&self) -> &Model;

    /// Does it, and returns the answer and the effects that are handed out then.
    fn perform(&mut self, at: Timestamp, doing: &Doing) -> (StepReply, Vec<Effect>);
}

impl Stage for Model {
    fn model(&self) -> &Model {
        self
    }

    fn perform(&mut self, at: Timestamp, doing: &Doing) -> (StepReply, Vec<Effect>) {
        let answer = match doing {
            Doing::Input(input) => Some(self.handle(at, input)),
            Doing::Once { key, input } => Some(self.handle_once(at, key, input)),
            Doing::Advance { budget } => {
                self.advance(at, *budget);
                None
            }
            Doing::Confirm { up_to } => self.confirm(*up_to).err().map(Err),
            Doing::Restart => return (None, self.unconfirmed()),
        };
        (answer, self.take_effects())
    }
}

/// Does one step to a platform as a host does that polls after every step, and returns the answer and what was polled. A restart is snapshot and restore, with the
/// [test keys](crate::codes::TEST_KEYS).
///
/// # Panics
/// When the platform does not come back from its own snapshot.
pub fn perform(platform: &mut Platform, at: Timestamp, doing: &Doing) -> (StepReply, Vec<Effect>) {
    let answer = match doing {
        Doing::Input(input) => Some(platform.handle(at, input.clone())),
        Doing::Once { key, input } => Some(platform.handle_once(at, key.clone(), input.clone())),
        Doing::Advance { budget } => {
            // How far it came shows in the effects.
            let _ = platform.advance(at, *budget);
            None
        }
        Doing::Confirm { up_to } => platform.confirm(*up_to).err().map(Err),
        Doing::Restart => {
            *platform =
                Platform::restore(&platform.snapshot(), test_keyring(), 1).expect("a platform comes back from its snapshot");
            None
        }
    };
    (answer, std::iter::from_fn(|| platform.poll_effect()).collect())
}

/// Plays a script to its end. The trace can be written as the lines of a scenario, what the stage answered as its expectations.
pub fn play(script: &Script, stage: &mut impl Stage) -> Trace {
    let mut trace = Trace::new(script.world.policy.clone());
    known_keys(&mut trace.header);
    let setup = script.world.setup.iter().map(Some).zip(std::iter::repeat(None));
    let moves = std::iter::repeat(None).zip(script.moves.iter().map(Some));
    for (input, next) in setup.chain(moves) {
        let (at, doing) = match (input, next) {
            (Some(input), _) => (script.world.begins, Doing::Input(input.clone())),
            (None, Some(next)) => script.world.step(next, stage.model()),
            (None, None) => break,
        };
        let (reply, effects) = stage.perform(at, &doing);
        trace.steps.push(Step { line: None, at, doing, reply, effects });
    }
    trace
}
