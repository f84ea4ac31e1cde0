//! What users attach, and what is remembered of them.

use proptest::prelude::{Just, Strategy, prop_oneof};
use ringfence::values::id::{MediaId, MerchantId};
use ringfence::values::input::{ForgetMe, Input, ProfileField, SetProfile};
use ringfence::values::media::{Attachment, MediaKind};
use ringfence::values::number::Address;
use ringfence::values::policy::Policy;
use ringfence::values::text::Text;

use super::moves::{Pick, one};
use super::worlds::{World, chatbot};
use crate::model::Model;

/// Policies whose bounds of what is kept of people are reached soon.
pub(super) fn with_people(policies: impl Strategy<Value = Policy>) -> impl Strategy<Value = Policy> {
    let attachments = prop_oneof![6 => Just(2_u32), 1 => 0..2_u32];
    let profiles = (prop_oneof![3 => Just(true), 1 => Just(false)], prop_oneof![3 => Just(5_u32), 1 => Just(1_u32)]);
    let life = prop_oneof![3 => Just(86_400_u32), 1 => Just(20_u32)];
    (policies, attachments, profiles, life).prop_map(
        |(policy, attachments_max, (profiles_remembered, profiles_max), profile_life_s)| Policy {
            attachments_max,
            profiles_remembered,
            profiles_max,
            profile_life_s,
            ..policy
        },
    )
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

/// Whether a booking has to do with the profile: mostly as the policy says.
pub(super) fn remember(dice: u32) -> Option<bool> {
    match dice % 11 {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// A user changes what is remembered of him.
pub(super) fn set_profile(world: &World, pick: Pick) -> Input {
    let [how, what] = pick.to_le_bytes();
    let user = one(&world.users, u16::from(what)).unwrap_or_else(|| chatbot(MerchantId::new(1)));
    let user = if how % 23 == 22 { chatbot(MerchantId::new(1)) } else { user };
    let name = match how % 5 {
        0 => Some(Text::from("赵六")),
        1 if what.is_multiple_of(3) => Some(Text::from("赵".repeat(usize::from(what % 40)))),
        _ => None,
    };
    let email = match how % 7 {
        0 | 1 => Address::parse("mailto:li@example.com").ok(),
        2 if what.is_multiple_of(2) => Some(user.clone()),
        _ => None,
    };
    let fields = [ProfileField::Name, ProfileField::Contact, ProfileField::Email];
    let erase = fields.into_iter().zip(0..).filter(|(_, place)| what >> place & 1 == 1 && what >> (place + 3) & 1 == 1);
    Input::SetProfile(SetProfile { user, name, email, erase: erase.map(|(field, _)| field).collect() })
}

/// Somebody wants to be forgotten: the sender of a reservation, the holder of its phone, or any user.
pub(super) fn forget(world: &World, pick: Pick, model: &Model) -> Input {
    let kept = one(&model.reservations(), pick / 16);
    let any = one(&world.users, pick / 16).unwrap_or_else(|| chatbot(MerchantId::new(1)));
    let user = match (kept, pick % 16) {
        (Some(kept), 0..=7) => kept.user,
        (Some(kept), 8..=12) => Address::Mms(kept.contact),
        (_, 15) if pick.is_multiple_of(5) => chatbot(MerchantId::new(1)),
        _ => any,
    };
    Input::ForgetMe(ForgetMe { user })
}
