//! Who somebody is, whatever the channel.

use alloc::format;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::number::{Address, PhoneNumber};
use super::text::Text;

/// A person as the platform knows him: by his phone number, whichever message service brought his words (`rcs:`, `sms:` and `mms:` of one number are
/// one person), or by his mailbox when his address has no number. The host of
/// a mailbox is in small letters here, since it is the same in any case of letters; its name is as it was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// The holder of a number.
    Number(PhoneNumber),
    /// The holder of a mailbox.
    #[serde(deserialize_with = "read_folded")]
    Mailbox(Text),
}

impl Person {
    /// The person behind a user's address; a chatbot is nobody.
    #[must_use]
    pub fn of(address: &Address) -> Option<Self> {
        match address {
            Address::Rcs(number) | Address::Sms(number) | Address::Mms(number) => Some(Self::Number(*number)),
            Address::Email(mailbox) => Some(Self::Mailbox(folded(mailbox))),
            Address::Chatbot(_) | Address::WeChat(_) => None,
        }
    }
}

/// A mailbox with its host in small letters.
fn folded(mailbox: &Text) -> Text {
    match mailbox.split_once('@') {
        Some((name, host)) if host.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Text::from(format!("{name}@{}", host.to_ascii_lowercase()))
        }
        Some(_) | None => mailbox.clone(),
    }
}

/// A forged snapshot cannot make two persons of one mailbox.
fn read_folded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    let mailbox = Text::deserialize(deserializer)?;
    if folded(&mailbox) == mailbox {
        Ok(mailbox)
    } else {
        Err(de::Error::custom("the host of a mailbox is not in small letters"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn person(text: &str) -> Person {
        Person::of(&Address::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn a_mailbox_is_one_person_whatever_the_case_of_its_host_and_a_chatbot_is_nobody() {
        assert_eq!(person("mailto:zhang@Example.COM"), person("mailto:zhang@example.com"));
        assert_ne!(person("mailto:Zhang@example.com"), person("mailto:zhang@example.com"), "the name is the host's affair");
        assert_eq!(person("rcs:+8613800000001"), person("mms:+8613800000001"));
        assert_eq!(Person::of(&Address::parse("sip:1065000000@chatbot.example").unwrap()), None);
    }

    #[test]
    fn no_bytes_make_a_second_person_of_a_mailbox() {
        let read =
            |text: &str| postcard::from_bytes::<Person>(&postcard::to_allocvec(&Person::Mailbox(Text::from(text))).unwrap());
        assert_eq!(read("zhang@example.com"), Ok(person("mailto:zhang@example.com")));
        assert!(read("zhang@Example.com").is_err());
    }
}
