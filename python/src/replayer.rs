//! Replaying a journal, line by line.

use std::sync::Mutex;
use std::sync::PoisonError;

use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;
use ringfence::edges::replay::{Options, Output};

use crate::errors::{Failure, guarded};
use crate::platform::{Keys, loaded};

/// Takes the lines of a journal or scenario in order.
#[pyclass(module = "ringfence._ringfence", frozen)]
pub(crate) struct Replayer {
    inner: Mutex<Inner>,
}

struct Inner {
    replayer: ringfence::edges::replay::Replayer,
    is_poisoned: bool,
}

impl Replayer {
    fn with<T>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&mut ringfence::edges::replay::Replayer) -> Result<T, Failure>,
    ) -> PyResult<T> {
        let mut inner = self.inner.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        let result = if inner.is_poisoned { Err(Failure::Poisoned) } else { guarded(|| call(&mut inner.replayer)) };
        inner.is_poisoned |= matches!(result, Err(Failure::Panic(_)));
        result.map_err(|failure| failure.raise(py))
    }
}

#[pymethods]
impl Replayer {
    #[new]
    fn new(py: Python<'_>, hash_seed: u64, any_tzdb: bool, keyring: Keys) -> PyResult<Self> {
        let keyring = guarded(|| loaded(&keyring)).map_err(|failure| failure.raise(py))?;
        let replayer = ringfence::edges::replay::Replayer::with_keyring(Options { hash_seed, any_tzdb }, keyring);
        Ok(Self { inner: Mutex::new(Inner { replayer, is_poisoned: false }) })
    }

    /// What came out of the line, as expectation lines.
    fn feed(&self, py: Python<'_>, number: usize, line: &str) -> PyResult<Vec<String>> {
        self.with(py, |replayer| {
            let outputs = replayer.feed(number, line).map_err(Failure::Replay)?;
            Ok(outputs.iter().map(Output::to_line).collect())
        })
    }

    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |replayer| replayer.finish().map_err(Failure::Replay))
    }

    fn effects_not_compared(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |replayer| Ok(replayer.effects_not_compared()))
    }
}
