//! What users attach to their bookings (产品截图): whose it is, and when the host must forget it.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::Appointments;
use super::records::Reservation;
use crate::halves::Context;
use crate::values::effect::{Action, Erase};
use crate::values::id::{MediaId, ReservationId};
use crate::values::media::Attachment;
use crate::values::refusal::{Allowed, Bound, Field, Refusal};

impl Appointments {
    /// What is to be attached: no more than the policy lets, nothing twice, nothing that another reservation has, and nothing that the host is
    /// about to forget.
    pub(super) fn check_attachments(
        &self,
        cx: &Context<'_>,
        attachments: &[Attachment],
        own: Option<ReservationId>,
    ) -> Result<(), Refusal> {
        let most = cx.policy.attachments_max;
        if attachments.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(Refusal::Limit { bound: Bound::Attachments, most: u64::from(most) });
        }
        let mut seen = BTreeSet::new();
        if !attachments.iter().all(|attachment| seen.insert(attachment.media)) {
            return Err(Refusal::Invalid { field: Field::Attachments, allowed: Allowed::NoRepeats });
        }
        let is_anothers = |media: &MediaId| self.media.owner(*media).is_some_and(|owner| Some(owner) != own);
        let is_recording = |media: &MediaId| cx.commons.recordings.contains(media);
        let is_taken = |media: &MediaId| is_anothers(media) || is_recording(media) || cx.outbox.erasing().contains(media);
        match attachments.iter().map(|attachment| attachment.media).find(is_taken) {
            Some(media) => Err(Refusal::MediaInUse { media }),
            None => Ok(()),
        }
    }

    /// Changes a reservation so that it may have other media. What it has no more the host must forget. An `erase` asks for no room: what it ends was
    /// attached once, and that asked.
    pub(super) fn change_media(&mut self, cx: &mut Context<'_>, id: ReservationId, change: impl FnOnce(&mut Reservation)) {
        let media = |half: &Self| half.reservations.get(id.get()).map_or_else(BTreeSet::new, |one| one.media().collect());
        let before: BTreeSet<MediaId> = media(self);
        self.update_reservation(id, change);
        let after = media(self);
        if before == after {
            return;
        }
        let left: Vec<MediaId> = before.difference(&after).copied().collect();
        self.media.detach(left.iter().copied());
        self.media.attach(id, after.difference(&before).copied());
        erase(cx, Vec::new(), left);
    }

    /// Whether one of these is attached to something.
    pub(crate) fn has_attached(&self, media: &BTreeSet<MediaId>) -> bool {
        media.iter().any(|media| self.media.owner(*media).is_some())
    }

    /// The book of media is what the reservations say.
    pub(super) fn check_media(&self) -> Result<(), String> {
        let mut attached = BTreeSet::new();
        for reservation in self.reservations.in_order() {
            let own: BTreeSet<MediaId> = reservation.media().collect();
            if own.iter().any(|media| self.media.owner(*media) != Some(reservation.id) || !attached.insert(*media)) {
                return Err(alloc::format!("media of reservation {} are another's, or nobody's (P7)", reservation.id));
            }
            let terms = [Some(&reservation.attachments), reservation.pending.as_ref().map(|terms| &terms.attachments)];
            let is_once = |list: &Vec<Attachment>| {
                let ids: BTreeSet<MediaId> = list.iter().map(|attachment| attachment.media).collect();
                ids.len() == list.len()
            };
            if !terms.into_iter().flatten().all(is_once) {
                return Err(alloc::format!("reservation {} has something attached twice", reservation.id));
            }
        }
        if attached.len() != self.media.len() {
            return Err(String::from("the book of media holds what nothing has"));
        }
        Ok(())
    }
}

/// Tells the host what to forget, in the order of ids, if there is anything.
pub(super) fn erase(cx: &mut Context<'_>, reservations: Vec<ReservationId>, mut media: Vec<MediaId>) {
    media.sort_unstable();
    if !reservations.is_empty() || !media.is_empty() {
        cx.emit(Action::Erase(Erase { reservations, media, voice_messages: Vec::new() }));
    }
}
