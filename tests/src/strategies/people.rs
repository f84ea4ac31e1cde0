//! What users attach, and what is remembered of them.

use proptest::prelude::{Just, Strategy, prop_oneof};
use ringfence::values::id::MediaId;
use ringfence::values::media::{Attachment, MediaKind};
use ringfence::values::policy::Policy;

/// Policies whose bounds of what is kept of people are reached soon.
pub(super) fn with_people(policies: impl Strategy<Value = Policy>) -> impl Strategy<Value = Policy> {
    let attachments = prop_oneof![6 => Just(2_u32), 1 => 0..2_u32];
    (policies, attachments).prop_map(|(policy, attachments_max)| Policy { attachments_max, ..policy })
}

/// None, mostly; else up to three of a few, so that now and then one is another reservation's, or stands twice.
pub(super) fn attachments(dice: u32) -> Vec<Attachment> {
    let [how, first, second, kinds] = dice.to_le_bytes();
    let count = match how % 16 {
        0 => 3,
        1..=2 => 2,
        3..=6 => 1,
        _ => 0,
    };
    let attachment = |media: u8, place: u8| Attachment {
        media: MediaId::new(u64::from(media % 40) + 1),
        kind: [MediaKind::Picture, MediaKind::Voice, MediaKind::Video][usize::from(kinds % 3)],
        share: kinds >> (place + 2) & 1 == 1,
    };
    [attachment(first, 0), attachment(second, 1), attachment(first ^ second, 2)].into_iter().take(count).collect()
}
