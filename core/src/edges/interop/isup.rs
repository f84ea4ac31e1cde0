//! Redirecting numbers as an E1 trunk brings them: the information element of ISDN, and the parameters of SS7's ISUP.
//!
//! A host that sits behind such a trunk hands over the octets. Numbers are national or international by what the network says of them; one that is neither stays as
//! it is, since nobody here knows the trunk's dialling plan.
//!
//! Sources: ITU-T Q.931 §4.5 (redirecting number, octets 3 to 4; the reason in octet 3b); ITU-T Q.763 §3.39 (original called number), §3.44 (redirecting number), §3.45
//! (redirection information); ITU-T Q.850 for the location. Seed 003, the figure of the system: 电话网络模块和微信发送模块之间通过E1数字中继线连接.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use thiserror::Error;

use crate::values::evidence::{Redirecting, Redirection};
use crate::values::number::PhoneNumber;

/// Why octets cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("at octet {at}: {what}")]
pub struct OctetError {
    /// Which octet, from 1.
    pub at: usize,
    /// What is wrong, or what was expected.
    pub what: &'static str,
}

/// The country code of the network at the other end of the trunk, which its national numbers leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountryCode(u16);

impl CountryCode {
    /// China.
    pub const CHINA: Self = Self(86);

    /// A country code, 1 to 999 (ITU-T E.164 §6.2.1); none for another number.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if code >= 1 && code <= 999 { Some(Self(code)) } else { None }
    }
}

/// The parameters of an initial address message that tell of redirections, each without its name and length; none when the message has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parameters<'a> {
    /// Whom the caller dialled (0x28).
    pub original_called: Option<&'a [u8]>,
    /// Who forwarded the call to us (0x0B).
    pub redirecting: Option<&'a [u8]>,
    /// Why, and how often (0x13).
    pub information: Option<&'a [u8]>,
}

/// Reads the redirecting number of an ISDN SETUP, with or without its identifier (0x74) and length.
///
/// # Errors
/// [`OctetError`] when it ends too early, or when an octet of the number is no digit.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::isup::{CountryCode, isdn};
/// use ringfence::values::evidence::Redirecting;
///
/// // A national number in the ISDN plan, presentation restricted, forwarded when busy.
/// let mut octets = vec![0x21, 0x20, 0x81];
/// octets.extend(b"13800000001");
/// let read = isdn(&octets, CountryCode::CHINA)?;
/// assert_eq!(read.reason, Redirecting::Isup(1));
/// assert_eq!(read.from.unwrap().dialable(), "+8613800000001");
/// assert!(read.is_restricted);
/// # Ok::<(), ringfence::edges::interop::isup::OctetError>(())
/// ```
pub fn isdn(element: &[u8], country: CountryCode) -> Result<Redirection, OctetError> {
    let (element, skipped) = match element {
        // No number has the reserved type and the plan of telex: this is the identifier.
        [0x74, length, contents @ ..] => match contents.get(..usize::from(*length)) {
            Some(whole) => (whole, 2),
            None => {
                return Err(OctetError {
                    at: element.len().saturating_add(1),
                    what: "the element is shorter than its length says",
                });
            }
        },
        contents => (contents, 0),
    };
    let mut octets = Octets { rest: element, at: skipped };
    let head = octets.next("the type and plan of the number were expected")?;
    let mut presentation = 0;
    let mut reason = 0;
    if !is_last(head) {
        let octet = octets.next("octet 3a with the presentation was expected")?;
        presentation = (octet >> 5) & 0b11;
        if !is_last(octet) {
            reason = octets.next("octet 3b with the reason was expected")? & 0b1111;
        }
    }
    let mut digits = String::new();
    let mut is_number = true;
    while let Ok(octet) = octets.next("") {
        match octet & 0x7f {
            digit @ b'0'..=b'9' => digits.push(char::from(digit)),
            b'*' | b'#' => is_number = false,
            _ => return Err(octets.error("a digit was expected")),
        }
    }
    let nature = match (head >> 4) & 0b111 {
        1 => Nature::International,
        2 => Nature::National,
        _ => Nature::Other,
    };
    let is_number = is_number && is_of_telephony(head & 0b1111) && presentation != NOT_AVAILABLE;
    Ok(Redirection {
        reason: Redirecting::Isup(reason),
        from: if is_number { nature.number(&digits, country) } else { None },
        is_restricted: presentation == RESTRICTED,
    })
}

/// Reads the redirections of an ISUP initial address message, the first one first: at most the one away from whom the caller dialled, and the one to us.
///
/// # Errors
/// [`OctetError`] when a parameter ends too early; the place is counted within it.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::isup::{CountryCode, Parameters, isup};
/// use ringfence::values::evidence::Redirecting;
///
/// // An odd count of digits, national, ISDN plan: 13800000001, two digits an octet, the first one low.
/// let number = [0x83, 0x10, 0x31, 0x08, 0x00, 0x00, 0x00, 0x01];
/// // Call diverted, once, mobile subscriber not reachable.
/// let read = isup(Parameters { redirecting: Some(&number), information: Some(&[0x03, 0x61]), ..Parameters::default() }, CountryCode::CHINA)?;
/// assert_eq!(read[0].reason, Redirecting::Isup(6));
/// assert_eq!(read[0].from.unwrap().dialable(), "+8613800000001");
/// # Ok::<(), ringfence::edges::interop::isup::OctetError>(())
/// ```
pub fn isup(parameters: Parameters<'_>, country: CountryCode) -> Result<Vec<Redirection>, OctetError> {
    let party = |octets: Option<&[u8]>| octets.map(|octets| party(octets, country)).transpose();
    let original = party(parameters.original_called)?;
    let redirecting = party(parameters.redirecting)?;
    let information = parameters.information.map(Information::read).transpose()?;
    if original.is_none() && redirecting.is_none() && information.is_none_or(|information| !information.is_redirected) {
        return Ok(Vec::new());
    }
    let information = information.unwrap_or_default();
    let of = |party: Party, reason: u8| Redirection {
        reason: Redirecting::Isup(reason),
        from: party.number,
        is_restricted: party.is_restricted || information.is_restricted,
    };
    let last = redirecting.or(original).unwrap_or_default();
    let mut read = Vec::new();
    // After one redirection both numbers are of the same party.
    let first = original.filter(|first| redirecting.is_some() && information.count != Some(1) && first.number != last.number);
    read.extend(first.map(|first| of(first, information.original_reason)));
    // Without the second octet the only reason that is told is the original one.
    read.push(of(last, information.reason.unwrap_or(information.original_reason)));
    Ok(read)
}

const RESTRICTED: u8 = 1;
const NOT_AVAILABLE: u8 = 2;

/// Whether a numbering plan is that of telephony: unknown, ISDN (E.164) or national. Data, telex and private plans have other numbers.
const fn is_of_telephony(plan: u8) -> bool {
    matches!(plan, 0 | 1 | 8)
}

/// The extension bit: whether the group of octets ends here.
const fn is_last(octet: u8) -> bool {
    octet & 0x80 != 0
}

#[derive(Clone, Copy)]
enum Nature {
    International,
    National,
    /// A subscriber's, an unknown or a network's own: as it was dialled.
    Other,
}

impl Nature {
    fn number(self, digits: &str, country: CountryCode) -> Option<PhoneNumber> {
        let text = match self {
            Self::International => ["+", digits].concat(),
            Self::National => ["+", &country.0.to_string(), digits].concat(),
            Self::Other => String::from(digits),
        };
        if digits.is_empty() { None } else { PhoneNumber::parse(&text).ok() }
    }
}

/// A number parameter of ISUP.
#[derive(Clone, Copy, Default)]
struct Party {
    number: Option<PhoneNumber>,
    is_restricted: bool,
}

fn party(octets: &[u8], country: CountryCode) -> Result<Party, OctetError> {
    let mut octets = Octets { rest: octets, at: 0 };
    let nature = octets.next("the nature of the address was expected")?;
    let plan = octets.next("the numbering plan was expected")?;
    let is_odd = is_last(nature);
    let presentation = (plan >> 2) & 0b11;
    let mut digits = String::new();
    let mut is_number = is_of_telephony((plan >> 4) & 0b111) && presentation != NOT_AVAILABLE;
    while let Ok(octet) = octets.next("") {
        let is_filler = is_odd && octets.rest.is_empty();
        for half in [Some(octet & 0x0f), Some(octet >> 4).filter(|_| !is_filler)].into_iter().flatten() {
            match char::from_digit(u32::from(half), 10) {
                Some(digit) => digits.push(digit),
                // The end of the number.
                None if half == 0x0f => {}
                // Code 11, code 12 and spares: no number of a subscriber.
                None => is_number = false,
            }
        }
    }
    let nature = match nature & 0x7f {
        4 => Nature::International,
        3 => Nature::National,
        _ => Nature::Other,
    };
    let number = if is_number { nature.number(&digits, country) } else { None };
    Ok(Party { number, is_restricted: presentation == RESTRICTED })
}

/// Redirection information.
#[derive(Clone, Copy, Default)]
struct Information {
    is_redirected: bool,
    is_restricted: bool,
    original_reason: u8,
    reason: Option<u8>,
    count: Option<u8>,
}

impl Information {
    fn read(octets: &[u8]) -> Result<Self, OctetError> {
        let mut octets = Octets { rest: octets, at: 0 };
        let first = octets.next("the redirecting indicator was expected")?;
        // National networks may leave it out.
        let second = octets.next("").ok();
        let indicator = first & 0b111;
        Ok(Self {
            is_redirected: indicator != 0,
            // All redirection information restricted: rerouted, or diverted.
            is_restricted: matches!(indicator, 2 | 4),
            original_reason: first >> 4,
            reason: second.map(|octet| octet >> 4),
            count: second.map(|octet| octet & 0b111),
        })
    }
}

/// A reader of octets that knows where it is.
struct Octets<'a> {
    rest: &'a [u8],
    at: usize,
}

impl Octets<'_> {
    fn next(&mut self, expected: &'static str) -> Result<u8, OctetError> {
        self.at = self.at.saturating_add(1);
        match self.rest {
            [octet, rest @ ..] => {
                self.rest = rest;
                Ok(*octet)
            }
            [] => Err(self.error(expected)),
        }
    }

    /// An error at the octet that was read last.
    const fn error(&self, what: &'static str) -> OctetError {
        OctetError { at: self.at, what }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    const HERE: CountryCode = CountryCode::CHINA;

    fn from(redirection: &Redirection) -> Option<String> {
        redirection.from.map(PhoneNumber::dialable)
    }

    /// A number parameter of ISUP, as an exchange writes it.
    fn written(nature: u8, plan: u8, presentation: u8, digits: &str) -> Vec<u8> {
        let odd = if digits.len() % 2 == 1 { 0x80 } else { 0 };
        let mut octets = vec![nature | odd, (plan << 4) | (presentation << 2)];
        for pair in digits.as_bytes().chunks(2) {
            let half = |at: usize| pair.get(at).map_or(0, |digit| digit - b'0');
            octets.push(half(0) | (half(1) << 4));
        }
        octets
    }

    fn isdn_written(kind: u8, plan: u8, presentation: u8, reason: u8, digits: &str) -> Vec<u8> {
        let mut octets = vec![(kind << 4) | plan, presentation << 5, 0x80 | reason];
        octets.extend(digits.bytes());
        octets
    }

    #[test]
    fn an_isdn_number_may_lack_each_optional_octet() {
        let read = |octets: &[u8]| {
            let read = isdn(octets, HERE).unwrap();
            (read.reason, from(&read), read.is_restricted)
        };
        let number = Some(String::from("+8613800000001"));
        let mut octets = vec![0xa1];
        octets.extend(b"13800000001");
        assert_eq!(read(&octets), (Redirecting::Isup(0), number.clone(), false));
        let mut octets = vec![0x21, 0xa0];
        octets.extend(b"13800000001");
        assert_eq!(read(&octets), (Redirecting::Isup(0), number.clone(), true));
        // With identifier and length, and with what follows the element.
        let contents = isdn_written(1, 1, 0, 15, "8613800000001");
        let mut octets = vec![0x74, u8::try_from(contents.len()).unwrap()];
        octets.extend(&contents);
        octets.extend([0x70, 0x01]);
        assert_eq!(read(&octets), (Redirecting::Isup(15), number, false));
        // Nothing but the reason.
        assert_eq!(read(&[0x00, 0x40, 0x82]), (Redirecting::Isup(2), None, false));
        // A private plan has other numbers.
        assert_eq!(read(&isdn_written(0, 9, 0, 1, "8001")), (Redirecting::Isup(1), None, false));
    }

    #[test]
    fn isup_tells_of_the_first_and_the_last_redirection() {
        let first = written(3, 1, 0, "13800000001");
        let last = written(3, 1, 1, "13800000002");
        let both = |information: &'static [u8]| {
            let parameters =
                Parameters { original_called: Some(&first), redirecting: Some(&last), information: Some(information) };
            isup(parameters, HERE).unwrap()
        };
        let read = both(&[0x13, 0x22]);
        assert_eq!(read.iter().map(|one| one.reason).collect::<Vec<_>>(), [Redirecting::Isup(1), Redirecting::Isup(2)]);
        assert_eq!(read.iter().map(|one| from(one).unwrap()).collect::<Vec<_>>(), ["+8613800000001", "+8613800000002"]);
        assert_eq!(read.iter().map(|one| one.is_restricted).collect::<Vec<_>>(), [false, true]);
        // Diverted, all information restricted.
        assert!(both(&[0x14, 0x22]).iter().all(|one| one.is_restricted));
        // Once only: the two numbers are of one party, whatever their form.
        assert_eq!(both(&[0x13, 0x21]).len(), 1);
        // The second octet is left out.
        assert_eq!(both(&[0x13]).iter().map(|one| one.reason).collect::<Vec<_>>(), [Redirecting::Isup(1); 2]);
    }

    #[test]
    fn isup_may_tell_less() {
        let original = written(3, 1, 0, "13800000001");
        let only = |parameters: Parameters<'_>| isup(parameters, HERE).unwrap();
        assert_eq!(only(Parameters::default()), []);
        assert_eq!(only(Parameters { information: Some(&[0x00, 0x00]), ..Parameters::default() }), []);
        assert_eq!(
            only(Parameters { information: Some(&[0x03, 0x11]), ..Parameters::default() }),
            [Redirection::unnamed(Redirecting::Isup(1))]
        );
        let read =
            only(Parameters { original_called: Some(&original), information: Some(&[0x03, 0x61]), ..Parameters::default() });
        assert_eq!((read.len(), from(&read[0]).as_deref()), (1, Some("+8613800000001")));
        assert_eq!(read[0].reason, Redirecting::Isup(6));
    }

    #[test]
    fn numbers_of_each_nature_and_those_that_are_none() {
        let read =
            |octets: &[u8]| from(&isup(Parameters { redirecting: Some(octets), ..Parameters::default() }, HERE).unwrap()[0]);
        assert_eq!(read(&written(4, 1, 0, "85200000001")).as_deref(), Some("+85200000001"));
        assert_eq!(read(&written(3, 1, 0, "1000000001")).as_deref(), Some("+861000000001"));
        assert_eq!(read(&written(1, 1, 0, "00000001")).as_deref(), Some("00000001"));
        assert_eq!(read(&written(2, 1, 0, "01000000001")).as_deref(), Some("01000000001"));
        // Address not available; nothing at all; a private plan; code 11 in it; the end mark, which is no digit.
        assert_eq!(read(&written(3, 1, 2, "")), None);
        assert_eq!(read(&[0x03, 0x10]), None);
        assert_eq!(read(&written(3, 5, 0, "13800000001")), None);
        assert_eq!(read(&[0x03, 0x10, 0x3b, 0x83, 0x00]), None);
        assert_eq!(read(&[0x83, 0x10, 0x59, 0x15, 0x01]).as_deref(), Some("+8695511"));
        assert_eq!(read(&[0x03, 0x10, 0x59, 0x15, 0xf1]).as_deref(), Some("+8695511"));
        assert_eq!(CountryCode::new(0), None);
        assert_eq!(CountryCode::new(86), Some(HERE));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let wrong = |octets: &[u8]| isdn(octets, HERE).unwrap_err().to_string();
        assert_eq!(wrong(&[]), "at octet 1: the type and plan of the number were expected");
        assert_eq!(wrong(&[0x21]), "at octet 2: octet 3a with the presentation was expected");
        assert_eq!(wrong(&[0x21, 0x00]), "at octet 3: octet 3b with the reason was expected");
        assert_eq!(wrong(&[0x21, 0x00, 0x81, b'1', b'x']), "at octet 5: a digit was expected");
        assert_eq!(wrong(&[0x74, 0x09, 0x21]), "at octet 4: the element is shorter than its length says");
        let wrong = |octets: &[u8]| {
            isup(Parameters { redirecting: Some(octets), ..Parameters::default() }, HERE).unwrap_err().to_string()
        };
        assert_eq!(wrong(&[]), "at octet 1: the nature of the address was expected");
        assert_eq!(wrong(&[0x03]), "at octet 2: the numbering plan was expected");
        let empty = Parameters { information: Some(&[]), ..Parameters::default() };
        assert_eq!(isup(empty, HERE).unwrap_err().to_string(), "at octet 1: the redirecting indicator was expected");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(digits in "[1-9][0-9]{6,11}", is_national: bool, is_restricted: bool, reason in 0_u8..7) {
            let number = if is_national { alloc::format!("+86{digits}") } else { alloc::format!("+{digits}") };
            let presentation = u8::from(is_restricted);
            let expected = Redirection {
                reason: Redirecting::Isup(reason),
                from: Some(PhoneNumber::parse(&number).unwrap()),
                is_restricted,
            };
            let octets = isdn_written(if is_national { 2 } else { 1 }, 1, presentation, reason, &digits);
            prop_assert_eq!(isdn(&octets, HERE).unwrap(), expected);
            let octets = written(if is_national { 3 } else { 4 }, 1, presentation, &digits);
            let information = [0x03, (reason << 4) | 1];
            let parameters = Parameters { redirecting: Some(&octets), information: Some(&information), ..Parameters::default() };
            prop_assert_eq!(isup(parameters, HERE).unwrap(), vec![expected]);
        }

        #[test]
        fn no_octets_panic(one: Vec<u8>, other: Vec<u8>, third: Vec<u8>) {
            if let Err(wrong) = isdn(&one, HERE) {
                prop_assert!(wrong.at >= 1 && wrong.at <= one.len() + 1 && !wrong.what.is_empty());
            }
            let parameters = Parameters { original_called: Some(&one), redirecting: Some(&other), information: Some(&third) };
            if let Err(wrong) = isup(parameters, HERE) {
                prop_assert!(!wrong.what.is_empty());
            }
        }
    }
}
