//! Bytes as a source of choices, and any input of the platform drawn from them.
//!
//! An input is drawn through its own `Deserialize`, so a new field or a new input is drawn as soon as it exists: nothing here names an
//! input. What a text or a number shall be is told by the name of the field that it is for.

use std::fmt::{self, Display};

use ringfence::edges::json::{Json, write};
use ringfence::values::policy::Policy;
use ringfence::values::time::Timestamp;
use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer as _, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::{Deserialize as _, forward_to_deserialize_any};

/// Bytes that are taken one after the other. Once they are used up, every choice is the first one.
#[derive(Clone, Debug)]
pub(super) struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// What was not taken yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// At most so many of them.
    pub(super) fn take(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(most.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// A number below this one; 0 when there is none.
    pub(super) fn below(&mut self, most: usize) -> usize {
        usize::from(self.byte()).checked_rem(most).unwrap_or(0)
    }

    pub(super) fn pick<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        all.get(self.below(all.len()))
    }

    pub(super) fn is_odd(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Any number at all.
    pub(super) fn u64(&mut self) -> u64 {
        self.take(8).iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Any text at all, of at most 63 bytes; what is no UTF-8 is replaced.
    pub(super) fn text(&mut self) -> String {
        let length = usize::from(self.byte() & 63);
        String::from_utf8_lossy(self.take(length)).into_owned()
    }
}

/// What the world has that an input may name, in no matter what order.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) now: Timestamp,
    pub(super) deadline: Option<Timestamp>,
    pub(super) legs: Vec<u64>,
    pub(super) reservations: Vec<u64>,
    pub(super) groups: Vec<u64>,
    pub(super) voice_messages: Vec<u64>,
    /// The sequence numbers of the latest effects.
    pub(super) sequences: Vec<u64>,
    /// The codes that are out.
    pub(super) codes: Vec<String>,
    /// Virtual numbers that a merchant was told.
    pub(super) leased: Vec<String>,
    /// The rules, as the next change of them begins.
    pub(super) policy: Json,
}

const USERS: [&str; 4] = ["+8613800000001", "+8613800000002", "+8613800000003", "+4917612345678"];
const LINES: [&str; 4] = ["95511", "95521", "+862195511", "955210"];
/// The numbers of the pool.
pub(super) const VIRTUAL: [&str; 2] = ["+8617000000001", "+8617000000002"];
const ODD_NUMBERS: [&str; 6] = ["110", "95519", "+86110", "13800000001", "000", "+999999999999999"];
const ADDRESSES: [&str; 10] = [
    "rcs:+8613800000001",
    "rcs:+8613800000002",
    "sms:+8613800000003",
    "mms:+4917612345678",
    "mailto:zhang@example.com",
    "mailto:zhang@EXAMPLE.com",
    "sip:1065000001@chatbot.example",
    "sip:1065000002@chatbot.example",
    "wechat:oA1-zhang",
    "sms:+8613800000001",
];
const ACCOUNTS: [&str; 3] = ["oA1-zhang", "oB2-li", "oC3"];
const ZONES: [&str; 5] = ["Asia/Shanghai", "Europe/Berlin", "UTC", "Pacific/Apia", "America/St_Johns"];
const TIMES_OF_DAY: [&str; 8] = ["00:00", "24:00", "09:00", "18:00", "12:30", "23:59", "02:30", "08:01"];
const DATES: [&str; 5] = ["2026-11-21", "2026-11-22", "2026-10-25", "0001-01-01", "9999-12-31"];
const PREFIXES: [&str; 4] = ["+86", "+8613800000001", "+4", "+999999999999999"];
const CODES: [&str; 8] = ["000000", "1", "9999999999", "43004", "-1", "45047", "40003", "0"];
const TEXTS: [&str; 12] = [
    "张三",
    "车险",
    "k1",
    "k2",
    "a",
    "请打 1380000 0001",
    "８６１３８００００００００１",
    "",
    "a\u{301}\u{200d}👨‍👩‍👧‍👦",
    "\u{0}\u{1b}\"\\\n",
    "一三八零零零零零零零一",
    "ＶＩＰ 养老",
];
const SECONDS: [i64; 16] = [0, 1, 2, 5, 10, 30, 60, 120, 300, 600, 3_600, 7_200, 86_400, 604_800, 31_536_000, 1_000_000_000];

impl Known {
    /// The ids that a field of this name may mean.
    fn ids(&self, field: &str) -> &[u64] {
        match field {
            "leg" | "legs" | "own" => &self.legs,
            "reservation" => &self.reservations,
            "group" => &self.groups,
            "voice_message" => &self.voice_messages,
            "message" | "sequence" => &self.sequences,
            "merchant" | "offering" | "offerings" | "descriptions" | "calendar" => &[1, 2, 3],
            "media" => &[1, 2, 3, 4, 5, 6, 7, 8],
            "page" => &[10, 20, 30],
            _ => &[],
        }
    }
}

/// One value, drawn for the field of this name.
pub(super) struct Draw<'s, 'b> {
    pub(super) bytes: &'s mut Bytes<'b>,
    pub(super) known: &'s Known,
    pub(super) field: &'static str,
}

/// What was drawn is not allowed there: no such input exists.
#[derive(Debug)]
pub(super) struct NotDrawn;

impl Display for NotDrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such value exists")
    }
}

impl std::error::Error for NotDrawn {}

impl de::Error for NotDrawn {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

impl<'b> Draw<'_, 'b> {
    fn of<'t>(&'t mut self, field: &'static str) -> Draw<'t, 'b> {
        Draw { bytes: self.bytes, known: self.known, field }
    }

    fn number(&mut self) -> u64 {
        let ids = self.known.ids(self.field);
        match self.bytes.byte() {
            choice @ 0..=199 if !ids.is_empty() => ids.get(usize::from(choice) % ids.len()).copied().unwrap_or(0),
            choice @ 0..=223 => u64::from(choice % 8),
            choice @ 224..=239 => ids.last().copied().unwrap_or(0).wrapping_add(u64::from(choice % 4)),
            240 => u64::MAX,
            241 => 1 << 48,
            242 => (1 << 48) - 1,
            243 => (1 << 63) | 1,
            244 => u64::from(u32::MAX),
            _ => self.bytes.u64(),
        }
    }

    /// An instant: mostly around now or the next deadline, seldom any.
    fn instant(&mut self) -> Timestamp {
        let choice = self.bytes.byte();
        let from = match choice >> 6 {
            0 | 1 => self.known.now,
            2 => self.known.deadline.unwrap_or(self.known.now),
            _ => return self.any_instant(choice),
        };
        let seconds = SECONDS[usize::from(choice & 15)] * 1_000_000;
        let away = [seconds, -seconds, seconds - 1, seconds + 1][usize::from(choice >> 4 & 3)];
        from.saturating_add_micros(away)
    }

    fn any_instant(&mut self, choice: u8) -> Timestamp {
        match choice & 7 {
            0 => Timestamp::MIN,
            1 => Timestamp::MAX,
            2..=5 => self.known.now.saturating_add_micros(i64::from(self.bytes.byte()) * 1_000_000),
            _ => Timestamp::from_micros(self.bytes.u64().cast_signed()).unwrap_or(self.known.now),
        }
    }

    fn phone(&mut self) -> String {
        let known = self.known;
        let choice = usize::from(self.bytes.byte());
        let of = |all: &[&str]| all[choice % all.len()].to_owned();
        match choice >> 4 {
            0..=5 => of(if self.field == "line" { &LINES } else { &USERS }),
            6..=9 => of(if self.field == "line" { &USERS } else { &LINES }),
            10..=13 => match known.leased.get(choice % known.leased.len().max(1)) {
                Some(leased) => leased.clone(),
                None => of(&VIRTUAL),
            },
            14 => of(&ODD_NUMBERS),
            _ => self.bytes.text(),
        }
    }

    /// A text for the field.
    fn words(&mut self) -> String {
        let of = |all: &[&str], bytes: &mut Bytes<'_>| match bytes.byte() {
            choice @ 0..=239 => all[usize::from(choice) % all.len()].to_owned(),
            240 => "语音".repeat(200),
            _ => bytes.text(),
        };
        match self.field {
            "user" | "email" | "chatbot" | "to" => of(&ADDRESSES, self.bytes),
            "line" | "number" | "numbers" | "contact" | "caller" | "callee" | "add" | "remove" => self.phone(),
            "account" => of(&ACCOUNTS, self.bytes),
            "zone" => of(&ZONES, self.bytes),
            "days" => of(&DATES, self.bytes),
            "time_of_day" => of(&TIMES_OF_DAY, self.bytes),
            "prefix" => of(&PREFIXES, self.bytes),
            "id" => of(&["k1", "k2", "k3", ""], self.bytes),
            "source" | "key" => of(&["a", "b"], self.bytes),
            "keyword" => of(&["车险", "商户", "养老 车险", "VIP", "寿", " ", "ｖｉｐ"], self.bytes),
            "protocol" => of(&["Q.850", "SIP", "q.850", "X"], self.bytes),
            "freeswitch" => of(&["USER_BUSY", "NO_ANSWER", "ORIGINATOR_CANCEL", "?"], self.bytes),
            "code" => {
                let known = self.known;
                match self.bytes.byte() {
                    choice @ 0..=127 if !known.codes.is_empty() => known.codes[usize::from(choice) % known.codes.len()].clone(),
                    _ => of(&CODES, self.bytes),
                }
            }
            "start" | "end" | "slot" | "at" => self.instant().to_string(),
            "from" => match self.bytes.byte() {
                // An instant, a number, or a time of day: each stands under this name somewhere.
                choice if choice % 4 == 3 => self.phone(),
                choice if choice % 4 == 2 => of(&TIMES_OF_DAY, self.bytes),
                _ => self.instant().to_string(),
            },
            _ => of(&TEXTS, self.bytes),
        }
    }

    /// How many entries a list has.
    fn length(&mut self) -> usize {
        match self.bytes.byte() {
            choice @ 0..=247 => [1, 0, 2, 3][usize::from(choice) % 4],
            choice => usize::from(choice - 240),
        }
    }

    /// The rules with some of them changed.
    fn rules(&mut self) -> String {
        changed_policy(self.bytes, self.known)
    }
}

/// The rules with one to four of them changed, as JSON. Mostly within their ranges, sometimes not.
pub(super) fn changed_policy(bytes: &mut Bytes<'_>, known: &Known) -> String {
    let Json::Object(fields) = &known.policy else { return String::new() };
    let mut fields = fields.clone();
    for _ in 0..=bytes.below(4) {
        let place = bytes.below(fields.len());
        let Some((name, value)) = fields.get_mut(place) else { continue };
        *value = match value {
            Json::Unsigned(_) => Json::Unsigned(match bytes.byte() {
                choice @ 0..=239 => SECONDS[usize::from(choice % 16)].unsigned_abs(),
                240..=247 => u64::from(u32::MAX),
                _ => bytes.u64() >> 32,
            }),
            Json::Bool(value) => Json::Bool(!*value),
            Json::Null | Json::Negative(_) | Json::Text(_) | Json::List(_) | Json::Object(_) => {
                drawn_rule(bytes, known, name).unwrap_or(value.clone())
            }
        };
    }
    let is_hostile = bytes.below(16) == 15;
    loop {
        let text = write(&Json::Object(fields.clone()));
        let Ok(policy) = serde_json::from_str::<Policy>(&text) else { return text };
        let Some(error) = policy.check().err().filter(|_| !is_hostile) else { return text };
        let Some((_, value)) = fields.iter_mut().find(|(name, _)| *name == error.field) else { return text };
        let within = Json::Unsigned(u64::from(error.given.clamp(error.least, error.most)));
        if *value == within {
            return text;
        }
        *value = within;
    }
}

/// A rule that is no number, drawn as a policy in which nothing else is said.
fn drawn_rule(bytes: &mut Bytes<'_>, known: &Known, name: &str) -> Option<Json> {
    struct One<'s, 'b> {
        name: Option<&'s str>,
        bytes: &'s mut Bytes<'b>,
        known: &'s Known,
    }
    impl<'de> MapAccess<'de> for One<'_, '_> {
        type Error = NotDrawn;
        fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NotDrawn> {
            let name = self.name.take();
            name.map(|name| seed.deserialize(StrDeserializer::<NotDrawn>::new(name))).transpose()
        }
        fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotDrawn> {
            seed.deserialize(Draw { bytes: self.bytes, known: self.known, field: "rule" })
        }
    }
    let drawn = Policy::deserialize(de::value::MapAccessDeserializer::new(One { name: Some(name), bytes, known })).ok()?;
    let written: Json = serde_json::from_str(&write(&drawn)).ok()?;
    written.field(name).cloned()
}

impl<'de> Deserializer<'de> for Draw<'_, '_> {
    type Error = NotDrawn;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotDrawn> {
        match self.bytes.below(4) {
            0 => visitor.visit_u64(self.number()),
            1 => visitor.visit_string(self.words()),
            2 => visitor.visit_bool(self.bytes.is_odd()),
            _ => visitor.visit_unit(),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDrawn> {
        visitor.visit_bool(self.bytes.is_odd())
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDrawn> {
        const CAUSES: [u8; 10] = [16, 17, 18, 19, 20, 21, 27, 31, 34, 102];
        let choice = self.bytes.byte();
        visitor.visit_u8(if choice < 200 { CAUSES[usize::from(choice % 10)] } else { self.bytes.byte() })
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDrawn> {
        const STATUSES: [u16; 10] = [480, 486, 404, 408, 487, 503, 603, 600, 20, 302];
        let choice = self.bytes.byte();
        let any = |bytes: &mut Bytes<'_>| u16::from(bytes.byte()) << 8 | u16::from(bytes.byte());
        visitor.visit_u16(if choice < 200 { STATUSES[usize::from(choice % 10)] } else { any(self.bytes) })
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDrawn> {
        visitor.visit_u32(match self.bytes.byte() {
            choice @ 0..=223 => u32::from(choice % 32),
            224..=231 => u32::MAX,
            choice => 1_u32.checked_shl(u32::from(choice)).unwrap_or(0),
        })
    }

    fn deserialize_u64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotDrawn> {
        visitor.visit_u64(self.number())
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDrawn> {
        visitor.visit_i64(self.bytes.u64().cast_signed())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDrawn> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotDrawn> {
        visitor.visit_string(self.words())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDrawn> {
        if self.bytes.is_odd() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, NotDrawn> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotDrawn> {
        let (left, field) = (self.length(), self.field);
        visitor.visit_seq(Entries { left, fields: &[], field, draw: self })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, NotDrawn> {
        let field = self.field;
        visitor.visit_seq(Entries { left, fields: &[], field, draw: self })
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotDrawn> {
        let (left, field) = (self.length(), self.field);
        visitor.visit_map(Entries { left, fields: &[], field, draw: self })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotDrawn> {
        match name {
            // Most pairs of instants are no window. This one begins at its first and is as long as a page offers it.
            "Window" => {
                let start = self.instant();
                let length = match self.bytes.byte() {
                    choice @ 0..=247 => SECONDS[usize::from(choice % 16)] * 1_000_000,
                    _ => self.bytes.u64().cast_signed(),
                };
                let texts = [start, start.saturating_add_micros(length)].map(|at| at.to_string());
                visitor.visit_seq(SeqDeserializer::new(texts.into_iter()))
            }
            "WeeklyRule" => visitor.visit_seq(Entries { left: fields.len(), fields: &WEEKLY, field: "", draw: self }),
            "Policy" => {
                let text = self.rules();
                let mut reader = serde_json::Deserializer::from_reader(text.as_bytes());
                (&mut reader).deserialize_struct(name, fields, visitor).map_err(NotDrawn::custom)
            }
            _ => visitor.visit_seq(Entries { left: fields.len(), fields, field: "", draw: self }),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotDrawn> {
        let variant = self.bytes.pick(variants).copied().unwrap_or_default();
        // `window` and `from` of a slot, `merchant` of a scope: the name of a variant says what is in it.
        visitor.visit_enum(Variant { variant, draw: self })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple_struct identifier ignored_any
    }
}

/// The fields of a weekly rule, by names that say what they are: `from` and `to` mean other things elsewhere.
const WEEKLY: [&str; 3] = ["weekdays", "time_of_day", "time_of_day"];

struct Entries<'s, 'b> {
    left: usize,
    /// The fields that are still to come; none for a list, whose entries are all for one field.
    fields: &'static [&'static str],
    field: &'static str,
    draw: Draw<'s, 'b>,
}

impl Entries<'_, '_> {
    fn next(&mut self) -> bool {
        if let Some((first, rest)) = self.fields.split_first() {
            (self.field, self.fields) = (first, rest);
        }
        let is_one = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_one
    }
}

impl<'de> SeqAccess<'de> for Entries<'_, '_> {
    type Error = NotDrawn;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, NotDrawn> {
        if !self.next() {
            return Ok(None);
        }
        seed.deserialize(self.draw.of(self.field)).map(Some)
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = NotDrawn;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NotDrawn> {
        if !self.next() {
            return Ok(None);
        }
        seed.deserialize(self.draw.of(self.field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotDrawn> {
        seed.deserialize(self.draw.of("text"))
    }
}

struct Variant<'s, 'b> {
    variant: &'static str,
    draw: Draw<'s, 'b>,
}

impl<'de, 's, 'b> EnumAccess<'de> for Variant<'s, 'b> {
    type Error = NotDrawn;
    type Variant = Draw<'s, 'b>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Draw<'s, 'b>), NotDrawn> {
        let variant: StrDeserializer<'_, NotDrawn> = self.variant.into_deserializer();
        Ok((seed.deserialize(variant)?, Draw { field: self.variant, ..self.draw }))
    }
}

impl<'de> VariantAccess<'de> for Draw<'_, '_> {
    type Error = NotDrawn;

    fn unit_variant(self) -> Result<(), NotDrawn> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, NotDrawn> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, NotDrawn> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, NotDrawn> {
        visitor.visit_seq(Entries { left: fields.len(), fields, field: "", draw: self })
    }
}
