//! Every file of the committed corpora (`tests/fuzz/corpus/`) through its fuzz target, without a fuzzer: what was found once stays mended, and
//! what the fuzzer reaches is reached in every run of the tests, on any toolchain.
//!
//! With `RINGFENCE_BLESS=1` the seeds of the corpus `snapshot` are written anew, from the scenarios. That is needed when the format of snapshots
//! changes, and this test says so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ringfence::Platform;
use ringfence::edges::replay::{Options, Replayer};
use ringfence_testing::codes::test_keyring;
use ringfence_testing::fuzz::TARGETS;

/// What stands before the body of a snapshot, and behind it.
const HEAD: usize = 14;
const SUM: usize = 16;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

/// The names of what stands in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
}

/// Each file of the corpus of this target, with its name.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder("corpus").join(target);
    let read = |name: String| {
        let path = folder.join(name);
        let bytes = fs::read(&path).expect("a file");
        (path, bytes)
    };
    names(&folder).into_iter().map(read).collect()
}

fn replayed(target: &str) {
    let body = TARGETS.iter().find(|known| known.name == target).expect("a target").body;
    let files = corpus(target);
    assert!(files.len() >= 20, "the corpus of {target} has {} files", files.len());
    for (path, bytes) in files {
        // Shown when it fails.
        println!("{}", path.display());
        body(&bytes);
    }
}

#[test]
fn the_corpus_of_handle_keeps_every_promise() {
    replayed("handle");
}

#[test]
fn the_corpus_of_lines_keeps_every_promise() {
    replayed("lines");
}

#[test]
fn the_corpus_of_snapshot_is_refused_or_sound() {
    if std::env::var_os("RINGFENCE_BLESS").is_some() {
        bless();
    }
    replayed("snapshot");
    let whole = corpus("snapshot").into_iter().filter(|(_, bytes)| bytes.first() == Some(&0));
    let good = whole.filter(|(_, bytes)| Platform::restore(&bytes[1..], test_keyring(), 0).is_ok()).count();
    assert!(
        good >= 10,
        "{good} files of the corpus are snapshots as they are written now; write them anew with RINGFENCE_BLESS=1"
    );
}

#[test]
fn the_corpus_of_forged_is_refused_or_sound() {
    replayed("forged");
}

#[test]
fn the_corpus_of_interop_is_read_or_refused() {
    replayed("interop");
}

#[test]
fn the_corpus_of_values_is_read_as_it_is_written() {
    replayed("values");
}

/// A new target comes with its file in `tests/fuzz`, its corpus, and its test above.
#[test]
fn every_target_has_its_program_and_its_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&folder("corpus")), targets);
    let programs: BTreeSet<String> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(&folder("fuzz_targets")), programs);
    let manifest = fs::read_to_string(folder("Cargo.toml")).expect("the manifest");
    assert!(targets.iter().all(|name| manifest.contains(&format!("name = \"{name}\""))));
    let tests = include_str!("corpora.rs");
    assert!(targets.iter().all(|name| tests.contains(&format!("replayed(\"{name}\")"))));
}

/// A snapshot of the middle of every eighth scenario, whole and as a body.
fn bless() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let folder = folder("corpus").join("snapshot");
    fs::create_dir_all(&folder).expect("a folder");
    for old in names(&folder).iter().filter(|name| name.starts_with("seed-")) {
        fs::remove_file(folder.join(old)).expect("an old seed goes");
    }
    let is_scenario = |name: &String| name.ends_with(".jsonl") && !name.ends_with(".twin.jsonl");
    for name in names(&scenarios).into_iter().filter(is_scenario).step_by(8) {
        let text = fs::read_to_string(scenarios.join(&name)).expect("a scenario");
        let mut replayer = Replayer::new(Options::default());
        let most = text.lines().count() * 2 / 3;
        for (number, line) in (1..).zip(text.lines()).take(most) {
            replayer.feed(number, line).expect("a scenario passes");
        }
        let snapshot = replayer.platform().expect("a platform").snapshot();
        let stem = name.trim_end_matches(".jsonl");
        fs::write(folder.join(format!("seed-{stem}")), [&[0], &snapshot[..]].concat()).expect("a seed");
        let body = &snapshot[HEAD..snapshot.len() - SUM];
        fs::write(folder.join(format!("seed-{stem}-body")), [&[1], body].concat()).expect("a seed");
    }
}
