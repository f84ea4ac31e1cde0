//! Lines of JSON, as the C library, the Python package and a replay hand them in.

use ringfence::edges::journal::{Line, from_json, input_from_json, input_to_json, parse_line, write_line};
use ringfence::edges::json::{Json, write};
use ringfence::edges::replay::{Options, Output, Replayer};
use ringfence::values::policy::Policy;

use crate::checker::check;
use crate::trace::{Doing, Step, Trace};

/// The most lines that are taken from one input.
const LINES_MAX: usize = 400;

/// The bytes are the lines of a journal, or what is nearly one. Each line is read, by itself and as a part of the whole; what can be read is written
/// and read again; what can be done is done to a platform, whose invariants must hold, and whose trace the checker judges. Expectations are
/// read and not compared: a changed input may well be answered otherwise.
///
/// # Panics
/// When anything of that does not hold.
pub fn lines(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut replayer = Replayer::new(Options { any_tzdb: true, ..Options::default() });
    let mut trace: Option<Trace> = None;
    for (number, line) in (1..).zip(text.lines()).take(LINES_MAX) {
        values(line);
        let Ok(read) = parse_line(line) else { continue };
        let written = write_line(&read);
        assert_eq!(parse_line(&written).as_ref(), Ok(&read), "{written}");
        if matches!(read, Line::Expect(_)) {
            continue;
        }
        let Ok(outputs) = replayer.feed(number, line) else {
            // A second header, or a key that is not there: the replayer is of no more use.
            if trace.is_some() {
                break;
            }
            continue;
        };
        let platform = replayer.platform().expect("a line was taken");
        platform.check_invariants().unwrap_or_else(|what| panic!("line {number}: {what}"));
        match (read, &mut trace) {
            (Line::Header(header), _) => trace = Some(Trace { header, steps: Vec::new() }),
            (_, None) | (Line::Expect(_), _) => {}
            (read, Some(trace)) => trace.steps.push(step(number, read, outputs, trace)),
        }
    }
    if let Some(trace) = trace {
        check(&trace).unwrap_or_else(|violation| panic!("{}{violation}", trace.to_json_lines()));
    }
}

/// A line by itself: any document, an input, rules.
fn values(line: &str) {
    if let Ok(json) = from_json::<Json>(line) {
        let written = json.to_string();
        assert_eq!(from_json::<Json>(&written).as_ref(), Ok(&json), "{written}");
    }
    if let Ok(input) = input_from_json(line) {
        let written = input_to_json(&input);
        assert_eq!(input_from_json(&written).as_ref(), Ok(&input), "{written}");
    }
    if let Ok(policy) = from_json::<Policy>(line) {
        let written = write(&policy);
        assert_eq!(from_json::<Policy>(&written).as_ref(), Ok(&policy), "{written}");
        let _ = policy.check();
    }
}

/// What a line did, as the checker reads it.
fn step(number: usize, read: Line, outputs: Vec<Output>, trace: &Trace) -> Step {
    let latest = trace.steps.last().map_or(ringfence::Timestamp::MIN, |step| step.at);
    let (at, doing) = match read {
        Line::Input { at, dedup: None, input } => (at, Doing::Input(input)),
        Line::Input { at, dedup: Some(key), input } => (at, Doing::Once { key, input }),
        Line::Advance { at, budget } => (at, Doing::Advance { budget }),
        Line::Confirm(up_to) => (latest, Doing::Confirm { up_to }),
        Line::Restart | Line::Header(_) | Line::Expect(_) => (latest, Doing::Restart),
    };
    let (mut reply, mut effects) = (None, Vec::new());
    for output in outputs {
        match output {
            Output::Reply(accepted) => reply = Some(Ok(accepted)),
            Output::Refusal(refused) => reply = Some(Err(refused)),
            Output::Effects(more) => effects = more,
        }
    }
    Step { line: Some(number), at, doing, reply, effects }
}
