//! `_ringfence`: the extension module under the Python package `ringfence`, and no behaviour of its own.
//!
//! Values cross as the JSON of the journal, instants as microseconds; the package makes Python classes of them. What fails is raised
//! as one of the classes of `ringfence.errors`. No panic leaves this module as anything but a Python exception: every call
//! into the core runs inside `Platform::with` or `guarded`.
#![allow(unsafe_code, reason = "PyO3's macros write the functions that Python calls")]

mod chain;
mod errors;
mod evidence;
mod platform;
mod replayer;
mod wechat;
mod words;

use pyo3::prelude::*;

/// The extension module.
#[pymodule(name = "_ringfence")]
mod extension {
    #[pymodule_export]
    use crate::chain::Chain;
    #[pymodule_export]
    use crate::evidence::{
        classify_announcement, diagnose, read_diversion, read_history_info, read_isdn_redirecting, read_isup_redirections,
        read_reason, read_reasons, read_redirections,
    };
    #[pymodule_export]
    use crate::platform::Platform;
    #[pymodule_export]
    use crate::replayer::Replayer;
    #[pymodule_export]
    use crate::wechat::{wechat_answer, wechat_event, wechat_subscription, wechat_template};
    #[pymodule_export]
    use crate::words::{
        canonical, canonical_header, check_keyring, check_policy, check_weekly_rule, default_policy, mask_number, parse_address,
        parse_number, parse_zone, text,
    };

    use pyo3::prelude::*;
    use ringfence::values::time::Zone;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("TZDB_VERSION", Zone::tzdb_version())?;
        module.add("JOURNAL_FORMAT", ringfence::edges::journal::FORMAT)
    }
}
