//! The simulator: the same seed makes the same bytes, a few days reach every kind of fault and outcome, and a host with a fault is found and its run made small.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ringfence::values::code::Code;
use ringfence::values::effect::{Action, Effect, Party};
use ringfence::values::id::ChallengeId;
use ringfence::values::policy::Policy;
use ringfence::values::time::Timestamp;
use ringfence_testing::causes;
use ringfence_testing::checker::{Promise, check};
use ringfence_testing::simulator::{Actor, Config, Counts, Ended, Sound, Subject, failed, report, shrink, simulate};
use ringfence_testing::strategies::StepReply;
use ringfence_testing::trace::{Doing, Trace};

/// The seeds of the ordinary tests: with rules of time and without, each mode of silence, a platform that chooses, results that are confirmed.
const SEEDS: [u64; 4] = [3, 5, 6, 12];
const DAYS: u32 = 2;

fn lived(config: &Config) -> Ended {
    simulate::<Sound>(config, &mut |_| {}).unwrap_or_else(|broken| panic!("seed {}: {}", config.seed, broken.violation))
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let config = Config::new(1, 1);
    let (one, other) = (lived(&config), lived(&config));
    assert_eq!(one.digest, other.digest);
    assert_eq!(report(&config, &one), report(&config, &other));
    assert_ne!(lived(&Config::new(2, 1)).digest, one.digest, "another seed, another world");
}

#[test]
fn a_few_days_keep_every_promise_and_reach_every_fault_and_outcome() {
    let ended: Vec<Ended> = SEEDS.into_iter().map(|seed| lived(&Config::new(seed, DAYS))).collect();
    let all = |of: fn(&Ended) -> &Counts| {
        let mut sum = Counts::new();
        for (name, seen) in ended.iter().flat_map(of) {
            *sum.entry(name.clone()).or_default() += seen;
        }
        sum
    };
    type Least = [(&'static str, u64)];
    let demanded: [(&str, Counts, &Least); 5] = [
        ("faults", all(|ended| &ended.tally.faults), &FAULTS),
        ("crashes", all(|ended| &ended.tally.crashes), &CRASHES),
        ("outcomes", all(|ended| &ended.tally.outcomes), &OUTCOMES),
        ("voice messages", all(|ended| &ended.tally.voice_messages), &VOICE_MESSAGES),
        ("calls", all(|ended| &ended.tally.calls), &CALLS),
    ];
    let mut rare = Vec::new();
    for (what, seen, least) in &demanded {
        println!("{what}: {seen:?}");
        for (name, least) in *least {
            let times: u64 = seen.iter().filter(|(known, _)| known.starts_with(name)).map(|(_, times)| times).sum();
            if times < *least {
                rare.push(format!("{what}: {name} {times} times, {least} at least are expected"));
            }
        }
    }
    assert!(rare.is_empty(), "{}", rare.join("\n"));
    let causes: std::collections::BTreeSet<_> = ended.iter().flat_map(|ended| &ended.tally.causes).collect();
    println!("causes: {} of {}", causes.len(), *causes::COUNT);
    assert!(causes.len() * 3 > usize::from(*causes::COUNT), "{} causes", causes.len());
    for (promise, times, what) in ended.iter().flat_map(|ended| ended.tally.judged(&ended.summary)) {
        assert!(times > 0, "{promise} was judged by no {what}");
    }
}

/// Names, or how they begin, and how often they are seen at least.
const FAULTS: [(&str, u64); 20] = [
    ("webhook lost", 60),
    ("webhook late", 60),
    ("webhook doubled", 80),
    ("webhook reordered", 60),
    ("request doubled", 40),
    ("message fails", 80),
    ("message unreported", 80),
    ("clock", 2),
    ("advance comes late", 5),
    ("advance with a small budget", 8),
    ("confirms are held back", 4),
    ("switch loses legs", 3),
    ("an effect is in doubt", 1),
    ("hostile: unknown id", 30),
    ("hostile: forged report", 30),
    ("hostile: oversized", 30),
    ("hostile: key with another body", 30),
    ("hostile: wrong code", 20),
    ("hostile: somebody else's", 30),
    ("hostile: what was never given out", 30),
];
const CRASHES: [(&str, u64); 7] = [
    ("between two inputs", 6),
    ("before the log line was written", 8),
    ("the log line written, effects not polled", 8),
    ("effects polled, none or some carried out", 3),
    ("an effect marked as begun, not carried out", 3),
    ("an effect carried out, not confirmed", 3),
    ("all effects carried out, none confirmed", 5),
];
const OUTCOMES: [(&str, u64); 10] = [
    ("completed (merchant calls)", 15),
    ("completed (platform calls)", 60),
    ("missed: not_called", 30),
    ("missed: not_reached", 30),
    ("missed: not_acknowledged", 8),
    ("missed: frozen", 2),
    ("cancelled", 20),
    ("unverified", 10),
    ("declined", 4),
    ("forgotten", 3),
];
const VOICE_MESSAGES: [(&str, u64); 3] = [("heard", 10), ("delivered", 5), ("abandoned", 12)];
const CALLS: [(&str, u64); 4] = [("platform calls", 200), ("merchant calls", 40), ("users rung", 200), ("shared by several", 8)];

/// What a host with a fault does as others do.
macro_rules! as_a_sound_host_does {
    () => {
        fn next_deadline(&self) -> Option<Timestamp> {
            self.sound.next_deadline()
        }

        fn latest(&self) -> Timestamp {
            self.sound.latest()
        }

        fn code(&self, challenge: ChallengeId) -> Option<Code> {
            self.sound.code(challenge)
        }

        fn inspect(&mut self) -> Result<(), (Promise, String)> {
            Ok(())
        }

        fn at_rest(&self) -> Result<(), String> {
            Ok(())
        }
    };
}

/// A host that loses the hang-up of a user's phone, now and then.
struct LosesHangUps {
    sound: Sound,
    hung_up: u64,
}

impl LosesHangUps {
    fn loses(&mut self, effect: &Effect) -> bool {
        let Action::HangUp(hang_up) = &effect.action else { return false };
        let is_users = self.sound.platform().leg(hang_up.leg).is_some_and(|leg| leg.party == Party::User);
        self.hung_up += u64::from(is_users);
        is_users && self.hung_up.is_multiple_of(3)
    }
}

impl Subject for LosesHangUps {
    fn new(policy: &Policy) -> Self {
        Self { sound: Sound::new(policy), hung_up: 0 }
    }

    fn perform(&mut self, at: Timestamp, doing: &Doing) -> StepReply {
        self.sound.perform(at, doing)
    }

    fn poll(&mut self) -> Vec<Effect> {
        let mut effects = self.sound.poll();
        effects.retain(|effect| !self.loses(effect));
        effects
    }

    as_a_sound_host_does!();
}

/// A host that comes back from a snapshot, and forgets what it wrote down since.
struct ForgetsItsLog {
    sound: Sound,
    saved: Sound,
    steps: u64,
}

impl Subject for ForgetsItsLog {
    fn new(policy: &Policy) -> Self {
        Self { sound: Sound::new(policy), saved: Sound::new(policy), steps: 0 }
    }

    fn perform(&mut self, at: Timestamp, doing: &Doing) -> StepReply {
        if *doing == Doing::Restart {
            self.sound = self.saved.clone();
        }
        let reply = self.sound.perform(at, doing);
        self.steps += 1;
        if self.steps.is_multiple_of(50) {
            self.saved = self.sound.clone();
        }
        reply
    }

    fn poll(&mut self) -> Vec<Effect> {
        self.sound.poll()
    }

    as_a_sound_host_does!();
}

/// A run of this host breaks this promise, and what is left of it is so small, says all that is needed, and breaks the promise when it is judged again.
fn is_found_and_made_small<S: Subject>(config: &Config, promises: &[Promise], steps_max: usize) -> (Promise, Trace) {
    let broken = simulate::<S>(config, &mut |_| {}).expect_err("the host has a fault");
    let promise = broken.violation.promise;
    assert!(promises.contains(&promise), "{}", broken.violation);
    let shrunk = shrink::<S>(config, &broken.violation, 400, &mut |_| {}).expect("it fails again");
    assert_eq!(shrunk.violation.promise, promise);
    assert!(shrunk.trace.steps.len() <= steps_max, "{} steps:\n{}", shrunk.trace.steps.len(), shrunk.trace.to_json_lines());
    let said =
        failed(config, &broken.violation, Some("0123abc"), Some((&shrunk, "seed-1.jsonl", "simulate --judge seed-1.jsonl")));
    let needed = [
        format!("seed {}", config.seed),
        "commit 0123abc".to_owned(),
        format!("{promise} broken at step {}", broken.violation.step),
    ];
    for part in needed.iter().map(String::as_str).chain(["simulate --judge seed-1.jsonl"]) {
        assert!(said.contains(part), "{said}should say {part}");
    }
    let read = Trace::from_json_lines(&shrunk.trace.to_json_lines()).expect("what is saved can be read");
    let violation = check(&read).expect_err("it is judged as before");
    assert_eq!((violation.promise, violation.step), (promise, shrunk.violation.step));
    (promise, read)
}

/// A small world: a dozen users, and nobody who meddles.
fn small() -> Config {
    let is_left_out = |actor: &Actor| matches!(actor, Actor::User(12..) | Actor::Strangers | Actor::Operator);
    Config { without: Actor::all().into_iter().filter(is_left_out).collect(), ..Config::new(1, 2) }
}

#[test]
fn a_host_that_loses_a_hang_up_is_found_and_its_run_made_small() {
    // Whichever of the promises that ask for a hang-up is the first to miss one.
    let (promise, trace) = is_found_and_made_small::<LosesHangUps>(&small(), &[Promise::P1, Promise::P3, Promise::P9], 60);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("loses_a_hang_up.jsonl");
    std::fs::write(&file, trace.to_json_lines()).expect("a scenario can be saved");
    // The program judges the file alike, and sees that a sound platform does otherwise.
    let judged = simulated(&["--judge", file.to_str().expect("a path")]);
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    assert_eq!(judged.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("as recorded: {promise} broken")) && said.contains("done again: every promise kept"),
        "{said}"
    );
}

#[test]
fn a_host_that_forgets_its_log_is_found_and_its_run_made_small() {
    is_found_and_made_small::<ForgetsItsLog>(&small(), &[Promise::P12], 40);
}

fn simulated(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_simulate")).args(arguments).output().expect("the program runs")
}

#[test]
fn the_program_says_how_it_is_used_and_what_is_wrong() {
    let help = simulated(&["--help"]);
    let said = String::from_utf8_lossy(&help.stdout).into_owned();
    assert_eq!(help.status.code(), Some(0));
    for part in ["--seed", "--days", "--judge", "Exit codes:", "  3  a file cannot be read or written", "Examples:"] {
        assert!(said.contains(part), "{said}should say {part}");
    }
    for (arguments, code, part) in [
        (&["--days", "0"][..], 2, "0 is not in 1..=3650"),
        (&["--seed", "one"][..], 2, "invalid digit"),
        (&["--sed", "1"][..], 2, "'--seed'"),
        (&["--judge", "/nowhere.jsonl"][..], 3, "/nowhere.jsonl cannot be read"),
    ] {
        let wrong = simulated(arguments);
        let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
        assert_eq!(wrong.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(part), "{arguments:?}: {said}should say {part}");
    }
}

#[test]
fn the_program_reports_in_plain_lines_when_nobody_looks() {
    let file: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("journal.jsonl");
    let ended = simulated(&["--seed", "4", "--days", "1"]);
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_eq!(ended.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    for part in ["Calls", "Bookings, as they ended", "Faults", "Crashes", "Refusals", "Promises judged", "Digest of the trace: "]
    {
        assert!(said.contains(part), "{said}should say {part}");
    }
    assert!(String::from_utf8_lossy(&ended.stderr).contains("seed 4: day 1 of 1"));
    assert!(![&ended.stdout, &ended.stderr].iter().any(|said| said.contains(&0x1b)), "no colour where nobody sees it");
    // A journal is the same run, and can be judged.
    let journal = file.to_str().expect("a path");
    assert_eq!(simulated(&["--seed", "4", "--days", "1", "--journal", journal]).stdout, ended.stdout);
    let judged = simulated(&["--judge", journal]);
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    assert_eq!(judged.status.code(), Some(0), "{said}");
    assert!(!said.contains("something else"), "{said}");
}
