//! Traces: what went into a platform, and what it answered and handed out, step by step.
//!
//! A trace is read from and written as the lines of [`ringfence::edges::journal`]: a header, then for each step its input line, an
//! `{"expect":{"reply":…}}` or `{"expect":{"refusal":…}}` line, and an `{"expect":{"effects":[…]}}` line. These are the lines of a
//! scenario and of a host's own journal, so a carrier can have his own host judged by [`crate::checker`]. In a journal that is to
//! be judged nothing may be left out: every step carries its whole reply, and every effect stands after the step after which it was
//! handed out. A host that writes such a journal polls after every step.

pub use ringfence::edges::journal::Header;
use ringfence::edges::journal::{
    Expectation, Line, LineError, effect_from_json, effect_to_json, parse_line, refusal_from_json, refusal_to_json,
    reply_from_json, reply_to_json, write_line,
};
use ringfence::values::effect::Effect;
use ringfence::values::input::{Dedup, Input};
use ringfence::values::policy::Policy;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::Reply;
use ringfence::values::time::Timestamp;
use thiserror::Error;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What the platform was made with: its rules, its shard, its keys by their ids.
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
    /// The column, counted in characters from 1, where one can be named.
    pub column: Option<usize>,
    /// What is wrong, and what is allowed there.
    pub what: String,
}

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
    /// unknown or missing field, an expectation with no step before it, a reply or an effect that is not whole, a second reply to
    /// one step.
    pub fn from_json_lines(text: &str) -> Result<Self, TraceError> {
        let mut header = None;
        let mut steps: Vec<Step> = Vec::new();
        for (number, content) in (1..).zip(text.lines()) {
            let wrong = |what: &str| TraceError { line: number, column: None, what: what.to_owned() };
            let line = parse_line(content).map_err(|error| TraceError {
                line: number,
                column: Some(error.column),
                what: without_column(&error),
            })?;
            if header.is_none() != matches!(line, Line::Header(_)) {
                return Err(wrong("the header is the first line, and no other"));
            }
            let latest = steps.last().map_or(Timestamp::MIN, |step| step.at);
            let (at, doing) = match line {
                Line::Header(read) => {
                    header = Some(read);
                    continue;
                }
                Line::Expect(expectation) => {
                    let step =
                        steps.last_mut().ok_or_else(|| wrong("an expectation follows a step, and there is none before it"))?;
                    step.expect(&expectation).map_err(|what| wrong(&what))?;
                    continue;
                }
                Line::Input { at, dedup: None, input } => (at, Doing::Input(input)),
                Line::Input { at, dedup: Some(key), input } => (at, Doing::Once { key, input }),
                Line::Advance { at, budget } => (at, Doing::Advance { budget }),
                Line::Confirm(up_to) => (latest, Doing::Confirm { up_to }),
                Line::Restart => (latest, Doing::Restart),
            };
            steps.push(Step { line: Some(number), at, doing, reply: None, effects: Vec::new() });
        }
        let nothing = || TraceError { line: 1, column: None, what: "there is no line; the first is the header".to_owned() };
        Ok(Self { header: header.ok_or_else(nothing)?, steps })
    }

    /// Writes JSON lines, as [`Trace::from_json_lines`] reads them.
    #[must_use]
    pub fn to_json_lines(&self) -> String {
        let mut lines = write_line(&Line::Header(self.header.clone())) + "\n";
        for step in &self.steps {
            lines += &step.to_json_lines();
        }
        lines
    }
}

impl Step {
    /// Writes the lines of this step: the last ends with a line end as well.
    #[must_use]
    pub fn to_json_lines(&self) -> String {
        let line = match &self.doing {
            Doing::Input(input) => Line::Input { at: self.at, dedup: None, input: input.clone() },
            Doing::Once { key, input } => Line::Input { at: self.at, dedup: Some(key.clone()), input: input.clone() },
            Doing::Advance { budget } => Line::Advance { at: self.at, budget: *budget },
            Doing::Confirm { up_to } => Line::Confirm(*up_to),
            Doing::Restart => Line::Restart,
        };
        let mut lines = vec![write_line(&line)];
        match &self.reply {
            Some(Ok(reply)) => lines.push(format!(r#"{{"expect":{{"reply":{}}}}}"#, reply_to_json(reply))),
            Some(Err(refusal)) => lines.push(format!(r#"{{"expect":{{"refusal":{}}}}}"#, refusal_to_json(refusal))),
            None => {}
        }
        if !self.effects.is_empty() {
            let effects: Vec<String> = self.effects.iter().map(effect_to_json).collect();
            lines.push(format!(r#"{{"expect":{{"effects":[{}]}}}}"#, effects.join(",")));
        }
        lines.join("\n") + "\n"
    }

    /// Takes what stands under `expect`.
    fn expect(&mut self, expectation: &Expectation) -> Result<(), String> {
        let reply = match expectation {
            Expectation::Reply(reply) => Ok(reply_from_json(&reply.to_string()).map_err(|error| without_column(&error))?),
            Expectation::Refusal(refusal) => {
                Err(refusal_from_json(&refusal.to_string()).map_err(|error| without_column(&error))?)
            }
            Expectation::Effects(effects) => {
                for effect in effects {
                    self.effects.push(effect_from_json(&effect.to_string()).map_err(|error| without_column(&error))?);
                }
                return Ok(());
            }
        };
        if self.reply.replace(reply).is_some() {
            return Err("a second reply to the same step".to_owned());
        }
        Ok(())
    }
}

/// What the reader of lines says, without a column: it would be that of the part that was read.
fn without_column(error: &LineError) -> String {
    match &error.allowed {
        Some(allowed) => format!("{}; allowed: {allowed}", error.wrong),
        None => error.wrong.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"header":{"policy":{"min_ring_s":10},"keyring":["k1"],"tzdb":"x","format":1}}"#;

    fn wrong(lines: &[&str]) -> TraceError {
        Trace::from_json_lines(&lines.join("\n")).expect_err("these lines are wrong")
    }

    #[test]
    fn a_trace_is_read_as_it_is_written() {
        let lines = [
            HEADER,
            r#"{"at":"2026-11-21T18:00:00+08:00","input":{"request_call":{"line":"95511","target":{"reservation":1}}}}"#,
            r#"{"expect":{"reply":{"deny":{"leg":1,"reason":"not_recognized","retry_at":null}}}}"#,
            r#"{"expect":{"effects":[{"sequence":1,"audit":{"number":1,"at":"2026-11-21T10:00:00Z","record":{"judged":{"leg":1,"target":{"reservation":1},"revision":null,"rule":{"denied":"not_recognized"}}},"digest":"0000000000000000000000000000000000000000000000000000000000000000"}},{"sequence":2,"reject":{"leg":1,"cause":"not_permitted","sip_status":403,"q850_cause":21}}]}}"#,
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
            (vec![], 1, None, "the first is the header"),
            (vec![request], 1, None, "the header is the first line"),
            (vec![HEADER, HEADER], 2, None, "and no other"),
            (vec![r#"{"header":{"format":2}}"#], 1, Some(22), "format 2"),
            (vec![HEADER, r#"{"expect":{"reply":"done"}}"#], 2, None, "there is none before it"),
            (
                vec![HEADER, request, r#"{"expect":{"reply":"done"}}"#, r#"{"expect":{"reply":"done"}}"#],
                4,
                None,
                "a second reply",
            ),
            (vec![HEADER, request, r#"{"expect":{"reply":{"allow":{"leg":1}}}}"#], 3, None, "missing field `call`"),
            (
                vec![HEADER, request, r#"{"expect":{"effects":[{"sequence":4,"hang_up":{"leg":1}}]}}"#],
                3,
                None,
                "missing field `cause`",
            ),
            (vec![HEADER, &request[..40]], 2, Some(41), "the line ends inside"),
            (vec![HEADER, "", request], 2, Some(1), "the line is empty"),
        ] {
            let error = wrong(&lines);
            assert_eq!((error.line, error.column), (line, column), "{error}");
            assert!(error.to_string().contains(what), "{error} should say {what}");
        }
    }
}
