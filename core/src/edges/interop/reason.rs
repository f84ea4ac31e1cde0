//! The Reason header (RFC 3326, RFC 8606), as switches and carriers write it.
//!
//! One header may hold several values, a response several headers, and the parameters stand in any order. `cause` may follow a long text: a reader that
//! looks at the first twenty bytes only, as one well-known switch did, loses it.

use alloc::vec::Vec;

pub use super::scan::HeaderError;
use super::scan::Scanner;
use crate::values::evidence::{Location, Q850, ReasonHeader};
use crate::values::text::Text;

/// Reads the value of a Reason header. The name and the colon may stand before it.
///
/// # Errors
/// [`HeaderError`] with the place of what cannot be read.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::reason::parse;
///
/// let read = parse(r#"Q.850;text="User busy";cause=17, SIP;cause=486"#)?;
/// assert_eq!(read.len(), 2);
/// assert_eq!((read[0].protocol.as_ref(), read[0].cause), ("Q.850", Some(17)));
/// # Ok::<(), ringfence::edges::interop::reason::HeaderError>(())
/// ```
pub fn parse(header: &str) -> Result<Vec<ReasonHeader>, HeaderError> {
    let value = match header.split_once(':') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("reason") => value,
        Some(_) | None => header,
    };
    let mut scanner = Scanner::new(value);
    let mut read = Vec::new();
    loop {
        read.push(one(&mut scanner)?);
        if !scanner.take(',') {
            break;
        }
    }
    if scanner.is_done() { Ok(read) } else { Err(scanner.error("`;` or `,` was expected")) }
}

fn one(scanner: &mut Scanner<'_>) -> Result<ReasonHeader, HeaderError> {
    scanner.blanks();
    let start = scanner.clone();
    let name = scanner.until(&[';', ',']);
    if name.is_empty() {
        return Err(start.error("a protocol was expected, such as Q.850 or SIP"));
    }
    let protocol = Text::from(name.to_ascii_uppercase());
    let mut reason = ReasonHeader { protocol, cause: None, text: None, location: None };
    loop {
        let place = scanner.clone();
        let Some((name, value)) = scanner.parameter()? else { break };
        let value = value.unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "cause" => {
                let cause: u16 = value.parse().map_err(|_| place.error("a cause is a number up to 65535"))?;
                // Some trunks leave the extension bit of the octet in it.
                let is_octet = reason.protocol.as_ref() == Q850 && cause <= 0xff;
                reason.cause = Some(if is_octet { cause & 0x7f } else { cause });
            }
            "text" => reason.text = Some(Text::from(value.as_ref())),
            "location" => {
                reason.location = Location::ALL.into_iter().find(|location| location.word().eq_ignore_ascii_case(&value))
            }
            // An extension parameter of somebody else (RFC 3326 §2, reason-extension).
            _ => {}
        }
    }
    Ok(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn causes(header: &str) -> Vec<Option<u16>> {
        parse(header).unwrap().into_iter().map(|reason| reason.cause).collect()
    }

    #[test]
    fn the_cause_is_found_wherever_it_stands() {
        assert_eq!(causes("Q.850;cause=17"), [Some(17)]);
        assert_eq!(causes(r#"Q.850;text="User busy";cause=17"#), [Some(17)]);
        assert_eq!(causes("Reason: Q.850 ; cause = 20 ;text=\"Subscriber absent\""), [Some(20)]);
    }

    #[test]
    fn commas_and_semicolons_inside_quotes_are_text() {
        let read = parse(r#"Q.850;cause=21;text="v=analytics1;url=https://a.example/?x=1,2";location=LN"#).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].text.as_deref(), Some("v=analytics1;url=https://a.example/?x=1,2"));
        assert_eq!(read[0].location, Some(Location::LocalPublic));
        assert_eq!(parse(r#"SIP;text="say \"no\"";cause=603"#).unwrap()[0].text.as_deref(), Some("say \"no\""));
    }

    #[test]
    fn several_values_keep_their_order_and_unknown_protocols_are_kept() {
        let read = parse("SIP;cause=480, Q.850;cause=20;location=RLN, X.int;reasoncode=0x1;add-info=05CD").unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(
            read[1],
            ReasonHeader { protocol: Q850.into(), cause: Some(20), text: None, location: Some(Location::RemotePublic) }
        );
        assert_eq!(read[2].protocol, Text::from("X.INT"));
    }

    #[test]
    fn the_extension_bit_is_masked() {
        assert_eq!(causes("Q.850;cause=145"), [Some(17)]);
        assert_eq!(causes("SIP;cause=486"), [Some(486)]);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        for (header, at, what) in [
            ("", 1, "a protocol was expected"),
            ("Q.850;cause=seventeen", 6, "a cause is a number"),
            ("Q.850;text=\"open", 12, "a quoted text has no end"),
            ("Q.850;cause=17,", 16, "a protocol was expected"),
            ("Q.850;cause=99999", 6, "a cause is a number"),
        ] {
            let error = parse(header).unwrap_err();
            assert_eq!(error.at, at, "{header}: {error}");
            assert!(error.what.starts_with(what), "{header}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = parse(&text);
        }
    }
}
