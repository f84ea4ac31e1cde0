//! Media: which reservation has what its user attached. Each is one reservation's only, so that its end is the reservation's, and so is the choice to share it.

use alloc::collections::BTreeMap;

use crate::values::id::{MediaId, ReservationId};

/// The media of every reservation that is kept, made anew from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    of: BTreeMap<MediaId, ReservationId>,
}

impl Media {
    /// The reservation that has it.
    #[must_use]
    pub fn owner(&self, media: MediaId) -> Option<ReservationId> {
        self.of.get(&media).copied()
    }

    /// These are attached to a reservation.
    pub fn attach(&mut self, reservation: ReservationId, media: impl IntoIterator<Item = MediaId>) {
        self.of.extend(media.into_iter().map(|media| (media, reservation)));
    }

    /// These are attached to nothing any more.
    pub fn detach(&mut self, media: impl IntoIterator<Item = MediaId>) {
        for media in media {
            self.of.remove(&media);
        }
    }

    /// How many are attached.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether nothing is attached to anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }
}
