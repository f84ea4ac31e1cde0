//! Diversion (RFC 5806) and History-Info (RFC 7044 with the causes of RFC 4458): through whom a call came to us, and why.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::reason;
pub use super::scan::HeaderError;
use super::scan::{Scanner, strip, unescaped};
use crate::values::evidence::{DiversionReason, ENTRIES_MAX, Q850, Redirecting, Redirection, SIP};
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
    of_diversions([header])
}

/// Reads the value of a History-Info header, or of several joined by commas. An entry with a `cause` (RFC 4458) tells why the call was redirected to it; where it has
/// none, a Reason inside the entry that it was redirected from does (RFC 7044 §10.2). From whom: the entry that `mp` names, else the one above it by its index,
/// else the one before it. Entries count in the order of their indexes.
///
/// # Errors
/// [`HeaderError`] with the place of what cannot be read.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::diversion::history_info;
/// use ringfence::values::evidence::Redirecting;
///
/// let read = history_info("<sip:+8613800000001@a.example?Privacy=history>;index=1, <sip:vm@a.example;cause=503>;index=1.1;mp=1")?;
/// assert_eq!(read[0].reason, Redirecting::Cdiv(503));
/// assert!(read[0].is_restricted);
/// # Ok::<(), ringfence::edges::interop::diversion::HeaderError>(())
/// ```
pub fn history_info(header: &str) -> Result<Vec<Redirection>, HeaderError> {
    of_history([header])
}

/// What the History-Info and the Diversion headers of one message say together, each kind in the order of the message. Both tell of the same redirections (RFC 7544), so
/// one of them counts: the one that knows more of them, and of two that know as many, History-Info.
///
/// # Errors
/// [`HeaderError`] with the place of what cannot be read, when neither kind can be read. Otherwise the one that can be read counts.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::diversion::redirections;
/// use ringfence::values::evidence::{DiversionReason, Redirecting};
///
/// let read = redirections(&[], &["<tel:+8613800000002>;reason=user-busy", "<tel:+8613800000001>;reason=no-answer"])?;
/// assert_eq!(read.last().unwrap().reason, Redirecting::Diversion(DiversionReason::UserBusy));
/// # Ok::<(), ringfence::edges::interop::diversion::HeaderError>(())
/// ```
pub fn redirections(history_info: &[&str], diversion: &[&str]) -> Result<Vec<Redirection>, HeaderError> {
    let of_diversion = if diversion.is_empty() { Ok(Vec::new()) } else { of_diversions(diversion.iter().copied()) };
    let of_history = if history_info.is_empty() { Ok(Vec::new()) } else { of_history(history_info.iter().copied()) };
    match (of_history, of_diversion) {
        (Ok(history), Ok(diversion)) => Ok(if diversion.len() > history.len() { diversion } else { history }),
        (Ok(read), Err(wrong)) | (Err(wrong), Ok(read)) => {
            if read.is_empty() {
                Err(wrong)
            } else {
                Ok(read)
            }
        }
        (Err(wrong), Err(_)) => Err(wrong),
    }
}

fn of_diversions<'a>(headers: impl IntoIterator<Item = &'a str>) -> Result<Vec<Redirection>, HeaderError> {
    let mut read = Vec::new();
    for header in headers {
        for entry in entries(strip(header, &["diversion", "cc-diversion"]))? {
            let reason = entry.parameter("reason").map_or(DiversionReason::Unknown, |word| reason_of(&word));
            let privacy = entry.parameter("privacy").unwrap_or_default();
            // `name` hides the name only, which is not read.
            let is_restricted = privacy.eq_ignore_ascii_case("full") || privacy.eq_ignore_ascii_case("uri");
            read.push(Redirection { reason: Redirecting::Diversion(reason), from: number(entry.uri), is_restricted });
        }
    }
    read.reverse();
    Ok(bounded(read))
}

/// The first redirection and the last ones: the last says why the call came here, the first whom the caller dialled.
fn bounded(mut read: Vec<Redirection>) -> Vec<Redirection> {
    let too_many = read.len().saturating_sub(ENTRIES_MAX);
    read.drain(1.min(read.len())..too_many.saturating_add(1).min(read.len()));
    read
}

fn of_history<'a>(headers: impl IntoIterator<Item = &'a str>) -> Result<Vec<Redirection>, HeaderError> {
    let mut steps = Vec::new();
    for header in headers {
        steps.extend(entries(strip(header, &["history-info"]))?.into_iter().map(Step::of));
    }
    if steps.iter().all(|step| !step.index.is_empty()) {
        steps.sort_by(|one, other| one.index.cmp(&other.index));
    }
    let mut read = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| steps.get(before));
        let named = |index: &[u32]| steps.iter().find(|known| !index.is_empty() && known.index == index);
        let from = named(&step.mapped_from).or_else(|| named(step.parent())).or(before);
        // The same user at another address of his (`rc`) is no redirection.
        let told = || [from, before].into_iter().flatten().find_map(|step| step.answer).filter(|_| !step.is_same_user);
        let Some(reason) = step.cause.map(Redirecting::Cdiv).or_else(told) else { continue };
        read.push(Redirection {
            reason,
            from: from.and_then(|from| from.number),
            is_restricted: from.is_some_and(|from| from.is_restricted),
        });
    }
    Ok(bounded(read))
}

/// One entry of a History-Info header.
#[derive(Debug)]
struct Step {
    number: Option<PhoneNumber>,
    index: Vec<u32>,
    mapped_from: Vec<u32>,
    is_same_user: bool,
    cause: Option<u16>,
    /// What the request to it was answered with, by the Reason inside it.
    answer: Option<Redirecting>,
    is_restricted: bool,
}

impl Step {
    fn of(entry: Entry<'_>) -> Self {
        let index = |name: &str| entry.parameter(name).and_then(|value| index_of(&value)).unwrap_or_default();
        let privacy = uri_header(entry.uri, "privacy").unwrap_or_default();
        let is_none = |word: &str| word.trim().eq_ignore_ascii_case("none");
        Self {
            number: number(entry.uri),
            index: index("index"),
            mapped_from: index("mp"),
            is_same_user: entry.parameter("rc").is_some(),
            cause: uri_parameter(entry.uri, "cause").and_then(|cause| cause.parse().ok()),
            answer: uri_header(entry.uri, "reason").and_then(|reason| answer_of(&reason)),
            is_restricted: !privacy.is_empty() && !privacy.split(';').all(is_none),
        }
    }

    /// The index of the entry above.
    fn parent(&self) -> &[u32] {
        self.index.split_last().map_or(&[], |(_, parent)| parent)
    }
}

/// `1.2.1` as numbers; none when it is something else.
fn index_of(text: &str) -> Option<Vec<u32>> {
    text.split('.').map(|part| part.trim().parse().ok()).collect()
}

/// The most telling value of an embedded Reason: a Q.850 cause before a SIP status.
fn answer_of(header: &str) -> Option<Redirecting> {
    let read = reason::read([header]).reasons;
    let cause = |protocol: &str| read.iter().find(|reason| reason.protocol.as_ref() == protocol).and_then(|reason| reason.cause);
    let of_q850 = cause(Q850).and_then(|cause| u8::try_from(cause).ok()).map(Redirecting::Q850);
    of_q850.or_else(|| cause(SIP).map(Redirecting::Sip))
}

/// One `<uri>;parameter=value` of a header.
#[derive(Debug)]
struct Entry<'a> {
    uri: &'a str,
    parameters: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Entry<'a> {
    fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }
}

fn entries(value: &str) -> Result<Vec<Entry<'_>>, HeaderError> {
    let mut scanner = Scanner::bounded(value)?;
    let mut read = Vec::new();
    loop {
        let uri = address(&mut scanner)?;
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

fn address<'a>(scanner: &mut Scanner<'a>) -> Result<&'a str, HeaderError> {
    scanner.blanks();
    let mut bare = scanner.clone();
    let uri = bare.until(&[';', ',', '<', ' ']);
    // An address without < and >: its parameters are the header's (RFC 3261 §20).
    if scheme_and_rest(uri).is_some() && !bare.next_is('<') {
        *scanner = bare;
        return Ok(uri);
    }
    // A display name, quoted or not, says nothing.
    if !scanner.take('<') {
        scanner.value(&['<', ','])?;
        if !scanner.take('<') {
            return Err(scanner.error("an address in < and > was expected"));
        }
    }
    let open = scanner.clone();
    let uri = scanner.until(&['>']);
    if scanner.take('>') { Ok(uri) } else { Err(open.error("an address has no >")) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Tel,
    Sip,
}

fn scheme_and_rest(uri: &str) -> Option<(Scheme, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    match scheme.trim().to_ascii_lowercase().as_str() {
        "tel" => Some((Scheme::Tel, rest)),
        "sip" | "sips" => Some((Scheme::Sip, rest)),
        _ => None,
    }
}

/// The number in a `tel:` or `sip:` URI; none when it is withheld or no number. A number with a `phone-context` of a country (RFC 3966 §5.1.5) becomes one in
/// E.164 form; without one it stays as it is.
fn number(uri: &str) -> Option<PhoneNumber> {
    let (scheme, rest) = scheme_and_rest(uri)?;
    let user = match scheme {
        Scheme::Tel => rest.split('?').next()?,
        Scheme::Sip => rest.split_once('@')?.0,
    };
    let user = unescaped(user);
    let mut parts = user.split(';');
    // No password, and no visual separators (RFC 3966 §5.1.1).
    let digits: String = parts.next()?.split(':').next()?.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).collect();
    let context = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("phone-context").then(|| value.trim())
    });
    match context {
        Some(context) if context.starts_with('+') && !digits.starts_with(['+', '0']) => {
            PhoneNumber::parse(&[context, &digits].concat()).ok()
        }
        Some(_) | None => PhoneNumber::parse(&digits).ok(),
    }
}

/// A parameter of a URI, such as `cause` of RFC 4458.
fn uri_parameter<'a>(uri: &'a str, name: &str) -> Option<&'a str> {
    let parameters = uri.split('?').next()?;
    parameters.split(';').skip(1).find_map(|parameter| {
        let (known, value) = parameter.split_once('=')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A header inside a URI, such as `?Reason=…&Privacy=history`, without its escapes.
fn uri_header<'a>(uri: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let (_, headers) = uri.split_once('?')?;
    headers.split('&').find_map(|header| {
        let (known, value) = header.split_once('=')?;
        known.trim().eq_ignore_ascii_case(name).then(|| unescaped(value.trim()))
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

    fn from(redirection: &Redirection) -> Option<String> {
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
        assert_eq!(read[0], Redirection::unnamed(Redirecting::Diversion(DiversionReason::Unavailable)));
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
    fn entries_count_by_their_index_and_mp_names_from_whom() {
        // The phone of the second callee stands between; the entries are out of order, over two headers.
        let headers = [
            "<sip:vm@c.example;cause=408>;index=1.1.2;mp=1.1, <sip:13800000009@10.0.0.1>;index=1.1.1;rc=1.1",
            "<tel:+8613800000001>;index=1, <tel:+8613800000002;cause=486>;index=1.1;mp=1",
        ];
        let read = redirections(&headers, &[]).unwrap();
        let reasons: Vec<Redirecting> = read.iter().map(|redirection| redirection.reason).collect();
        assert_eq!(reasons, [Redirecting::Cdiv(486), Redirecting::Cdiv(408)]);
        assert_eq!(from(&read[0]).as_deref(), Some("+8613800000001"));
        assert_eq!(from(&read[1]).as_deref(), Some("+8613800000002"));
        // 1.10 comes after 1.2; without `mp` the entry above counts.
        let read =
            history_info("<sip:b@x;cause=486>;index=1.10,<tel:+8613800000001>;index=1,<sip:c@x;cause=503>;index=1.2").unwrap();
        assert_eq!(read.iter().map(|step| step.reason).collect::<Vec<_>>(), [Redirecting::Cdiv(503), Redirecting::Cdiv(486)]);
        assert!(read.iter().all(|step| from(step).as_deref() == Some("+8613800000001")));
    }

    #[test]
    fn a_reason_inside_an_entry_tells_when_no_cause_does() {
        let told = |reason: &str| {
            let header =
                alloc::format!("<sip:+8613800000001@a.example?Reason={reason}&Privacy=none>;index=1,<sip:vm@a.example>;index=2");
            let read = history_info(&header).unwrap();
            (read.first().map(|step| step.reason), read.first().is_some_and(|step| step.is_restricted))
        };
        assert_eq!(told("SIP%3Bcause%3D486%3Btext%3D%22Busy%20Here%22"), (Some(Redirecting::Sip(486)), false));
        assert_eq!(told("SIP%3Bcause%3D480%2CQ.850%3Bcause%3D20"), (Some(Redirecting::Q850(20)), false));
        assert_eq!(told("Q.850%3Bcause%3D"), (None, false));
        // The cause of the service wins.
        let both = "<tel:+8613800000001?Reason=SIP%3Bcause%3D302>;index=1,<sip:vm@a;cause=503>;index=1.1";
        assert_eq!(history_info(both).unwrap()[0].reason, Redirecting::Cdiv(503));
    }

    #[test]
    fn a_number_that_nobody_may_see_is_marked_and_still_tells_whose_call_it_was() {
        for (header, is_restricted) in [
            ("<tel:+8613800000001>;reason=user-busy;privacy=full", true),
            ("<tel:+8613800000001>;reason=user-busy;privacy=\"URI\"", true),
            ("<tel:+8613800000001>;reason=user-busy;privacy=name", false),
            ("<tel:+8613800000001>;reason=user-busy;privacy=off", false),
            ("<tel:+8613800000001>;reason=user-busy", false),
        ] {
            let read = diversion(header).unwrap();
            assert_eq!(read[0].is_restricted, is_restricted, "{header}");
            assert_eq!(from(&read[0]).as_deref(), Some("+8613800000001"));
        }
    }

    #[test]
    fn numbers_are_read_in_each_form_of_a_uri() {
        for (uri, number) in [
            ("tel:+86-138-0000-0001", Some("+8613800000001")),
            ("tel:13800000001;phone-context=+86", Some("+8613800000001")),
            ("sip:13800000001;phone-context=+86@a.example;user=phone", Some("+8613800000001")),
            ("SIP:%2B8613800000001@a.example", Some("+8613800000001")),
            ("sips:+8613800000001:secret@a.example", Some("+8613800000001")),
            ("sip:13800000001@a.example", Some("13800000001")),
            ("tel:01000000001;phone-context=+86", Some("01000000001")),
            ("tel:95511;phone-context=example.com", Some("95511")),
            ("sip:anonymous@anonymous.invalid", None),
            ("sip:a.example", None),
            ("mailto:a@b.example", None),
        ] {
            let read = diversion(&alloc::format!("<{uri}>;reason=away")).unwrap();
            assert_eq!(from(&read[0]).as_deref(), number, "{uri}");
        }
        // Without < and >, as some gateways write it.
        let read = diversion("sip:+8613800000001@a.example;reason=user-busy, tel:+8613800000002;reason=away").unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[1].reason, Redirecting::Diversion(DiversionReason::UserBusy));
        assert_eq!(from(&read[1]).as_deref(), Some("+8613800000001"));
    }

    #[test]
    fn both_headers_tell_of_the_same_redirections_and_the_fuller_one_counts() {
        let history = "<tel:+8613800000001>;index=1,<sip:vm@a;cause=486>;index=1.1;mp=1";
        let one = "<tel:+8613800000001>;reason=unknown";
        assert_eq!(redirections(&[history], &[one]).unwrap()[0].reason, Redirecting::Cdiv(486));
        assert_eq!(redirections(&["<sip:a@b>;index=1"], &[one]).unwrap().len(), 1);
        assert_eq!(redirections(&[history], &[one, one]).unwrap().len(), 2);
        assert_eq!(redirections(&[history], &["<broken"]).unwrap().len(), 1);
        assert!(redirections(&["<broken"], &["<broken"]).is_err());
        assert_eq!(redirections(&[], &[]).unwrap(), []);
    }

    #[test]
    fn of_too_many_redirections_the_first_and_the_last_stay() {
        let mut entries: Vec<String> = (1..=40).map(|at| alloc::format!("<tel:+86138000000{at:02}>;reason=away")).collect();
        entries.reverse();
        let read = diversion(&entries.join(",")).unwrap();
        assert_eq!(read.len(), ENTRIES_MAX);
        assert_eq!(from(&read[0]).as_deref(), Some("+8613800000001"));
        assert_eq!(from(read.last().unwrap()).as_deref(), Some("+8613800000040"));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        for (header, at, what) in [
            ("", 1, "an address in <"),
            ("mailto:a@b;reason=user-busy", 28, "an address in <"),
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
        fn no_text_panics_and_what_is_read_is_an_evidence(text in "(<|>|;|,|=|\"|sip:|tel:|\\?Reason=|%3B|%|index=|mp=|cause=|[a-z@+0-9. ]){0,40}") {
            let both = [diversion(&text), history_info(&text), redirections(&[&text, &text], &[&text])];
            for read in both {
                match read {
                    Ok(redirections) => {
                        let evidence = crate::values::evidence::Evidence { redirections, ..Default::default() };
                        proptest::prop_assert!(evidence.is_in_range());
                    }
                    Err(wrong) => proptest::prop_assert!(wrong.at >= 1 && wrong.at <= text.chars().count() + 1),
                }
            }
        }

        #[test]
        fn what_is_written_is_read_back(
            steps in proptest::collection::vec((10_000_000_000_u64..19_999_999_999, 300_u16..700, proptest::bool::ANY), 1..9),
        ) {
            let mut header = String::from("<sip:+8613800000000@a.example>;index=1");
            let mut index = String::from("1");
            let mut expected = Vec::new();
            let mut from = (String::from("+8613800000000"), false);
            for (number, cause, is_private) in steps {
                let above = index.clone();
                index.push_str(".1");
                let privacy = if is_private { "?Privacy=history" } else { "" };
                header.push_str(&alloc::format!(", <sip:+86{number}@a.example;cause={cause}{privacy}>;index={index};mp={above}"));
                expected.push((Redirecting::Cdiv(cause), from.0, from.1));
                from = (alloc::format!("+86{number}"), is_private);
            }
            let read = history_info(&header).unwrap();
            let read: Vec<_> = read.iter().map(|step| (step.reason, step.from.unwrap().dialable(), step.is_restricted)).collect();
            proptest::prop_assert_eq!(read, expected);
        }
    }
}
