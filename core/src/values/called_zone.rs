//! Which numbers are on which clock: what an operator knows of the phones that are called.

use alloc::string::String;
use core::fmt::{self, Write as _};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::number::PhoneNumber;
use super::time::Zone;

/// The most digits of a prefix: those of a number (ITU-T E.164 §6.2).
const DIGITS_MAX: usize = 15;

/// How numbers in E.164 form begin: `+86`, `+1808`. It has `+` and 1 to 15 digits, the first of them no 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    value: u64,
    digits: u8,
}

/// Why a text is no prefix of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a prefix of numbers is '+' and 1 to 15 digits, the first of them no 0, such as +86")]
pub struct PrefixError;

impl Prefix {
    /// Reads `+86`.
    ///
    /// # Errors
    /// [`PrefixError`] for anything but `+` and 1 to 15 digits, the first of them no 0.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let digits = text.strip_prefix('+').filter(|digits| !digits.starts_with('0')).ok_or(PrefixError)?;
        let is_right = (1..=DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_right {
            return Err(PrefixError);
        }
        let value = digits.parse().map_err(|_| PrefixError)?;
        Ok(Self { value, digits: u8::try_from(digits.len()).map_err(|_| PrefixError)? })
    }

    /// How many digits it has.
    #[must_use]
    pub const fn digits(self) -> u8 {
        self.digits
    }

    /// Whether this number begins so. One in national form does not: the library does not guess a country.
    #[must_use]
    pub fn covers(self, number: PhoneNumber) -> bool {
        number.first_digits(self.digits) == Some(self.value)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.value)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({self})")
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(16);
        // Writing into a String cannot fail.
        let _ = write!(text, "{self}");
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The numbers that begin so are in this zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalledZone {
    /// How they begin.
    pub prefix: Prefix,
    /// Their zone.
    pub zone: Zone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_covers_the_numbers_that_begin_so() {
        let prefix = |text: &str| Prefix::parse(text).unwrap();
        let number = |text: &str| PhoneNumber::parse(text).unwrap();
        for (begins, of, is_covered) in [
            ("+86", "+8613800000001", true),
            ("+8", "+8613800000001", true),
            ("+861381", "+8613800000001", false),
            ("+8613800000001", "+8613800000001", true),
            ("+86138000000012", "+8613800000001", false),
            ("+1", "+8613800000001", false),
            ("+1808", "+18085550100", true),
            ("+955", "95511", false),
        ] {
            assert_eq!(prefix(begins).covers(number(of)), is_covered, "{begins} {of}");
        }
    }

    #[test]
    fn what_is_no_prefix_is_refused() {
        for text in ["", "+", "86", "+0", "+086", "+8 6", "+8a", "+1234567890123456", "+八", "++8"] {
            assert_eq!(Prefix::parse(text), Err(PrefixError), "{text}");
        }
    }
}
