//! Phone numbers and addresses.
//!
//! A [`PhoneNumber`] is either in E.164 form (`+8613800000001`) or a national short code (`95511`). It redacts itself
//! in `Debug` and has no `Display`: whoever wants the digits says so with [`PhoneNumber::dialable`].

use alloc::string::{String, ToString};
use core::fmt::{self, Write as _};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::account::{AccountId, AccountIdError};
use super::text::Text;

/// The most digits of a number (ITU-T E.164 §6.2).
const DIGITS_MAX: u64 = 15;
/// The fewest digits of a number: short codes such as 110.
const DIGITS_MIN: u64 = 3;
/// The fewest digits of a subscriber's number, country code included. The shortest in use have 7 (+683 4000, Niue).
const SUBSCRIBER_DIGITS_MIN: u64 = 7;
/// +86 0: China's country code, and the 0 that is dialled before area codes inside China only.
const CHINA_AND_TRUNK_PREFIX: u64 = 860;
const LENGTH_SHIFT: u32 = 56;
const INTERNATIONAL: u64 = 1 << 63;
const DIGITS_MASK: u64 = (1 << LENGTH_SHIFT) - 1;

/// A phone number: E.164 (`+` and 3 to 15 digits, ITU-T E.164 §6) or national (3 to 15 digits, such as 95511).
///
/// Eight bytes, `Copy`. The two forms are never equal to each other: the library does not guess a country. `Debug` shows the
/// masked form. In JSON it is the string that was written, since the log must carry it; a host's log is as private as its calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(u64);

/// Why a text is not a phone number. The text itself is not repeated: it may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Too few or too many digits.
    #[error("a phone number has 3 to 15 digits after an optional '+', this one has {digits}")]
    Length {
        /// How many it had.
        digits: usize,
    },
    /// A character that is no digit. Separators are not removed: the host knows its dialling plan, we do not.
    #[error("character {position} of the phone number is not a digit; allowed are an optional leading '+' and digits 0-9")]
    Character {
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// `+0…`: no country code begins with 0.
    #[error("a phone number in E.164 form does not begin with '+0'")]
    LeadingZero,
}

impl PhoneNumber {
    /// Reads `+8613800000001` or `95511`.
    ///
    /// # Errors
    /// [`NumberError`] when there are fewer than 3 or more than 15 digits, another character than digits after the
    /// optional `+`, or a `0` after the `+`.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let (digits, plus) = text.strip_prefix('+').map_or((text, 0), |rest| (rest, 1));
        let mut value = 0_u64;
        let mut length = 0_u64;
        for (index, c) in digits.chars().enumerate() {
            let Some(digit) = c.to_digit(10) else {
                return Err(NumberError::Character { position: index.saturating_add(plus).saturating_add(1) });
            };
            length = length.saturating_add(1);
            if length <= DIGITS_MAX {
                value = value.saturating_mul(10).saturating_add(u64::from(digit));
            }
        }
        if !(DIGITS_MIN..=DIGITS_MAX).contains(&length) {
            return Err(NumberError::Length { digits: usize::try_from(length).unwrap_or(usize::MAX) });
        }
        if plus == 1 && digits.starts_with('0') {
            return Err(NumberError::LeadingZero);
        }
        let international = if plus == 1 { INTERNATIONAL } else { 0 };
        Ok(Self(international | (length << LENGTH_SHIFT) | value))
    }

    /// The number as it is dialled. The one place that shows a number in full.
    #[must_use]
    pub fn dialable(self) -> String {
        let mut out = String::with_capacity(16);
        if self.is_international() {
            out.push('+');
        }
        let width = usize::try_from(self.length()).unwrap_or(0);
        // Writing into a String cannot fail.
        let _ = write!(out, "{:0width$}", self.0 & DIGITS_MASK);
        out
    }

    /// Whether it is in E.164 form.
    #[must_use]
    pub const fn is_international(self) -> bool {
        self.0 & INTERNATIONAL != 0
    }

    /// Whether it can be the phone of a user: in E.164 form, with at least 7 digits. Short codes and emergency numbers (110, 120, also behind a
    /// country code) cannot, national forms are not guessed at, and no 0 stands after +86 (the trunk prefix of China is not dialled behind
    /// the country code), so a phone has one number here and not two.
    #[must_use]
    pub const fn is_subscriber(self) -> bool {
        self.is_international() && self.length() >= SUBSCRIBER_DIGITS_MIN && !self.begins_with(CHINA_AND_TRUNK_PREFIX)
    }

    /// Whether its first three digits are these. None of the three is a leading 0.
    const fn begins_with(self, three: u64) -> bool {
        let mut first = self.0 & DIGITS_MASK;
        while first > 999 {
            first /= 10;
        }
        first == three
    }

    /// Its first digits, so many of them, when it is in E.164 form and has as many.
    #[must_use]
    pub fn first_digits(self, digits: u8) -> Option<u64> {
        let over = self.length().checked_sub(u64::from(digits)).filter(|_| self.is_international())?;
        (self.0 & DIGITS_MASK).checked_div(10_u64.checked_pow(u32::try_from(over).ok()?)?)
    }

    /// How many digits it has.
    const fn length(self) -> u64 {
        (self.0 & !INTERNATIONAL) >> LENGTH_SHIFT
    }

    /// A form that hides the tail and cannot be dialled (隐藏尾号, seed 000, S102).
    #[must_use]
    pub fn masked(self) -> MaskedNumber {
        let shown = (self.length() / 3).min(5);
        let mut divisor = 1_u64;
        for _ in shown..self.length() {
            divisor = divisor.saturating_mul(10);
        }
        MaskedNumber {
            head: (self.0 & DIGITS_MASK).checked_div(divisor).unwrap_or(0),
            shown: u8::try_from(shown).unwrap_or(0),
            hidden: u8::try_from(self.length().saturating_sub(shown)).unwrap_or(0),
            international: self.is_international(),
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.serialize_str(&self.dialable()) } else { serializer.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).map_err(de::Error::custom)
        } else {
            let number = Self(u64::deserialize(deserializer)?);
            // Reading what it writes proves the bits: a forged snapshot cannot make a number that parsing refuses.
            match Self::parse(&number.dialable()) {
                Ok(same) if same == number => Ok(number),
                Ok(_) | Err(_) => Err(de::Error::custom("these bits are not a phone number")),
            }
        }
    }
}

/// A number of the operator's pool (虚拟电话号码; seed 000, S102): what a merchant sees and dials in place of a user's number. Only the pool makes
/// one, so a user's own number is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VirtualNumber(PhoneNumber);

impl VirtualNumber {
    /// A number that the operator put into the pool.
    pub(crate) const fn of_the_pool(number: PhoneNumber) -> Self {
        Self(number)
    }

    /// It as a phone number.
    #[must_use]
    pub const fn number(self) -> PhoneNumber {
        self.0
    }
}

impl fmt::Debug for VirtualNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VirtualNumber({})", self.0.masked())
    }
}

/// A number with its tail hidden: at least two thirds of the digits are stars. Nothing turns it back into a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskedNumber {
    head: u64,
    shown: u8,
    hidden: u8,
    international: bool,
}

impl fmt::Display for MaskedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.international {
            f.write_char('+')?;
        }
        let width = usize::from(self.shown);
        if width > 0 {
            write!(f, "{:0width$}", self.head)?;
        }
        for _ in 0..self.hidden {
            f.write_char('*')?;
        }
        Ok(())
    }
}

impl Serialize for MaskedNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MaskedNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || de::Error::custom("a masked number is an optional '+', at most 5 digits, then stars");
        let (rest, international) = text.strip_prefix('+').map_or((text.as_str(), false), |rest| (rest, true));
        let head = rest.trim_end_matches('*');
        let (shown, hidden) = (head.len(), rest.len().saturating_sub(head.len()));
        if shown > 5 || hidden > 15 || !head.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        Ok(Self {
            head: if head.is_empty() { 0 } else { head.parse().map_err(|_| wrong())? },
            shown: u8::try_from(shown).map_err(|_| wrong())?,
            hidden: u8::try_from(hidden).map_err(|_| wrong())?,
            international,
        })
    }
}

/// Where a message goes or comes from.
///
/// Written as one string: `rcs:+8613800000001`, `sms:+8613800000001`, `mms:+8613800000001`, `mailto:zhang@example.com`,
/// `sip:1065000000@chatbot.example` (a merchant's chatbot),
/// `wechat:oIBUkuN1zZh_3FvGB-wAXMzRzxE4` (an account that follows the operator's public account).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A phone that takes rich messages (RCS, 5G消息).
    Rcs(PhoneNumber),
    /// A phone that takes short messages.
    Sms(PhoneNumber),
    /// A phone that takes multimedia messages.
    Mms(PhoneNumber),
    /// A mailbox.
    Email(Text),
    /// A merchant's chatbot, by its SIP address.
    Chatbot(Text),
    /// An account that follows the operator's public account. Voice messages go there; nobody books from it.
    WeChat(AccountId),
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// The scheme before the colon is missing or unknown.
    #[error("an address begins with rcs:, sms:, mms:, mailto:, sip: or wechat:")]
    Scheme,
    /// The number after `rcs:`, `sms:` or `mms:` is wrong.
    #[error("after {scheme}: {error}")]
    Number {
        /// The scheme it stood under.
        scheme: &'static str,
        /// What is wrong with it.
        error: NumberError,
    },
    /// What follows `wechat:` is no account id.
    #[error("after wechat: {error}")]
    Account {
        /// What is wrong with it.
        error: AccountIdError,
    },
    /// What follows `mailto:` or `sip:` is not `name@host`, is longer than 254 bytes or has a space or control character in it.
    #[error("after {scheme}: a name, one '@' and a host are expected, at most 254 bytes, no spaces or control characters")]
    Mailbox {
        /// The scheme it stood under.
        scheme: &'static str,
    },
}

impl Address {
    /// Reads an address as written above.
    ///
    /// # Errors
    /// [`AddressError`] names the scheme and what was wrong; it does not repeat the address.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once(':').ok_or(AddressError::Scheme)?;
        let number = |scheme| PhoneNumber::parse(rest).map_err(|error| AddressError::Number { scheme, error });
        match scheme {
            "rcs" => number("rcs").map(Self::Rcs),
            "sms" => number("sms").map(Self::Sms),
            "mms" => number("mms").map(Self::Mms),
            "mailto" => mailbox(rest, "mailto").map(Self::Email),
            "sip" => mailbox(rest, "sip").map(Self::Chatbot),
            "wechat" => AccountId::parse(rest).map(Self::WeChat).map_err(|error| AddressError::Account { error }),
            _ => Err(AddressError::Scheme),
        }
    }

    /// The phone number behind it, when it has one.
    #[must_use]
    pub const fn number(&self) -> Option<PhoneNumber> {
        match self {
            Self::Rcs(number) | Self::Sms(number) | Self::Mms(number) => Some(*number),
            Self::Email(_) | Self::Chatbot(_) | Self::WeChat(_) => None,
        }
    }

    /// Whether it is a mailbox.
    #[must_use]
    pub const fn is_mailbox(&self) -> bool {
        match self {
            Self::Email(_) => true,
            Self::Rcs(_) | Self::Sms(_) | Self::Mms(_) | Self::Chatbot(_) | Self::WeChat(_) => false,
        }
    }

    /// Whether both reach the same person, as far as addresses show: the same number, whatever carries the message; or the same mailbox, whose
    /// host is the same in capitals and in small letters.
    #[must_use]
    pub fn is_same_holder(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Email(one), Self::Email(another)) => {
                let same = one.split_once('@').zip(another.split_once('@'));
                same.is_some_and(|((name, host), (other, other_host))| name == other && host.eq_ignore_ascii_case(other_host))
            }
            (Self::Chatbot(one), Self::Chatbot(another)) => one == another,
            (Self::WeChat(one), Self::WeChat(another)) => one == another,
            (Self::Rcs(one) | Self::Sms(one) | Self::Mms(one), Self::Rcs(another) | Self::Sms(another) | Self::Mms(another)) => {
                one == another
            }
            (Self::Rcs(_) | Self::Sms(_) | Self::Mms(_) | Self::Email(_) | Self::Chatbot(_) | Self::WeChat(_), _) => false,
        }
    }

    /// The address in full, as [`Address::parse`] reads it.
    #[must_use]
    pub fn in_full(&self) -> String {
        let (scheme, rest) = match self {
            Self::Rcs(number) => ("rcs:", number.dialable()),
            Self::Sms(number) => ("sms:", number.dialable()),
            Self::Mms(number) => ("mms:", number.dialable()),
            Self::Email(mailbox) => ("mailto:", mailbox.to_string()),
            Self::Chatbot(address) => ("sip:", address.to_string()),
            Self::WeChat(account) => ("wechat:", String::from(account.as_str())),
        };
        let mut out = String::from(scheme);
        out.push_str(&rest);
        out
    }
}

fn mailbox(text: &str, scheme: &'static str) -> Result<Text, AddressError> {
    let well_formed =
        text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let clean = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if well_formed && clean { Ok(Text::from(text)) } else { Err(AddressError::Mailbox { scheme }) }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rcs(number) => write!(f, "Rcs({})", number.masked()),
            Self::Sms(number) => write!(f, "Sms({})", number.masked()),
            Self::Mms(number) => write!(f, "Mms({})", number.masked()),
            Self::Email(_) => f.write_str("Email(***)"),
            Self::WeChat(_) => f.write_str("WeChat(***)"),
            Self::Chatbot(address) => write!(f, "Chatbot(***@{})", address.split_once('@').map_or("", |(_, host)| host)),
        }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.in_full())
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn numbers_round_trip_with_their_leading_zeros() {
        for text in ["+8613800000001", "95511", "110", "01000000001", "000", "+999999999999999"] {
            let number = PhoneNumber::parse(text).unwrap();
            assert_eq!(number.dialable(), text);
        }
    }

    #[test]
    fn only_numbers_in_e164_form_with_seven_digits_are_users_phones() {
        for (text, is_one) in [
            ("+8613800000001", true),
            ("+6834000", true),
            ("+683400", false),
            ("+86110", false),
            ("13800000001", false),
            ("8613800000001", false),
            ("110", false),
            ("95511", false),
            ("+86013800000001", false),
            ("+861013800000", true),
            ("+390612345678", true),
        ] {
            assert_eq!(PhoneNumber::parse(text).unwrap().is_subscriber(), is_one, "{text}");
        }
    }

    #[test]
    fn wrong_numbers_say_what_is_wrong() {
        assert_eq!(PhoneNumber::parse("12"), Err(NumberError::Length { digits: 2 }));
        assert_eq!(PhoneNumber::parse("+"), Err(NumberError::Length { digits: 0 }));
        assert_eq!(PhoneNumber::parse("1234567890123456"), Err(NumberError::Length { digits: 16 }));
        assert_eq!(PhoneNumber::parse("138 0000"), Err(NumberError::Character { position: 4 }));
        assert_eq!(PhoneNumber::parse("+86x"), Err(NumberError::Character { position: 4 }));
        assert_eq!(PhoneNumber::parse("+0123"), Err(NumberError::LeadingZero));
        assert_eq!(PhoneNumber::parse("１１０"), Err(NumberError::Character { position: 1 }));
    }

    #[test]
    fn debug_and_the_masked_form_hide_the_tail() {
        let chatbot = Address::parse("sip:1065000000@chatbot.example").unwrap();
        assert_eq!(format!("{chatbot:?}"), "Chatbot(***@chatbot.example)");
        let number = PhoneNumber::parse("+8613800000001").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(+8613*********)");
        assert_eq!(format!("{:?}", Address::Rcs(number)), "Rcs(+8613*********)");
        assert_eq!(PhoneNumber::parse("95511").unwrap().masked().to_string(), "9****");
    }

    #[test]
    fn addresses_round_trip_and_name_their_faults() {
        for text in ["rcs:+8613800000001", "sms:+8613800000001", "mailto:zhang@example.com", "sip:1065000000@chatbot.example"] {
            assert_eq!(Address::parse(text).unwrap().in_full(), text);
        }
        assert_eq!(Address::parse("tel:+861"), Err(AddressError::Scheme));
        assert_eq!(Address::parse("mailto:zhang"), Err(AddressError::Mailbox { scheme: "mailto" }));
        assert_eq!(Address::parse("sip:a@b@c"), Err(AddressError::Mailbox { scheme: "sip" }));
    }
}
