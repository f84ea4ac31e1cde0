//! The Reason header (RFC 3326, RFC 8606), as switches and carriers write it.
//!
//! One header may hold several values, a response several headers, and the parameters stand in any order. `cause` may follow a long text: a reader that
//! looks at the first twenty bytes only, as one well-known switch did, loses it.

use alloc::string::String;
use alloc::vec::Vec;

pub use super::scan::HeaderError;
use super::scan::{Scanner, is_token, strip};
use crate::values::evidence::{ENTRIES_MAX, EVIDENCE_CHARS_MAX, Location, Q850, ReasonHeader, SIP};
use crate::values::text::Text;

/// Reads the value of a Reason header. The name and the colon may stand before it. A text that is longer than
/// [`EVIDENCE_CHARS_MAX`] is cut there; of a parameter that stands twice the first counts, as the switches read it.
///
/// # Errors
/// [`HeaderError`] with the place of what cannot be read. [`read`] keeps what stands before it.
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
    let (values, wrong) = values(header);
    wrong.map_or(Ok(values), Err)
}

/// All the Reason headers of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasons {
    /// What they say, each value once, at most [`ENTRIES_MAX`]: when there are more, those go first that decide least (another protocol's, those without a cause).
    pub reasons: Vec<ReasonHeader>,
    /// What could not be read: which header, counted from 1, and where in it. At most [`ENTRIES_MAX`] of them.
    pub wrong: Vec<(usize, HeaderError)>,
}

/// Reads all the Reason headers of a message, and keeps what can be read: a carrier's slip in one of them must not hide the cause in another, or in the same
/// before the slip. The result always fits into an [`Evidence`](crate::values::evidence::Evidence).
///
/// # Examples
/// ```
/// use ringfence::edges::interop::reason::read;
///
/// let read = read(["SIP;cause=480", r#"Q.850;cause=20;text="Subscriber abs"#]);
/// assert_eq!(read.reasons.iter().map(|reason| reason.cause).collect::<Vec<_>>(), [Some(480), Some(20)]);
/// assert_eq!(read.wrong[0].1.to_string(), "at character 21: a quoted text has no end");
/// ```
#[must_use]
pub fn read<'a>(headers: impl IntoIterator<Item = &'a str>) -> Reasons {
    let mut read = Reasons::default();
    for (place, header) in (1..).zip(headers) {
        let (values, wrong) = values(header);
        for value in values {
            if !read.reasons.contains(&value) {
                read.reasons.push(value);
            }
        }
        if read.reasons.len() > ENTRIES_MAX {
            read.reasons.sort_by_key(weight);
            read.reasons.truncate(ENTRIES_MAX);
        }
        if let Some(wrong) = wrong.filter(|_| read.wrong.len() < ENTRIES_MAX) {
            read.wrong.push((place, wrong));
        }
    }
    read
}

/// How little a value decides.
fn weight(reason: &ReasonHeader) -> u8 {
    match (reason.protocol.as_ref(), reason.cause) {
        (_, None) => 4,
        (Q850, Some(_)) if reason.text.as_ref().is_some_and(|text| text.contains("v=analytics")) => 0,
        (Q850, Some(_)) if reason.location == Some(Location::User) => 0,
        (Q850, Some(_)) => 1,
        (SIP, Some(_)) => 2,
        (_, Some(_)) => 3,
    }
}

/// The values up to the first mistake, a value that a mistake breaks off among them if its cause stands before; and the mistake.
fn values(header: &str) -> (Vec<ReasonHeader>, Option<HeaderError>) {
    let mut scanner = match Scanner::bounded(strip(header, &["reason"])) {
        Ok(scanner) => scanner,
        Err(wrong) => return (Vec::new(), Some(wrong)),
    };
    let mut read = Vec::new();
    loop {
        let mut reason = match protocol(&mut scanner) {
            Ok(protocol) => ReasonHeader { protocol, cause: None, text: None, location: None },
            Err(wrong) => return (read, Some(wrong)),
        };
        let broken = parameters(&mut scanner, &mut reason).err();
        if broken.is_none() || reason.cause.is_some() {
            read.push(reason);
        }
        if broken.is_some() {
            return (read, broken);
        }
        if !scanner.take(',') {
            break;
        }
    }
    let wrong = if scanner.is_done() { None } else { Some(scanner.error("`;` or `,` was expected")) };
    (read, wrong)
}

fn protocol(scanner: &mut Scanner<'_>) -> Result<Text, HeaderError> {
    scanner.blanks();
    let start = scanner.clone();
    let name = scanner.until(&[';', ',']);
    if name.is_empty() || name.len() > EVIDENCE_CHARS_MAX || !is_token(name) {
        return Err(start.error("a protocol was expected, such as Q.850 or SIP"));
    }
    let name = name.to_ascii_uppercase();
    // Some gateways leave the dot out.
    Ok(if name == "Q850" { Text::from(Q850) } else { Text::from(name) })
}

fn parameters(scanner: &mut Scanner<'_>, reason: &mut ReasonHeader) -> Result<(), HeaderError> {
    loop {
        let place = scanner.clone();
        let Some((name, value)) = scanner.parameter()? else { return Ok(()) };
        let value = value.unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "cause" if reason.cause.is_none() => reason.cause = Some(cause(&reason.protocol, &value, &place)?),
            "text" => {
                let mut text = String::from(value.as_ref());
                // A text without its quotes may have commas of its own: what follows them is no protocol.
                while let Some(more) = comma_of_text(scanner) {
                    text.push_str(", ");
                    text.push_str(more);
                }
                if reason.text.is_none() {
                    reason.text = Some(Text::from(text.chars().take(EVIDENCE_CHARS_MAX).collect::<String>()));
                }
            }
            "location" if reason.location.is_none() => {
                reason.location = Location::ALL.into_iter().find(|location| location.word().eq_ignore_ascii_case(&value));
            }
            // A parameter once more, or an extension of somebody else (RFC 3326 §2, reason-extension).
            _ => {}
        }
    }
}

fn comma_of_text<'a>(scanner: &mut Scanner<'a>) -> Option<&'a str> {
    let mut ahead = scanner.clone();
    if !ahead.take(',') {
        return None;
    }
    ahead.blanks();
    let more = ahead.until(&[';', ',']);
    let is_text = more.contains(char::is_whitespace) && !is_token(more);
    is_text.then(|| {
        *scanner = ahead;
        more
    })
}

fn cause(protocol: &str, value: &str, place: &Scanner<'_>) -> Result<u16, HeaderError> {
    let cause: u16 = value.parse().map_err(|_| place.error("a cause is a number up to 65535"))?;
    match protocol {
        // Some trunks leave the extension bit of the octet in it.
        Q850 if cause <= 0xff => Ok(cause & 0x7f),
        Q850 => Err(place.error("a cause of Q.850 is 0 to 127")),
        SIP if !(100..=699).contains(&cause) => Err(place.error("a SIP status is 100 to 699")),
        _ => Ok(cause),
    }
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
            ("Q.850;cause=256", 6, "a cause of Q.850"),
            ("SIP;cause=20", 4, "a SIP status"),
            ("what is this", 1, "a protocol was expected"),
            ("Q.850;cause=17 SIP;cause=1", 6, "a cause is a number"),
        ] {
            let error = parse(header).unwrap_err();
            assert_eq!(error.at, at, "{header}: {error}");
            assert!(error.what.starts_with(what), "{header}: {error}");
        }
    }

    #[test]
    fn folded_lines_case_and_blanks_do_not_matter() {
        let folded = "REASON :\r\n q.850\r\n\t; CAUSE = \"17\" ;\r\n Text=\"User\r\n busy\";LOCATION=rln";
        let read = parse(folded).unwrap();
        let expected = ReasonHeader {
            protocol: Q850.into(),
            cause: Some(17),
            text: Some("User busy".into()),
            location: Some(Location::RemotePublic),
        };
        assert_eq!(read, [expected]);
        assert_eq!(causes("q850;cause=20"), [Some(20)]);
    }

    #[test]
    fn a_text_without_quotes_may_have_commas() {
        let read = parse("Q.850;text=Busy, please try later;cause=17, SIP;cause=486").unwrap();
        assert_eq!(read[0].text.as_deref(), Some("Busy, please try later"));
        assert_eq!(read.iter().map(|reason| reason.cause).collect::<Vec<_>>(), [Some(17), Some(486)]);
    }

    #[test]
    fn a_cause_may_be_missing_and_the_first_of_two_counts() {
        assert_eq!(causes("Q.850"), [None]);
        assert_eq!(causes("Q.850;text=\"cause=17\""), [None]);
        assert_eq!(causes("Q.850;cause=17;cause=16"), [Some(17)]);
        assert_eq!(causes("RELEASE_CAUSE;cause=1;text=\"User ends call\""), [Some(1)]);
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_hides_no_cause() {
        let read = parse(&alloc::format!("Q.850;text=\"{}\";cause=17", "忙".repeat(5_000))).unwrap();
        assert_eq!(read[0].cause, Some(17));
        assert_eq!(read[0].text.as_ref().unwrap().chars().count(), EVIDENCE_CHARS_MAX);
        assert!(parse(&" ".repeat(super::super::scan::HEADER_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn one_bad_header_hides_no_other_and_what_decides_stays() {
        let many: Vec<String> = (0..40).map(|number| alloc::format!("X{number};cause={number}")).collect();
        let headers = ["Q.850;cause=x", "nonsense here"].into_iter().chain(many.iter().map(String::as_str));
        let all = read(headers.chain(["SIP;cause=480", "Q.850;cause=20;location=U", "SIP;cause=480"]));
        assert_eq!(all.reasons.len(), ENTRIES_MAX);
        assert_eq!(all.reasons.iter().filter(|reason| reason.protocol.as_ref() == SIP).count(), 1);
        assert!(all.reasons.iter().any(|reason| reason.cause == Some(20) && reason.location == Some(Location::User)));
        assert_eq!(all.wrong.iter().map(|(header, _)| *header).collect::<Vec<_>>(), [1, 2]);
    }

    /// A value as a careful switch writes it.
    fn written(reason: &ReasonHeader) -> String {
        let mut out = String::from(reason.protocol.as_ref());
        if let Some(text) = &reason.text {
            out.push_str(";text=\"");
            for c in text.chars() {
                if matches!(c, '"' | '\\') {
                    out.push('\\');
                }
                out.push(c);
            }
            out.push('"');
        }
        if let Some(location) = reason.location {
            out.push_str(&alloc::format!(";location={}", location.word()));
        }
        if let Some(cause) = reason.cause {
            out.push_str(&alloc::format!(";cause={cause}"));
        }
        out
    }

    fn any_reason() -> impl proptest::strategy::Strategy<Value = ReasonHeader> {
        use proptest::prelude::*;
        let cause = prop_oneof![
            (0_u16..128).prop_map(|cause| (Q850, Some(cause))),
            (100_u16..700).prop_map(|cause| (SIP, Some(cause))),
            (0_u16..=u16::MAX).prop_map(|cause| ("X.INT", Some(cause))),
            Just(("STIR", None)),
        ];
        let text = proptest::option::of("[ -~\u{4e00}-\u{4e20};,\"\\\\]{0,40}");
        let location = proptest::option::of(proptest::sample::select(Location::ALL.to_vec()));
        (cause, text, location).prop_map(|((protocol, cause), text, location)| ReasonHeader {
            protocol: protocol.into(),
            cause,
            text: text.map(Text::from),
            location,
        })
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(reasons in proptest::collection::vec(any_reason(), 1..6)) {
            let header = reasons.iter().map(written).collect::<Vec<_>>().join(", ");
            proptest::prop_assert_eq!(parse(&header).unwrap(), reasons);
        }

        #[test]
        fn no_text_panics_and_what_is_read_is_an_evidence(
            text in proptest::prop_oneof![".{0,60}", "(Q.850|SIP|[;,=\" a-z\\\\]|cause=[0-9]{1,5}){0,20}"],
        ) {
            let strict = parse(&text);
            let reasons = read([text.as_str(), text.as_str()]);
            proptest::prop_assert_eq!(strict.is_err(), !reasons.wrong.is_empty());
            if let Err(wrong) = strict {
                proptest::prop_assert!(wrong.at >= 1 && wrong.at <= text.chars().count() + 1);
            }
            let evidence = crate::values::evidence::Evidence { reasons: reasons.reasons, ..Default::default() };
            proptest::prop_assert!(evidence.is_in_range());
        }
    }
}
