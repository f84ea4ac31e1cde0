//! The codes that prove a contact number, made a second time from [the rules](ringfence::manual::rules): by hand, down to the HMAC.

use ringfence::edges::journal::{Header, TestKey};
use ringfence::values::code::Code;
use ringfence::values::id::{BindingId, ChallengeId, ReservationId};
use ringfence::{KeyError, Keyring};
use sha2::{Digest as _, Sha256};

/// Keys for tests, which everybody knows: their ids, and what they are.
pub const TEST_KEYS: [(&str, &[u8]); 2] =
    [("k1", b"a first key that everybody may know"), ("k2", b"a second key that everybody may know")];

/// A keyring with the [`TEST_KEYS`].
///
/// # Panics
/// Never: they are long enough, and no id stands twice.
#[must_use]
pub fn test_keyring() -> Keyring {
    let mut keyring = Keyring::new();
    let loaded: Result<(), KeyError> = TEST_KEYS.iter().try_for_each(|(id, key)| keyring.load(id, key));
    loaded.expect("the test keys can be loaded");
    keyring
}

/// The [`TEST_KEYS`] as the header of a trace carries them.
pub fn known_keys(header: &mut Header) {
    header.keyring = TEST_KEYS.iter().map(|(id, _)| (*id).to_owned()).collect();
    header.test_keys = TEST_KEYS.iter().map(|(id, key)| ((*id).to_owned(), TestKey(key.to_vec()))).collect();
}

/// The code of a challenge about a booking.
///
/// # Panics
/// Never: digits are a code.
#[must_use]
pub fn code(key: &[u8], challenge: ChallengeId, reservation: ReservationId, revision: u32, digits: u32) -> Code {
    let mut nonce = b"ringfence/challenge/1".to_vec();
    nonce.extend(challenge.get().to_le_bytes());
    nonce.extend(reservation.get().to_le_bytes());
    nonce.extend(revision.to_le_bytes());
    from_nonce(key, &nonce, digits)
}

/// The code of a challenge that binds a number.
///
/// # Panics
/// Never: digits are a code.
#[must_use]
pub fn binding_code(key: &[u8], challenge: ChallengeId, binding: BindingId, digits: u32) -> Code {
    let mut nonce = b"ringfence/binding/1".to_vec();
    nonce.extend(challenge.get().to_le_bytes());
    nonce.extend(binding.get().to_le_bytes());
    from_nonce(key, &nonce, digits)
}

fn from_nonce(key: &[u8], nonce: &[u8], digits: u32) -> Code {
    let range = 10_u128.pow(digits);
    let taken = (1_u128 << 64) / range * range;
    let number = (0..=u8::MAX)
        .map(|round| {
            let mut message = nonce.to_vec();
            message.push(round);
            let mac = hmac(key, &message);
            (0..8).rev().fold(0_u128, |number, index| number << 8 | u128::from(mac[index]))
        })
        .find(|number| *number < taken)
        .expect("one of 256 rounds is taken");
    Code::parse(&format!("{:0width$}", number % range, width = digits as usize)).expect("digits are a code")
}

/// RFC 2104.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hmac_is_that_of_rfc_4231() {
        // Test cases 1, 2 and 6 (a key longer than a block).
        let head = |key: &[u8], message: &[u8]| hmac(key, message)[..4].to_vec();
        assert_eq!(head(&[0x0b; 20], b"Hi There"), [0xb0, 0x34, 0x4c, 0x61]);
        assert_eq!(head(b"Jefe", b"what do ya want for nothing?"), [0x5b, 0xdc, 0xc1, 0x46]);
        let hashed_first = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(head(&[0xaa; 131], hashed_first), [0x60, 0xe4, 0x31, 0x59]);
    }
}
