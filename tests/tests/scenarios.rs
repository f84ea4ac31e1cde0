//! The scenarios of `tests/scenarios/`: each replays to its end, each twin fails at the line that the table in the README names.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use ringfence::edges::journal::{
    Line, effect_from_json, effect_to_json, parse_line, refusal_from_json, refusal_to_json, reply_from_json, reply_to_json,
    write_line,
};
use ringfence::edges::replay::{Options, Output, ReplayError, Replayer, replay};

/// A row of the table in the README.
struct Row {
    name: String,
    /// The one line in which the twin differs.
    altered_line: usize,
    /// The line at which the twin must fail.
    fails_at: usize,
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn read(file: &str) -> String {
    let path = directory().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn table() -> Vec<Row> {
    let rows: Vec<Row> = read("README.md")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [name, _shows, _seed, twin, fails_at] = cells.as_slice() else { panic!("five cells are needed: {line}") };
            let altered_line = twin.split_once(':').map_or("", |(number, _)| number);
            Row {
                name: name.trim_matches('`').to_owned(),
                altered_line: altered_line.parse().unwrap_or_else(|_| panic!("no line number: {twin}")),
                fails_at: fails_at.parse().unwrap_or_else(|_| panic!("no line number: {fails_at}")),
            }
        })
        .collect();
    assert!(rows.len() > 40, "the table has {} rows; is it still a table?", rows.len());
    rows
}

fn scenario(row: &Row) -> String {
    read(&format!("{}.jsonl", row.name))
}

fn twin(row: &Row) -> String {
    read(&format!("{}.twin.jsonl", row.name))
}

/// Runs `check` for every row and names all rows that fail, not only the first.
fn for_every_row(check: impl Fn(&Row) -> Result<(), String>) {
    let faults: Vec<String> =
        table().iter().filter_map(|row| check(row).err().map(|fault| format!("{}: {fault}", row.name))).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_scenario_passes() {
    for_every_row(|row| replay(&scenario(row), Options::default()).map(drop).map_err(|error| error.to_string()));
}

#[test]
fn every_twin_fails_at_its_line() {
    for_every_row(|row| match replay(&twin(row), Options::default()) {
        Err(error @ ReplayError::Mismatch { .. }) if error.line() == row.fails_at && error.exit_code() == 1 => Ok(()),
        Err(error) => Err(format!("should differ at line {}, but: {error}", row.fails_at)),
        Ok(_) => Err("the twin passes".to_owned()),
    });
}

#[test]
fn a_twin_differs_from_its_scenario_in_one_line() {
    for_every_row(|row| {
        let (scenario, twin) = (scenario(row), twin(row));
        if scenario.lines().count() != twin.lines().count() {
            return Err("they have different numbers of lines".to_owned());
        }
        let differing: Vec<usize> =
            (1..).zip(scenario.lines().zip(twin.lines())).filter(|(_, (a, b))| a != b).map(|(number, _)| number).collect();
        if differing == [row.altered_line] { Ok(()) } else { Err(format!("they differ in lines {differing:?}")) }
    });
}

#[test]
fn the_table_and_the_directory_name_the_same_files() {
    let named: BTreeSet<String> =
        table().iter().flat_map(|row| [format!("{}.jsonl", row.name), format!("{}.twin.jsonl", row.name)]).collect();
    let there: BTreeSet<String> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !["README.md", "SEED-000.md", "SEED-003.md"].contains(&name.as_str()))
        .collect();
    assert_eq!(named, there);
}

#[test]
fn every_effect_of_a_scenario_is_expected() {
    for_every_row(|row| {
        let mut replayer = Replayer::new(Options::default());
        for (number, line) in (1..).zip(scenario(row).lines()) {
            replayer.feed(number, line).map_err(|error| error.to_string())?;
        }
        match replayer.effects_not_compared() {
            0 => Ok(()),
            more => Err(format!("{more} effects come after the last expectation")),
        }
    });
}

#[test]
fn no_hash_seed_reaches_an_output() {
    for_every_row(|row| {
        let text = scenario(row);
        let with = |hash_seed| replay(&text, Options { hash_seed, ..Options::default() }).map_err(|error| error.to_string());
        if with(0)? == with(0x5eed)? && with(0)? == with(u64::MAX)? {
            Ok(())
        } else {
            Err("a seed changes what comes out".to_owned())
        }
    });
}

#[test]
fn every_line_and_effect_survives_being_written_and_read() {
    for_every_row(|row| {
        for text in [scenario(row), twin(row)] {
            for line in text.lines() {
                let parsed = parse_line(line).map_err(|error| error.to_string())?;
                if parse_line(&write_line(&parsed)) != Ok(parsed) {
                    return Err(format!("not the same once written and read: {line}"));
                }
            }
        }
        for (_, output) in replay(&scenario(row), Options::default()).map_err(|error| error.to_string())? {
            let same = match &output {
                Output::Reply(reply) => reply_from_json(&reply_to_json(reply)).as_ref() == Ok(reply),
                Output::Refusal(refusal) => refusal_from_json(&refusal_to_json(refusal)).as_ref() == Ok(refusal),
                Output::Effects(effects) => {
                    effects.iter().all(|effect| effect_from_json(&effect_to_json(effect)).as_ref() == Ok(effect))
                }
            };
            if !same {
                return Err(format!("not the same once written and read: {}", output.to_line()));
            }
        }
        Ok(())
    });
}

#[test]
fn what_a_replay_prints_turns_a_journal_into_a_scenario() {
    for_every_row(|row| {
        let journal: Vec<String> = scenario(row)
            .lines()
            .filter(|line| !matches!(parse_line(line), Ok(Line::Expect(_))))
            .map(ToOwned::to_owned)
            .collect();
        let mut replayer = Replayer::new(Options::default());
        let mut saved = Vec::new();
        for (number, line) in (1..).zip(&journal) {
            saved.push(line.clone());
            let outputs = replayer.feed(number, line).map_err(|error| error.to_string())?;
            saved.extend(outputs.iter().map(Output::to_line));
        }
        replay(&saved.join("\n"), Options::default()).map(drop).map_err(|error| error.to_string())
    });
}

#[test]
fn a_line_cut_short_is_malformed_with_line_and_column() {
    for_every_row(|row| {
        let text = scenario(row);
        for (number, line) in (1..).zip(text.lines()) {
            let length = line.chars().count();
            for cut in 1..length {
                let short: String = line.chars().take(cut).collect();
                match parse_line(&short) {
                    Err(error) if error.column == cut + 1 => {}
                    other => return Err(format!("line {number} cut after {cut} characters: {other:?}")),
                }
            }
            let before = text.lines().take(number - 1);
            let half: String = line.chars().take(length / 2).collect();
            let cut_text: Vec<&str> = before.chain([half.as_str()]).collect();
            match replay(&cut_text.join("\n"), Options::default()) {
                Err(error @ ReplayError::Malformed { .. }) if error.line() == number && error.exit_code() == 2 => {}
                other => return Err(format!("line {number} cut in the middle: {other:?}")),
            }
        }
        Ok(())
    });
}
