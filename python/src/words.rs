//! Values by themselves: reading, checking, masking, and words for people.

use pyo3::prelude::*;
use ringfence::edges::journal::{
    Header, Line, LineError, effect_from_json, effect_to_json, from_json, input_from_json, input_to_json, reply_from_json,
    reply_to_json, write_line,
};
use ringfence::edges::json::write;
use ringfence::edges::text::{self as words, Language};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::Policy;
use ringfence::values::time::{WeeklyRule, Zone};

use crate::errors::{Failure, guarded, value};
use crate::platform::{Keys, loaded};

/// Runs `call` and raises what it fails with.
pub(crate) fn run<T>(py: Python<'_>, call: impl FnOnce() -> Result<T, Failure>) -> PyResult<T> {
    guarded(call).map_err(|failure| failure.raise(py))
}

fn number(text: &str) -> Result<PhoneNumber, Failure> {
    PhoneNumber::parse(text).map_err(value)
}

/// The number as it is dialled.
#[pyfunction]
pub(crate) fn parse_number(py: Python<'_>, given: &str) -> PyResult<String> {
    run(py, || Ok(number(given)?.dialable()))
}

/// The number with its tail hidden.
#[pyfunction]
pub(crate) fn mask_number(py: Python<'_>, given: &str) -> PyResult<String> {
    run(py, || Ok(number(given)?.masked().to_string()))
}

/// The address in full.
#[pyfunction]
pub(crate) fn parse_address(py: Python<'_>, given: &str) -> PyResult<String> {
    run(py, || Ok(Address::parse(given).map_err(value)?.in_full()))
}

/// The zone's name.
#[pyfunction]
pub(crate) fn parse_zone(py: Python<'_>, given: &str) -> PyResult<&'static str> {
    run(py, || Ok(Zone::parse(given).map_err(value)?.name()))
}

/// Nothing, when the policy is in its ranges.
#[pyfunction]
pub(crate) fn check_policy(py: Python<'_>, policy_json: &str) -> PyResult<()> {
    run(py, || {
        let policy: Policy = from_json(policy_json).map_err(|error| named("policy", error))?;
        policy.check().map_err(value)
    })
}

/// Nothing, when the keys can be loaded.
#[pyfunction]
pub(crate) fn check_keyring(py: Python<'_>, keyring: Keys) -> PyResult<()> {
    run(py, || loaded(&keyring).map(|_| ()))
}

/// The policy that the core has by default.
#[pyfunction]
pub(crate) fn default_policy(py: Python<'_>) -> PyResult<String> {
    run(py, || Ok(write(&Policy::default())))
}

/// Nothing, when the rule is one.
#[pyfunction]
pub(crate) fn check_weekly_rule(py: Python<'_>, rule_json: &str) -> PyResult<()> {
    // The caller wrote no JSON, so a column would not help him.
    run(py, || from_json::<WeeklyRule>(rule_json).map(|_| ()).map_err(|error| Failure::Value(without_column(&error))))
}

/// A value of a journal line, checked, in its canonical form.
#[pyfunction]
pub(crate) fn canonical(py: Python<'_>, kind: &str, given: &str) -> PyResult<String> {
    run(py, || {
        let wrong = |error| named(kind, error);
        Ok(match kind {
            "input" => input_to_json(&input_from_json(given).map_err(wrong)?),
            "reply" => reply_to_json(&reply_from_json(given).map_err(wrong)?),
            "effect" => effect_to_json(&effect_from_json(given).map_err(wrong)?),
            _ => return Err(Failure::Value(format!("a journal line has no {kind}"))),
        })
    })
}

/// The first line of a journal.
#[pyfunction]
pub(crate) fn canonical_header(py: Python<'_>, policy_json: &str, keyring: Vec<String>, shard: u16) -> PyResult<String> {
    run(py, || {
        let policy = from_json(policy_json).map_err(|error| named("policy", error))?;
        Ok(write_line(&Line::Header(Header { keyring, shard, ..Header::new(policy) })))
    })
}

/// Words for a value of the core, given as JSON.
#[pyfunction]
#[pyo3(signature = (kind, value_json, language, zone = None))]
pub(crate) fn text(py: Python<'_>, kind: &str, value_json: &str, language: &str, zone: Option<&str>) -> PyResult<String> {
    run(py, || {
        let language = Language::parse(language).map_err(value)?;
        let read = |error| named(kind, error);
        Ok(match kind {
            "content" => words::content(&from_json(value_json).map_err(read)?, language),
            "challenge" => {
                let (challenge, code) = from_json(value_json).map_err(read)?;
                words::challenge(&challenge, code, language)
            }
            "binding_challenge" => {
                let (challenge, code) = from_json(value_json).map_err(read)?;
                words::binding_challenge(&challenge, code, language)
            }
            "call_reason" => words::call_reason(&from_json(value_json).map_err(read)?, language),
            "outcome" => words::outcome(from_json(value_json).map_err(read)?, language),
            "weekly_rule" => words::weekly_rule(&from_json(value_json).map_err(read)?, language),
            "prompt" => words::prompt(from_json(value_json).map_err(read)?, language).to_owned(),
            "deny_reason" => words::deny_reason(from_json(value_json).map_err(read)?, language).to_owned(),
            "missed_for_merchant" => words::missed_for_merchant(from_json(value_json).map_err(read)?, language).to_owned(),
            "missed" => words::missed(from_json(value_json).map_err(read)?, language).to_owned(),
            "reservation_state" => words::reservation_state(from_json(value_json).map_err(read)?, language).to_owned(),
            "call_mode" => words::call_mode(from_json(value_json).map_err(read)?, language).to_owned(),
            "release_cause" => words::release_cause(from_json(value_json).map_err(read)?, language).to_owned(),
            "reservation_action" => words::reservation_action(from_json(value_json).map_err(read)?, language).to_owned(),
            "hours_label" => words::hours_label(from_json(value_json).map_err(read)?, language).to_owned(),
            "window" => {
                let zone = Zone::parse(zone.unwrap_or("UTC")).map_err(value)?;
                words::window(&from_json(value_json).map_err(read)?, zone, language)
            }
            _ => return Err(Failure::Value(format!("there are no words for {kind}"))),
        })
    })
}

pub(crate) fn named(what: &str, error: LineError) -> Failure {
    Failure::Malformed(what.to_owned(), error)
}

fn without_column(error: &LineError) -> String {
    error.allowed.as_ref().map_or_else(|| error.wrong.clone(), |allowed| format!("{}; allowed: {allowed}", error.wrong))
}
