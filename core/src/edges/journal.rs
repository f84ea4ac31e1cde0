//! The lines of journals and scenarios.
//!
//! A journal is what a host keeps in order to know its platform again: one JSON object a line, the header first, then every input,
//! `advance` and `confirm` in the order in which the platform took them. A scenario is a journal with expectations between
//! its lines. This module reads and writes single lines; [`replay`](super::replay) gives them their meaning.
//!
//! | line | meaning |
//! |---|---|
//! | `{"header":{"format":1,"policy":{…},"keyring":[…],"tzdb":"2025b","shard":3}}` | always the first; only `format` must be there |
//! | `{"at":"2026-11-21T18:00:00+08:00","input":{"book":{…}}}` | [`Platform::handle`](crate::Platform::handle) |
//! | `{"at":"…","dedup":{"source":"maap","key":"E1"},"input":{"book":{…}}}` | [`Platform::handle_once`](crate::Platform::handle_once) |
//! | `{"at":"2026-11-21T18:00:00+08:00","advance":{"budget":10}}` | [`Platform::advance`](crate::Platform::advance) |
//! | `{"confirm":7}` | [`Platform::confirm`](crate::Platform::confirm): the effects up to this one are carried out |
//! | `{"restart":{}}` | snapshot, restore, poll from the first unconfirmed effect |
//! | `{"expect":{"reply":{…}}}` | the input before it was answered so |
//! | `{"expect":{"refusal":{"code":"…"}}}` | the input (or `confirm`) before it was refused so |
//! | `{"expect":{"effects":[…]}}` | these effects, complete and in order, since the last such line |
//!
//! Times are RFC 3339 with an offset, names are in snake_case, unknown names are faults, absent fields are left out. What this
//! module writes is canonical: fields in the order of the Rust structs, no white space, times in UTC. The keyring
//! of a header is a list of key ids, since a journal never holds a key. An object is read as well (`{"k1":…}`): its names are the
//! ids, what stands beside them is not kept. A scenario that is a test may carry keys, which are known to everybody then and must be used nowhere
//! else: `"test_keys":{"k1":"6b6579…"}`, each in hexadecimal digits. Its `keyring` names them too.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use serde::de::{self, DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::error::Category;
use thiserror::Error;

use super::json::{Json, write};
use crate::values::effect::{Action, Effect};
use crate::values::input::{Dedup, Input};
use crate::values::policy::Policy;
use crate::values::refusal::Refusal;
use crate::values::reply::Reply;
use crate::values::text::MaskedText;
use crate::values::time::{Timestamp, Zone};

/// The version of the line format that this library reads and writes.
pub const FORMAT: u32 = 1;

/// The first line: what the platform was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the line format, [`FORMAT`].
    #[serde(deserialize_with = "known_format")]
    pub format: u32,
    /// The rules and bounds. Fields that are left out have their defaults; what is written names them all.
    #[serde(default)]
    pub policy: Policy,
    /// The ids of the keys that must be loaded. Never a key.
    #[serde(default, deserialize_with = "key_ids")]
    pub keyring: Vec<String>,
    /// Keys of a scenario that is a test, by id, in hexadecimal digits. Left out of every journal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub test_keys: BTreeMap<String, TestKey>,
    /// The version of the tz database that the journal was kept with.
    #[serde(default)]
    pub tzdb: Option<String>,
    /// The shard in the high bits of the ids; left out when it is 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shard: u16,
}

impl Header {
    /// The header of a platform that is made here and now: this format, this library's tz database, no keys, shard 0.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            format: FORMAT,
            policy,
            keyring: Vec::new(),
            test_keys: BTreeMap::new(),
            tzdb: Some(Zone::tzdb_version().to_owned()),
            shard: 0,
        }
    }
}

/// A key that everybody may know. In JSON an even number of hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestKey(pub Vec<u8>);

impl Serialize for TestKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = String::with_capacity(self.0.len().saturating_mul(2));
        for byte in &self.0 {
            // Writing into a String cannot fail.
            let _ = write!(out, "{byte:02x}");
        }
        serializer.serialize_str(&out)
    }
}

impl<'de> Deserialize<'de> for TestKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || de::Error::custom("a test key, expected an even number of hexadecimal digits");
        let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>().ok_or_else(wrong)?;
        let (pairs, []) = digits.as_chunks::<2>() else { return Err(wrong()) };
        let byte = |[high, low]: &[u32; 2]| u8::try_from(high.saturating_mul(16).saturating_add(*low)).map_err(|_| wrong());
        pairs.iter().map(byte).collect::<Result<_, _>>().map(Self)
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// What the platform is made with.
    Header(Header),
    /// Something happened.
    Input {
        /// When.
        at: Timestamp,
        /// What makes a repeat of it known.
        dedup: Option<Dedup>,
        /// What.
        input: Input,
    },
    /// Due deadlines fire.
    Advance {
        /// When.
        at: Timestamp,
        /// How many of them at most.
        budget: u32,
    },
    /// The effects up to this sequence number are carried out.
    Confirm(u64),
    /// The process ends and comes back from its snapshot.
    Restart,
    /// What must have come out.
    Expect(Expectation),
}

/// What must have come out. A document names the fields that count; fields that it leaves out are not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The last input was accepted with this reply.
    Reply(Json),
    /// The last input was refused so.
    Refusal(Json),
    /// These effects, complete and in order.
    Effects(Vec<Json>),
}

/// Why a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("column {column}: {wrong}{}", Allowed(.allowed.as_deref()))]
pub struct LineError {
    /// Where reading stopped, in characters from 1: at or right before what is wrong, or where the missing rest should begin.
    pub column: usize,
    /// What is wrong there.
    pub wrong: String,
    /// What is allowed there, where `wrong` does not say it already.
    pub allowed: Option<String>,
}

struct Allowed<'a>(Option<&'a str>);

impl fmt::Display for Allowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |allowed| write!(f, "; allowed: {allowed}"))
    }
}

/// Reads one line. A line break at its end may be there or not.
///
/// # Errors
/// [`LineError`] for anything that is not one of the forms on top of this module, with the column.
pub fn parse_line(line: &str) -> Result<Line, LineError> {
    from_json(line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line)))
}

/// Writes one line, without a line break.
#[must_use]
pub fn write_line(line: &Line) -> String {
    match line {
        Line::Header(header) => format!("{{\"header\":{}}}", write(header)),
        Line::Input { at, dedup: Some(dedup), input } => {
            format!("{{\"at\":\"{at}\",\"dedup\":{},\"input\":{}}}", write(dedup), write(input))
        }
        Line::Input { at, dedup: None, input } => format!("{{\"at\":\"{at}\",\"input\":{}}}", write(input)),
        Line::Advance { at, budget } => format!("{{\"at\":\"{at}\",\"advance\":{{\"budget\":{budget}}}}}"),
        Line::Confirm(sequence) => format!("{{\"confirm\":{sequence}}}"),
        Line::Restart => "{\"restart\":{}}".to_owned(),
        Line::Expect(Expectation::Reply(reply)) => format!("{{\"expect\":{{\"reply\":{reply}}}}}"),
        Line::Expect(Expectation::Refusal(refusal)) => format!("{{\"expect\":{{\"refusal\":{refusal}}}}}"),
        Line::Expect(Expectation::Effects(effects)) => format!("{{\"expect\":{{\"effects\":{}}}}}", write(effects)),
    }
}

/// An effect as one object, `{"sequence":5,"dial":{…}}`.
#[must_use]
pub fn effect_to_json(effect: &Effect) -> String {
    #[derive(Serialize)]
    struct Flat<'a> {
        sequence: u64,
        #[serde(flatten)]
        action: &'a Action,
    }
    write(&Flat { sequence: effect.sequence, action: &effect.action })
}

/// Reads what [`effect_to_json`] writes.
///
/// # Errors
/// [`LineError`] for any other text.
pub fn effect_from_json(text: &str) -> Result<Effect, LineError> {
    from_json::<FlatEffect>(text).map(|flat| flat.0)
}

/// A reply: a bare string, `"done"`, or an object, `{"booked":{…}}`.
#[must_use]
pub fn reply_to_json(reply: &Reply) -> String {
    write(reply)
}

/// Reads what [`reply_to_json`] writes.
///
/// # Errors
/// [`LineError`] for any other text.
pub fn reply_from_json(text: &str) -> Result<Reply, LineError> {
    from_json(text)
}

/// A refusal, `{"code":"unknown","object":"page","id":9}`.
#[must_use]
pub fn refusal_to_json(refusal: &Refusal) -> String {
    write(refusal)
}

/// Reads what [`refusal_to_json`] writes.
///
/// # Errors
/// [`LineError`] for any other text.
pub fn refusal_from_json(text: &str) -> Result<Refusal, LineError> {
    from_json(text)
}

/// An input, `{"book":{…}}`.
#[must_use]
pub fn input_to_json(input: &Input) -> String {
    write(input)
}

/// Reads what [`input_to_json`] writes.
///
/// # Errors
/// [`LineError`] for any other text.
pub fn input_from_json(text: &str) -> Result<Input, LineError> {
    from_json(text)
}

/// Reads a value from a JSON text without line breaks.
///
/// # Errors
/// [`LineError`] with the column at which reading stopped.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, LineError> {
    if let Some(before) = text.split_once('\n').map(|(before, _)| before) {
        return Err(LineError {
            column: before.chars().count().saturating_add(1),
            wrong: "a line break".to_owned(),
            allowed: Some("one JSON object on one line".to_owned()),
        });
    }
    serde_json::from_str(text).map_err(|error| LineError::from_serde(&error, text))
}

impl LineError {
    fn from_serde(error: &serde_json::Error, text: &str) -> Self {
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        if error.classify() == Category::Eof || ends_inside(text) && error.column() >= text.len() {
            let inside = message.rsplit_once("parsing ").map_or("an object", |(_, inside)| inside);
            let (wrong, allowed) = if text.trim().is_empty() {
                ("the line is empty".to_owned(), "one JSON object a line")
            } else {
                (format!("the line ends inside {inside}"), "the rest of it")
            };
            return Self { column: text.chars().count().saturating_add(1), wrong, allowed: Some(allowed.to_owned()) };
        }
        let message = without_values(message);
        // serde_json counts bytes up to the one that it could not take.
        let column = text.char_indices().take_while(|(at, _)| *at < error.column()).count().max(1);
        let (wrong, allowed) = match message.as_str() {
            "trailing characters" => ("more text after the object", Some("nothing")),
            message => split(message),
        };
        Self { column, wrong: wrong.to_owned(), allowed: allowed.map(ToOwned::to_owned) }
    }
}

/// A fault's text without the values that it repeats: they may be names and numbers. What stands in `\"…\"` goes; elsewhere (the number after
/// `integer`, the word after `unknown variant`) a run of digits that may be a phone number does.
fn without_values(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let (mut is_inside, mut is_escaped) = (false, false);
    for c in message.chars() {
        let is_quote = c == '"' && !is_escaped;
        is_escaped = is_inside && c == '\\' && !is_escaped;
        if is_quote {
            out.push_str(if is_inside { "\"" } else { "\"…" });
            is_inside = !is_inside;
        } else if !is_inside {
            out.push(c);
        }
    }
    MaskedText::new(&out).as_str().to_owned()
}

/// Whether a text is the beginning of a JSON document, whatever it says.
fn ends_inside(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_err_and(|error| error.classify() == Category::Eof)
}

/// Parts a fault's text into what is wrong and what is allowed, where it says both.
fn split(message: &str) -> (&str, Option<&str>) {
    if let Some(allowed) = message.strip_prefix("expected ") {
        return ("another character", Some(allowed));
    }
    [", expected ", ": expected ", ", there are ", "; allowed are ", ", allowed are ", "; allowed is ", ", allowed is "]
        .into_iter()
        .find_map(|joint| message.split_once(joint))
        .map_or((message, None), |(wrong, allowed)| (wrong, Some(allowed)))
}

/// serde asks by reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
const fn is_zero(shard: &u16) -> bool {
    *shard == 0
}

fn known_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let format = u32::deserialize(deserializer)?;
    if format == FORMAT { Ok(format) } else { Err(de::Error::custom(format!("format {format}, expected {FORMAT}"))) }
}

fn key_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct KeyIds;

    impl<'de> Visitor<'de> for KeyIds {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of key ids")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<String>, A::Error> {
            let mut ids = Vec::new();
            while let Some(id) = seq.next_element()? {
                ids.push(id);
            }
            Ok(ids)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
            let mut ids = Vec::new();
            while let Some((id, IgnoredAny)) = map.next_entry()? {
                ids.push(id);
            }
            Ok(ids)
        }
    }

    deserializer.deserialize_any(KeyIds)
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum LineField {
    Header,
    At,
    Dedup,
    Input,
    Advance,
    Confirm,
    Restart,
    Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceFields {
    budget: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoFields {}

/// A line without its `at`.
enum Body {
    Header(Header),
    Input(Input),
    Advance(AdvanceFields),
    Confirm(u64),
    Restart,
    Expect(Expectation),
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LineVisitor)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one of `header`, `input`, `advance`, `confirm`, `restart`, `expect`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
        let mut at = None;
        let mut dedup = None;
        let mut body = None;
        while let Some(field) = map.next_key()? {
            let full = match field {
                LineField::At => at.is_some(),
                LineField::Dedup => dedup.is_some(),
                LineField::Header
                | LineField::Input
                | LineField::Advance
                | LineField::Confirm
                | LineField::Restart
                | LineField::Expect => body.is_some(),
            };
            if full {
                return Err(de::Error::custom(
                    "one field too many, expected `at` once and one of `header`, `input`, `advance`, `confirm`, `restart`, `expect`",
                ));
            }
            match field {
                LineField::At => at = Some(map.next_value()?),
                LineField::Dedup => dedup = Some(map.next_value()?),
                LineField::Header => body = Some(Body::Header(map.next_value()?)),
                LineField::Input => body = Some(Body::Input(map.next_value()?)),
                LineField::Advance => body = Some(Body::Advance(map.next_value()?)),
                LineField::Confirm => body = Some(Body::Confirm(map.next_value()?)),
                LineField::Restart => body = Some(map.next_value().map(|NoFields {}| Body::Restart)?),
                LineField::Expect => body = Some(Body::Expect(map.next_value()?)),
            }
        }
        let at_missing = || de::Error::custom("no `at`, expected it beside `input` and `advance`");
        let at_needless = || de::Error::custom("a needless `at`, expected only beside `input` and `advance`");
        let body = body.ok_or_else(|| {
            de::Error::custom(
                "an object that says nothing, expected one of `header`, `input`, `advance`, `confirm`, `restart`, `expect` in it",
            )
        })?;
        let line = match body {
            Body::Input(input) => return Ok(Line::Input { at: at.ok_or_else(at_missing)?, dedup, input }),
            _ if dedup.is_some() => return Err(de::Error::custom("a needless `dedup`, expected only beside `input`")),
            Body::Advance(AdvanceFields { budget }) => {
                return Ok(Line::Advance { at: at.ok_or_else(at_missing)?, budget });
            }
            Body::Header(header) => Line::Header(header),
            Body::Confirm(sequence) => Line::Confirm(sequence),
            Body::Restart => Line::Restart,
            Body::Expect(expectation) => Line::Expect(expectation),
        };
        if at.is_some() { Err(at_needless()) } else { Ok(line) }
    }
}

impl<'de> Deserialize<'de> for Expectation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Named {
            Reply(Json),
            Refusal(Json),
            Effects(Vec<Json>),
        }
        Ok(match Named::deserialize(deserializer)? {
            Named::Reply(reply) => Self::Reply(reply),
            Named::Refusal(refusal) => Self::Refusal(refusal),
            Named::Effects(effects) => Self::Effects(effects),
        })
    }
}

/// An effect in its flat form.
struct FlatEffect(Effect);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum EffectField {
    Sequence,
    Dial,
    Answer,
    Reject,
    Play,
    Join,
    HangUp,
    Send,
    Audit,
    Archive,
    Erase,
    Record,
    Transcribe,
    ArchiveVoiceMessage,
}

impl<'de> Deserialize<'de> for FlatEffect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FlatEffectVisitor)
    }
}

struct FlatEffectVisitor;

impl<'de> Visitor<'de> for FlatEffectVisitor {
    type Value = FlatEffect;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an effect: an object with `sequence` and one action")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FlatEffect, A::Error> {
        let mut sequence = None;
        let mut action = None;
        let mut repeated = false;
        while let Some(field) = map.next_key()? {
            let read = match field {
                EffectField::Sequence => {
                    repeated |= sequence.replace(map.next_value()?).is_some();
                    continue;
                }
                EffectField::Dial => Action::Dial(map.next_value()?),
                EffectField::Answer => Action::Answer(map.next_value()?),
                EffectField::Reject => Action::Reject(map.next_value()?),
                EffectField::Play => Action::Play(map.next_value()?),
                EffectField::Join => Action::Join(map.next_value()?),
                EffectField::HangUp => Action::HangUp(map.next_value()?),
                EffectField::Send => Action::Send(map.next_value()?),
                EffectField::Audit => Action::Audit(map.next_value()?),
                EffectField::Archive => Action::Archive(map.next_value()?),
                EffectField::Erase => Action::Erase(map.next_value()?),
                EffectField::Record => Action::Record(map.next_value()?),
                EffectField::Transcribe => Action::Transcribe(map.next_value()?),
                EffectField::ArchiveVoiceMessage => Action::ArchiveVoiceMessage(map.next_value()?),
            };
            repeated |= action.replace(read).is_some();
        }
        match (sequence, action) {
            (Some(sequence), Some(action)) if !repeated => Ok(FlatEffect(Effect { sequence, action })),
            (Some(_) | None, Some(_) | None) => {
                Err(de::Error::custom("an object that is no effect, expected `sequence` once and one action"))
            }
        }
    }
}
