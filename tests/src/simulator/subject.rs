//! What is simulated: a platform, and the part of its host that keeps its log and its snapshots.

use ringfence::values::code::Code;
use ringfence::values::effect::Effect;
use ringfence::values::id::ChallengeId;
use ringfence::values::policy::Policy;
use ringfence::values::time::Timestamp;
use ringfence::{Platform, Refusal};

use crate::checker::Promise;
use crate::codes::test_keyring;
use crate::strategies::StepReply;
use crate::trace::Doing;

/// So many steps are replayed at most after a crash.
const LOG_MAX: usize = 256;

/// A platform with its log, as the simulator drives it. [`Sound`] is what a host should be; another one may have a fault, to see that it is found.
pub trait Subject {
    /// One that nothing happened to yet.
    fn new(policy: &Policy) -> Self;

    /// Writes it down and does it. [`Doing::Restart`]: it comes back from what was written.
    fn perform(&mut self, at: Timestamp, doing: &Doing) -> StepReply;

    /// What is handed out now.
    fn poll(&mut self) -> Vec<Effect>;

    /// When `advance` is wanted.
    fn next_deadline(&self) -> Option<Timestamp>;

    /// The latest instant that was taken.
    fn latest(&self) -> Timestamp;

    /// The code of a challenge that is out.
    fn code(&self, challenge: ChallengeId) -> Option<Code>;

    /// Looks at everything that a trace does not show: what must hold between inputs, and that a snapshot is the state.
    ///
    /// # Errors
    /// The promise that falls, and what is wrong.
    fn inspect(&mut self) -> Result<(), (Promise, String)>;

    /// What is still alive, when nothing should be.
    ///
    /// # Errors
    /// The first thing that is.
    fn at_rest(&self) -> Result<(), String>;
}

/// A platform whose host writes every input to a log before it hands it over, takes a snapshot now and then, and after a crash replays what came since.
#[derive(Clone, Debug)]
pub struct Sound {
    platform: Platform,
    saved: Vec<u8>,
    log: Vec<(Timestamp, Doing)>,
    restarts: u64,
    wrong: Option<String>,
}

impl Sound {
    /// The platform.
    #[must_use]
    pub const fn platform(&self) -> &Platform {
        &self.platform
    }

    fn save(&mut self) {
        self.saved = self.platform.snapshot();
        self.log.clear();
    }

    fn comes_back(&mut self) {
        self.restarts += 1;
        let before = self.platform.state_hash();
        let mut back = match Platform::restore(&self.saved, test_keyring(), self.restarts) {
            Ok(back) => back,
            Err(error) => {
                self.wrong = Some(format!("a snapshot cannot be restored: {error}"));
                return;
            }
        };
        for (at, doing) in &self.log {
            done(&mut back, *at, doing);
        }
        if back.state_hash() != before {
            self.wrong = Some("a snapshot and the log since it make another state".to_owned());
        }
        self.platform = back;
    }
}

impl Subject for Sound {
    fn new(policy: &Policy) -> Self {
        let platform = Platform::new(policy.clone(), test_keyring(), 0).expect("the policy is within its ranges");
        let saved = platform.snapshot();
        Self { platform, saved, log: Vec::new(), restarts: 0, wrong: None }
    }

    fn perform(&mut self, at: Timestamp, doing: &Doing) -> StepReply {
        if *doing == Doing::Restart {
            self.comes_back();
            return None;
        }
        if self.log.len() >= LOG_MAX {
            self.save();
        }
        self.log.push((at, doing.clone()));
        done(&mut self.platform, at, doing)
    }

    fn poll(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.platform.poll_effect()).collect()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.platform.poll_deadline().map(|(at, _)| at)
    }

    fn latest(&self) -> Timestamp {
        self.platform.latest()
    }

    fn code(&self, challenge: ChallengeId) -> Option<Code> {
        self.platform.code(challenge).ok()
    }

    fn inspect(&mut self) -> Result<(), (Promise, String)> {
        if let Some(wrong) = self.wrong.take() {
            return Err((Promise::P12, wrong));
        }
        self.platform.check_invariants().map_err(|wrong| (Promise::P13, format!("an invariant does not hold: {wrong}")))?;
        let bytes = self.platform.snapshot();
        let back = Platform::restore(&bytes, test_keyring(), self.restarts ^ 0xfeed);
        let back = back.map_err(|error| (Promise::P12, format!("a snapshot cannot be restored: {error}")))?;
        let is_same = back.snapshot() == bytes && back.state_hash() == self.platform.state_hash();
        if is_same { Ok(()) } else { Err((Promise::P12, "what a snapshot restores is another state".to_owned())) }
    }

    fn at_rest(&self) -> Result<(), String> {
        let platform = &self.platform;
        let left = [
            ("reservations", platform.reservations().len()),
            ("calls", platform.calls().len()),
            ("legs", platform.legs().len()),
            ("voice messages", platform.voice_messages().len()),
            ("unconfirmed effects", platform.unconfirmed()),
        ];
        match left.into_iter().find(|(_, count)| *count > 0) {
            Some((what, count)) => Err(format!("{count} {what} are left")),
            None => Ok(()),
        }
    }
}

/// Does it to a platform.
fn done(platform: &mut Platform, at: Timestamp, doing: &Doing) -> StepReply {
    match doing {
        Doing::Input(input) => Some(platform.handle(at, input.clone())),
        Doing::Once { key, input } => Some(platform.handle_once(at, key.clone(), input.clone())),
        Doing::Advance { budget } => {
            let _ = platform.advance(at, *budget);
            None
        }
        Doing::Confirm { up_to } => platform.confirm(*up_to).err().map(|refusal: Refusal| Err(refusal)),
        Doing::Restart => None,
    }
}
