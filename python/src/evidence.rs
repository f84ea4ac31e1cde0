//! What a failed call's evidence means, and readers of the headers that carry it.

use pyo3::prelude::*;
use ringfence::decisions::diagnosis;
use ringfence::edges::interop::isup::{CountryCode, Parameters};
use ringfence::edges::interop::{announcement, diversion, isup, reason};
use ringfence::edges::journal::from_json;
use ringfence::edges::json::write;

use crate::errors::{Failure, value};
use crate::words::{named, run};

/// The diagnosis of an evidence.
#[pyfunction]
pub(crate) fn diagnose(py: Python<'_>, evidence_json: &str) -> PyResult<String> {
    run(py, || {
        let evidence: ringfence::Evidence = from_json(evidence_json).map_err(|error| named("evidence", error))?;
        if !evidence.is_in_range() {
            return Err(Failure::Value(
                "evidence: a SIP status is 100 to 699, a Q.850 cause 0 to 127; a list has at most 16 entries, a text 256 characters".to_owned(),
            ));
        }
        Ok(write(&diagnosis::diagnose(&evidence)))
    })
}

/// The values of a Reason header.
#[pyfunction]
pub(crate) fn read_reason(py: Python<'_>, header: &str) -> PyResult<String> {
    run(py, || Ok(write(&reason::parse(header).map_err(value)?)))
}

/// The values of all the Reason headers of a message, and what could not be read.
#[pyfunction]
pub(crate) fn read_reasons(py: Python<'_>, headers: Vec<String>) -> PyResult<(String, Vec<String>)> {
    run(py, || {
        let read = reason::read(headers.iter().map(String::as_str));
        let wrong = read.wrong.iter().map(|(header, wrong)| format!("header {header}: {wrong}")).collect();
        Ok((write(&read.reasons), wrong))
    })
}

/// The redirections of a Diversion header.
#[pyfunction]
pub(crate) fn read_diversion(py: Python<'_>, header: &str) -> PyResult<String> {
    run(py, || Ok(write(&diversion::diversion(header).map_err(value)?)))
}

/// The redirections of a History-Info header.
#[pyfunction]
pub(crate) fn read_history_info(py: Python<'_>, header: &str) -> PyResult<String> {
    run(py, || Ok(write(&diversion::history_info(header).map_err(value)?)))
}

/// The redirections of all the History-Info and Diversion headers of a message.
#[pyfunction]
pub(crate) fn read_redirections(py: Python<'_>, history_info: Vec<String>, diversions: Vec<String>) -> PyResult<String> {
    run(py, || {
        let history_info: Vec<&str> = history_info.iter().map(String::as_str).collect();
        let diversions: Vec<&str> = diversions.iter().map(String::as_str).collect();
        Ok(write(&diversion::redirections(&history_info, &diversions).map_err(value)?))
    })
}

/// The redirecting number of an ISDN trunk.
#[pyfunction]
pub(crate) fn read_isdn_redirecting(py: Python<'_>, element: &[u8], country: u16) -> PyResult<String> {
    run(py, || Ok(write(&isup::isdn(element, country_code(country)?).map_err(value)?)))
}

/// The redirections of an ISUP initial address message.
#[pyfunction]
pub(crate) fn read_isup_redirections(
    py: Python<'_>,
    original_called: Option<&[u8]>,
    redirecting: Option<&[u8]>,
    information: Option<&[u8]>,
    country: u16,
) -> PyResult<String> {
    run(py, || {
        let parameters = Parameters { original_called, redirecting, information };
        Ok(write(&isup::isup(parameters, country_code(country)?).map_err(value)?))
    })
}

fn country_code(code: u16) -> Result<CountryCode, Failure> {
    CountryCode::new(code).ok_or_else(|| Failure::Value("country: a country code is 1 to 999".to_owned()))
}

/// The classes of an announcement.
#[pyfunction]
pub(crate) fn classify_announcement(py: Python<'_>, transcript: &str) -> PyResult<String> {
    run(py, || Ok(write(&announcement::classify(transcript))))
}
