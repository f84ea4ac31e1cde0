//! What a model checker compares states by: every scenario, line by line.
#![cfg(feature = "json")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ringfence::edges::journal::{Line, parse_line};
use ringfence::edges::replay::{Options, Output, Replayer};
use ringfence::{Platform, Reply};

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let files = fs::read_dir(&folder).expect("the scenarios").map(|file| file.expect("a file").path());
    let is_scenario =
        |path: &PathBuf| path.to_string_lossy().ends_with(".jsonl") && !path.to_string_lossy().ends_with(".twin.jsonl");
    files.filter(is_scenario).collect()
}

/// A view is of the state alone: no hash seed is in it, a platform that comes back from its snapshot has the same, and so has one whose input was
/// refused or changed nothing. And it is of all of it that matters: what a booking, a cancel or a report did shows.
#[test]
fn a_view_is_of_the_state_and_of_nothing_else() {
    let mut views = BTreeSet::new();
    let mut steps = 0;
    for path in scenarios() {
        let text = fs::read_to_string(&path).expect("a scenario can be read");
        let mut one = Replayer::new(Options { hash_seed: 1, any_tzdb: true });
        let mut other = Replayer::new(Options { hash_seed: 77, any_tzdb: true });
        for (number, line) in (1..).zip(text.lines()) {
            let place = format!("{}, line {number}", path.display());
            let before = one.platform().map(|platform| (platform.state_hash(), platform.model_view()));
            let outputs = one.feed(number, line).unwrap_or_else(|error| panic!("{place}: {error}"));
            other.feed(number, line).unwrap_or_else(|error| panic!("{place}: {error}"));
            let (Some(platform), Some(twin)) = (one.platform(), other.platform()) else { panic!("{place}: no header") };
            let view = platform.model_view();
            assert!(view == twin.model_view(), "{place}: a hash seed shows");
            let back = Platform::restore(&platform.snapshot(), platform.keyring().clone(), 5).expect("a good snapshot");
            assert!(view == back.model_view(), "{place}: a restart shows");
            let Some((hash, seen)) = before else { continue };
            if hash == platform.state_hash() {
                assert!(view == seen, "{place}: nothing changed, and the view did");
            }
            let is_input = matches!(parse_line(line), Ok(Line::Input { .. }));
            let told = outputs.iter().find_map(|output| if let Output::Reply(reply) = output { Some(reply) } else { None });
            if is_input && matches!(told, Some(Reply::Booked(_) | Reply::Amended(_) | Reply::Confirmed(_) | Reply::Allow(_))) {
                assert!(view != seen, "{place}: {told:?} does not show");
            }
            steps += 1;
            views.insert(view);
        }
    }
    assert!(views.len() > 500 && steps > views.len(), "{} views in {steps} steps", views.len());
}
