//! Which code proves that somebody holds a number (P2).
//!
//! A code is a number made from a secret key and a nonce, the ids of what it is for. So the platform keeps no code, and whoever has a snapshot or a
//! log, but not the key, knows none.
//!
//! ```text
//! mac(round) = HMAC-SHA-256(key, nonce ‖ round: u8)                       RFC 2104, FIPS 180-4
//! n(round)   = the first 8 bytes of mac(round), little-endian
//! code       = n mod 10^digits of the first round, from 0, with n < 2^64 - 2^64 mod 10^digits; written with its zeros in front
//! ```
//! What is left out is what would make some codes likelier than others. The nonce of a [`challenge`] is
//! `"ringfence/challenge/1" ‖ challenge: u64 ‖ reservation: u64 ‖ revision: u32`, all little-endian. That of a
//! [`binding`] is `"ringfence/binding/1" ‖ challenge: u64 ‖ binding: u64`.

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::values::code::{CODE_DIGITS_MAX, Code};
use crate::values::id::{BindingId, ChallengeId, ReservationId};

/// The nonce of the code for the contact number of a reservation.
#[must_use]
pub fn challenge(challenge: ChallengeId, reservation: ReservationId, revision: u32) -> Vec<u8> {
    let mut nonce = Vec::with_capacity(41);
    nonce.extend_from_slice(b"ringfence/challenge/1");
    nonce.extend_from_slice(&challenge.get().to_le_bytes());
    nonce.extend_from_slice(&reservation.get().to_le_bytes());
    nonce.extend_from_slice(&revision.to_le_bytes());
    nonce
}

/// The nonce of the code that binds a number to an account.
#[must_use]
pub fn binding(challenge: ChallengeId, binding: BindingId) -> Vec<u8> {
    let mut nonce = Vec::with_capacity(35);
    nonce.extend_from_slice(b"ringfence/binding/1");
    nonce.extend_from_slice(&challenge.get().to_le_bytes());
    nonce.extend_from_slice(&binding.get().to_le_bytes());
    nonce
}

/// The code of so many digits, 1 to 10, under this key for this nonce.
#[must_use]
pub fn code(key: &[u8], nonce: &[u8], digits: u32) -> Code {
    let range = 10_u64.saturating_pow(digits.clamp(1, CODE_DIGITS_MAX));
    // 2^64 mod range, without 2^64.
    let uneven = (u64::MAX.checked_rem(range).unwrap_or(0)).saturating_add(1).checked_rem(range).unwrap_or(0);
    let largest = u64::MAX.saturating_sub(uneven);
    let mut number = 0;
    // Each round is taken but for one in 10^9 at worst, so 256 of them are more than enough.
    for round in 0..=u8::MAX {
        number = first_number(key, nonce, round);
        if number <= largest {
            break;
        }
    }
    Code::new(number, digits)
}

fn first_number(key: &[u8], nonce: &[u8], round: u8) -> u64 {
    // An HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return 0 };
    mac.update(nonce);
    mac.update(&[round]);
    let bytes = mac.finalize().into_bytes();
    bytes.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hmac_is_that_of_rfc_4231() {
        // Test case 2, whose data ends with '?': the last byte takes the place of the round.
        let number = first_number(b"Jefe", b"what do ya want for nothing", b'?');
        assert_eq!(number.to_le_bytes(), [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
    }

    #[test]
    fn codes_are_pinned() {
        // Made by another program from the formula above: a host that has sent one must find it right after an update.
        let key: Vec<u8> = (0..32).collect();
        let nonce = challenge(ChallengeId::new(1), ReservationId::new(7), 1);
        assert_eq!(code(&key, &nonce, 6).digits(), PINNED[0]);
        assert_eq!(code(&key, &nonce, 10).digits(), PINNED[1]);
        let other = challenge(ChallengeId::new(2), ReservationId::new(7), 1);
        assert_eq!(code(&key, &other, 6).digits(), PINNED[2]);
    }

    const PINNED: [&str; 3] = ["486909", "9493486909", "147613"];

    #[test]
    fn every_digit_stands_at_every_place_about_as_often() {
        let mut counts = [[0_u32; 10]; 6];
        for id in 1..=20_000 {
            let nonce = challenge(ChallengeId::new(id), ReservationId::new(1), 1);
            for (place, digit) in code(b"0123456789abcdef", &nonce, 6).digits().bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        // 2,000 each, with a standard deviation of 42.
        assert!(counts.iter().flatten().all(|count| (1_800..2_200).contains(count)), "{counts:?}");
    }
}
