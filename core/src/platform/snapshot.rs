//! Snapshots: the whole state as bytes, canonical, versioned and checksummed.
//!
//! ```text
//! "RFNC"  format: u16 LE  body length: u64 LE  body  XXH3-128 of all before: u128 LE
//! ```
//! The body is the state in [postcard](https://postcard.jamesmunns.com/wire-format)'s wire format, every collection in the order of ids. The same log gives the same
//! bytes on every machine and under every hash seed. What can be made anew (indexes, deadlines, the poll cursor) is not in it;
//! neither are keys.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_128;

use super::Platform;
use crate::books::chain::Chain;
use crate::books::commons::{Commons, CommonsState};
use crate::books::keyring::Keyring;
use crate::books::outbox::{Outbox, page_in};
use crate::books::repeats::{Repeats, Taken};
use crate::books::voice_messages::VoiceMessage;
use crate::halves::appointments::{Appointments, State, StateView};
use crate::halves::fallback::{self, Fallback};
use crate::values::effect::{Action, BookingPage, Effect, Send, UserContent};
use crate::values::id::MessageId;
use crate::values::number::Address;
use crate::values::policy::{Policy, most};
use crate::values::text::Text;
use crate::values::time::Timestamp;
use crate::values::wire;

const MAGIC: &[u8; 4] = b"RFNC";
/// The format that this version writes. A change of any record changes it.
pub const FORMAT: u16 = 1;
/// More effects than any platform emits: a snapshot that says so is forged.
const SEQUENCE_MAX: u64 = 1 << 62;
/// More room in the outbox than this is alike to a model checker: an input emits less at once in its scopes.
const ROOM_VIEWED: usize = 16;
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
    /// A key that the platform needs is not in the keyring: codes are made under it, or one that was is still out.
    #[error("no key is loaded under the id {id}, and the platform needs it")]
    KeyMissing {
        /// Its id.
        id: Text,
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
            Self::KeyMissing { .. } => 149,
        }
    }
}

/// The body as it is read.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct Body {
    latest: Timestamp,
    policy: Policy,
    key: Option<Text>,
    appointments: State,
    chain: Chain,
    commons: CommonsState,
    fallback: fallback::State,
    repeats: Repeats,
    /// The pages in the effects, each once: a push to many users holds one.
    pages: Vec<Arc<BookingPage>>,
    outbox: Vec<Waiting>,
    next_sequence: u64,
}

/// The body as it is written: the same fields, by reference.
#[derive(Serialize)]
struct BodyView<'a> {
    latest: Timestamp,
    policy: &'a Policy,
    key: &'a Option<Text>,
    appointments: StateView<'a>,
    chain: Chain,
    commons: CommonsState,
    fallback: fallback::StateView<'a>,
    repeats: &'a Repeats,
    pages: Vec<&'a BookingPage>,
    outbox: Vec<Waiting>,
    next_sequence: u64,
}

/// An unconfirmed effect.
#[derive(Serialize, Deserialize)]
enum Waiting {
    /// As it is. Never one with a page.
    Effect(Effect),
    /// A page to a user, by its place among the pages.
    Page { sequence: u64, message: MessageId, to: Address, page: u32 },
}

impl Waiting {
    fn of(effect: &Effect, places: &BTreeMap<*const BookingPage, u32>) -> Self {
        let place = page_in(&effect.action).and_then(|page| places.get(&Arc::as_ptr(page)));
        match (&effect.action, place) {
            (Action::Send(send), Some(page)) => {
                Self::Page { sequence: effect.sequence, message: send.message, to: send.to.clone(), page: *page }
            }
            (_, _) => Self::Effect(effect.clone()),
        }
    }

    fn into_effect(self, pages: &[Arc<BookingPage>]) -> Option<Effect> {
        match self {
            Self::Effect(effect) => Some(effect).filter(|effect| page_in(&effect.action).is_none()),
            Self::Page { sequence, message, to, page } => {
                let page = pages.get(usize::try_from(page).ok()?)?.clone();
                let send = Send::to_user(message, to, UserContent::BookingPage(page));
                Some(Effect { sequence, action: Action::Send(send) })
            }
        }
    }
}

impl Platform {
    fn body(&self) -> BodyView<'_> {
        let places = self.outbox.pages().contents().map(Arc::as_ptr).zip(0_u32..).collect();
        BodyView {
            latest: self.latest,
            policy: &self.policy,
            key: &self.key,
            appointments: self.appointments.state(),
            chain: self.chain,
            commons: self.commons.state(),
            fallback: self.fallback.state(),
            repeats: &self.repeats,
            outbox: self.outbox.kept().map(|effect| Waiting::of(effect, &places)).collect(),
            pages: self.outbox.pages().contents().map(AsRef::as_ref).collect(),
            next_sequence: self.outbox.last_sequence().saturating_add(1),
        }
    }

    /// The whole state as it is written into a snapshot, for a serializer of one's own.
    #[doc(hidden)]
    #[must_use]
    pub fn written(&self) -> impl Serialize + '_ {
        self.body()
    }

    /// The whole state as bytes, for [`restore`](Self::restore). Keys are not in it.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        seal(&self.body())
    }

    /// A platform as it was when the snapshot was taken. Polling begins again at the first unconfirmed effect.
    ///
    /// # Errors
    /// [`RestoreError`] says whether the bytes are no snapshot, of another format, cut, damaged, or forged, or a key is missing that is in use. Nothing panics on any bytes.
    pub fn restore(bytes: &[u8], keyring: Keyring, hash_seed: u64) -> Result<Self, RestoreError> {
        let written = check(bytes)?;
        let content = |what: &dyn core::fmt::Display| RestoreError::Content { what: alloc::format!("{what}") };
        let (body, rest): (Body, &[u8]) = postcard::take_from_bytes(written).map_err(|error| content(&error))?;
        if !rest.is_empty() {
            return Err(content(&"bytes are left over"));
        }
        body.policy.check().map_err(|error| content(&error))?;
        let (pages, next_sequence) = (body.pages, body.next_sequence);
        let outbox: Option<Vec<Effect>> = body.outbox.into_iter().map(|waiting| waiting.into_effect(&pages)).collect();
        let outbox = outbox.ok_or_else(|| content(&"an effect has no page, or holds one"))?;
        let is_in_order = outbox.iter().zip(outbox.iter().skip(1)).all(|(a, b)| a.sequence < b.sequence);
        let is_given = |effect: &Effect| effect.sequence > 0 && effect.sequence < next_sequence;
        if !is_in_order || !outbox.iter().all(is_given) || next_sequence == 0 || next_sequence > SEQUENCE_MAX {
            return Err(content(&"the sequence of effects is broken"));
        }
        if !body.repeats.is_consistent() {
            return Err(content(&"the book of repeats does not agree with itself"));
        }
        let mut commons = Commons::from_state(body.commons);
        let appointments = Appointments::from_state(body.appointments, &commons.ids, hash_seed).map_err(|what| content(&what))?;
        let fallback = Fallback::from_state(body.fallback, &commons.ids).map_err(|what| content(&what))?;
        commons.recordings = fallback.recordings().collect();
        let platform = Self {
            latest: body.latest,
            policy: body.policy,
            keyring,
            key: body.key,
            outbox: Outbox::from_parts(pages, outbox, next_sequence),
            chain: body.chain,
            commons,
            repeats: body.repeats,
            appointments,
            fallback,
        };
        platform.check_bounds().map_err(|what| content(&what))?;
        // What this state would be written as; whatever else says the same was not written by a platform.
        if !wire::is_written_as(&platform.body(), written) {
            return Err(content(&"it is not written as this state is"));
        }
        let missing = platform.keys_in_use().find(|id| !platform.keyring.has(id)).cloned();
        missing.map_or(Ok(platform), |id| Err(RestoreError::KeyMissing { id }))
    }

    /// What must hold beyond the indexes, so that everything ends and no number is given twice.
    pub(super) fn check_bounds(&self) -> Result<(), String> {
        let ids = &self.commons.ids;
        self.commons.check(self.latest, self.chain.shard())?;
        self.appointments.check_bounds(self.latest, self.chain.shard(), self.outbox.last_sequence(), ids)?;
        self.fallback.check_bounds(self.latest, self.chain.shard(), self.outbox.last_sequence())?;
        for effect in self.outbox.kept() {
            self.fallback.check_effect(self.latest, effect)?;
            let leg = effect.action.at_most_once_leg();
            let is_callers = leg.is_some_and(|leg| self.fallback.has_leg(leg));
            // Of a merchant's leg that both halves have each judges what it says to it, and both the `answer` that they wait for.
            let is_shared = leg.is_some_and(|leg| self.appointments.leg(leg).is_some()) && effect.action.is_answer();
            if !is_callers || is_shared || matches!(effect.action, Action::Dial(_) | Action::Play(_)) {
                self.appointments.check_effect(self.latest, ids, effect)?;
            }
        }
        if !self.fallback.recordings().eq(self.commons.recordings.iter().copied()) {
            return Err("the recordings are not those of the voice messages".into());
        }
        if self.appointments.has_attached(&self.commons.recordings) {
            return Err("the recording of a voice message is attached to a reservation".into());
        }
        self.check_crossing()?;
        if !self.outbox.pages().is_sound() {
            return Err("a page stands in no effect, or twice".into());
        }
        let erased: usize = self.outbox.kept().map(|effect| effect.action.erased().len()).sum();
        let is_recording = !self.commons.recordings.is_disjoint(self.outbox.erasing());
        if erased != self.outbox.erasing().len() || is_recording || self.appointments.has_attached(self.outbox.erasing()) {
            return Err("media that are attached, or erased already, are to be erased".into());
        }
        if self.chain.last() > SEQUENCE_MAX {
            return Err("the chain of audits is longer than any".into());
        }
        if !self.repeats.ends_by(self.latest.saturating_add_s(u64::from(most::DEDUP_RETENTION_S))) {
            return Err("an input is remembered longer than any policy lets it".into());
        }
        Ok(())
    }

    /// A hash of the whole state (XXH3-128), for comparing replicas. Equal logs give equal hashes; what was polled does not count.
    #[must_use]
    pub fn state_hash(&self) -> u128 {
        xxh3_128(&wire::bytes(&self.body()).unwrap_or_default())
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
                let is_record = matches!(effect.action, Action::Record(_));
                Some((place(effect.action.at_most_once_leg()?), effect.action.is_dial(), effect.action.is_answer(), is_record))
            })
            .collect();
        let room = usize::try_from(self.policy.outbox_max).unwrap_or(usize::MAX).saturating_sub(self.outbox.len());
        let left = |taken: &Taken| (taken.body, taken.reply, taken.until.micros_since(self.latest));
        let repeats: Vec<_> = self.repeats.in_order().map(|(key, taken)| (key, left(taken))).collect();
        let half = self.appointments.model_view(&self.policy, self.latest);
        let sent = self.appointments.messages_view(&self.policy, self.latest, self.outbox.last_sequence());
        // Which call each merchant's message is left in, and which reservation its merchant will be told of.
        let reserved = |message: &VoiceMessage| {
            let under = message.under?;
            Some((message.leg.map(place), self.appointments.place_of_reservation(under.reservation)))
        };
        let reserved: Vec<_> = self.fallback.voice_messages().filter_map(reserved).collect();
        let view = (
            half,
            self.fallback.model_view(self.latest),
            reserved,
            self.commons.view(self.latest),
            sent,
            repeats,
            waiting,
            self.outbox.erasing(),
            room.min(ROOM_VIEWED),
            &self.key,
        );
        wire::bytes(&view).unwrap_or_default()
    }
}

/// The bytes of a snapshot with this body. A state that cannot be written gives no snapshot, not one of nothing: `restore` refuses what is left.
fn seal<T: Serialize>(body: &T) -> Vec<u8> {
    wire::bytes(body).map_or_else(Vec::new, |body| sealed(&body))
}

/// A body with its head and its checksum.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len().saturating_add(HEAD).saturating_add(SUM));
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&u64::try_from(body.len()).unwrap_or(u64::MAX).to_le_bytes());
    out.extend_from_slice(body);
    let sum = xxh3_128(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
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

#[cfg(test)]
#[path = "forged.rs"]
mod forged;

#[cfg(test)]
#[path = "forged_reserved.rs"]
mod forged_reserved;
