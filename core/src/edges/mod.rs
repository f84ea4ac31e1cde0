//! Floor 7: edges. Readers and writers around the core, each behind a feature and none with I/O of its own.
//!
//! Nothing below this floor knows it. [`journal`] is the line format of logs and scenarios, [`replay`] feeds such lines to a
//! [`Platform`](crate::Platform) and compares what comes out, `interop` reads what switches and gateways write, [`text`] says to people what the platform says in data.

#[cfg(feature = "interop")]
pub mod interop;
#[cfg(feature = "json")]
pub mod journal;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "json")]
pub mod replay;
#[cfg(feature = "text")]
pub mod text;
