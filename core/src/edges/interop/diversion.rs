//! Diversion (RFC 5806) and History-Info (RFC 7044 with the causes of RFC 4458): through whom a call came to us, and why.

use alloc::vec::Vec;

pub use super::scan::HeaderError;
use super::scan::Scanner;
use crate::values::evidence::{DiversionReason, Redirecting, Redirection};
use crate::values::number::PhoneNumber;

/// Reads the value of a Diversion header, or of several joined by commas. The topmost is the latest (RFC 5806 §5); the result has the first
/// redirection first.
///
/// # Errors
/// [`HeaderError`] with the place of what cannot be read.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::diversion::diversion;
/// use ringfence::values::evidence::{DiversionReason, Redirecting};
///
/// let read = diversion("<sip:+8613800000001@ims.example>;reason=user-busy;counter=1")?;
/// assert_eq!(read[0].reason, Redirecting::Diversion(DiversionReason::UserBusy));
/// assert_eq!(read[0].from.unwrap().dialable(), "+8613800000001");
/// # Ok::<(), ringfence::edges::interop::diversion::HeaderError>(())
/// ```
pub fn diversion(header: &str) -> Result<Vec<Redirection>, HeaderError> {
    let mut entries = entries(strip(header, &["diversion", "cc-diversion"]))?;
    entries.reverse();
    let of = |entry: Entry<'_>| {
        let reason = entry.parameter("reason").map_or(DiversionReason::Unknown, |word| reason_of(&word));
        Redirection { reason: Redirecting::Diversion(reason), from: number(entry.uri) }
    };
    Ok(entries.into_iter().map(of).collect())
}

/// Reads the value of a History-Info header, or of several joined by commas, in the order of the header. An entry with a `cause` (RFC 4458) tells why
/// the call was retargeted to it, and the entry before it from whom.
///
/// # Errors
/// [`HeaderError`] with the place of what cannot be read.
pub fn history_info(header: &str) -> Result<Vec<Redirection>, HeaderError> {
    let entries = entries(strip(header, &["history-info"]))?;
    let mut from = None;
    let mut read = Vec::new();
    for entry in &entries {
        if let Some(cause) = uri_parameter(entry.uri, "cause").and_then(|cause| cause.parse().ok()) {
            read.push(Redirection { reason: Redirecting::Cdiv(cause), from });
        }
        from = number(entry.uri);
    }
    Ok(read)
}

/// One `<uri>;parameter=value` of a header.
#[derive(Debug)]
struct Entry<'a> {
    uri: &'a str,
    parameters: Vec<(&'a str, alloc::borrow::Cow<'a, str>)>,
}

impl<'a> Entry<'a> {
    fn parameter(&self, name: &str) -> Option<alloc::borrow::Cow<'a, str>> {
        self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }
}

fn strip<'a>(header: &'a str, names: &[&str]) -> &'a str {
    match header.split_once(':') {
        Some((name, value)) if names.iter().any(|known| name.trim().eq_ignore_ascii_case(known)) => value,
        Some(_) | None => header,
    }
}

fn entries(value: &str) -> Result<Vec<Entry<'_>>, HeaderError> {
    let mut scanner = Scanner::new(value);
    let mut read = Vec::new();
    loop {
        scanner.blanks();
        // A display name, quoted or not, says nothing.
        if !scanner.take('<') {
            scanner.value(&['<', ','])?;
            if !scanner.take('<') {
                return Err(scanner.error("an address in < and > was expected"));
            }
        }
        let open = scanner.clone();
        let uri = scanner.until(&['>']);
        if !scanner.take('>') {
            return Err(open.error("an address has no >"));
        }
        let mut parameters = Vec::new();
        while let Some((name, value)) = scanner.parameter()? {
            parameters.push((name, value.unwrap_or_default()));
        }
        read.push(Entry { uri, parameters });
        if !scanner.take(',') {
            break;
        }
    }
    if scanner.is_done() { Ok(read) } else { Err(scanner.error("`;` or `,` was expected")) }
}

/// The number in a `tel:` or `sip:` URI; none when it is withheld or no number.
fn number(uri: &str) -> Option<PhoneNumber> {
    let (scheme, rest) = uri.split_once(':')?;
    let user = match scheme.to_ascii_lowercase().as_str() {
        "tel" => rest.split([';', '?']).next()?,
        "sip" | "sips" => rest.split_once('@')?.0.split(';').next()?,
        _ => return None,
    };
    PhoneNumber::parse(user).ok()
}

/// A parameter of a URI, such as `cause` of RFC 4458.
fn uri_parameter<'a>(uri: &'a str, name: &str) -> Option<&'a str> {
    let parameters = uri.split('?').next()?;
    parameters.split(';').skip(1).find_map(|parameter| {
        let (known, value) = parameter.split_once('=')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn reason_of(word: &str) -> DiversionReason {
    match word.to_ascii_lowercase().as_str() {
        "user-busy" => DiversionReason::UserBusy,
        "no-answer" => DiversionReason::NoAnswer,
        "unavailable" => DiversionReason::Unavailable,
        "unconditional" => DiversionReason::Unconditional,
        "time-of-day" => DiversionReason::TimeOfDay,
        "do-not-disturb" => DiversionReason::DoNotDisturb,
        "deflection" => DiversionReason::Deflection,
        "follow-me" => DiversionReason::FollowMe,
        "out-of-service" => DiversionReason::OutOfService,
        "away" => DiversionReason::Away,
        _ => DiversionReason::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(redirection: &Redirection) -> Option<alloc::string::String> {
        redirection.from.map(PhoneNumber::dialable)
    }

    #[test]
    fn the_latest_diversion_comes_last() {
        let header = concat!(
            "Diversion: \"Li, Si\" <sip:+8613800000002@a.example;user=phone>;reason=no-answer;counter=1, ",
            "<tel:+8613800000001>;privacy=off;reason=\"user-busy\""
        );
        let read = diversion(header).unwrap();
        let reasons: Vec<Redirecting> = read.iter().map(|redirection| redirection.reason).collect();
        assert_eq!(
            reasons,
            [Redirecting::Diversion(DiversionReason::UserBusy), Redirecting::Diversion(DiversionReason::NoAnswer)]
        );
        assert_eq!(from(&read[0]).as_deref(), Some("+8613800000001"));
        assert_eq!(from(&read[1]).as_deref(), Some("+8613800000002"));
    }

    #[test]
    fn a_withheld_number_leaves_the_reason() {
        let read = diversion("<sip:anonymous@anonymous.invalid>;reason=unavailable").unwrap();
        assert_eq!(read[0], Redirection { reason: Redirecting::Diversion(DiversionReason::Unavailable), from: None });
    }

    #[test]
    fn history_info_names_who_forwarded_and_why() {
        let header = concat!(
            "<sip:+8613800000001@ims.example>;index=1,",
            "<sip:+8610000000009@vm.example;cause=503?Reason=SIP%3Bcause%3D302>;index=1.1;mp=1"
        );
        let read = history_info(header).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].reason, Redirecting::Cdiv(503));
        assert_eq!(from(&read[0]).as_deref(), Some("+8613800000001"));
        assert_eq!(history_info("<sip:a@b>;index=1").unwrap(), []);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        for (header, at, what) in [
            ("", 1, "an address in <"),
            ("sip:a@b;reason=user-busy", 25, "an address in <"),
            ("<sip:a@b;reason=user-busy", 2, "an address has no >"),
            ("<sip:a@b> user-busy", 11, "`;` or `,`"),
        ] {
            let error = diversion(header).unwrap_err();
            assert_eq!(error.at, at, "{header}: {error}");
            assert!(error.what.starts_with(what), "{header}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[<>;,=\"a-z:@+0-9 ]{0,60}") {
            let _ = diversion(&text);
            let _ = history_info(&text);
        }
    }
}
