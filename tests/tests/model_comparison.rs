//! The engine against the reference model, after every step of many scripts.
//!
//! Replies, refusals and effects must be equal, exactly and in order; so must be what can be seen of reservations, calls and legs, the next
//! deadline, and the gate's verdicts now and at the instants where they change. Beside it, on copies of the engine: P11 (a repeat changes and
//! emits nothing), P12 (another hash seed, and snapshot and restore at every third step, make no difference; a batch of deadlines is its single
//! ones) and P13 (a refusal leaves the settled state equal). What the two agree on is then judged by the checker, which knows neither.
//!
//! The scripts are the same in every run. `RINGFENCE_CASES` raises their number; `RINGFENCE_SEED` (a number) draws others. A failing one is made
//! shorter before it is shown, which takes a while and says nothing; `RINGFENCE_SHRINKS` (0: not at all) says in how many steps at most.
//! `RINGFENCE_REACH=0` leaves out what the scripts must come by, for a run of fewer of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use ringfence::machines::binding::BindingState as EngineBindingState;
use ringfence::machines::call::CallState as EngineCallState;
use ringfence::machines::leg::LegState as EngineLegState;
use ringfence::machines::voice_message::VoiceMessageState as EngineVoiceState;
use ringfence::values::code::Code;
use ringfence::values::input::{ConfirmClock, Input, LegAnswered, LegProgress, PlayFinished, RequestCall};
use ringfence::values::policy::{Policy, PolicyError};
use ringfence::values::refusal::Bound;
use ringfence::values::reply::{Deny, Reply, ReservationState, Verdict};
use ringfence::{Action, ChallengeId, Dedup, Effect, LegId, PhoneNumber, Platform, Refusal, ReservationId, Road, Timestamp};
use ringfence_testing::checker::check;
use ringfence_testing::codes::test_keyring;
use ringfence_testing::model::{BindingState, CallState, LegState, Model, VoiceState};
use ringfence_testing::strategies::{
    Script, Stage, StepReply, account_scripts, call_scripts, meeting_scripts, play, scripts, voice_scripts,
};
use ringfence_testing::trace::{Doing, Step, Trace};

#[path = "model_comparison/reach.rs"]
mod reach;

use self::reach::{
    DEMANDED, DEMANDED_OF_ACCOUNTS, DEMANDED_OF_CALLS, DEMANDED_OF_MEETINGS, DEMANDED_OF_VOICE, Seen, TO_BE_SEEN,
    TO_BE_SEEN_OF_MEETINGS, TO_BE_SEEN_OF_VOICE,
};

const CASES: u32 = 1_450;
const MOVES_MAX: usize = 200;
const CALL_CASES: u32 = 500;
const CALL_MOVES_MAX: usize = 160;
const ACCOUNT_CASES: u32 = 300;
const ACCOUNT_MOVES_MAX: usize = 160;
const VOICE_CASES: u32 = 300;
const VOICE_MOVES_MAX: usize = 120;
const MEETING_CASES: u32 = 400;
const MEETING_MOVES_MAX: usize = 120;

#[test]
fn the_engine_does_what_the_model_predicts_after_every_step() {
    let reached = compared(|| scripts(MOVES_MAX), CASES);
    came_by(&reached, &DEMANDED);
    let unseen: Vec<_> = TO_BE_SEEN.iter().filter(|kind| !reached.iter().any(|kinds| kinds.contains(**kind))).collect();
    assert!(unseen.is_empty() || !is_reach_judged(), "no script came by {unseen:?}");
}

/// Scripts of their own: most calls end before they begin when everything else happens too.
#[test]
fn and_so_it_does_when_most_of_it_is_calls() {
    let reached = compared(|| call_scripts(CALL_MOVES_MAX), CALL_CASES);
    came_by(&reached, &DEMANDED_OF_CALLS);
}

/// Scripts of their own: bindings and bookings share the limits of codes and little else.
#[test]
fn and_so_it_does_when_accounts_bind_numbers() {
    let reached = compared(|| account_scripts(ACCOUNT_MOVES_MAX), ACCOUNT_CASES);
    came_by(&reached, &DEMANDED_OF_ACCOUNTS);
}

/// Scripts of their own: calls fail, and somebody leaves a message, when accounts are bound from the start.
#[test]
fn and_so_it_does_when_callers_leave_messages() {
    let reached = compared(|| voice_scripts(VOICE_MOVES_MAX), VOICE_CASES);
    came_by(&reached, &DEMANDED_OF_VOICE);
    let unseen: Vec<_> = TO_BE_SEEN_OF_VOICE.iter().filter(|kind| !reached.iter().any(|kinds| kinds.contains(**kind))).collect();
    assert!(unseen.is_empty() || !is_reach_judged(), "no script came by {unseen:?}");
}

/// Scripts of their own: merchants call under reservations, and seldom reach anybody.
#[test]
fn and_so_it_does_when_merchants_leave_messages() {
    let reached = compared(|| meeting_scripts(MEETING_MOVES_MAX), MEETING_CASES);
    came_by(&reached, &DEMANDED_OF_MEETINGS);
    let unseen: Vec<_> =
        TO_BE_SEEN_OF_MEETINGS.iter().filter(|kind| !reached.iter().any(|kinds| kinds.contains(**kind))).collect();
    assert!(unseen.is_empty() || !is_reach_judged(), "no script came by {unseen:?}");
}

/// On how many threads scripts are compared.
const THREADS: u32 = 2;

/// Compares on so many scripts, and tells what each came by. Each thread draws all of them, and compares its share.
fn compared<S: Strategy<Value = Script>>(scripts: impl Fn() -> S + Sync, cases: u32) -> Vec<BTreeSet<String>> {
    let scripts = &scripts;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|share| scope.spawn(move || compared_share(&scripts(), cases, share))).collect();
        let reached = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        reached.flatten().collect()
    })
}

/// The share of one thread: of two, every second script.
fn compared_share(scripts: &impl Strategy<Value = Script>, cases: u32, share: u32) -> Vec<BTreeSet<String>> {
    let number =
        |name: &str| std::env::var(name).ok().map(|text| text.parse::<u32>().unwrap_or_else(|_| panic!("{name} is a number")));
    let cases = number("RINGFENCE_CASES").unwrap_or(cases);
    let mut seed = *b"ringfence, model against engine.";
    seed[..4].copy_from_slice(&number("RINGFENCE_SEED").unwrap_or(0).to_le_bytes());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: number("RINGFENCE_SHRINKS").unwrap_or(20_000),
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));

    let reached = RefCell::new(Vec::new());
    let (drawn, has_failed) = (Cell::new(0), Cell::new(false));
    let outcome = runner.run(scripts, |script| {
        let is_mine = drawn.replace(drawn.get() + 1) % THREADS == share;
        // A script that fails is made shorter: what is drawn then is of this share, too.
        if !is_mine && !has_failed.get() {
            return Ok(());
        }
        match compare(&script) {
            Ok(kinds) => {
                reached.borrow_mut().push(kinds);
                Ok(())
            }
            Err(failure) => {
                has_failed.set(true);
                Err(TestCaseError::fail(format!("step {}: {}", failure.step, failure.what)))
            }
        }
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(_, script)) => report(&script),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    reached.into_inner()
}

/// Whether it is judged what the scripts came by: fewer scripts than usual come by less.
fn is_reach_judged() -> bool {
    std::env::var("RINGFENCE_REACH").as_deref() != Ok("0")
}

/// Enough of the scripts came by each of these.
fn came_by(reached: &[BTreeSet<String>], demanded: &[(&str, usize)]) {
    let count = |kind: &str| reached.iter().filter(|kinds| kinds.contains(kind)).count();
    let mut rare = Vec::new();
    for (kind, percent) in demanded {
        println!("{} of {} scripts came by: {kind}", count(kind), reached.len());
        if count(kind) * 100 < reached.len() * percent {
            rare.push(format!("fewer than {percent} % of the scripts came by: {kind}"));
        }
    }
    assert!(rare.is_empty() || !is_reach_judged(), "{}", rare.join("\n"));
}

#[test]
fn what_they_disagreed_about_before_stays_settled() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/regressions");
    let files = std::fs::read_dir(folder).expect("the folder of regressions").map(|file| file.expect("a file").path());
    let mut read = 0;
    for file in files {
        let lines = std::fs::read_to_string(&file).expect("a text");
        let trace = Trace::from_json_lines(&lines).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut pair = Pair::new(&trace.header.policy).expect("a legal policy");
        let mut done = Trace { header: trace.header.clone(), steps: Vec::new() };
        for step in &trace.steps {
            let (reply, effects) = pair.perform(step.at, &step.doing);
            done.steps.push(Step { reply, effects, ..step.clone() });
        }
        if let Some(failure) = pair.failure {
            panic!("{}, step {}: {}", file.display(), failure.step + 1, failure.what);
        }
        // The judge is wrong if he disagrees with both.
        check(&done).unwrap_or_else(|violation| panic!("{}: {violation}", file.display()));
        read += 1;
    }
    assert!(read >= 2, "{read} regressions");
}

/// Ends the test with the shortest script that was found, as the lines of a scenario with what the model expects.
fn report(script: &Script) -> ! {
    let mut script = script.clone();
    // The strategy keeps a least number of moves; what is not needed goes here.
    for index in (0..script.moves.len()).rev() {
        let mut shorter = script.clone();
        shorter.moves.remove(index);
        if compare(&shorter).is_err() {
            script = shorter;
        }
    }
    let mut trace = play(&script, &mut Model::new(script.world.policy.clone()));
    let what = match compare(&script) {
        Ok(_) => "not again".to_owned(),
        Err(failure) => {
            trace.steps.truncate(failure.step + 1);
            format!("in step {}, counted from 1 (the last below): {}", failure.step + 1, failure.what)
        }
    };
    let lines = trace.to_json_lines();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("model_comparison.jsonl");
    let saved = match std::fs::write(&file, &lines) {
        Ok(()) => format!("saved as {}", file.display()),
        Err(error) => format!("not saved: {error}"),
    };
    panic!("{lines}{saved}; the expectations are the model's\nthe engine and the model disagree, or break a promise, {what}");
}

/// The first disagreement.
struct Failure {
    step: usize,
    what: String,
}

/// Plays a script on the model and on engines.
fn compare(script: &Script) -> Result<BTreeSet<String>, Failure> {
    let mut pair = Pair::new(&script.world.policy).map_err(|error| Failure { step: 0, what: error.to_string() })?;
    let trace = play(script, &mut pair);
    match (pair.failure, check(&trace)) {
        (Some(failure), _) => Err(failure),
        (None, Err(violation)) => {
            let what = format!("both do this, and the checker says: {violation}");
            Err(Failure { step: violation.step.saturating_sub(1), what })
        }
        (None, Ok(_)) => Ok(pair.seen.into_kinds()),
    }
}

/// The model and the engines, side by side.
struct Pair {
    model: Model,
    engine: Platform,
    /// The same under another hash seed, restored from its snapshot now and then.
    twin: Platform,
    steps: usize,
    failure: Option<Failure>,
    seen: Seen,
}

impl Stage for Pair {
    fn model(&self) -> &Model {
        &self.model
    }

    fn perform(&mut self, at: Timestamp, doing: &Doing) -> (StepReply, Vec<Effect>) {
        if self.failure.is_some() {
            return (None, Vec::new());
        }
        let outcome = self.step(at, doing);
        match outcome {
            Ok(answer) => {
                self.steps += 1;
                answer
            }
            Err(what) => {
                self.failure = Some(Failure { step: self.steps, what });
                (None, Vec::new())
            }
        }
    }
}

impl Pair {
    fn new(policy: &Policy) -> Result<Self, PolicyError> {
        let engine = |hash_seed| Platform::new(policy.clone(), test_keyring(), hash_seed);
        Ok(Self {
            model: Model::new(policy.clone()),
            engine: engine(1)?,
            twin: engine(0xfeed_beef)?,
            steps: 0,
            failure: None,
            seen: Seen::default(),
        })
    }

    fn step(&mut self, at: Timestamp, doing: &Doing) -> Result<(StepReply, Vec<Effect>), String> {
        self.seen.before(&self.model, at, doing);
        let asked = self.verdict_asked(at, doing);
        let before = self.engine.clone();
        let (expected_reply, expected) = self.model.perform(at, doing);
        let reply = perform(&mut self.engine, at, doing)?;
        equal("the reply", &expected_reply, &reply)?;
        equal("the effects", &expected, &poll(&mut self.engine))?;
        if let (Some(asked), Some(Ok(reply))) = (asked, &reply) {
            equal("the verdict that the gate gave for this instant", &asked, &verdict(reply))?;
        }
        self.same_views()?;
        self.same_gate()?;
        self.engine.check_invariants().map_err(|what| format!("invariant: {what}"))?;
        self.twin_step(at, doing, &reply, &expected)?;
        taken_once(before.clone(), at, doing, &reply, &expected)?;
        self.repeated(at, doing, &reply)?;
        single_steps(before, at, doing, &expected, &self.engine)?;
        self.seen.after(&self.model, &reply, &expected);
        Ok((reply, expected))
    }

    /// What the gate says before a `request_call` about that very instant.
    fn verdict_asked(&self, at: Timestamp, doing: &Doing) -> Option<Verdict> {
        if let Doing::Input(Input::RequestCall(input)) = doing { Some(self.engine.gate(*input, at)) } else { None }
    }

    fn same_views(&self) -> Result<(), String> {
        let expected: Vec<_> = self.model.reservations();
        equal("the ids of the reservations", &ids(&expected, |kept| kept.reservation), &self.engine.reservations())?;
        for kept in expected {
            let Some(seen) = self.engine.reservation(kept.reservation) else { continue };
            let ours = self.model.profile(&kept.user).map(|kept| (&kept.name, kept.contact, &kept.email, kept.until));
            let theirs = self.engine.profile(&kept.user).map(|kept| (&kept.name, kept.contact, &kept.email, kept.until));
            equal("what is remembered of a sender", &ours, &theirs)?;
            let number = seen.virtual_number.map(ringfence::values::number::VirtualNumber::number);
            equal(&format!("the number of {}", kept.reservation), &self.model.number_of(kept.reservation), &number)?;
            let open = |eligible| (kept.state == ReservationState::Open).then_some(eligible);
            let expected = (
                kept.state,
                kept.outcome,
                kept.chosen,
                kept.attempts,
                kept.merchant_failures,
                kept.conversations,
                open(kept.eligible),
                (kept.revision, kept.unacknowledged, kept.waiting, kept.window, kept.contact),
                (kept.slot, kept.spent),
            );
            let outcome = seen.closed.map(|closed| closed.outcome);
            let seen_as = (
                seen.state,
                outcome,
                seen.mode,
                seen.attempts,
                seen.merchant_failures,
                seen.conversations,
                open(seen.eligible_at),
                (
                    seen.revision,
                    seen.awaits_acknowledgement,
                    seen.pending.as_ref().map(|terms| (terms.revision, terms.contact)),
                    seen.window,
                    seen.contact,
                ),
                (seen.slot, seen.spent_slot),
            );
            equal(&format!("reservation {}", kept.reservation), &expected, &seen_as)?;
        }
        let expected = self.model.calls();
        equal("the ids of the calls", &ids(&expected, |(id, ..)| *id), &self.engine.calls())?;
        for (id, state, mode) in expected {
            let seen = self.engine.call(id).map(|call| (call_state(call.state), call.mode));
            equal(&format!("call {id}"), &Some((state, mode)), &seen)?;
        }
        let expected = self.model.legs();
        equal("the ids of the legs", &ids(&expected, |leg| leg.leg), &self.engine.legs())?;
        for leg in expected {
            let cleared = leg.state == LegState::Releasing && leg.was_answered;
            let seen = self.engine.leg(leg.leg).map(|seen| (leg_state(seen.state), seen.call, seen.party, seen.number));
            equal(&format!("leg {}", leg.leg), &Some(((Some(leg.state), cleared), leg.call, leg.party, leg.number)), &seen)?;
        }
        for id in (1..=self.model.challenges_given() + 1).rev().take(4).map(ChallengeId::new) {
            let digits = |code: Result<Code, Refusal>| code.map(Code::digits);
            equal(&format!("the code of challenge {id}"), &digits(self.model.code(id)), &digits(self.engine.code(id)))?;
        }
        self.same_bindings()?;
        self.same_voice_messages()?;
        equal(
            "the next deadline",
            &self.model.next_deadline().map(|(due, _)| due),
            &self.engine.poll_deadline().map(|(due, _)| due),
        )
    }

    /// Who follows, and which numbers are whose.
    fn same_bindings(&self) -> Result<(), String> {
        for kept in self.model.bindings() {
            let seen = self.engine.binding(&kept.account, kept.number);
            let expected = match kept.state {
                BindingState::Requested(challenge) => (EngineBindingState::Requested, Some(challenge)),
                BindingState::Bound => (EngineBindingState::Bound, None),
                BindingState::Suspended => (EngineBindingState::Suspended, None),
            };
            let seen = seen.map(|seen| (seen.id, (seen.state, seen.code.as_ref().map(|code| code.challenge))));
            equal("a binding", &Some((kept.binding, expected)), &seen)?;
        }
        let followers = self.model.followers();
        let kept: BTreeSet<_> = self.model.bindings().into_iter().map(|kept| kept.account).collect();
        for account in followers.union(&kept) {
            equal("whether an account follows", &followers.contains(account), &self.engine.follows(account))?;
            let expected = self.model.bindings().into_iter().filter(|kept| kept.account == *account).count();
            equal("how many bindings an account has", &expected, &self.engine.bindings(account).len())?;
        }
        Ok(())
    }

    /// What callers left, and what becomes of it.
    fn same_voice_messages(&self) -> Result<(), String> {
        let expected = self.model.voice_messages();
        let ids = ids(&expected, |kept| kept.voice_message);
        equal("the ids of the voice messages", &ids, &self.engine.voice_messages())?;
        for kept in expected {
            let Some(seen) = self.engine.voice_message(kept.voice_message) else { continue };
            let whose = (kept.binding, &kept.account, kept.callee, kept.caller, kept.is_tellable);
            let theirs = (seen.binding, &seen.account, seen.callee, seen.caller.number, seen.caller.reply_to.is_some());
            equal("whose a voice message is", &whose, &theirs)?;
            equal("under which call it was left", &kept.under, &seen.under.map(|under| (under.call, under.reservation)))?;
            let leg = Some(seen.state).filter(|state| matches!(state, EngineVoiceState::Offered | EngineVoiceState::Recording));
            let ours = (kept.state, kept.outcome, kept.leg, kept.pushes, kept.by_sms, &kept.sends);
            let theirs = (
                voice_state(seen.state),
                seen.outcome,
                leg.and(seen.leg),
                seen.pushed.len(),
                seen.road == Road::Sms,
                &seen.pushed,
            );
            let ours = (ours.0, ours.1, ours.2, ours.3 as usize, ours.4, ours.5);
            equal(&format!("voice message {}", kept.voice_message), &ours, &theirs)?;
        }
        Ok(())
    }

    /// The verdict for every line and reservation, now and where it may change.
    fn same_gate(&self) -> Result<(), String> {
        let now = self.model.latest();
        let deadlines = self.model.deadlines().into_iter().map(|(due, _)| due).filter(|due| *due > now).take(3);
        let lines: BTreeSet<PhoneNumber> = self.model.lines().into_iter().map(|(_, line)| line).collect();
        let mut instants = BTreeSet::from([now, now.saturating_add_s(3_600), now.saturating_add_s(2), now.saturating_sub_s(5)]);
        instants.extend(deadlines.flat_map(|due| [due.saturating_add_micros(-1), due]));
        let nobody = ReservationId::new(self.model.reservations_given() + 1);
        let all = self.model.reservations();
        // Four at a time, by turns: the rest has its turn at the next steps.
        let turn = all.iter().cycle().skip(self.steps).take(all.len().min(4));
        let judged = turn.map(|kept| {
            (kept.reservation, vec![kept.window.start(), kept.window.end().saturating_add_micros(-1), kept.window.end()])
        });
        for (reservation, own) in judged.chain([(nobody, Vec::new())]) {
            for at in instants.iter().copied().chain(own) {
                for line in &lines {
                    let request = RequestCall::new(*line, reservation);
                    let expected = self.model.gate(request, at);
                    equal(&format!("the gate for {reservation} at {at}"), &expected, &self.engine.gate(request, at))?;
                }
            }
        }
        for number in self.model.pool().iter().take(2) {
            for (at, line) in instants.iter().flat_map(|at| lines.iter().map(move |line| (*at, *line))) {
                let request = RequestCall::new(line, *number);
                let expected = self.model.gate(request, at);
                equal(&format!("the gate for {number:?} at {at}"), &expected, &self.engine.gate(request, at))?;
            }
        }
        Ok(())
    }

    /// P12: another seed, and snapshot and restore at every third step, are no difference.
    fn twin_step(&mut self, at: Timestamp, doing: &Doing, reply: &StepReply, effects: &[Effect]) -> Result<(), String> {
        if self.steps % 3 == 2 {
            let bytes = self.twin.snapshot();
            self.twin =
                Platform::restore(&bytes, test_keyring(), self.steps as u64).map_err(|error| format!("restore: {error}"))?;
            equal("the snapshot of what was restored", &bytes, &self.twin.snapshot())?;
            poll(&mut self.twin);
        }
        equal("the twin's reply", reply, &perform(&mut self.twin, at, doing)?)?;
        equal("the twin's effects", &effects, &poll(&mut self.twin).as_slice())?;
        equal("the twin's state hash", &self.engine.state_hash(), &self.twin.state_hash())
    }

    /// P11 and P13: what was refused, or merely repeats, changes and emits nothing.
    fn repeated(&self, at: Timestamp, doing: &Doing, reply: &StepReply) -> Result<(), String> {
        let Doing::Input(input) = doing else { return Ok(()) };
        if let (Input::LegProgress(LegProgress { leg }) | Input::LegAnswered(LegAnswered { leg }), Some(Ok(Reply::Done))) =
            (input, reply)
            && self.engine.leg(*leg).is_none()
            && self.model.voice_messages().iter().all(|kept| kept.leg != Some(*leg))
        {
            return self.hung_up_again(at, input, *leg);
        }
        if gave_away(&self.engine, input, reply) {
            return Ok(());
        }
        let expected = match (input, reply) {
            (_, Some(Err(refusal))) => Err(refusal.clone()),
            (_, Some(Ok(Reply::NoOp)))
            | (
                Input::LegProgress(_)
                | Input::LegAnswered(_)
                | Input::LegEnded(_)
                | Input::PlayFinished(_)
                | Input::EffectFailed(_)
                | Input::Cancel(_)
                | Input::Amend(_)
                | Input::Decline(_)
                | Input::Acknowledge(_)
                | Input::ChooseSlot(_)
                | Input::MerchantReady(_)
                | Input::ChooseMode(_)
                | Input::PresetMode(_)
                | Input::SetPolicy(_)
                | Input::WithdrawPage(_)
                | Input::SetCalendar(_)
                | Input::RotateKey(_)
                | Input::Block(_)
                | Input::SetProfile(_)
                | Input::ForgetMe(_)
                | Input::Freeze(_)
                | Input::Thaw(_)
                | Input::MessageReported(_)
                | Input::Follow(_)
                | Input::Unfollow(_)
                | Input::Unbind(_)
                | Input::Recorded(_)
                | Input::RecordFailed(_)
                | Input::Transcribed(_)
                | Input::RequestCallBack(_)
                | Input::Unblock(_),
                Some(Ok(_)),
            ) => Ok(Reply::NoOp),
            (Input::OpenMessage(_), Some(Ok(reply))) => Ok(*reply),
            (
                Input::RegisterMerchant(_)
                | Input::PublishPage(_)
                | Input::PushPage(_)
                | Input::RequestCall(_)
                | Input::Book(_)
                | Input::Resync(_)
                | Input::ConfirmClock(_)
                | Input::Search(_)
                | Input::RequestPage(_)
                | Input::ImportNumbers(_)
                | Input::ConfirmContact(_)
                | Input::RequestCode(_)
                | Input::RequestBinding(_)
                | Input::ConfirmBinding(_)
                | Input::ImportDoNotCall(_)
                | Input::CallFailed(_)
                | Input::CallDiverted(_),
                Some(Ok(_)),
            )
            | (_, None) => return Ok(()),
        };
        let mut again = self.engine.clone();
        equal("the reply to a repeat", &expected, &again.handle(at, input.clone()))?;
        equal("the effects of a repeat", &Vec::new(), &poll(&mut again))?;
        equal("the state after a repeat", &self.engine.state_hash(), &again.state_hash())
    }

    /// A leg that is gone and is said to live is hung up, however often, as far as there is room; nothing else changes.
    fn hung_up_again(&self, at: Timestamp, input: &Input, leg: LegId) -> Result<(), String> {
        let mut again = self.engine.clone();
        let reply = again.handle(at, input.clone());
        let effects = poll(&mut again);
        match (&reply, effects.as_slice()) {
            (Ok(Reply::Done), [Effect { action: Action::HangUp(hang_up), .. }]) if hang_up.leg == leg => Ok(()),
            (Err(Refusal::Limit { bound: Bound::Outbox, .. }), []) => Ok(()),
            other => Err(format!("a leg that is gone is said to live again: {other:?}")),
        }
    }
}

/// Whether a change took the reservation out of the hands of the one who made it, or ended with it: a holder who names another's number does
/// not speak for it any more.
fn gave_away(engine: &Platform, input: &Input, reply: &StepReply) -> bool {
    let (Input::Amend(input), Some(Ok(Reply::Amended(_)))) = (input, reply) else { return false };
    let kept = engine.reservation(input.reservation);
    !kept.is_some_and(|kept| kept.belongs_to(&input.user) && kept.state != ReservationState::Closed)
}

/// P11: an input that comes with a key is taken once. A repeat is answered alike, changes nothing and emits nothing; one that was refused
/// may come again.
fn taken_once(mut engine: Platform, at: Timestamp, doing: &Doing, reply: &StepReply, expected: &[Effect]) -> Result<(), String> {
    let (Doing::Input(input), Some(reply)) = (doing, reply) else { return Ok(()) };
    poll(&mut engine);
    let key = || Dedup { source: "test".into(), key: "1".into() };
    let first = engine.handle_once(at, key(), input.clone());
    if let Err(Refusal::Limit { bound: Bound::Dedup, .. }) = first {
        // As many keys are remembered as the policy allows. That this is so is judged by the steps of the script that carry a key.
        return Ok(());
    }
    equal("the reply to an input with a key", reply, &first)?;
    equal("its effects", &expected, &poll(&mut engine).as_slice())?;
    let before = engine.state_hash();
    equal("the reply to its repeat", reply, &engine.handle_once(at, key(), input.clone()))?;
    equal("the effects of its repeat", &Vec::new(), &poll(&mut engine))?;
    equal("the state after its repeat", &before, &engine.state_hash())?;
    let other = Input::ConfirmClock(ConfirmClock {});
    let differs = engine.handle_once(
        at,
        key(),
        if *input == other { Input::PlayFinished(PlayFinished { leg: LegId::new(1) }) } else { other },
    );
    match (reply, differs) {
        (Ok(_), Err(Refusal::RepeatDiffers)) | (Err(_), _) => Ok(()),
        (Ok(_), differs) => Err(format!("another input under the same key: {differs:?}")),
    }
}

/// A batch of deadlines is its single ones (P12).
fn single_steps(mut engine: Platform, at: Timestamp, doing: &Doing, expected: &[Effect], after: &Platform) -> Result<(), String> {
    let Doing::Advance { budget } = doing else { return Ok(()) };
    poll(&mut engine);
    let mut fired = 0;
    while fired < (*budget).max(1) && engine.advance(at, 1).fired == 1 {
        fired += 1;
    }
    equal("the effects of single steps", &expected, &poll(&mut engine).as_slice())?;
    equal("the state after single steps", &after.state_hash(), &engine.state_hash())
}

fn perform(engine: &mut Platform, at: Timestamp, doing: &Doing) -> Result<StepReply, String> {
    Ok(match doing {
        Doing::Input(input) => Some(engine.handle(at, input.clone())),
        Doing::Once { key, input } => Some(engine.handle_once(at, key.clone(), input.clone())),
        Doing::Advance { budget } => {
            let progress = engine.advance(at, *budget);
            let is_due = engine.clone().advance(at, 1).fired > 0;
            equal("more", &is_due, &progress.more)?;
            None
        }
        Doing::Confirm { up_to } => engine.confirm(*up_to).err().map(Err),
        Doing::Restart => {
            let hash = engine.state_hash();
            *engine = Platform::restore(&engine.snapshot(), test_keyring(), 77).map_err(|error| format!("restore: {error}"))?;
            equal("the state hash after a restart", &hash, &engine.state_hash())?;
            None
        }
    })
}

fn poll(engine: &mut Platform) -> Vec<Effect> {
    std::iter::from_fn(|| engine.poll_effect()).collect()
}

fn verdict(reply: &Reply) -> Verdict {
    if let Reply::Deny(Deny { reason, retry_at, .. }) = reply {
        Verdict::Deny { reason: *reason, retry_at: *retry_at }
    } else {
        Verdict::Allow
    }
}

const fn call_state(state: EngineCallState) -> CallState {
    match state {
        EngineCallState::RingingMerchant => CallState::RingingMerchant,
        EngineCallState::Gathering => CallState::Gathering,
        EngineCallState::Talking => CallState::Talking,
        EngineCallState::Recording => CallState::Recording,
        EngineCallState::Ended => CallState::Ended,
    }
}

/// The state as the model has it, and whether the leg was answered before it went.
const fn leg_state(state: EngineLegState) -> (Option<LegState>, bool) {
    match state {
        EngineLegState::Dialled => (Some(LegState::Dialled), false),
        EngineLegState::Ringing => (Some(LegState::Ringing), false),
        EngineLegState::Answered => (Some(LegState::Answered), false),
        EngineLegState::Joined => (Some(LegState::Joined), false),
        EngineLegState::Releasing => (Some(LegState::Releasing), false),
        EngineLegState::Clearing => (Some(LegState::Releasing), true),
        EngineLegState::Gone => (None, false),
    }
}

const fn voice_state(state: EngineVoiceState) -> VoiceState {
    match state {
        EngineVoiceState::Offered => VoiceState::Offered,
        EngineVoiceState::Recording => VoiceState::Recording,
        EngineVoiceState::Stored => VoiceState::Stored,
        EngineVoiceState::Transcribing => VoiceState::Transcribing,
        EngineVoiceState::Pushing => VoiceState::Pushing,
        EngineVoiceState::Waiting => VoiceState::Waiting,
        EngineVoiceState::Delivered => VoiceState::Delivered,
        EngineVoiceState::Heard => VoiceState::Heard,
        EngineVoiceState::Abandoned => VoiceState::Abandoned,
        EngineVoiceState::Expired => VoiceState::Expired,
        EngineVoiceState::Undeliverable => VoiceState::Undeliverable,
    }
}

fn ids<T, Id>(all: &[T], id: impl Fn(&T) -> Id) -> Vec<Id> {
    all.iter().map(id).collect()
}

fn equal<T: PartialEq + Debug>(what: &str, expected: &T, seen: &T) -> Result<(), String> {
    if expected == seen { Ok(()) } else { Err(format!("{what}\n  model:  {expected:?}\n  engine: {seen:?}")) }
}
