//! Fuzz targets: functions of bytes that panic when a promise is broken (P13 first of all, and what the checker judges).
//!
//! Each stands here once. The crate in `tests/fuzz` hands them to libFuzzer, and an ordinary test reads every file of the committed corpora
//! through them, on any toolchain. A carrier who wraps the platform can fuzz his own wrapper with the same bytes.
//!
//! ```
//! use ringfence_testing::fuzz::{TARGETS, handle};
//!
//! // The first byte is a way to begin, and the rest what happens then: nothing, any input, a crash.
//! handle(&[0, 0, 16, 1, 160, 26, 28]);
//! assert!(TARGETS.iter().any(|target| target.name == "handle"));
//! ```

mod bytes;
mod decoders;
mod handle;
mod lines;
mod snapshots;

pub use decoders::{interop, values};
pub use handle::handle;
pub use lines::lines;
pub use snapshots::{forged, snapshot};

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its corpus.
    pub name: &'static str,
    /// What it takes, and judges.
    pub body: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 6] = [
    Target { name: "handle", body: handle },
    Target { name: "lines", body: lines },
    Target { name: "snapshot", body: snapshot },
    Target { name: "forged", body: forged },
    Target { name: "interop", body: interop },
    Target { name: "values", body: values },
];
