//! JSON with one canonical form: the fields of a struct in their order, absent fields left out, no white space.
//!
//! Two things that a general JSON library does not promise make the bytes of a journal the same everywhere: [`write()`] leaves
//! out fields that are `None` (most fields of most inputs are), and [`Json`], a document of which only the shape is
//! known, keeps the order in which its fields were written. Neither depends on a feature of a JSON library that another crate of the
//! same build may switch on.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Display, Write as _};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{self, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A JSON document. Numbers are whole: no line of the journal has a fraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from 0.
    Unsigned(u64),
    /// A whole number below 0.
    Negative(i64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// An object, its fields in the order in which they were written. No name stands twice.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The field of this name, if this is an object that has it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(field, _)| field == name).map(|(_, value)| value),
            Self::Null | Self::Bool(_) | Self::Unsigned(_) | Self::Negative(_) | Self::Text(_) | Self::List(_) => None,
        }
    }
}

/// The canonical form.
impl Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write(self))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Negative(value) => serializer.serialize_i64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => serializer.collect_seq(values),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, true, false, a whole number, a string, an array or an object")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Unsigned(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        Ok(u64::try_from(value).map_or(Json::Negative(value), Json::Unsigned))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(de::Error::custom(format!("duplicate field `{name}`, expected every field once")));
            }
            fields.push((name, map.next_value()?));
        }
        Ok(Json::Object(fields))
    }
}

/// The canonical JSON of `value`.
///
/// Enum variants are written as serde names them: a bare string, or an object with one field. Struct fields that are `None` are
/// left out; an absent entry of a list stays as `null`. A value that this format has no room for (a fraction, bytes,
/// a number of more than 64 bits, a map whose keys are neither texts nor numbers) is written as `null`; the library has none.
#[must_use]
pub fn write<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = String::new();
    match value.serialize(Writer { out: &mut out }) {
        Ok(()) => out,
        Err(NotWritable) => String::from("null"),
    }
}

/// A value that the canonical form has no room for.
#[derive(Debug)]
struct NotWritable;

impl Display for NotWritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that the journal has no form for")
    }
}

impl core::error::Error for NotWritable {}

impl ser::Error for NotWritable {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Writes one value at the end of `out`.
struct Writer<'a> {
    out: &'a mut String,
}

impl Writer<'_> {
    fn put(self, value: impl Display) -> Result<(), NotWritable> {
        write!(self.out, "{value}").map_err(|_| NotWritable)
    }

    fn text(out: &mut String, text: &str) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{0}'..='\u{1f}' => {
                    // Writing into a String cannot fail.
                    let _ = write!(out, "\\u{:04x}", u32::from(c));
                }
                _ => out.push(c),
            }
        }
        out.push('"');
    }
}

/// Writes the entries of one array or object at the end of `out`, and its closing characters when it ends.
struct Entries<'a> {
    out: &'a mut String,
    empty: bool,
    close: &'static str,
}

impl<'a> Entries<'a> {
    fn open(out: &'a mut String, open: char, close: &'static str) -> Self {
        out.push(open);
        Self { out, empty: true, close }
    }

    fn separate(&mut self) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
        self.separate();
        value.serialize(Writer { out: self.out })
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), NotWritable> {
        let (before, was_empty) = (self.out.len(), self.empty);
        self.separate();
        Writer::text(self.out, name);
        self.out.push(':');
        let begins_at = self.out.len();
        value.serialize(Writer { out: self.out })?;
        // An absent field is known only once it is written; then it is taken back.
        if self.out.get(begins_at..) == Some("null") {
            self.out.truncate(before);
            self.empty = was_empty;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), NotWritable> {
        self.out.push_str(self.close);
        Ok(())
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = NotWritable;
    type SerializeSeq = Entries<'a>;
    type SerializeTuple = Entries<'a>;
    type SerializeTupleStruct = Entries<'a>;
    type SerializeTupleVariant = Entries<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Entries<'a>;
    type SerializeStructVariant = Entries<'a>;

    fn serialize_bool(self, v: bool) -> Result<(), NotWritable> {
        self.put(v)
    }

    fn serialize_i8(self, v: i8) -> Result<(), NotWritable> {
        self.put(v)
    }

    fn serialize_i16(self, v: i16) -> Result<(), NotWritable> {
        self.put(v)
    }

    fn serialize_i32(self, v: i32) -> Result<(), NotWritable> {
        self.put(v)
    }

    fn serialize_i64(self, v: i64) -> Result<(), NotWritable> {
        self.put(v)
    }

    fn serialize_u8(self, v: u8) -> Result<(), NotWritable> {
        self.put(v)
    }

    fn serialize_u16(self, v: u16) -> Result<(), NotWritable> {
        self.put(v)
    }

    fn serialize_u32(self, v: u32) -> Result<(), NotWritable> {
        self.put(v)
    }

    fn serialize_u64(self, v: u64) -> Result<(), NotWritable> {
        self.put(v)
    }

    fn serialize_f32(self, _: f32) -> Result<(), NotWritable> {
        Err(NotWritable)
    }

    fn serialize_f64(self, _: f64) -> Result<(), NotWritable> {
        Err(NotWritable)
    }

    fn serialize_char(self, v: char) -> Result<(), NotWritable> {
        Self::text(self.out, v.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, v: &str) -> Result<(), NotWritable> {
        Self::text(self.out, v);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), NotWritable> {
        Err(NotWritable)
    }

    fn serialize_none(self) -> Result<(), NotWritable> {
        self.put("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotWritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotWritable> {
        self.put("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotWritable> {
        self.put("null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), NotWritable> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), NotWritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotWritable> {
        self.out.push('{');
        Self::text(self.out, variant);
        self.out.push(':');
        value.serialize(Writer { out: self.out })?;
        self.out.push('}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Entries<'a>, NotWritable> {
        Ok(Entries::open(self.out, '[', "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Entries<'a>, NotWritable> {
        Ok(Entries::open(self.out, '[', "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Entries<'a>, NotWritable> {
        Ok(Entries::open(self.out, '[', "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries<'a>, NotWritable> {
        self.out.push('{');
        Self::text(self.out, variant);
        self.out.push(':');
        Ok(Entries::open(self.out, '[', "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a>, NotWritable> {
        Ok(Entries::open(self.out, '{', "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries<'a>, NotWritable> {
        Ok(Entries::open(self.out, '{', "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries<'a>, NotWritable> {
        self.out.push('{');
        Self::text(self.out, variant);
        self.out.push(':');
        Ok(Entries::open(self.out, '{', "}}"))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), NotWritable> {
        self.serialize_str(&value.to_string())
    }
}

impl ser::SerializeSeq for Entries<'_> {
    type Ok = ();
    type Error = NotWritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotWritable> {
        self.finish()
    }
}

impl ser::SerializeTuple for Entries<'_> {
    type Ok = ();
    type Error = NotWritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotWritable> {
        self.finish()
    }
}

impl ser::SerializeTupleStruct for Entries<'_> {
    type Ok = ();
    type Error = NotWritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotWritable> {
        self.finish()
    }
}

impl ser::SerializeTupleVariant for Entries<'_> {
    type Ok = ();
    type Error = NotWritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotWritable> {
        self.finish()
    }
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = NotWritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotWritable> {
        self.separate();
        let begins_at = self.out.len();
        key.serialize(Writer { out: self.out })?;
        let written = self.out.get(begins_at..).unwrap_or_default();
        if written.starts_with('"') {
            return Ok(());
        }
        // JSON has texts as keys only: numbers go in quotes, and nothing else can be a key.
        if !written.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotWritable);
        }
        self.out.insert(begins_at, '"');
        self.out.push('"');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
        self.out.push(':');
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Result<(), NotWritable> {
        self.finish()
    }
}

impl ser::SerializeStruct for Entries<'_> {
    type Ok = ();
    type Error = NotWritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), NotWritable> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), NotWritable> {
        self.finish()
    }
}

impl ser::SerializeStructVariant for Entries<'_> {
    type Ok = ();
    type Error = NotWritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), NotWritable> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), NotWritable> {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    struct Everything {
        first: Option<u8>,
        second: i64,
        third: Option<&'static str>,
        fourth: Vec<Option<bool>>,
        fifth: BTreeMap<u64, &'static str>,
        sixth: Shape,
        seventh: Shape,
        eighth: Shape,
        ninth: Shape,
        tenth: (char, ()),
    }

    #[derive(Serialize)]
    enum Shape {
        Bare,
        One(u8),
        Two(u8, u8),
        Named { absent: Option<u8>, present: Option<u8> },
    }

    #[test]
    fn fields_keep_their_order_and_absent_ones_are_left_out() {
        let value = Everything {
            first: None,
            second: -3,
            third: Some("张\"三\"\\\n\t\r\u{1}"),
            fourth: alloc::vec![Some(true), None],
            fifth: BTreeMap::from([(2, "b"), (10, "a")]),
            sixth: Shape::Bare,
            seventh: Shape::One(1),
            eighth: Shape::Two(1, 2),
            ninth: Shape::Named { absent: None, present: Some(1) },
            tenth: ('x', ()),
        };
        assert_eq!(
            write(&value),
            r#"{"second":-3,"third":"张\"三\"\\\n\t\r\u0001","fourth":[true,null],"fifth":{"2":"b","10":"a"},"sixth":"Bare","seventh":{"One":1},"eighth":{"Two":[1,2]},"ninth":{"Named":{"present":1}},"tenth":["x",null]}"#
        );
    }

    #[test]
    fn what_is_written_is_what_a_general_library_reads() {
        for text in ["", "\u{0}\u{7}\u{8}\u{c}\u{1f}\u{7f}", "\"\\/", "预约\u{2028}\u{1f4de}"] {
            assert_eq!(serde_json::from_str::<String>(&write(text)).unwrap(), text);
        }
        assert_eq!(write(&u64::MAX), "18446744073709551615");
    }

    #[test]
    fn a_document_keeps_the_order_of_its_fields_and_its_nulls() {
        let text = r#"{"z":1,"a":null,"m":[-1,true,{"b":"x"}],"e":{}}"#;
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(json.to_string(), text);
        assert_eq!(json.field("z"), Some(&Json::Unsigned(1)));
        assert_eq!(json.field("y"), None);
    }

    #[test]
    fn fractions_and_repeated_fields_are_refused() {
        assert!(serde_json::from_str::<Json>("1.5").unwrap_err().to_string().contains("a whole number"));
        assert!(serde_json::from_str::<Json>(r#"{"a":1,"a":2}"#).unwrap_err().to_string().contains("duplicate field `a`"));
        assert_eq!(write(&1.5), "null");
        assert_eq!(write(&BTreeMap::from([(true, 1)])), "null");
    }
}
