//! Typed ids.
//!
//! Two kinds. What outlives a process or crosses shards is numbered by the host ([`MerchantId`], [`PageId`],
//! [`OfferingId`], [`CalendarId`], [`MediaId`]). What the platform creates it numbers itself, in order, with the shard in the high bits, and never
//! uses a number twice ([`ReservationId`], [`CallId`], [`LegId`], [`MessageId`], [`ChallengeId`],
//! [`BindingId`],
//! [`GroupId`], [`VoiceMessageId`]). An id below the platform's counter
//! that names nothing is *gone*: a report about it changes nothing, a command is refused.

use core::fmt;

use serde::{Deserialize, Serialize};

/// How many low bits of a platform-made id count; the bits above them carry the shard.
pub const COUNTER_BITS: u32 = 48;

/// Makes one id type: a `u64` that cannot be mistaken for another kind of id.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The id with this number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number of this id.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }
    };
}

id! {
    /// A merchant (商户), numbered by the host.
    MerchantId
}
id! {
    /// A booking page (预约界面), numbered by the host.
    PageId
}
id! {
    /// A product or service (产品/服务) on a page, numbered by the host.
    OfferingId
}
id! {
    /// A calendar of holidays and moved workdays, numbered by the host.
    CalendarId
}
id! {
    /// A reservation (预约信息), numbered by the platform.
    ReservationId
}
id! {
    /// A call (通话通道) and its bridge, numbered by the platform.
    CallId
}
id! {
    /// One leg of a call: the merchant's or a user's. Numbered by the platform.
    LegId
}
id! {
    /// A message that the platform asked the host to send. Numbered by the platform.
    MessageId
}
id! {
    /// A picture, a voice note or a video that a user attached, or what a caller said, numbered by the host.
    MediaId
}
id! {
    /// A code that went to the holder of a contact number, and the question whether he agrees. Numbered by the platform.
    ChallengeId
}

id! {
    /// A binding of a phone number to an account, from its request on. Numbered by the platform.
    BindingId
}

id! {
    /// What a caller leaves when nobody can be reached (语音微信), from its offer on. Numbered by the platform.
    VoiceMessageId
}

id! {
    /// Those who may share a call: they booked on the same terms, and each agreed. Numbered by the platform.
    GroupId
}

/// Hands out the numbers of one kind of platform-made id: in order, from 1, never twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    next: u64,
}

impl Counter {
    /// A counter whose ids carry `shard` in their high bits. The first number is 1; 0 names nothing.
    #[must_use]
    pub const fn new(shard: u16) -> Self {
        Self { next: ((shard as u64) << COUNTER_BITS) | 1 }
    }

    /// Takes the next number.
    pub const fn take(&mut self) -> u64 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }

    /// Whether this number carries the shard of this counter, handed out or not.
    #[must_use]
    pub const fn is_of_shard(&self, number: u64) -> bool {
        number >> COUNTER_BITS == self.next >> COUNTER_BITS
    }

    /// Whether it counts for this shard, and so far from the end of its numbers that it never gets there.
    #[must_use]
    pub const fn is_sound(&self, shard: u16) -> bool {
        let number = self.next & ((1 << COUNTER_BITS) - 1);
        self.next >> COUNTER_BITS == shard as u64 && number != 0 && number <= 1 << (COUNTER_BITS - 1)
    }

    /// Whether this number was handed out by this counter.
    #[must_use]
    pub const fn has_given(&self, number: u64) -> bool {
        let shard = self.next >> COUNTER_BITS;
        number >> COUNTER_BITS == shard && number < self.next && number & ((1 << COUNTER_BITS) - 1) != 0
    }
}

/// The shard that `key` belongs to among `shards`, the same on every machine and in every version of the library.
///
/// `key` is whatever the host shards by: a merchant's id for the appointment half, the digits of a callee's number
/// for the missed-call half. The rule is XXH3-64 (seed 0) of the key's little-endian bytes, multiplied into the range
/// (Lemire's reduction), so the answer moves as few keys as possible from one machine to the next. Zero shards count as one.
#[must_use]
pub fn shard_of(key: u64, shards: u16) -> u16 {
    let hash = xxhash_rust::xxh3::xxh3_64(&key.to_le_bytes());
    let spread = u128::from(hash).saturating_mul(u128::from(shards.max(1))) >> 64;
    u16::try_from(spread).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_starts_at_one_and_carries_its_shard() {
        let mut counter = Counter::new(3);
        assert_eq!(counter.take(), (3 << 48) | 1);
        assert_eq!(counter.take(), (3 << 48) | 2);
        assert!(counter.has_given((3 << 48) | 2));
        assert!(!counter.has_given((3 << 48) | 3));
        assert!(!counter.has_given(2), "another shard's id is not ours");
        assert!(!counter.has_given(3 << 48), "zero names nothing");
    }

    #[test]
    fn shards_are_stable_across_versions() {
        // Pinned: a host that moved its keys by these numbers must find them there again.
        let shards: [u16; 6] = [1, 2, 3, 1000, 0x1_0000, u64::MAX].map(|key| shard_of(key, 16));
        assert_eq!(shards, [2, 2, 4, 8, 15, 5]);
        assert_eq!(shard_of(7, 0), 0);
        assert!((0..1000).all(|key| shard_of(key, 7) < 7));
    }
}
