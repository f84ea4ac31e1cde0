//! Checking the chain of audits.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;
use ringfence::Action;
use ringfence::edges::journal::effect_from_json;

use crate::errors::{Failure, guarded};

/// Checks that audits are one chain, one after the other.
#[pyclass(module = "ringfence._ringfence", frozen)]
pub(crate) struct Chain {
    inner: Mutex<ringfence::Chain>,
}

impl Chain {
    fn with<T>(&self, py: Python<'_>, call: impl FnOnce(&mut ringfence::Chain) -> Result<T, Failure>) -> PyResult<T> {
        // The chain moves on only after it has checked a record, so one that met a defect is where it was.
        let mut inner = self.inner.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        guarded(|| call(&mut inner)).map_err(|failure| failure.raise(py))
    }
}

#[pymethods]
impl Chain {
    #[new]
    const fn new(shard: u16) -> Self {
        Self { inner: Mutex::new(ringfence::Chain::new(shard)) }
    }

    /// The number of the last record.
    fn last(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |chain| Ok(chain.last()))
    }

    /// Checks that an effect is the next audit.
    fn verify(&self, py: Python<'_>, effect_json: &str) -> PyResult<()> {
        self.with(py, |chain| {
            let effect = effect_from_json(effect_json).map_err(|error| Failure::Malformed("audit".to_owned(), error))?;
            let Action::Audit(audit) = &effect.action else { return Err(Failure::Value("this effect is no audit".to_owned())) };
            chain.verify(audit).map_err(Failure::Chain)
        })
    }
}
