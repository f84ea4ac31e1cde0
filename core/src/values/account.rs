//! Accounts at the operator's public account (微信公众号), and what they do (seed 003, step 101).

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use thiserror::Error;

use super::code::Code;
use super::number::PhoneNumber;
use super::text::Text;

/// The longest account id, in characters. WeChat's open ids have 28.
pub const ACCOUNT_CHARS_MAX: usize = 64;

/// A follower of the operator's public account, by his open id there: 1 to 64 letters, digits, hyphens and underscores.
///
/// An open id is personal data: `Debug` shows how long it is and not what it says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(Text);

/// Why a text is not an account id. The text itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AccountIdError {
    /// Too few or too many characters.
    #[error("an account id has 1 to {ACCOUNT_CHARS_MAX} characters, this one has {chars}")]
    Length {
        /// How many it had.
        chars: usize,
    },
    /// A character that open ids do not have.
    #[error("character {position} of the account id is not allowed; allowed are A to Z, a to z, 0 to 9, '-' and '_'")]
    Character {
        /// Its place, counted in characters from 1.
        position: usize,
    },
}

impl AccountId {
    /// Reads an account id.
    ///
    /// # Errors
    /// [`AccountIdError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, AccountIdError> {
        let chars = text.chars().count();
        if !(1..=ACCOUNT_CHARS_MAX).contains(&chars) {
            return Err(AccountIdError::Length { chars });
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        match text.chars().position(|c| !is_allowed(c)) {
            Some(index) => Err(AccountIdError::Character { position: index.saturating_add(1) }),
            None => Ok(Self(Text::from(text))),
        }
    }

    /// The id as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({} characters)", self.0.chars().count())
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Somebody follows the operator's public account (关注公众号).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// Who.
    pub account: AccountId,
}

/// Somebody does not follow it any more (取消关注).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfollow {
    /// Who.
    pub account: AccountId,
}

/// A follower asks for a phone number to be bound to his account (绑定). He may ask for several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestBinding {
    /// Who.
    pub account: AccountId,
    /// Which number. Its holder is sent a code.
    pub number: PhoneNumber,
}

/// The code that was sent to a number comes back from the account that asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmBinding {
    /// Who.
    pub account: AccountId,
    /// Which number.
    pub number: PhoneNumber,
    /// The code.
    pub code: Code,
}

/// An account gives a number back, or its request for one (解绑).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unbind {
    /// Who.
    pub account: AccountId,
    /// Which number.
    pub number: PhoneNumber,
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn an_account_is_an_open_id_and_nothing_else() {
        let open_id = "oIBUkuN1zZh_3FvGB-wAXMzRzxE4";
        assert_eq!(AccountId::parse(open_id).unwrap().as_str(), open_id);
        assert_eq!(AccountId::parse(""), Err(AccountIdError::Length { chars: 0 }));
        assert_eq!(AccountId::parse(&"o".repeat(65)), Err(AccountIdError::Length { chars: 65 }));
        assert_eq!(AccountId::parse("o I"), Err(AccountIdError::Character { position: 2 }));
        assert_eq!(AccountId::parse("张"), Err(AccountIdError::Character { position: 1 }));
        assert_eq!(format!("{:?}", AccountId::parse(open_id).unwrap()), "AccountId(28 characters)");
    }
}
