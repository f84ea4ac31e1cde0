//! What users attach, by the rules: no reservation has what another one has, and what none has any more is erased.

use std::collections::BTreeSet;

use ringfence::values::effect::{Action, Erase};
use ringfence::values::id::{MediaId, ReservationId};
use ringfence::values::media::Attachment;
use ringfence::values::refusal::{Allowed, Bound, Field, Refusal};

use super::{Model, limit};

impl Model {
    pub(super) fn check_attachments(&self, attachments: &[Attachment], own: Option<ReservationId>) -> Result<(), Refusal> {
        if attachments.len() > self.policy.attachments_max as usize {
            return Err(limit(Bound::Attachments, self.policy.attachments_max));
        }
        for (place, attachment) in attachments.iter().enumerate() {
            if attachments[..place].iter().any(|earlier| earlier.media == attachment.media) {
                return Err(Refusal::Invalid { field: Field::Attachments, allowed: Allowed::NoRepeats });
            }
        }
        let mut others: BTreeSet<MediaId> =
            self.reservations.keys().filter(|id| Some(**id) != own).flat_map(|id| self.media_of(*id)).collect();
        others.extend(self.voice_media());
        for kept in &self.kept {
            if let Action::Erase(erase) = &kept.effect.action {
                others.extend(&erase.media);
            }
        }
        match attachments.iter().find(|attachment| others.contains(&attachment.media)) {
            Some(attachment) => Err(Refusal::MediaInUse { media: attachment.media }),
            None => Ok(()),
        }
    }

    /// What a reservation has attached, by its terms and by those that wait.
    pub(super) fn media_of(&self, id: ReservationId) -> BTreeSet<MediaId> {
        let Some(kept) = self.reservations.get(&id) else { return BTreeSet::new() };
        let waiting = kept.waiting.iter().flat_map(|terms| &terms.attachments);
        kept.attachments.iter().chain(waiting).map(|attachment| attachment.media).collect()
    }

    /// Of what a reservation had before, it tells the host to forget what it has no more.
    pub(super) fn erase_dropped(&mut self, id: ReservationId, before: &BTreeSet<MediaId>) {
        let media: Vec<MediaId> = before.difference(&self.media_of(id)).copied().collect();
        if !media.is_empty() {
            self.emit(Action::Erase(Erase { reservations: Vec::new(), media, voice_messages: Vec::new() }));
        }
    }
}
