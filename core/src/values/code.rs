//! Verification codes.

use alloc::string::{String, ToString as _};
use core::fmt::{self, Write as _};

use ctutils::CtEq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// The most digits of a code.
pub const CODE_DIGITS_MAX: u32 = 10;
const LENGTH_SHIFT: u32 = 56;

/// A verification code: 1 to 10 decimal digits.
///
/// It redacts itself in `Debug` and has no `Display`: whoever wants the digits says so with [`Code::digits`]. Two codes are compared in constant
/// time.
#[derive(Clone, Copy)]
pub struct Code(u64);

/// Why a text is not a code. The text itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Too few or too many digits.
    #[error("a code has 1 to {CODE_DIGITS_MAX} digits, this one has {digits}")]
    Length {
        /// How many it had.
        digits: usize,
    },
    /// A character that is no digit and no separator.
    #[error("character {position} of the code is not a digit; allowed are digits, spaces and hyphens")]
    Character {
        /// Its place, counted in characters from 1.
        position: usize,
    },
}

impl Code {
    /// Reads what people type: digits, also full-width ones (`１２３`), with spaces and hyphens between them or without.
    ///
    /// # Errors
    /// [`CodeError`] when there are no digits or more than ten, or anything else among them.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let mut value = 0_u64;
        let mut digits = 0_u32;
        for (index, c) in text.chars().enumerate() {
            match ascii(c).to_digit(10) {
                Some(digit) => {
                    digits = digits.saturating_add(1);
                    if digits <= CODE_DIGITS_MAX {
                        value = value.saturating_mul(10).saturating_add(u64::from(digit));
                    }
                }
                None if matches!(c, ' ' | '-' | '\u{3000}') => {}
                None => return Err(CodeError::Character { position: index.saturating_add(1) }),
            }
        }
        if (1..=CODE_DIGITS_MAX).contains(&digits) {
            Ok(Self::new(value, digits))
        } else {
            Err(CodeError::Length { digits: usize::try_from(digits).unwrap_or(usize::MAX) })
        }
    }

    /// The code of so many digits with this value. What is too large loses its first digits.
    pub(crate) fn new(value: u64, digits: u32) -> Self {
        let digits = digits.clamp(1, CODE_DIGITS_MAX);
        let value = value.checked_rem(10_u64.saturating_pow(digits)).unwrap_or(0);
        Self((u64::from(digits) << LENGTH_SHIFT) | value)
    }

    /// The digits. The one place that shows them.
    #[must_use]
    pub fn digits(self) -> String {
        let width = usize::try_from(self.0 >> LENGTH_SHIFT).unwrap_or(0);
        let mut out = String::with_capacity(width);
        // Writing into a String cannot fail.
        let _ = write!(out, "{:0width$}", self.0 & ((1 << LENGTH_SHIFT) - 1));
        out
    }
}

/// A full-width digit as an ASCII one.
const fn ascii(c: char) -> char {
    match c {
        '０' => '0',
        '１' => '1',
        '２' => '2',
        '３' => '3',
        '４' => '4',
        '５' => '5',
        '６' => '6',
        '７' => '7',
        '８' => '8',
        '９' => '9',
        other => other,
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).to_bool()
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.serialize_str(&self.digits()) } else { serializer.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom);
        }
        let packed = u64::deserialize(deserializer)?;
        let digits = u32::try_from(packed >> LENGTH_SHIFT).unwrap_or(u32::MAX);
        let code = Self::new(packed & ((1 << LENGTH_SHIFT) - 1), digits);
        if code.0 == packed { Ok(code) } else { Err(de::Error::custom("a code that cannot be".to_string())) }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn what_people_type_is_read_and_nothing_else() {
        for text in ["012345", "012 345", " 012-345", "０１２３４５", "0 1 2 3 4 5"] {
            assert_eq!(Code::parse(text).unwrap().digits(), "012345", "{text}");
        }
        assert_eq!(Code::parse(""), Err(CodeError::Length { digits: 0 }));
        assert_eq!(Code::parse("12345678901"), Err(CodeError::Length { digits: 11 }));
        assert_eq!(Code::parse("12 ab"), Err(CodeError::Character { position: 4 }));
    }

    #[test]
    fn zeros_in_front_count() {
        assert_ne!(Code::parse("012345"), Code::parse("12345"));
        assert_ne!(Code::parse("0"), Code::parse("00"));
        assert_eq!(Code::new(1_000_001, 6).digits(), "000001");
    }

    #[test]
    fn it_shows_itself_to_nobody_by_accident() {
        assert_eq!(format!("{:?}", Code::parse("123456").unwrap()), "Code(…)");
    }

    #[test]
    fn its_bytes_are_read_again() {
        for text in ["0", "000000", "9999999999", "012345"] {
            let code = Code::parse(text).unwrap();
            let bytes = postcard::to_allocvec(&code).unwrap();
            assert_eq!(postcard::from_bytes::<Code>(&bytes), Ok(code));
        }
        let forged = postcard::to_allocvec(&((3_u64 << LENGTH_SHIFT) | 1_000)).unwrap();
        assert!(postcard::from_bytes::<Code>(&forged).is_err());
    }
}
