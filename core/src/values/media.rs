//! What a user attaches to a booking (产品截图; seed 000): pictures, voice and video that the host keeps under ids of its own.
//!
//! P7: media pass to a merchant only by the user's explicit choice. A merchant's message has room for [`SharedMedia`] only, and that is made from an
//! [`Attachment`] that its user shares, and from nothing else.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::id::MediaId;

/// What kind of media it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A picture, such as a screenshot of the product.
    Picture,
    /// A spoken note.
    Voice,
    /// A video.
    Video,
}

/// Something that a user attaches to a booking. The host keeps it, and gives each attachment an id of its own, also when a user attaches one picture to two bookings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The host's id of it.
    pub media: MediaId,
    /// What it is.
    pub kind: MediaKind,
    /// Whether the merchant may have it. Not unless the user says so.
    #[serde(default)]
    pub share: bool,
}

/// Something attached that the user chose to share, as its merchant is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedMedia {
    media: MediaId,
    kind: MediaKind,
}

impl SharedMedia {
    /// What its user shares; nothing of what he does not.
    #[must_use]
    pub fn of(attachment: &Attachment) -> Option<Self> {
        attachment.share.then_some(Self { media: attachment.media, kind: attachment.kind })
    }

    /// Those of several that are shared, in their order.
    #[must_use]
    pub fn among(attachments: &[Attachment]) -> Vec<Self> {
        attachments.iter().filter_map(Self::of).collect()
    }

    /// The host's id of it.
    #[must_use]
    pub const fn media(&self) -> MediaId {
        self.media
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> MediaKind {
        self.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_user_shares_can_be_said_to_a_merchant() {
        let attached = |media, share| Attachment { media: MediaId::new(media), kind: MediaKind::Picture, share };
        let shared = SharedMedia::among(&[attached(1, false), attached(2, true), attached(3, false)]);
        assert_eq!(shared.iter().map(SharedMedia::media).collect::<Vec<_>>(), [MediaId::new(2)]);
    }
}
