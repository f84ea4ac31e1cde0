//! `tests/scenarios/SEED-000.md` and `SEED-003.md`: every sentence of the two seeds, quoted, with the scenarios and tests that show it.
//!
//! The documents are not here. Their sentences are known by their digests in `tests/seeds/`, which `scripts/seed_sentences.py` made.

use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

/// A seed: its number, and how many rows are open: sentences of which something is not shown yet. Who shows more lowers it; it does not rise.
struct Seed {
    number: &'static str,
    sentences_min: usize,
    open: usize,
}

const SEEDS: [Seed; 2] =
    [Seed { number: "000", sentences_min: 200, open: 1 }, Seed { number: "003", sentences_min: 40, open: 0 }];

/// A row of the table.
struct Row {
    /// Where the sentence stands in the document, counted from 1.
    numbers: Vec<usize>,
    sentence: String,
    /// The scenarios and tests that show it.
    names: Vec<String>,
    /// What is missing.
    open: Option<String>,
    /// Why nothing shows it.
    no_behaviour: Option<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    let path = root().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cells of the rows of a table whose first cells satisfy `is_row`.
fn cells(file: &str, is_row: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    read(file)
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(ToOwned::to_owned).collect::<Vec<String>>())
        .filter(|cells| is_row(&cells[0]))
        .collect()
}

fn table(seed: &str) -> Vec<Row> {
    let rows = cells(&format!("tests/scenarios/SEED-{seed}.md"), |first| first.starts_with(|c: char| c.is_ascii_digit()));
    rows.into_iter()
        .map(|cells| {
            let [numbers, sentence, shown] = cells.as_slice() else { panic!("three cells are needed: {cells:?}") };
            let (named, open) = match shown.split_once("**open**: ") {
                Some((named, missing)) => (named.trim_end_matches("; "), Some(missing.to_owned())),
                None => (shown.as_str(), None),
            };
            let no_behaviour = named.strip_prefix("no behaviour: ").map(ToOwned::to_owned);
            let names = match named {
                _ if no_behaviour.is_some() || named.is_empty() => Vec::new(),
                _ => named.split(", ").map(|name| name.trim_matches('`').to_owned()).collect(),
            };
            let numbers = numbers.split(", ").map(|number| number.parse().unwrap_or_else(|_| panic!("no number: {number}")));
            Row { numbers: numbers.collect(), sentence: sentence.clone(), names, open, no_behaviour }
        })
        .collect()
}

fn digests(seed: &str) -> Vec<String> {
    read(&format!("tests/seeds/seed-{seed}.sha256"))
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(ToOwned::to_owned)
        .collect()
}

fn digest(sentence: &str) -> String {
    Sha256::digest(sentence).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_scenario(name: &str) -> bool {
    root().join(format!("tests/scenarios/{name}.jsonl")).is_file()
}

/// `FILE::NAME` of a test that is there, in Rust or Python.
fn is_test(name: &str) -> bool {
    let Some((file, test)) = name.split_once("::") else { return false };
    let Ok(text) = fs::read_to_string(root().join(file)) else { return false };
    text.lines().map(str::trim_start).any(|line| {
        ["fn ", "def "].iter().any(|word| line.strip_prefix(word).is_some_and(|rest| rest.starts_with(&format!("{test}("))))
    })
}

#[test]
fn every_sentence_of_the_seeds_has_one_row_that_quotes_it() {
    for seed in &SEEDS {
        let (rows, digests) = (table(seed.number), digests(seed.number));
        assert!(digests.len() > seed.sentences_min, "there are only {} digests", digests.len());
        for row in &rows {
            for number in &row.numbers {
                let known = number.checked_sub(1).and_then(|index| digests.get(index));
                assert_eq!(known, Some(&digest(&row.sentence)), "sentence {number} of the seed is not: {}", row.sentence);
            }
        }
        let mut numbers: Vec<usize> = rows.iter().flat_map(|row| row.numbers.iter().copied()).collect();
        let firsts: Vec<usize> = rows.iter().map(|row| row.numbers[0]).collect();
        assert!(firsts.is_sorted(), "the rows stand in the order of the document");
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=digests.len()).collect::<Vec<usize>>());
    }
}

#[test]
fn every_row_names_what_shows_it_or_says_why_nothing_does() {
    for row in SEEDS.iter().flat_map(|seed| table(seed.number)) {
        let (sentence, names) = (&row.sentence, &row.names);
        match (&row.no_behaviour, &row.open) {
            (Some(why), None) => assert!(!why.is_empty(), "no reason: {sentence}"),
            (Some(_), Some(_)) => panic!("it has no behaviour and is open: {sentence}"),
            (None, Some(missing)) => assert!(!missing.is_empty(), "nothing is said to be missing: {sentence}"),
            (None, None) => assert!(!names.is_empty(), "nothing shows it: {sentence}"),
        }
        for name in names {
            assert!(is_scenario(name) || is_test(name), "there is no scenario or test {name}: {sentence}");
        }
    }
}

#[test]
fn every_quotation_in_the_table_of_scenarios_is_a_seeds() {
    let sentences: Vec<String> = SEEDS.iter().flat_map(|seed| table(seed.number)).map(|row| row.sentence).collect();
    let rows = cells("tests/scenarios/README.md", |first| first.starts_with('`'));
    assert!(rows.len() > 50, "the table has {} rows; is it still a table?", rows.len());
    for row in rows {
        for piece in row[2].split(['。', '；', '！', '？']).filter(|piece| !piece.is_empty()) {
            assert!(sentences.iter().any(|sentence| sentence.contains(piece)), "{}: not in the seed: {piece}", row[0]);
        }
    }
}

#[test]
fn every_claim_has_its_scenario() {
    let rows = table("000");
    for claim in 1..=10 {
        let start = format!("claim-{claim:02}-");
        let named = rows.iter().flat_map(|row| &row.names).find(|name| name.starts_with(&start));
        assert!(named.is_some_and(|name| is_scenario(name)), "no scenario for claim {claim}");
        let first = rows.iter().find(|row| row.sentence.starts_with(&format!("{claim}.")));
        let first = first.unwrap_or_else(|| panic!("no claim {claim}"));
        assert!(first.names.iter().any(|name| name.starts_with(&start)), "claim {claim} does not name {start}…");
    }
}

/// The steps of figure 2 of seed 003, and its claims with their variants, each by the sentence that says it.
#[test]
fn every_step_and_claim_of_the_missed_calls_has_its_scenario() {
    let rows = table("003");
    let wanted = [
        ("请参阅图2", "seed-003-step-101-"),
        ("请参阅图2", "seed-003-step-102-"),
        ("请参阅图2", "seed-003-step-103-"),
        ("请参阅图2", "seed-003-step-104-"),
        ("步骤105", "seed-003-step-105-"),
        ("1.一种", "seed-003-claim-1-"),
        ("2.如权利要求1", "seed-003-claim-2-mobile-"),
        ("2.如权利要求1", "seed-003-claim-2-fixed-"),
        ("3.如权利要求1", "seed-003-claim-3-voice"),
        ("3.如权利要求1", "seed-003-claim-3-text"),
    ];
    for (said, start) in wanted {
        let row = rows.iter().find(|row| row.sentence.starts_with(said)).unwrap_or_else(|| panic!("no sentence {said}"));
        let named = row.names.iter().find(|name| name.starts_with(start));
        assert!(named.is_some_and(|name| is_scenario(name)), "{said} does not name {start}…");
    }
}

#[test]
fn what_is_open_is_counted() {
    for seed in &SEEDS {
        let rows = table(seed.number);
        let open: Vec<&Row> = rows.iter().filter(|row| row.open.is_some()).collect();
        for row in &open {
            println!("seed {}, {:?}: {}", seed.number, row.numbers, row.open.as_deref().unwrap_or_default());
        }
        println!("seed {}: {} of {} rows are open", seed.number, open.len(), rows.len());
        assert_eq!(open.len(), seed.open, "if fewer are open now, lower it; more may not be");
    }
}
