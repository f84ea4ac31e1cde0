//! Snapshots: the whole state as bytes, canonical, versioned and checksummed.
//!
//! ```text
//! "RFNC"  format: u16 LE  body length: u64 LE  body  XXH3-128 of all before: u128 LE
//! ```
//! The body is the state in [postcard](https://postcard.jamesmunns.com/wire-format)'s wire format, every collection in the order of ids. The same log gives the same
//! bytes on every machine and under every hash seed. What can be made anew (indexes, deadlines, the poll cursor) is not in it;
//! neither are keys.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_128;

use super::Platform;
use super::keyring::Keyring;
use crate::books::chain::Chain;
use crate::books::outbox::Outbox;
use crate::books::repeats::{Repeats, Taken};
use crate::halves::appointments::{Appointments, State};
use crate::halves::fallback::Fallback;
use crate::values::effect::Effect;
use crate::values::policy::Policy;
use crate::values::time::Timestamp;

const MAGIC: &[u8; 4] = b"RFNC";
/// The format that this version writes. A change of any record changes it.
pub const FORMAT: u16 = 1;
/// More effects than any platform emits: a snapshot that says so is forged.
const SEQUENCE_MAX: u64 = 1 << 62;
const HEAD: usize = 14;
const SUM: usize = 16;

/// Why bytes are not a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// It does not begin like one.
    #[error("these bytes are not a ringfence snapshot")]
    NotASnapshot,
    /// Written in a format that this version cannot read.
    #[error("the snapshot has format {found}; this version reads format {FORMAT}")]
    Format {
        /// The format found.
        found: u16,
    },
    /// Cut short or lengthened.
    #[error("the snapshot should be {expected} bytes long and is {found}")]
    Length {
        /// How long it says it is.
        expected: u64,
        /// How long it is.
        found: u64,
    },
    /// The checksum does not fit.
    #[error("the snapshot is damaged: its checksum does not fit")]
    Checksum,
    /// The checksum fits, but the content is no state that a platform can be in.
    #[error("the snapshot is not a state of a platform: {what}")]
    Content {
        /// What is wrong.
        what: String,
    },
}

impl RestoreError {
    /// The number of this error, in one numbering with the refusals; see [`Refusal::code`](crate::Refusal::code). A snapshot that was cut and
    /// one that was altered are both damaged.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::NotASnapshot => 141,
            Self::Format { .. } => 142,
            Self::Length { .. } | Self::Checksum => 143,
            Self::Content { .. } => 144,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Body {
    latest: Timestamp,
    policy: Policy,
    appointments: State,
    chain: Chain,
    repeats: Repeats,
    outbox: VecDeque<Effect>,
    next_sequence: u64,
}

impl Platform {
    fn body(&self) -> Vec<u8> {
        let body = Body {
            latest: self.latest,
            policy: self.policy.clone(),
            appointments: self.appointments.state(),
            chain: self.chain,
            repeats: self.repeats.clone(),
            outbox: self.outbox.kept().cloned().collect(),
            next_sequence: self.outbox.last_sequence().saturating_add(1),
        };
        // Writing into memory fails only when memory is out, which aborts before.
        postcard::to_allocvec(&body).unwrap_or_default()
    }

    /// The whole state as bytes, for [`restore`](Self::restore). Keys are not in it.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let body = self.body();
        let mut out = Vec::with_capacity(body.len().saturating_add(HEAD).saturating_add(SUM));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&u64::try_from(body.len()).unwrap_or(u64::MAX).to_le_bytes());
        out.extend_from_slice(&body);
        let sum = xxh3_128(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// A platform as it was when the snapshot was taken. Polling begins again at the first unconfirmed effect.
    ///
    /// # Errors
    /// [`RestoreError`] says whether the bytes are no snapshot, of another format, cut, damaged, or forged. Nothing panics on any bytes.
    pub fn restore(bytes: &[u8], keyring: Keyring, hash_seed: u64) -> Result<Self, RestoreError> {
        let body = check(bytes)?;
        let content = |what: &dyn core::fmt::Display| RestoreError::Content { what: alloc::format!("{what}") };
        let (body, rest): (Body, &[u8]) = postcard::take_from_bytes(body).map_err(|error| content(&error))?;
        if !rest.is_empty() {
            return Err(content(&"bytes are left over"));
        }
        body.policy.check().map_err(|error| content(&error))?;
        let is_in_order = body.outbox.iter().zip(body.outbox.iter().skip(1)).all(|(a, b)| a.sequence < b.sequence);
        let is_given = |effect: &Effect| effect.sequence > 0 && effect.sequence < body.next_sequence;
        if !is_in_order || !body.outbox.iter().all(is_given) || body.next_sequence == 0 || body.next_sequence > SEQUENCE_MAX {
            return Err(content(&"the sequence of effects is broken"));
        }
        if !body.repeats.is_consistent() {
            return Err(content(&"the book of repeats does not agree with itself"));
        }
        Ok(Self {
            latest: body.latest,
            policy: body.policy,
            keyring,
            outbox: Outbox::from_parts(body.outbox, body.next_sequence),
            chain: body.chain,
            repeats: body.repeats,
            appointments: Appointments::from_state(body.appointments, hash_seed).map_err(|what| content(&what))?,
            fallback: Fallback,
        })
    }

    /// A hash of the whole state (XXH3-128), for comparing replicas. Equal logs give equal hashes; what was polled does not count.
    #[must_use]
    pub fn state_hash(&self) -> u128 {
        xxh3_128(&self.body())
    }

    /// The state as a model checker compares it: instants relative to the latest seen, ids renumbered, counters, messages and policy left out.
    /// Two platforms with equal views and equal policies answer every further input alike, but for ids and instants.
    #[must_use]
    pub fn model_view(&self) -> Vec<u8> {
        let place = |leg| u64::try_from(self.appointments.place_of_leg(leg)).unwrap_or(u64::MAX);
        let waiting: Vec<_> = self
            .outbox
            .kept()
            .filter_map(|effect| {
                Some((place(effect.action.at_most_once_leg()?), effect.action.is_dial(), effect.action.is_answer()))
            })
            .collect();
        let is_full = self.outbox.len() >= usize::try_from(self.policy.outbox_max).unwrap_or(usize::MAX);
        let left = |taken: &Taken| (taken.body, taken.reply, taken.until.micros_since(self.latest));
        let repeats: Vec<_> = self.repeats.in_order().map(|(key, taken)| (key, left(taken))).collect();
        let view = (self.appointments.model_view(self.latest), repeats, waiting, is_full);
        postcard::to_allocvec(&view).unwrap_or_default()
    }
}

/// The body, if head, length and checksum fit.
fn check(bytes: &[u8]) -> Result<&[u8], RestoreError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(RestoreError::NotASnapshot)?;
    let (format, rest) = rest.split_first_chunk::<2>().ok_or(RestoreError::NotASnapshot)?;
    let found = u16::from_le_bytes(*format);
    if found != FORMAT {
        return Err(RestoreError::Format { found });
    }
    let (length, rest) = rest.split_first_chunk::<8>().ok_or(RestoreError::NotASnapshot)?;
    let (length, found) = (u64::from_le_bytes(*length), u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    let expected = length.saturating_add(30);
    let (body, sum) =
        rest.split_last_chunk::<SUM>().filter(|_| expected == found).ok_or(RestoreError::Length { expected, found })?;
    let summed = bytes.get(..bytes.len().saturating_sub(SUM)).unwrap_or_default();
    if xxh3_128(summed).to_le_bytes() == *sum { Ok(body) } else { Err(RestoreError::Checksum) }
}
