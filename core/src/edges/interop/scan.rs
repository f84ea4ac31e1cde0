//! The small grammar that SIP headers share: tokens, quoted strings, parameters (RFC 3261 §25.1).

use alloc::borrow::Cow;
use alloc::string::String;

use thiserror::Error;

/// The longest header that is read, in bytes. SIP stacks take less for a whole message.
pub(super) const HEADER_BYTES_MAX: usize = 65_536;

/// Why a header cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("at character {at}: {what}")]
pub struct HeaderError {
    /// Where, in characters from 1.
    pub at: usize,
    /// What is wrong, or what was expected.
    pub what: &'static str,
}

/// A parameter: its name, and its value if it has one.
pub(super) type Parameter<'a> = (&'a str, Option<Cow<'a, str>>);

/// A reader of one header value.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, rest: text }
    }

    /// The same for a header that is not longer than it may be.
    pub(super) fn bounded(text: &'a str) -> Result<Self, HeaderError> {
        let scanner = Self::new(text);
        if text.len() > HEADER_BYTES_MAX { Err(scanner.error("the header is longer than 65536 bytes")) } else { Ok(scanner) }
    }

    /// The next character, which stays.
    pub(super) fn next_is(&self, c: char) -> bool {
        self.rest.starts_with(c)
    }

    /// An error at the place where the reader is.
    pub(super) fn error(&self, what: &'static str) -> HeaderError {
        let read = self.text.len().saturating_sub(self.rest.len());
        let before = self.text.get(..read).unwrap_or_default().chars().count();
        HeaderError { at: before.saturating_add(1), what }
    }

    /// Passes blanks over, a folded line among them.
    pub(super) fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Whether nothing is left but blanks.
    pub(super) fn is_done(&mut self) -> bool {
        self.blanks();
        self.rest.is_empty()
    }

    /// Passes this character over, with the blanks before it, if it comes next.
    pub(super) fn take(&mut self, c: char) -> bool {
        self.blanks();
        self.rest.strip_prefix(c).map(|rest| self.rest = rest).is_some()
    }

    /// Everything up to one of these characters, without the blanks around it; it may be empty.
    pub(super) fn until(&mut self, ends: &[char]) -> &'a str {
        let (word, rest) = match self.rest.find(ends) {
            Some(end) => (self.rest.get(..end), self.rest.get(end..)),
            None => (Some(self.rest), Some("")),
        };
        self.rest = rest.unwrap_or_default();
        word.unwrap_or_default().trim()
    }

    /// What follows `=`: a quoted string without its quotes, or a token.
    pub(super) fn value(&mut self, ends: &[char]) -> Result<Cow<'a, str>, HeaderError> {
        self.blanks();
        if !self.rest.starts_with('"') {
            return Ok(Cow::Borrowed(self.until(ends)));
        }
        let open = self.clone();
        let mut chars = self.rest.chars();
        chars.next();
        let mut out = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' => {
                    self.rest = chars.as_str();
                    return Ok(Cow::Owned(out));
                }
                '\\' => out.extend(chars.next()),
                // A folded line: the blank after the line's end stays.
                '\r' | '\n' => {}
                c => out.push(c),
            }
        }
        Err(open.error("a quoted text has no end"))
    }

    /// The next parameter: `;name`, `;name=value`. None when no `;` follows.
    pub(super) fn parameter(&mut self) -> Result<Option<Parameter<'a>>, HeaderError> {
        if !self.take(';') {
            return Ok(None);
        }
        self.blanks();
        let name = self.until(&[';', '=', ',']);
        let value = if self.take('=') { Some(self.value(&[';', ','])?) } else { None };
        Ok(Some((name, value)))
    }
}

/// Whether this is a token (RFC 3261 §25.1).
pub(super) fn is_token(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(c))
}

/// The value of a header, if one of these names and a colon stand before it.
pub(super) fn strip<'a>(header: &'a str, names: &[&str]) -> &'a str {
    match header.split_once(':') {
        Some((name, value)) if names.iter().any(|known| name.trim().eq_ignore_ascii_case(known)) => value,
        Some(_) | None => header,
    }
}

/// A text with its `%XX` as the characters that they stand for (RFC 3986 §2.1); bytes that are no UTF-8 become `\u{fffd}`, and what is no escape stays.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = alloc::vec::Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [b'%', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
                bytes.push((digit(*high) << 4) | digit(*low));
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
            [] => break,
        };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
