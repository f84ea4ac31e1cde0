//! Failures as exceptions of `ringfence.errors`.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyType};
use ringfence::ChainError;
use ringfence::edges::journal::{LineError, refusal_to_json};
use ringfence::edges::replay::ReplayError;
use ringfence::values::refusal::{Family, Refusal};

/// The status that the C library has for a defect of the library itself.
const DEFECT: u32 = 6;
/// The status that the C library has for a platform that met a defect before.
const POISONED: u32 = 7;

/// Why a call into the core came to nothing.
pub(crate) enum Failure {
    /// The platform said no.
    Refusal(Refusal),
    /// A JSON text that the caller gave is no value of the core.
    Malformed(String, LineError),
    /// A line of a journal is malformed, or not met.
    Replay(ReplayError),
    /// A record is not the next of its chain.
    Chain(ChainError),
    /// Another value that the caller gave is wrong.
    Value(String),
    /// The core panicked, with this message.
    Panic(String),
    /// The core panicked before.
    Poisoned,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl Failure {
    /// The exception for it.
    pub(crate) fn raise(self, py: Python<'_>) -> PyErr {
        self.exception(py).unwrap_or_else(|error| error)
    }

    fn exception(self, py: Python<'_>) -> PyResult<PyErr> {
        let errors = py.import("ringfence.errors")?;
        Ok(match self {
            Self::Refusal(refusal) => {
                let family = match refusal.family() {
                    Family::Misuse => "misuse",
                    Family::Refused => "refused",
                    Family::Limit => "limit",
                };
                let fields = (family, refusal.code(), refusal.to_string(), refusal_to_json(&refusal));
                PyErr::from_value(errors.getattr("_from_core")?.call1(fields)?)
            }
            Self::Malformed(what, error) => PyValueError::new_err(format!("{what}: {error}")),
            Self::Value(message) => PyValueError::new_err(message),
            Self::Replay(ReplayError::Mismatch { line, path, expected, actual }) => {
                PyErr::from_value(errors.getattr("Mismatch")?.call1((line, path, expected, actual))?)
            }
            Self::Replay(ReplayError::Malformed { line, error }) => {
                PyErr::from_value(errors.getattr("Malformed")?.call1((line, error.column, error.wrong, error.allowed))?)
            }
            Self::Chain(error) => {
                let (reason, number) = match error {
                    ChainError::Missing { expected, .. } => ("missing", expected),
                    ChainError::Broken { number } => ("broken", number),
                };
                PyErr::from_value(errors.getattr("BrokenChain")?.call1((error.to_string(), number, reason))?)
            }
            Self::Panic(message) => {
                let message = format!(
                    "ringfence met a defect of its own ({message}). This object answers nothing any more: restore a platform \
                     from its last snapshot and journal, and report this with the journal, please"
                );
                internal(py, &errors, message, DEFECT)?
            }
            Self::Poisoned => {
                let message = "this object met a defect of ringfence before and answers nothing any more; restore a platform from its \
                               last snapshot and journal";
                internal(py, &errors, message.to_owned(), POISONED)?
            }
        })
    }
}

fn internal(py: Python<'_>, errors: &Bound<'_, PyModule>, message: String, code: u32) -> PyResult<PyErr> {
    let kind = errors.getattr("InternalError")?.cast_into::<PyType>()?;
    let reason = if code == DEFECT { "defect" } else { "poisoned" };
    let fields = [("code", code.into_pyobject(py)?.into_any()), ("reason", reason.into_pyobject(py)?.into_any())];
    Ok(PyErr::from_value(kind.call((message,), Some(&fields.into_py_dict(py)?))?))
}

/// A failure of a value that the caller gave.
pub(crate) fn value(error: impl ToString) -> Failure {
    Failure::Value(error.to_string())
}

/// Runs `call`; a panic becomes a [`Failure::Panic`].
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // Whatever `call` was about to change is given up by the caller: a platform behind a poisoned lock, or a value on the stack.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(Failure::Panic(message_of(panic.as_ref()))))
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
