//! Traces: what went into a platform, and what it answered and handed out, step by step.
//!
//! A trace is read from and written as the JSON lines of `DESIGN.md` §7: a header, then for each step its input line, an
//! `{"expect":{"reply":…}}` or `{"expect":{"refusal":…}}` line, and an `{"expect":{"effects":[…]}}` line. These are the lines of a
//! scenario and of a host's own journal, so a carrier can have his own host judged by [`crate::checker`]. In a journal that is to
//! be judged nothing may be left out: every step carries its whole reply, and every effect stands after the step after which it was
//! handed out. A host that writes such a journal polls after every step.

use std::fmt::Write as _;

use ringfence::values::effect::{Action, Effect};
use ringfence::values::input::{Dedup, Input};
use ringfence::values::policy::Policy;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::Reply;
use ringfence::values::time::{Timestamp, Zone};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use thiserror::Error;

/// The version of the format that this module reads and writes.
pub const FORMAT: u32 = 1;

/// The first line: under which rules the platform ran.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The policy; fields left out have their defaults.
    #[serde(default)]
    pub policy: Policy,
    /// The keys in use, by id only. Carried along unread.
    #[serde(default)]
    pub keyring: Value,
    /// The version of the tz database.
    #[serde(default)]
    pub tzdb: String,
    /// The version of the format, [`FORMAT`].
    pub format: u32,
    /// The shard in the high bits of the ids.
    #[serde(default)]
    pub shard: u16,
}

impl Header {
    /// The header of a platform that runs under `policy` in this process.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, keyring: json!({}), tzdb: Zone::tzdb_version().to_owned(), format: FORMAT, shard: 0 }
    }
}

/// What was done to the platform in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// An input was handled.
    Input(Input),
    /// Due deadlines were fired, at most `budget` of them.
    Advance {
        /// How many at most.
        budget: u32,
    },
    /// An input with a key: a repeat of it must change nothing.
    Once {
        /// The key.
        key: Dedup,
        /// The input.
        input: Input,
    },
    /// The host confirmed the effects up to this sequence number.
    Confirm {
        /// The last one that is done.
        up_to: u64,
    },
    /// The host stopped and came back: snapshot, restore, and polling from the first unconfirmed effect.
    Restart,
}

/// One step: what was done, what was answered, and what was handed out after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line of the file that it stood on, counted from 1; `None` when it was not read from one.
    pub line: Option<usize>,
    /// The host's clock. `Confirm` and `Restart` have none in the file and take that of the step before.
    pub at: Timestamp,
    /// What was done.
    pub doing: Doing,
    /// The answer. `None` for `Advance` and `Restart`, and for a `Confirm` that was accepted.
    pub reply: Option<Result<Reply, Refusal>>,
    /// The effects handed out after the step, in order.
    pub effects: Vec<Effect>,
}

/// A header and steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Under which rules.
    pub header: Header,
    /// What happened, in order.
    pub steps: Vec<Step>,
}

/// Why a text is not a trace.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}{place}: {what}", place = column.map_or_else(String::new, |column| format!(", column {column}")))]
pub struct TraceError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1, when the line is not JSON at all.
    pub column: Option<usize>,
    /// What is wrong, and what is expected there.
    pub what: String,
}

const LINE_KINDS: &str = "a line is one of {\"header\":…}, {\"at\":…,\"input\":{…}} (with \"dedup\":{…} or without), {\"at\":…,\"advance\":{\"budget\":…}}, {\"confirm\":…}, \
                          {\"restart\":{}}, {\"expect\":{\"reply\":…}}, {\"expect\":{\"refusal\":…}}, {\"expect\":{\"effects\":[…]}}";

impl Trace {
    /// An empty trace of a platform under `policy`.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { header: Header::new(policy), steps: Vec::new() }
    }

    /// Reads JSON lines.
    ///
    /// # Errors
    /// [`TraceError`] names the first line that is wrong and says what was expected there: no JSON, no header, another format, an
    /// unknown or missing field, an expectation with no step before it, a second reply to one step.
    pub fn from_json_lines(text: &str) -> Result<Self, TraceError> {
        let mut header = None;
        let mut steps: Vec<Step> = Vec::new();
        let mut latest = Timestamp::MIN;
        for (index, content) in text.lines().enumerate() {
            let mut line = Line::parse(index + 1, content)?;
            if header.is_none() {
                let read: Header = line.take("header", "the first line is {\"header\":{…,\"format\":1}}")?;
                if read.format != FORMAT {
                    return Err(line.wrong(format!("format {} is not known here; this is format {FORMAT}", read.format)));
                }
                header = Some(read);
            } else if line.has("expect") {
                let number = line.number;
                let expect: Expect = line.take("expect", LINE_KINDS)?;
                let step = steps
                    .last_mut()
                    .ok_or_else(|| error(number, "an expectation follows a step, and there is none before it"))?;
                expect.put_into(step, number)?;
            } else {
                let (at, doing) = line.doing()?;
                latest = at.unwrap_or(latest);
                steps.push(Step { line: Some(line.number), at: latest, doing, reply: None, effects: Vec::new() });
            }
            line.end()?;
        }
        let header = header.ok_or_else(|| error(1, "the text is empty; the first line is {\"header\":{…,\"format\":1}}"))?;
        Ok(Self { header, steps })
    }

    /// Writes JSON lines, as [`Trace::from_json_lines`] reads them.
    ///
    /// # Panics
    /// Never: everything in a trace has a JSON form.
    #[must_use]
    pub fn to_json_lines(&self) -> String {
        let Header { policy, keyring, tzdb, format, shard } = &self.header;
        let mut out =
            json!({ "header": { "policy": policy, "keyring": keyring, "tzdb": tzdb, "format": format, "shard": shard } })
                .to_string();
        out.push('\n');
        for step in &self.steps {
            step.write(&mut out).expect("writing into a String does not fail");
        }
        out
    }
}

impl Step {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let doing = match &self.doing {
            Doing::Input(input) => json!({ "at": self.at, "input": input }),
            Doing::Once { key, input } => json!({ "at": self.at, "dedup": key, "input": input }),
            Doing::Advance { budget } => json!({ "at": self.at, "advance": { "budget": budget } }),
            Doing::Confirm { up_to } => json!({ "confirm": up_to }),
            Doing::Restart => json!({ "restart": {} }),
        };
        writeln!(out, "{doing}")?;
        match &self.reply {
            Some(Ok(reply)) => writeln!(out, "{}", json!({ "expect": { "reply": reply } }))?,
            Some(Err(refusal)) => writeln!(out, "{}", json!({ "expect": { "refusal": refusal } }))?,
            None => {}
        }
        if self.effects.is_empty() {
            return Ok(());
        }
        let effects: Vec<Value> = self.effects.iter().map(effect_to_json).collect();
        writeln!(out, "{}", json!({ "expect": { "effects": effects } }))
    }
}

/// An effect as one JSON object: `{"sequence":5,"dial":{…}}`.
///
/// # Panics
/// Never: every action has a JSON form with one key.
#[must_use]
pub fn effect_to_json(effect: &Effect) -> Value {
    let mut object = Map::new();
    object.insert("sequence".to_owned(), json!(effect.sequence));
    match serde_json::to_value(&effect.action) {
        Ok(Value::Object(action)) => object.extend(action),
        Ok(_) | Err(_) => unreachable!("an action is an object with one key"),
    }
    Value::Object(object)
}

/// Reads what [`effect_to_json`] writes.
///
/// # Errors
/// Says what is wrong: no object, no sequence, no action or more than one, a field that the action does not have.
pub fn effect_from_json(value: Value) -> Result<Effect, String> {
    let Value::Object(mut object) = value else {
        return Err("an effect is an object such as {\"sequence\":5,\"dial\":{…}}".to_owned());
    };
    let sequence =
        object.remove("sequence").as_ref().and_then(Value::as_u64).ok_or("an effect has a \"sequence\", a number from 1")?;
    let action: Action = serde_json::from_value(Value::Object(object)).map_err(|e| format!("effect {sequence}: {e}"))?;
    Ok(Effect { sequence, action })
}

/// What stands under `expect`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expect {
    Reply(Reply),
    Refusal(Refusal),
    Effects(Vec<Value>),
}

impl Expect {
    fn put_into(self, step: &mut Step, line: usize) -> Result<(), TraceError> {
        let reply = match self {
            Self::Reply(reply) => Ok(reply),
            Self::Refusal(refusal) => Err(refusal),
            Self::Effects(effects) => {
                for value in effects {
                    step.effects.push(effect_from_json(value).map_err(|what| error(line, what))?);
                }
                return Ok(());
            }
        };
        if step.reply.replace(reply).is_some() {
            return Err(error(line, "a second reply to the same step"));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    budget: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// One line, taken apart key by key.
struct Line {
    number: usize,
    object: Map<String, Value>,
}

impl Line {
    fn parse(number: usize, content: &str) -> Result<Self, TraceError> {
        match serde_json::from_str(content) {
            Ok(Value::Object(object)) => Ok(Self { number, object }),
            Ok(_) => Err(error(number, LINE_KINDS)),
            Err(e) => Err(TraceError { line: number, column: Some(e.column().max(1)), what: format!("not a JSON object: {e}") }),
        }
    }

    fn wrong(&self, what: impl Into<String>) -> TraceError {
        error(self.number, what)
    }

    fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    fn take<T: DeserializeOwned>(&mut self, key: &str, expected: &str) -> Result<T, TraceError> {
        let value = self.object.remove(key).ok_or_else(|| self.wrong(expected))?;
        serde_json::from_value(value).map_err(|e| self.wrong(format!("{key}: {e}")))
    }

    fn doing(&mut self) -> Result<(Option<Timestamp>, Doing), TraceError> {
        if self.has("confirm") {
            return Ok((None, Doing::Confirm { up_to: self.take("confirm", LINE_KINDS)? }));
        }
        if self.has("restart") {
            let Nothing {} = self.take("restart", LINE_KINDS)?;
            return Ok((None, Doing::Restart));
        }
        let doing = if self.has("advance") {
            let Advance { budget } = self.take("advance", LINE_KINDS)?;
            Doing::Advance { budget }
        } else if self.has("dedup") {
            Doing::Once { key: self.take("dedup", LINE_KINDS)?, input: self.take("input", LINE_KINDS)? }
        } else {
            Doing::Input(self.take("input", LINE_KINDS)?)
        };
        let at = self.take("at", "an input and an advance have \"at\", an RFC 3339 time with offset")?;
        Ok((Some(at), doing))
    }

    fn end(self) -> Result<(), TraceError> {
        match self.object.keys().next() {
            None => Ok(()),
            Some(key) => Err(self.wrong(format!("unknown key {key:?}; {LINE_KINDS}"))),
        }
    }
}

fn error(line: usize, what: impl Into<String>) -> TraceError {
    TraceError { line, column: None, what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"header":{"policy":{"min_ring_s":10},"keyring":{},"tzdb":"x","format":1}}"#;

    fn wrong(lines: &[&str]) -> TraceError {
        Trace::from_json_lines(&lines.join("\n")).expect_err("these lines are wrong")
    }

    #[test]
    fn a_trace_is_read_as_it_is_written() {
        let lines = [
            HEADER,
            r#"{"at":"2026-11-21T18:00:00+08:00","input":{"request_call":{"line":"95511","target":{"reservation":1}}}}"#,
            r#"{"expect":{"reply":{"deny":{"leg":1,"reason":"not_recognized","retry_at":null}}}}"#,
            r#"{"expect":{"effects":[{"sequence":1,"audit":{"number":1,"at":"2026-11-21T10:00:00Z","record":{"judged":{"leg":1,"target":{"reservation":1},"revision":null,"rule":{"denied":"not_recognized"}}},"digest":"abababababababababababababababababababababababababababababababab"}},{"sequence":2,"reject":{"leg":1,"cause":"not_permitted","sip_status":403,"q850_cause":21}}]}}"#,
            r#"{"confirm":2}"#,
            r#"{"at":"2026-11-21T18:00:01+08:00","advance":{"budget":7}}"#,
            r#"{"restart":{}}"#,
            r#"{"at":"2026-11-21T18:00:02+08:00","input":{"leg_progress":{"leg":9}}}"#,
            r#"{"expect":{"refusal":{"code":"unknown","object":"leg","id":9}}}"#,
        ];
        let trace = Trace::from_json_lines(&lines.join("\n")).expect("a good trace");
        assert_eq!(trace.header.policy.min_ring_s, 10);
        assert_eq!(trace.steps.len(), 5);
        assert_eq!(trace.steps.iter().map(|step| step.line).collect::<Vec<_>>(), [2, 5, 6, 7, 8].map(Some));
        assert_eq!(trace.steps.iter().map(|step| step.effects.len()).collect::<Vec<_>>(), [2, 0, 0, 0, 0]);
        assert_eq!(trace.steps[3].at, trace.steps[2].at, "a restart has no clock of its own");
        assert!(trace.steps[4].reply.as_ref().is_some_and(Result::is_err));

        let written = trace.to_json_lines();
        let again = Trace::from_json_lines(&written).expect("what is written can be read");
        assert_eq!(again, trace);
        assert_eq!(again.to_json_lines(), written);
    }

    #[test]
    fn a_wrong_line_is_named_with_what_was_expected() {
        let request =
            r#"{"at":"2026-11-21T18:00:00+08:00","input":{"request_call":{"line":"95511","target":{"reservation":1}}}}"#;
        for (lines, line, column, what) in [
            (vec![], 1, None, "the text is empty"),
            (vec![request], 1, None, "the first line is {\"header\""),
            (vec![r#"{"header":{"format":2}}"#], 1, None, "format 2 is not known here"),
            (vec![r#"{"header":{"format":1,"polcy":{}}}"#], 1, None, "unknown field `polcy`"),
            (vec![HEADER, r#"{"expect":{"reply":"done"}}"#], 2, None, "there is none before it"),
            (
                vec![HEADER, request, r#"{"expect":{"reply":"done"}}"#, r#"{"expect":{"reply":"done"}}"#],
                4,
                None,
                "a second reply",
            ),
            (vec![HEADER, r#"{"at":"2026-11-21T18:00:00","input":{}}"#], 2, None, "input"),
            (vec![HEADER, r#"{"at":"2026-11-21T18:00:00","advance":{"budget":1}}"#], 2, None, "ends after 19 characters"),
            (vec![HEADER, r#"{"advance":{"budget":1}}"#], 2, None, "have \"at\""),
            (vec![HEADER, r#"{"confirm":1,"at":"2026-11-21T18:00:00Z"}"#], 2, None, "unknown key \"at\""),
            (vec![HEADER, request, r#"{"expect":{"effects":[{"dial":{}}]}}"#], 3, None, "has a \"sequence\""),
            (
                vec![HEADER, request, r#"{"expect":{"effects":[{"sequence":4,"hang_up":{"leg":1}}]}}"#],
                3,
                None,
                "effect 4: missing field",
            ),
            (vec![HEADER, &request[..40]], 2, Some(40), "not a JSON object"),
            (vec![HEADER, "", request], 2, Some(1), "not a JSON object"),
        ] {
            let error = wrong(&lines);
            assert_eq!((error.line, error.column), (line, column), "{error}");
            assert!(error.to_string().contains(what), "{error} should say {what}");
        }
    }
}
