//! Who somebody is, whatever the channel.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::number::{Address, PhoneNumber};
use super::text::Text;

/// A person as the platform knows him: by his phone number, whichever message service brought his words (`rcs:`, `sms:` and `mms:` of one number are
/// one person), or by his mailbox when his address has no number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// The holder of a number.
    Number(PhoneNumber),
    /// The holder of a mailbox.
    Mailbox(Text),
}

impl Person {
    /// The person behind a user's address; a chatbot is nobody.
    #[must_use]
    pub fn of(address: &Address) -> Option<Self> {
        match address {
            Address::Rcs(number) | Address::Sms(number) | Address::Mms(number) => Some(Self::Number(*number)),
            Address::Email(mailbox) => Some(Self::Mailbox(mailbox.clone())),
            Address::Chatbot(_) => None,
        }
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "Number({})", number.masked()),
            Self::Mailbox(_) => f.write_str("Mailbox(***)"),
        }
    }
}
