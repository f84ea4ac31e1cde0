//! What judges `ringfence`, and hosts of it.
//!
//! - [`model`]: a second platform, slow and obvious, that predicts every reply, refusal and effect.
//! - [`strategies`]: worlds and what happens in them, for property tests; [`proptest`] strategies that anyone may use.
//! - [`checker`]: judges a trace against the promises, without knowing the engine.
//! - [`trace`]: what went into a platform and came out, as lines of JSON.
//! - [`codes`]: the codes that prove a contact number, made a second time.
//! - [`host`]: a simulated host, with its switch and its faults, for one story.
//! - [`causes`]: everything that networks say when calls fail.
//! - [`simulator`]: a seeded world of many days, judged by the checker; the program `simulate` runs it.

pub mod causes;
pub mod checker;
pub mod codes;
pub mod host;
mod hours;
pub mod model;
pub mod simulator;
pub mod strategies;
pub mod trace;
