//! What users attach: a merchant hears of what is shared and of nothing else (P7), and the host is told to forget what no reservation has any more (P9).

use std::collections::{BTreeMap, BTreeSet};

use ringfence::values::effect::{Erase, ReservationForMerchant};
use ringfence::values::id::{MediaId, ReservationId};
use ringfence::values::media::{Attachment, SharedMedia};

use super::{Judged, Promise};

/// What every revision of the reservations that are kept has attached, and what was not erased of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Media {
    attached: BTreeMap<(ReservationId, u32), Vec<Attachment>>,
    held: BTreeMap<MediaId, ReservationId>,
}

impl Media {
    /// A reservation begins, or has new terms. What they do not speak of stays as it was.
    pub(super) fn take(&mut self, reservation: ReservationId, revision: u32, attachments: Option<&[Attachment]>) -> Judged {
        let before = self.attached.get(&(reservation, revision.saturating_sub(1)));
        let now = attachments.map(<[_]>::to_vec).or_else(|| before.cloned()).unwrap_or_default();
        for attachment in &now {
            if self.held.insert(attachment.media, reservation).is_some_and(|other| other != reservation) {
                return Err((Promise::P7, format!("media {} is attached to two reservations", attachment.media)));
            }
        }
        self.attached.insert((reservation, revision), now);
        Ok(())
    }

    /// Whether these are other attachments than a reservation has by its last terms.
    pub(super) fn would_change(&self, reservation: ReservationId, attachments: Option<&[Attachment]>) -> bool {
        let of_it = self.attached.range((reservation, 0)..=(reservation, u32::MAX)).next_back();
        attachments.is_some_and(|now| of_it.map_or(&[][..], |(_, kept)| kept.as_slice()) != now)
    }

    /// What a merchant is told of a revision.
    pub(super) fn told(&self, content: &ReservationForMerchant) -> Judged {
        let attached = self.attached.get(&(content.reservation, content.revision)).map_or(&[][..], Vec::as_slice);
        if content.media == SharedMedia::among(attached) {
            return Ok(());
        }
        Err((
            Promise::P7,
            format!("the merchant is told of other media of reservation {} than its user shares", content.reservation),
        ))
    }

    /// A reservation left: what it had has to be erased in the same step.
    pub(super) fn leaves(&mut self, reservation: ReservationId) {
        self.attached.retain(|(of, _), _| *of != reservation);
    }

    /// The host is told to forget.
    pub(super) fn erase(&mut self, erase: &Erase) -> Judged {
        for media in &erase.media {
            let Some(reservation) = self.held.remove(media) else {
                return Err((Promise::P9, format!("media {media} is erased, and nothing had it")));
            };
            let last = self.attached.iter().rev().find(|((of, _), _)| *of == reservation);
            let is_forgotten = erase.reservations.contains(&reservation);
            if !is_forgotten && last.is_some_and(|(_, attached)| attached.iter().any(|attachment| attachment.media == *media)) {
                return Err((Promise::P9, format!("media {media} is erased, and reservation {reservation} still has it")));
            }
        }
        Ok(())
    }

    /// At the end of a step: nothing is left of reservations that are gone.
    pub(super) fn all_erased(&self) -> Judged {
        let kept: BTreeSet<ReservationId> = self.attached.keys().map(|(reservation, _)| *reservation).collect();
        match self.held.iter().find(|(_, reservation)| !kept.contains(reservation)) {
            None => Ok(()),
            Some((media, _)) => Err((Promise::P9, format!("media {media} is of a reservation that left, and was not erased"))),
        }
    }

    /// For the view: what judges later messages and erasures.
    pub(super) fn view(&self) -> String {
        format!("{self:?}")
    }
}
