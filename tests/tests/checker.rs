//! The checker, judged: it accepts what the real platform does, and each altered trace falls by the promise that it breaks.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use ringfence::edges::replay::{Options, replay};
use ringfence::values::effect::{Action, AuditRecord, Content, Effect};
use ringfence::values::input::Input;
use ringfence_testing::checker::{Promise, Violation, check, check_closed};
use ringfence_testing::model::Model;
use ringfence_testing::strategies::{account_scripts, call_scripts, meeting_scripts, play, scripts, voice_scripts};
use ringfence_testing::trace::{Doing, Trace};

#[path = "checker/altering.rs"]
mod altering;
#[path = "checker/stories.rs"]
mod stories;
#[path = "checker/twins.rs"]
mod twins;
#[path = "checker/worlds.rs"]
mod worlds;

use altering::{
    dial, each_audit, every_effect, forge, has, is_answered, is_hang_up, is_merchant_dial, is_user_dial, nth_step, number,
};
use stories::{STORIES, STRANGER, VOICE_STORIES, crashes, merchant_calls, platform_calls};
use twins::{Twin, twins};
use worlds::{live, worlds};

#[test]
fn the_real_platform_is_accepted_and_the_stories_contain_what_they_say() {
    let summaries = STORIES.map(|(name, story)| check_closed(&story()).unwrap_or_else(|violation| panic!("{name}: {violation}")));
    let [
        merchant,
        platform,
        cancelled,
        window,
        nothing,
        late,
        crashes,
        unverified,
        by_number,
        confirmed,
        blocked,
        in_doubt,
        kept,
        frozen,
        shared,
        group,
        slots,
        forgotten,
    ] = summaries;
    assert_eq!((shared.merchant_dials, shared.user_dials, shared.conversations_platform_calls), (2, 4, 4));
    assert_eq!((group.allowed, group.denied, group.user_dials, group.withdrawn_while_ringing), (2, 1, 5, 1));
    assert_eq!(group.conversations_merchant_calls, 2);
    assert_eq!((by_number.allowed, by_number.denied, by_number.conversations_merchant_calls), (1, 1, 1));
    assert_eq!((merchant.allowed, merchant.denied, merchant.conversations_merchant_calls), (3, 2, 1));
    assert_eq!((platform.merchant_dials, platform.user_dials, platform.conversations_platform_calls), (4, 4, 2));
    assert_eq!((cancelled.withdrawn_while_ringing, cancelled.late_answers, cancelled.denied), (1, 1, 1));
    assert_eq!((window.user_dials, window.window_ended_while_ringing), (1, 1));
    assert_eq!((nothing.user_dials, nothing.conversations_platform_calls), (3, 0));
    assert!(late.late_steps > 0 && late.user_dials > 2 && late.allowed == 1, "{late:?}");
    assert_eq!((crashes.restarts, crashes.user_dials), (2, 1));
    assert_eq!((unverified.denied, unverified.user_dials), (1, 0));
    assert_eq!((in_doubt.user_dials, in_doubt.late_answers, in_doubt.conversations_merchant_calls), (2, 1, 1));
    assert_eq!((kept.user_dials, kept.denied, kept.conversations_platform_calls), (1, 2, 1));
    assert_eq!((frozen.user_dials, frozen.restarts, frozen.conversations_merchant_calls), (2, 1, 1));
    assert_eq!((slots.merchant_dials, slots.user_dials, slots.conversations_platform_calls), (2, 2, 1));
    assert_eq!((forgotten.allowed, forgotten.user_dials, forgotten.withdrawn_while_ringing), (1, 1, 1));
    assert_eq!((confirmed.wrong_codes, confirmed.confirmed, confirmed.user_dials), (1, 1, 1));
    assert_eq!((blocked.conversations_platform_calls, blocked.user_dials), (1, 1));
}

#[test]
fn a_trace_is_judged_alike_after_it_went_through_its_file() {
    for (name, story) in STORIES {
        let trace = story();
        let read = Trace::from_json_lines(&trace.to_json_lines()).expect("what is written can be read");
        assert_eq!(check_closed(&read), check_closed(&trace), "{name}");
    }
}

#[test]
fn every_scenario_keeps_every_promise() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = fs::read_dir(&directory).expect("the scenarios are there").map(|file| file.expect("a file").path());
    let is_scenario =
        |path: &PathBuf| path.to_string_lossy().ends_with(".jsonl") && !path.to_string_lossy().ends_with(".twin.jsonl");
    let scenarios: Vec<PathBuf> = files.filter(is_scenario).collect();
    assert!(scenarios.len() > 40, "{} scenarios in {}", scenarios.len(), directory.display());
    for path in scenarios {
        let text = fs::read_to_string(&path).expect("a scenario can be read");
        let outputs = replay(&text, Options::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // Expectations may leave fields out; what came out does not.
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with(r#"{"expect""#)) {
            lines.push(line.to_owned());
            lines.extend(outputs.iter().filter(|(of, _)| *of == number).map(|(_, output)| output.to_line()));
        }
        let trace = Trace::from_json_lines(&lines.join("\n")).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        check(&trace).unwrap_or_else(|violation| panic!("{}: {violation}", path.display()));
    }
}

/// The worlds are the same in every run. `RINGFENCE_CASES` raises their number; `RINGFENCE_SEED` (a number) draws others.
#[test]
fn the_real_platform_is_accepted_in_random_worlds_and_all_ends() {
    let given = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")));
    let mut seed = *b"ringfence, the checker's worlds.";
    seed[..4].copy_from_slice(&given("RINGFENCE_SEED").unwrap_or(0_u32).to_le_bytes());
    let config = Config { cases: given("RINGFENCE_CASES").unwrap_or(2_000), failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let outcome = runner.run(&worlds(), |(policy, phones, events)| {
        let trace = live(policy, &phones, &events);
        let judged = check_closed(&trace);
        judged.map(|_| ()).map_err(|violation| TestCaseError::fail(format!("{violation}\n{}", trace.to_json_lines())))
    });
    if let Err(TestError::Fail(reason, _)) = outcome {
        panic!("{reason}");
    }
}

#[test]
fn random_worlds_reach_what_matters() {
    let mut runner = TestRunner::deterministic();
    let (mut talks, mut window_ends, mut withdrawn, mut late, mut restarts, mut recorded) = (0, 0, 0, 0, 0, 0);
    for _ in 0..200 {
        let (policy, phones, events) = worlds().new_tree(&mut runner).expect("a world").current();
        let trace = live(policy, &phones, &events);
        let summary = check_closed(&trace).expect("the platform keeps its promises");
        let is_record = |effect: &Effect| matches!(effect.action, Action::Record(_));
        recorded += usize::from(trace.steps.iter().any(|step| step.effects.iter().any(is_record)));
        talks += usize::from(summary.conversations_merchant_calls + summary.conversations_platform_calls > 0);
        window_ends += usize::from(summary.window_ended_while_ringing > 0);
        withdrawn += usize::from(summary.withdrawn_while_ringing > 0);
        late += usize::from(summary.late_steps > 0);
        restarts += usize::from(summary.restarts > 0);
    }
    let reached = (talks, window_ends, withdrawn, late, restarts, recorded);
    println!(
        "of 200 worlds: talks, window ends while ringing, withdrawals, late hosts, restarts, merchants at the recorder: {reached:?}"
    );
    assert!(talks > 50 && window_ends > 10 && withdrawn > 5 && late > 20 && restarts > 100 && recorded > 3, "{reached:?}");
}

#[test]
fn every_altered_trace_falls_by_the_promise_that_it_breaks() {
    let twins = twins();
    let mut wrong = Vec::new();
    for Twin { promise, name, story, alter } in &twins {
        let mut trace = story();
        alter(&mut trace);
        forge(&mut trace);
        match check_closed(&trace) {
            Err(Violation { promise: fell, .. }) if fell == *promise => {}
            Err(other) => wrong.push(format!("{promise} {name}: fell by {other}")),
            Ok(_) => wrong.push(format!("{promise} {name}: was accepted")),
        }
    }
    assert!(wrong.is_empty(), "{} of {} twins:\n{}", wrong.len(), twins.len(), wrong.join("\n"));

    // Every promise that a trace of this half can break has at least two.
    use Promise::*;
    for promise in [P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P16, P17] {
        let count = twins.iter().filter(|twin| twin.promise == promise).count();
        assert!(count >= 2, "{promise} has {count} twins");
    }
}

#[test]
fn a_record_that_was_left_out_or_altered_shows_in_the_chain() {
    for (name, story) in STORIES {
        let trace = story();
        let mut untouched = trace.clone();
        forge(&mut untouched);
        assert_eq!(untouched, trace, "{name}: the platform's chain is the chain of its records");
        let is_audit = |(step, effect): &(usize, usize)| matches!(trace.steps[*step].effects[*effect].action, Action::Audit(_));
        for (step, effect) in every_effect(&trace).into_iter().filter(is_audit) {
            let mut twin = trace.clone();
            if let Action::Audit(audit) = &mut twin.steps[step].effects[effect].action {
                audit.number += 1;
            }
            let fell = check_closed(&twin).map_err(|violation| violation.promise).err();
            let is_repeated = trace.steps[step].doing == Doing::Restart;
            assert!(
                fell == Some(Promise::P17) || is_repeated && fell == Some(Promise::P12),
                "{name}, step {}: {fell:?}",
                step + 1
            );
        }
    }
    let mut trace = merchant_calls();
    each_audit(&mut trace, |record| {
        if let AuditRecord::Judged(judged) = record {
            judged.revision = judged.revision.map(|revision| revision + 1);
        }
    });
    let violation = check(&trace).expect_err("the digests are those of other records");
    assert!(violation.promise == Promise::P17 && violation.text.contains("does not fit the chain"), "{violation}");
}

#[test]
fn what_a_crash_kept_back_is_judged_where_it_was_made() {
    let mut trace = crashes();
    let restart = nth_step(&trace, 0, |step| step.doing == Doing::Restart);
    let first = trace.steps[restart - 1].effects.remove(0);
    assert!(is_merchant_dial(&first.action), "the host stops between the log and a dial");
    check_closed(&trace).expect("the dial is handed out by the restart");
    trace.steps[restart].at = trace.steps[restart].at.saturating_add_micros(1);
    trace.steps[restart].doing = Doing::Advance { budget: 1 };
    let violation = check_closed(&trace).expect_err("nothing was due a moment later, and the line was free before");
    assert_eq!(violation.promise, Promise::P16);
}

/// The promises that no part of the library makes yet, with their row as it must say so.
const NOT_BUILT: [&str; 0] = [];

#[test]
fn the_table_of_promises_is_true() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(tests.join("PROMISES.md")).expect("the table is there");
    let read = |name: &str| fs::read_to_string(tests.join("tests").join(name)).expect("the properties are there");
    let (always, sometimes) = (read("stateright.rs"), read("stateright/moments.rs"));
    let sources =
        sources(&["tests", "src", "../core/tests", "../core/src", "../python/tests"].map(|directory| tests.join(directory)));
    let formulas = fs::read_to_string(tests.join("spin/world.pml")).expect("the formulas are there");
    let is_there = |name: &str| {
        let is_test = ["(", "<"].iter().any(|after| sources.contains(&format!("fn {name}{after}")))
            || sources.contains(&format!("def {name}("));
        is_test
            || formulas.contains(&format!("ltl {name} {{"))
            || tests.join(format!("scenarios/{name}.jsonl")).exists()
                && tests.join(format!("scenarios/{name}.twin.jsonl")).exists()
    };
    let twins = twins();
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| P")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [promise, _, places, open] = cells[..] else { panic!("four columns: {row}") };
        let id = promise.split(' ').next().expect("a promise");
        found.push(id.to_owned());
        if NOT_BUILT.contains(&id) {
            assert!(places.is_empty() && !open.is_empty(), "{id} is not built, and its row says so");
            continue;
        }
        let mut count = 0;
        for place in places.split("; ") {
            let holds = if let Some(given) = place.strip_suffix(" twins") {
                given == twins.iter().filter(|twin| twin.promise.to_string() == id).count().to_string()
            } else if place == "stateright" {
                always.contains(&format!(" {id}: \"")) && sometimes.contains(&format!(": \"{id}: "))
            } else {
                place.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).is_some_and(is_there)
            };
            count += usize::from(holds);
            if !holds {
                wrong.push(format!("{id}: there is no {place}"));
            }
        }
        if count < 3 {
            wrong.push(format!("{id} is checked in {count} places"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(found, (1..=17).map(|number| format!("P{number}")).collect::<Vec<_>>(), "every promise has its row");
    for name in table.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('`').nth(1)) {
        assert!(is_there(name) || tests.join("..").join(name).exists(), "there is no {name}");
    }
}

/// All sources of these directories, one after the other.
fn sources(directories: &[PathBuf]) -> String {
    let mut directories = directories.to_vec();
    let mut sources = String::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                directories.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs" || extension == "py") {
                sources.push_str(&fs::read_to_string(&entry).expect("a source"));
            }
        }
    }
    sources
}

#[test]
fn no_dial_hang_up_reject_or_record_can_be_left_out_of_any_story() {
    let mut dropped = 0;
    for (name, story) in STORIES {
        let trace = story();
        for (step, effect) in every_effect(&trace) {
            let action = &trace.steps[step].effects[effect].action;
            let crossed = matches!(trace.steps[step].doing, Doing::Input(Input::LegAnswered(_))) && is_hang_up(action);
            let counts = is_user_dial(action)
                || is_merchant_dial(action)
                || is_hang_up(action)
                || matches!(action, Action::Reject(_) | Action::Audit(_));
            // The second hang-up of a leg whose answer crossed the first is a courtesy to slow switches. And a restart repeats.
            let repeated = trace.steps[step].doing == Doing::Restart
                || trace.steps.get(step + 1).is_some_and(|next| next.doing == Doing::Restart);
            if !counts || crossed || repeated {
                continue;
            }
            let mut twin = trace.clone();
            let action = twin.steps[step].effects.remove(effect).action;
            assert!(check_closed(&twin).is_err(), "{name}, step {}: nobody misses {action:?}", step + 1);
            dropped += 1;
        }
    }
    assert!(dropped > 60, "only {dropped} effects were dropped");
}

#[test]
fn voice_messages_are_accepted_and_nothing_of_them_can_be_left_out() {
    let mut dropped = 0;
    for (name, story) in VOICE_STORIES {
        let trace = story();
        check_closed(&trace).unwrap_or_else(|violation| panic!("{name}: {violation}"));
        let read = Trace::from_json_lines(&trace.to_json_lines()).expect("what is written can be read");
        assert_eq!(check_closed(&read), check_closed(&trace), "{name}");
        let effects = trace.steps.iter().flat_map(|step| &step.effects);
        let judged = |effect: &Effect| {
            let Action::Audit(audit) = &effect.action else { return None };
            if let AuditRecord::FailedCall(record) = &audit.record { Some(record.leg) } else { None }
        };
        let asked: Vec<_> = effects.filter_map(judged).collect();
        for (step, effect) in every_effect(&trace) {
            let action = &trace.steps[step].effects[effect].action;
            let is_about_messages = |record: &AuditRecord| {
                matches!(
                    record,
                    AuditRecord::FailedCall(_) | AuditRecord::VoiceMessageEnded(_) | AuditRecord::VoiceMessageDelivered(_)
                )
            };
            let counts = match action {
                Action::Audit(audit) => is_about_messages(&audit.record),
                // That of a merchant whose user is there is judged with their conversation.
                Action::Answer(answer) => asked.contains(&answer.leg),
                Action::HangUp(_) | Action::Reject(_) | Action::Record(_) => true,
                Action::ArchiveVoiceMessage(_) | Action::Erase(_) | Action::Transcribe(_) => true,
                // That of a push nobody says anything shows only if nothing follows. What is said of bookings is judged elsewhere.
                Action::Send(send) => matches!(
                    send.content,
                    Content::BindingChallenge(_)
                        | Content::BindingChanged(_)
                        | Content::VoiceMessageUndelivered(_)
                        | Content::VoiceMessageUndeliveredForMerchant(_)
                        | Content::CallBackRequested(_)
                        | Content::CallBackRequestedForMerchant(_)
                ),
                Action::Dial(_) | Action::Play(_) | Action::Join(_) | Action::Archive(_) => false,
            };
            if counts {
                let mut twin = trace.clone();
                let action = twin.steps[step].effects.remove(effect).action;
                forge(&mut twin);
                assert!(check_closed(&twin).is_err(), "{name}, step {}: nobody misses {action:?}", step + 1);
                dropped += 1;
            }
        }
    }
    assert!(dropped > 30, "only {dropped} effects were dropped");
}

#[test]
fn no_report_of_an_answer_can_be_left_out_of_a_conversation() {
    for story in [merchant_calls, platform_calls] {
        let trace = story();
        for step in (0..trace.steps.len()).filter(|step| is_answered(&trace.steps[*step])) {
            let mut twin = trace.clone();
            twin.steps[step].doing = Doing::Advance { budget: 0 };
            twin.steps[step].reply = None;
            assert!(check(&twin).is_err(), "step {}: what follows needs this answer", step + 1);
        }
    }
}

#[test]
fn a_violation_names_promise_step_line_and_time_and_shows_no_number() {
    let mut trace = merchant_calls();
    dial(&mut trace, 0).to = number(STRANGER);
    let trace = Trace::from_json_lines(&trace.to_json_lines()).expect("it can be read");
    let violation = check(&trace).expect_err("nobody booked this number");
    let step = &trace.steps[violation.step - 1];
    assert_eq!((violation.line, violation.at), (step.line, step.at));
    assert!(has(step, is_user_dial));
    let text = violation.to_string();
    assert!(text.starts_with("P2 broken at step ") && text.contains("(line "), "{text}");
    assert!(!text.contains("13900000009") && !text.contains("13800000001"), "{text}");
}

#[test]
fn a_booking_on_an_unknown_page_shows_that_the_trace_is_not_whole() {
    let mut trace = merchant_calls();
    trace.steps.retain(|step| !matches!(step.doing, Doing::Input(Input::PublishPage(_))));
    assert_eq!(check(&trace).map_err(|violation| violation.promise), Err(Promise::P12));
}

/// The model alone plays scripts of every kind, and the checker judges what it does: much faster than beside the engine, so many more of them. The
/// scripts are the same in every run. `RINGFENCE_CASES` raises their number; `RINGFENCE_SEED` (a number) draws others.
#[test]
fn what_the_model_does_breaks_no_promise() {
    let given = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")));
    let cases: u32 = given("RINGFENCE_CASES").unwrap_or(60);
    let mut seed = *b"ringfence, the model is judged..";
    seed[..4].copy_from_slice(&given("RINGFENCE_SEED").unwrap_or(0_u32).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let mut broken = Vec::new();
    for case in 0..cases {
        let script = match case % 5 {
            0 => scripts(200).new_tree(&mut runner).map(|tree| tree.current()),
            1 => account_scripts(160).new_tree(&mut runner).map(|tree| tree.current()),
            2 => voice_scripts(120).new_tree(&mut runner).map(|tree| tree.current()),
            3 => meeting_scripts(120).new_tree(&mut runner).map(|tree| tree.current()),
            _ => call_scripts(160).new_tree(&mut runner).map(|tree| tree.current()),
        };
        let script = script.expect("a script");
        let trace = play(&script, &mut Model::new(script.world.policy.clone()));
        if let Err(violation) = check(&trace) {
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("judged-{case}.jsonl"));
            fs::write(&file, trace.to_json_lines()).expect("a trace can be saved");
            broken.push(format!("{}: {violation}", file.display()));
        }
    }
    assert!(broken.is_empty(), "{} of {cases} scripts:\n{}", broken.len(), broken.join("\n"));
}
