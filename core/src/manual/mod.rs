//! The manual.

#[doc = include_str!("rules.md")]
pub mod rules {}
