//! What is printed at the end.

use std::fmt::Write as _;

use super::tally::Tally;
use super::{Config, Ended, Shrunk};
use crate::causes;
use crate::checker::Violation;

/// The closing report of a run.
#[must_use]
pub fn report(config: &Config, ended: &Ended) -> String {
    let Ended { tally, summary, digest, .. } = ended;
    let mut out = String::new();
    let _ = writeln!(out, "seed {}, {} days: every promise kept", config.seed, config.days - config.first_day);
    Tally::lines(&mut out, "Calls", &tally.calls);
    let talks =
        [("merchant calls", summary.conversations_merchant_calls), ("platform calls", summary.conversations_platform_calls)];
    for (mode, talked) in talks {
        let _ = writeln!(out, "  {talked:>9}  users who talked ({mode})");
    }
    Tally::lines(&mut out, "Bookings, as they ended", &tally.outcomes);
    Tally::lines(&mut out, "Calls that were denied", &tally.denied);
    Tally::lines(&mut out, "Voice messages, as they ended", &tally.voice_messages);
    Tally::lines(&mut out, "Messages", &tally.messages);
    Tally::lines(&mut out, "Faults", &tally.faults);
    Tally::lines(&mut out, "Crashes", &tally.crashes);
    Tally::lines(&mut out, "Refusals", &tally.refusals);
    let _ = writeln!(out, "Causes of failed calls: {} of {} kinds", tally.causes.len(), *causes::COUNT);
    let _ = writeln!(out, "Promises judged");
    for (promise, times, what) in tally.judged(summary) {
        let _ = writeln!(out, "  {promise:<4} {times:>9}  {what}");
    }
    let _ = writeln!(out, "Steps: {}; effects: {}; inspections: {}", tally.steps, summary.effects, tally.inspections);
    let _ = writeln!(out, "Digest of the trace: {digest}");
    out
}

/// What is said of a run that broke a promise. `file`: where the smallest trace stands; `replay`: the command that judges it again.
#[must_use]
pub fn failed(config: &Config, violation: &Violation, commit: Option<&str>, shrunk: Option<(&Shrunk, &str, &str)>) -> String {
    let mut out = String::new();
    let _ =
        writeln!(out, "seed {}, {} days, commit {}: a promise is broken", config.seed, config.days, commit.unwrap_or("unknown"));
    let _ = writeln!(out, "  {violation}");
    match shrunk {
        Some((shrunk, file, replay)) => {
            let _ = writeln!(
                out,
                "Made small: {} of {} steps, without {} actors; then {}",
                shrunk.trace.steps.len(),
                shrunk.steps_before,
                shrunk.config.without.len(),
                shrunk.violation
            );
            let _ = writeln!(out, "Saved as {file}. To judge it again:\n  {replay}");
        }
        None => {
            let _ = writeln!(out, "It was not made small.");
        }
    }
    out
}
