//! What a snapshot holds of this half, and the half made anew from it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::records::{Call, Leg, LiveChallenge, Reservation};
use super::{Appointments, Counters};
use crate::books::catalog::Catalog;
use crate::books::commons::Ids;
use crate::books::directory::Blocks;
use crate::books::law::Law;
use crate::books::lines::LineBook;
use crate::books::messages::Sent;
use crate::books::numbers::Numbers;
use crate::books::profiles::Profiles;
use crate::books::recent::Entry;
use crate::halves::checks::hold;
use crate::values::id::LegId;

/// Everything that a snapshot holds of this half, in the order of ids. The indexes are made anew from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    pub(crate) catalog: Catalog,
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) calls: Vec<Call>,
    pub(crate) legs: Vec<Leg>,
    pub(crate) challenges: Vec<LiveChallenge>,
    pub(crate) counters: Counters,
    pub(crate) numbers: Numbers,
    blocks: Blocks,
    pub(crate) law: Law,
    pub(crate) rings: Vec<Entry<LegId>>,
    pub(crate) profiles: Profiles,
    pub(crate) messages: Vec<Sent>,
}

/// The same, by reference: what a snapshot is written from.
#[derive(Debug, Serialize)]
pub struct StateView<'a> {
    catalog: &'a Catalog,
    reservations: Vec<&'a Reservation>,
    calls: Vec<&'a Call>,
    legs: Vec<&'a Leg>,
    challenges: Vec<&'a LiveChallenge>,
    counters: Counters,
    numbers: &'a Numbers,
    blocks: &'a Blocks,
    law: &'a Law,
    rings: Vec<Entry<LegId>>,
    profiles: &'a Profiles,
    messages: Vec<&'a Sent>,
}

impl Appointments {
    /// What a snapshot holds.
    #[must_use]
    pub fn state(&self) -> StateView<'_> {
        StateView {
            catalog: &self.catalog,
            reservations: self.reservations.in_order().collect(),
            calls: self.calls.in_order().collect(),
            legs: self.legs.in_order().collect(),
            challenges: self.challenges.in_order().collect(),
            counters: self.counters,
            numbers: &self.numbers,
            blocks: &self.blocks,
            law: &self.law,
            rings: self.rings.in_order().collect(),
            profiles: &self.profiles,
            messages: self.messages.in_order().collect(),
        }
    }

    /// A half as a snapshot holds it.
    ///
    /// # Errors
    /// The invariant that the state breaks, when it was not written from [`Appointments::state`].
    pub fn from_state(state: State, ids: &Ids, hash_seed: u64) -> Result<Self, String> {
        let mut half = Self::new(0, hash_seed);
        half.catalog = state.catalog;
        half.counters = state.counters;
        half.numbers = state.numbers;
        half.blocks = state.blocks;
        half.law = state.law;
        half.profiles = state.profiles;
        state.rings.into_iter().for_each(|ring| half.rings.put(ring));
        for message in state.messages {
            hold!(half.messages.remove(message.sequence).is_none(), "message {} is kept twice", message.sequence);
            half.messages.put(message, u32::MAX);
        }
        for merchant in half.catalog.merchants.values() {
            for line in &merchant.lines {
                let mut book = LineBook::new(merchant.id, line.channels);
                book.is_frozen = half.law.is_merchant_frozen(merchant.id);
                half.lines.insert(line.number, book);
            }
        }
        let pages: Vec<_> = half.catalog.pages.keys().copied().collect();
        for page in pages {
            half.index_page(page);
        }
        for merchant in half.catalog.owners().collect::<Vec<_>>() {
            half.count_page(merchant);
        }
        for leg in state.legs {
            half.restore_leg(leg);
        }
        for call in state.calls {
            half.restore_call(call);
        }
        for reservation in state.reservations {
            hold!(half.reservations.get(reservation.id.get()).is_none(), "reservation {} stands twice", reservation.id);
            half.add_reservation(reservation);
        }
        half.restore_rung_for();
        for challenge in state.challenges {
            hold!(half.challenges.get(challenge.id.get()).is_none(), "challenge {} stands twice", challenge.id);
            half.restore_challenge(challenge);
        }
        half.check_invariants(ids)?;
        Ok(half)
    }
}
