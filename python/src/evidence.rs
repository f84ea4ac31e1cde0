//! What a failed call's evidence means, and readers of the headers that carry it.

use pyo3::prelude::*;
use ringfence::decisions::diagnosis;
use ringfence::edges::interop::{announcement, diversion, reason};
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

/// The classes of an announcement.
#[pyfunction]
pub(crate) fn classify_announcement(py: Python<'_>, transcript: &str) -> PyResult<String> {
    run(py, || Ok(write(&announcement::classify(transcript))))
}
