//! Replaying a journal, and judging a scenario.
//!
//! A [`Replayer`] takes the lines of a [`journal`](super::journal) one by one, does to a [`Platform`] what they say, and hands back what
//! came out. Expectation lines are compared with what came out; the first difference ends the replay. It reads no file and
//! prints nothing; a command line does both around it:
//!
//! ```text
//! for each line of the file, counted from 1:
//!     match replayer.feed(number, line):
//!         the outputs   => print the to_line() of each
//!         an error      => print it to stderr, exit with its exit_code()
//! replayer.finish()
//! ```
//!
//! # What is compared
//!
//! - A reply or refusal: the answer of the last input (or the refusal of the last `confirm`) right before the expectation.
//! - Effects: those handed out since the last effects expectation, or since the start, complete and in order. After a
//!   `restart` the effects that are not confirmed are handed out again and stand in the list again. Effects after
//!   the last expectation are compared with nothing; [`Replayer::effects_not_compared`] counts them.
//! - Objects by the fields that the expectation names, at every depth. `null` stands for a field that is absent. Lists by
//!   their elements and their length. Two texts that are both RFC 3339 times by the instant that they name.
//!
//! The outputs are expectation lines themselves: each put after the line that it came from, they turn a journal into a
//! scenario that passes.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use thiserror::Error;

use super::journal::{
    Expectation, Header, Line, LineError, effect_to_json, from_json, parse_line, refusal_to_json, reply_to_json,
};
use super::json::Json;
use crate::values::effect::Effect;
use crate::values::input::{Input, RotateKey};
use crate::values::refusal::Refusal;
use crate::values::reply::Reply;
use crate::values::time::{Timestamp, Zone};
use crate::{Keyring, Platform};

/// How to replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The hash seed of the platform; a restart takes the one after it. No seed reaches an output (P12).
    pub hash_seed: u64,
    /// Replay a journal that was kept with another tz database. Its weekly hours may mean other windows then.
    pub any_tzdb: bool,
}

/// Takes the lines of a journal or scenario in order.
#[derive(Debug)]
pub struct Replayer {
    options: Options,
    keyring: Keyring,
    session: Option<Session>,
}

/// What came out of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The input was accepted.
    Reply(Reply),
    /// The input or the `confirm` was refused.
    Refusal(Refusal),
    /// These effects were handed out; at least one.
    Effects(Vec<Effect>),
}

impl Output {
    /// The expectation line that this output meets.
    #[must_use]
    pub fn to_line(&self) -> String {
        match self {
            Self::Reply(reply) => format!("{{\"expect\":{{\"reply\":{}}}}}", reply_to_json(reply)),
            Self::Refusal(refusal) => format!("{{\"expect\":{{\"refusal\":{}}}}}", refusal_to_json(refusal)),
            Self::Effects(effects) => {
                let effects: Vec<String> = effects.iter().map(effect_to_json).collect();
                format!("{{\"expect\":{{\"effects\":[{}]}}}}", effects.join(","))
            }
        }
    }
}

/// Why a replay ended, and at which line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// What came out is not what the line expects.
    #[error("line {line}: {path}: expected {expected}, got {actual}")]
    Mismatch {
        /// The line, from 1.
        line: usize,
        /// Where the first difference is: `effects[2].dial.to`.
        path: String,
        /// What the line names there, as JSON.
        expected: String,
        /// What came out there: JSON, or words when nothing did.
        actual: String,
    },
    /// The line cannot be read, or has no place here.
    #[error("line {line}, {error}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What is wrong, and in which column.
        error: LineError,
    },
}

impl ReplayError {
    /// The exit code of a command line: 1 for a difference, 2 for a line that cannot be read.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Mismatch { .. } => 1,
            Self::Malformed { .. } => 2,
        }
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        match self {
            Self::Mismatch { line, .. } | Self::Malformed { line, .. } => *line,
        }
    }
}

/// Replays a whole text: its lines, each with what came out of it.
///
/// # Errors
/// The first [`ReplayError`].
pub fn replay(text: &str, options: Options) -> Result<Vec<(usize, Output)>, ReplayError> {
    let mut replayer = Replayer::new(options);
    let mut outputs = Vec::new();
    for (number, line) in (1_usize..).zip(text.lines()) {
        outputs.extend(replayer.feed(number, line)?.into_iter().map(|output| (number, output)));
    }
    replayer.finish()?;
    Ok(outputs)
}

impl Replayer {
    /// A replayer that waits for the header.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::with_keyring(options, Keyring::new())
    }

    /// A replayer of a journal that needs keys: its header names them by their ids. Test keys of a scenario come to these.
    #[must_use]
    pub const fn with_keyring(options: Options, keyring: Keyring) -> Self {
        Self { options, keyring, session: None }
    }

    /// Takes the next line, and hands back what came out of it: the answer first, then the effects.
    ///
    /// `number` is the line's number in its file, from 1, for error texts.
    ///
    /// # Errors
    /// [`ReplayError::Malformed`] when it cannot be read, stands before the header, is a second header, or is a header that asks for
    /// something that this library does not have. [`ReplayError::Mismatch`] when it is an expectation that is not met, and
    /// when a restart fails. After an error the replayer is of no more use.
    pub fn feed(&mut self, number: usize, line: &str) -> Result<Vec<Output>, ReplayError> {
        let malformed = |error| ReplayError::Malformed { line: number, error };
        let parsed = parse_line(line).map_err(malformed)?;
        let Some(session) = &mut self.session else {
            let Line::Header(header) = parsed else {
                return Err(malformed(fault(line, "", "a line before the header", "the header")));
            };
            self.session = Some(Session::new(&header, line, self.options, self.keyring.clone()).map_err(malformed)?);
            return Ok(Vec::new());
        };
        match parsed {
            Line::Header(_) => Err(malformed(fault(line, "header", "a second header", "one, as the first line"))),
            Line::Expect(expectation) => match session.judge(&expectation) {
                None => Ok(Vec::new()),
                Some(Difference { path, expected, actual }) => {
                    Err(ReplayError::Mismatch { line: number, path, expected, actual })
                }
            },
            Line::Input { at, dedup, input } => {
                if let Some(id) = session.missing_key(&input) {
                    let wrong = format!("the journal needs the key {id}, which is not loaded");
                    return Err(malformed(fault(line, "rotate_key", &wrong, "a replay with that key")));
                }
                let answer = match dedup {
                    Some(key) => session.platform.handle_once(at, key, input),
                    None => session.platform.handle(at, input),
                };
                Ok(session.answered(Some(answer)))
            }
            Line::Advance { at, budget } => {
                session.advance(at, budget);
                Ok(session.answered(None))
            }
            Line::Confirm(sequence) => {
                let refused = session.platform.confirm(sequence).err();
                Ok(session.answered(refused.map(Err)))
            }
            Line::Restart => match session.restart() {
                Ok(()) => Ok(session.answered(None)),
                Err(actual) => Err(ReplayError::Mismatch {
                    line: number,
                    path: "restart".to_owned(),
                    expected: "a platform that comes back from its snapshot".to_owned(),
                    actual,
                }),
            },
        }
    }

    /// Says that there are no more lines.
    ///
    /// # Errors
    /// [`ReplayError::Malformed`] when there was not even a header.
    pub fn finish(&self) -> Result<(), ReplayError> {
        if self.session.is_some() {
            return Ok(());
        }
        Err(ReplayError::Malformed { line: 1, error: fault("", "", "there is no line", "the header") })
    }

    /// The platform as the lines so far have left it; `None` before the header.
    #[must_use]
    pub fn platform(&self) -> Option<&Platform> {
        self.session.as_ref().map(|session| &session.platform)
    }

    /// How many effects have been handed out since the last effects expectation.
    #[must_use]
    pub fn effects_not_compared(&self) -> usize {
        self.session.as_ref().map_or(0, |session| session.effects.len())
    }
}

/// A fault of a line, at the field of this name where the line has one.
fn fault(line: &str, field: &str, wrong: &str, allowed: &str) -> LineError {
    let before = if field.is_empty() { None } else { line.split_once(&format!("\"{field}\"")).map(|(before, _)| before) };
    LineError {
        column: before.map_or(1, |before| before.chars().count().saturating_add(1)),
        wrong: wrong.to_owned(),
        allowed: Some(allowed.to_owned()),
    }
}

/// A platform, and what came out of it and was not compared yet.
#[derive(Debug)]
struct Session {
    platform: Platform,
    /// The ids of the keys that the journal was kept with.
    keys: Vec<String>,
    hash_seed: u64,
    /// What the last line was answered with, when it was answered.
    answer: Option<Result<Reply, Refusal>>,
    effects: Vec<Effect>,
}

/// Where an expectation is not met.
struct Difference {
    path: String,
    expected: String,
    actual: String,
}

impl Session {
    fn new(header: &Header, line: &str, options: Options, mut keyring: Keyring) -> Result<Self, LineError> {
        let library = Zone::tzdb_version();
        if let Some(tzdb) = header.tzdb.as_deref().filter(|tzdb| *tzdb != library && !options.any_tzdb) {
            let allowed = format!("{library}, which this library has");
            return Err(fault(line, "tzdb", &format!("the journal was kept with tz database {tzdb}"), &allowed));
        }
        for (id, key) in &header.test_keys {
            keyring.load(id, &key.0).map_err(|error| fault(line, "test_keys", &error.to_string(), "another key"))?;
        }
        let platform =
            Platform::with_shard(header.policy.clone(), keyring, options.hash_seed, header.shard).map_err(|error| {
                let wrong = format!("policy field {} is {}", error.field, error.given);
                fault(line, error.field, &wrong, &format!("{} to {}", error.least, error.most))
            })?;
        let keys = header.keyring.clone();
        Ok(Self { platform, keys, hash_seed: options.hash_seed, answer: None, effects: Vec::new() })
    }

    /// The key that this input needs, when the journal was kept with it and this replay is not.
    fn missing_key<'a>(&self, input: &'a Input) -> Option<&'a str> {
        let Input::RotateKey(RotateKey { id }) = input else { return None };
        let was_loaded = self.keys.iter().any(|known| **known == **id);
        Some(id.as_ref()).filter(|id| was_loaded && !self.platform.keyring().has(id))
    }

    fn advance(&mut self, at: Timestamp, budget: u32) {
        // How far it came shows in the effects; there is no line that speaks of it.
        let _ = self.platform.advance(at, budget);
    }

    fn restart(&mut self) -> Result<(), String> {
        self.hash_seed = self.hash_seed.wrapping_add(1);
        self.platform = Platform::restore(&self.platform.snapshot(), self.platform.keyring().clone(), self.hash_seed)
            .map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Collects what came out of a line.
    fn answered(&mut self, answer: Option<Result<Reply, Refusal>>) -> Vec<Output> {
        self.answer.clone_from(&answer);
        let mut outputs: Vec<Output> = answer
            .into_iter()
            .map(|answer| match answer {
                Ok(reply) => Output::Reply(reply),
                Err(refusal) => Output::Refusal(refusal),
            })
            .collect();
        let mut effects = Vec::new();
        while let Some(effect) = self.platform.poll_effect() {
            effects.push(effect);
        }
        if !effects.is_empty() {
            self.effects.extend_from_slice(&effects);
            outputs.push(Output::Effects(effects));
        }
        outputs
    }

    fn judge(&mut self, expectation: &Expectation) -> Option<Difference> {
        let answer = match &self.answer {
            Some(Ok(reply)) => Some(("reply", document(&reply_to_json(reply)))),
            Some(Err(refusal)) => Some(("refusal", document(&refusal_to_json(refusal)))),
            None => None,
        };
        let (kind, expected) = match expectation {
            Expectation::Reply(reply) => ("reply", reply),
            Expectation::Refusal(refusal) => ("refusal", refusal),
            Expectation::Effects(expected) => {
                let actual = core::mem::take(&mut self.effects);
                let actual: Vec<Json> = actual.iter().map(|effect| document(&effect_to_json(effect))).collect();
                return compare_lists("effects", expected, &actual);
            }
        };
        match answer {
            Some((actual_kind, actual)) if actual_kind == kind => compare(kind, expected, &actual),
            Some((actual_kind, actual)) => Some(Difference {
                path: kind.to_owned(),
                expected: expected.to_string(),
                actual: format!("the {actual_kind} {actual}"),
            }),
            None => Some(Difference {
                path: kind.to_owned(),
                expected: expected.to_string(),
                actual: "nothing: the line before was not answered".to_owned(),
            }),
        }
    }
}

/// A document that this library wrote.
fn document(text: &str) -> Json {
    from_json(text).unwrap_or(Json::Null)
}

/// The first difference between what an expectation names and what came out.
fn compare(path: &str, expected: &Json, actual: &Json) -> Option<Difference> {
    match (expected, actual) {
        (Json::Object(fields), Json::Object(_)) => fields.iter().find_map(|(name, expected)| {
            let path = format!("{path}.{name}");
            match actual.field(name) {
                Some(actual) => compare(&path, expected, actual),
                None if *expected == Json::Null => None,
                None => Some(Difference { path, expected: expected.to_string(), actual: format!("nothing in {actual}") }),
            }
        }),
        (Json::List(expected), Json::List(actual)) => compare_lists(path, expected, actual),
        (Json::Text(expected), Json::Text(actual)) if is_same_instant(expected, actual) => None,
        (expected, actual) if expected == actual => None,
        (expected, actual) => {
            Some(Difference { path: path.to_owned(), expected: expected.to_string(), actual: actual.to_string() })
        }
    }
}

/// The first element that differs, else the first that one list has more than the other.
fn compare_lists(path: &str, expected: &[Json], actual: &[Json]) -> Option<Difference> {
    let both = (0_usize..).zip(expected.iter().zip(actual));
    if let Some(difference) = both
        .map(|(index, pair)| (format!("{path}[{index}]"), pair))
        .find_map(|(path, (expected, actual))| compare(&path, expected, actual))
    {
        return Some(difference);
    }
    let (more_expected, more_actual) = (expected.get(actual.len()), actual.get(expected.len()));
    if more_expected.is_none() && more_actual.is_none() {
        return None;
    }
    let or_nothing =
        |more: Option<&Json>, length: usize| more.map_or(format!("nothing after the first {length}"), Json::to_string);
    Some(Difference {
        path: format!("{path}[{}]", expected.len().min(actual.len())),
        expected: or_nothing(more_expected, expected.len()),
        actual: or_nothing(more_actual, actual.len()),
    })
}

fn is_same_instant(expected: &str, actual: &str) -> bool {
    Timestamp::parse(expected).is_ok_and(|expected| Timestamp::parse(actual).is_ok_and(|actual| expected == actual))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(expected: &str, actual: &str) -> Option<(String, String, String)> {
        compare("x", &document(expected), &document(actual)).map(|found| (found.path, found.expected, found.actual))
    }

    fn found(path: &str, expected: &str, actual: &str) -> Option<(String, String, String)> {
        Some((path.to_owned(), expected.to_owned(), actual.to_owned()))
    }

    #[test]
    fn fields_that_are_left_out_are_not_compared() {
        assert_eq!(difference(r#"{"a":{"b":1}}"#, r#"{"c":9,"a":{"d":2,"b":1}}"#), None);
        assert_eq!(difference("{}", r#"{"a":1}"#), None);
    }

    #[test]
    fn null_stands_for_an_absent_field() {
        assert_eq!(difference(r#"{"a":null}"#, "{}"), None);
        assert_eq!(difference(r#"{"a":null}"#, r#"{"a":1}"#), found("x.a", "null", "1"));
    }

    #[test]
    fn the_first_difference_is_named_with_its_path() {
        assert_eq!(difference(r#"{"a":[1,{"b":"c"}]}"#, r#"{"a":[1,{"b":"d"}]}"#), found("x.a[1].b", "\"c\"", "\"d\""));
        assert_eq!(difference(r#"{"a":1}"#, r#"{"b":2}"#), found("x.a", "1", r#"nothing in {"b":2}"#));
        assert_eq!(difference(r#"{"a":1}"#, "\"done\""), found("x", r#"{"a":1}"#, "\"done\""));
    }

    #[test]
    fn lists_are_compared_by_element_and_length() {
        assert_eq!(difference("[1,2]", "[1]"), found("x[1]", "2", "nothing after the first 1"));
        assert_eq!(difference("[]", "[1,2]"), found("x[0]", "nothing after the first 0", "1"));
        assert_eq!(difference("[1,2]", "[3]"), found("x[0]", "1", "3"));
    }

    #[test]
    fn times_are_compared_as_instants_and_other_texts_as_texts() {
        assert_eq!(difference(r#""2026-11-21T18:00:00+08:00""#, r#""2026-11-21T10:00:00Z""#), None);
        assert!(difference(r#""2026-11-21T18:00:00+08:00""#, r#""2026-11-21T18:00:00Z""#).is_some());
        assert!(difference(r#""95511""#, r#""095511""#).is_some());
    }
}
