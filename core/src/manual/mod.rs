//! The manual: what the platform does and why, for those who use it and those who write a second one.
//!
//! - [`host`]: what a host must do, in order, and what it must never do
//! - [`time`]: instants, deadlines, lateness
//! - [`rules`]: every rule of the appointment half, exactly
//! - [`missed_calls`]: every rule of the missed-call half, exactly
//! - [`states`]: the tables and diagrams of the machines, made from the code
//! - [`defaults`]: every default of the policy, and its reason

#[doc = include_str!("defaults.md")]
pub mod defaults {}

#[doc = include_str!("host.md")]
pub mod host {}

#[doc = include_str!("missed_calls.md")]
pub mod missed_calls {}

#[doc = include_str!("rules.md")]
pub mod rules {}

#[doc = include_str!("states.md")]
pub mod states {}

#[doc = include_str!("time.md")]
pub mod time {}
