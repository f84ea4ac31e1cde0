//! Every text of a serialized value, with its place: the names of the fields on the way to it.

use std::fmt::{self, Display};

use serde::ser::{self, Serialize};

/// The texts of a value, in order: where each stands, and what it says. Elements of a list and values of a map stand under `*`, keys of a map under `key`.
pub(crate) fn texts(value: &impl Serialize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    value.serialize(Walk { place: String::new(), found: &mut found }).expect("a walk writes nothing that could fail");
    found
}

/// Never: a value of the platform does not fail to be written.
#[derive(Debug)]
pub(crate) struct Failed(String);

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: Display>(what: T) -> Self {
        Self(what.to_string())
    }
}

type Found = Vec<(String, String)>;

pub(crate) struct Walk<'a> {
    place: String,
    found: &'a mut Found,
}

impl<'a> Walk<'a> {
    fn into(self, name: &str) -> Self {
        let place = if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) };
        Self { place, found: self.found }
    }

    fn within(self) -> Within<'a> {
        Within { place: self.place, found: self.found }
    }
}

/// Inside a list, a map or a struct.
pub(crate) struct Within<'a> {
    place: String,
    found: &'a mut Found,
}

impl Within<'_> {
    fn write<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Failed> {
        value.serialize(Walk { place: self.place.clone(), found: self.found }.into(name))
    }
}

macro_rules! nothing {
    ($($method:ident $of:ty),*) => {
        $(fn $method(self, _: $of) -> Result<(), Failed> { Ok(()) })*
    };
}

impl<'a> ser::Serializer for Walk<'a> {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = Within<'a>;
    type SerializeTuple = Within<'a>;
    type SerializeTupleStruct = Within<'a>;
    type SerializeTupleVariant = Within<'a>;
    type SerializeMap = Within<'a>;
    type SerializeStruct = Within<'a>;
    type SerializeStructVariant = Within<'a>;

    nothing!(
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_u8 u8, serialize_u16 u16,
        serialize_u32 u32, serialize_u64 u64, serialize_u128 u128, serialize_i128 i128, serialize_f32 f32, serialize_f64 f64,
        serialize_char char, serialize_bytes &[u8], serialize_unit_struct &'static str
    );

    fn serialize_str(self, text: &str) -> Result<(), Failed> {
        self.found.push((self.place, text.to_owned()));
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Failed> {
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Failed> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Failed> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        value.serialize(self.into(variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Within<'a>, Failed> {
        Ok(self.within())
    }

    fn serialize_tuple(self, _: usize) -> Result<Within<'a>, Failed> {
        Ok(self.within())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Within<'a>, Failed> {
        Ok(self.within())
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Within<'a>, Failed> {
        Ok(self.into(variant).within())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Within<'a>, Failed> {
        Ok(self.within())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Within<'a>, Failed> {
        Ok(self.within())
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Within<'a>, Failed> {
        Ok(self.into(variant).within())
    }
}

macro_rules! elements {
    ($($of:ident $method:ident),*) => {
        $(impl ser::$of for Within<'_> {
            type Ok = ();
            type Error = Failed;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> { self.write("*", value) }
            fn end(self) -> Result<(), Failed> { Ok(()) }
        })*
    };
}

elements!(
    SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! fields {
    ($($of:ident),*) => {
        $(impl ser::$of for Within<'_> {
            type Ok = ();
            type Error = Failed;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Failed> { self.write(name, value) }
            fn end(self) -> Result<(), Failed> { Ok(()) }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Within<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        self.write("key", key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.write("*", value)
    }

    fn end(self) -> Result<(), Failed> {
        Ok(())
    }
}
