//! `ringfence`: a call rings only inside the fence that its receiver set.
//!
//! A pure, I/O-free state machine that decides whether a call may ring, who is called first, and what follows. A host (a switch, a
//! script, a test) feeds it what happened ([`Input`]) and does what it answers ([`Effect`]). Begin at [`Platform`].
//!
//! The crate is built in floors; a file uses only what stands below it: [`values`], `machines`, `decisions`, `books`, `halves`,
//! [`platform`], [`edges`]. The [`manual`] says what it does and why.
//!
//! # What is promised from version to version
//! [`Platform`], what this page re-exports, [`values`], [`edges`] and the [`manual`]. The floors between (`machines`, `decisions`, `books`,
//! `halves`) are open to the tests of this workspace and to readers; they may change in any version.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]
#![deny(
    // No input panics (P13).
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    // One log, one answer (P12): see clippy.toml.
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::iter_over_hash_type,
    // no_std stays no_std.
    clippy::alloc_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]
// A test may overflow: it fails then.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]
#![warn(clippy::allow_attributes_without_reason)]

extern crate alloc;

#[doc(hidden)]
pub mod books;
#[doc(hidden)]
pub mod decisions;
pub mod edges;
#[doc(hidden)]
pub mod halves;
#[doc(hidden)]
pub mod machines;
pub mod manual;
pub mod platform;
pub mod values;

pub use crate::books::bindings::{Binding, BindingCode};
pub use crate::books::chain::{Chain, ChainError};
pub use crate::books::keyring::{KeyError, Keyring};
pub use crate::books::profiles::Profile;
pub use crate::books::voice_messages::{Caller, Road, VoiceMessage};
pub use crate::halves::appointments::records::{Call, Closed, Leg, LiveChallenge, Reservation};
pub use crate::machines::binding::BindingState;
pub use crate::machines::voice_message::VoiceMessageState;
pub use crate::platform::snapshot::RestoreError;
pub use crate::platform::{Platform, Progress, Why};
pub use crate::values::account::AccountId;
pub use crate::values::code::Code;
pub use crate::values::effect::{Action, Effect};
pub use crate::values::evidence::Evidence;
pub use crate::values::id::{
    BindingId, CallId, ChallengeId, GroupId, LegId, MerchantId, MessageId, OfferingId, PageId, ReservationId, VoiceMessageId,
    shard_of,
};
pub use crate::values::input::{CallTarget, Dedup, Input, RequestCall};
pub use crate::values::number::{Address, MaskedNumber, PhoneNumber};
pub use crate::values::policy::{CallMode, Policy, PolicyError};
pub use crate::values::refusal::Refusal;
pub use crate::values::reply::{DenyReason, Reply, Verdict};
pub use crate::values::time::{Timestamp, Window, Zone};

/// The examples of the README, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
