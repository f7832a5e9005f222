//! JSON that means one thing only.
//!
//! RFC 8259, section 4 leaves open what a name that occurs twice means; whoever signs and whoever reads may then see two
//! different tokens (RFC 8725, section 2.4). Here it is refused, at any depth, after escapes were undone.

use std::{collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value, as far as tokens and key sets need one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool,
    Integer(u64),
    /// Negative, with a fraction or an exponent, or too big: nothing here is counted so.
    OtherNumber,
    Text(Box<str>),
    List(Vec<Self>),
    Object(Members),
}

pub(super) type Members = BTreeMap<Box<str>, Json>;

/// The members of the object that these bytes are; lists and objects stand in each other so deep at most.
pub(super) fn read_object(bytes: &[u8], deepest: usize) -> Option<Members> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Value { depth_left: deepest }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    match value {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

impl Json {
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The texts of a list that holds nothing else.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        if let Self::List(list) = self { list.iter().map(Self::text).collect() } else { None }
    }

    pub(super) fn object(&self) -> Option<&Members> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }
}

#[derive(Clone, Copy)]
struct Value {
    depth_left: usize,
}

impl Value {
    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Bool)
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Json, E> {
        Ok(Json::Integer(integer))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Json, E> {
        Ok(u64::try_from(integer).map_or(Json::OtherNumber, Json::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::OtherNumber)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let (inside, mut values) = (self.inside()?, Vec::new());
        while let Some(value) = list.next_element_seed(inside)? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let (inside, mut members) = (self.inside()?, Members::new());
        while let Some(name) = map.next_key::<Box<str>>()? {
            if members.insert(name, map.next_value_seed(inside)?).is_some() {
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_occurs_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"a":{"b":[{"c":1,"c":2}]}}"#, r#"{"":1,"":2}"#]
        {
            assert_eq!(read_object(text.as_bytes(), 8), None, "{text}");
        }
        assert!(read_object(br#"{"a":1,"A":2}"#, 8).is_some());
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read_object(br#"{"a":[{}]}"#, 3).is_some());
        assert!(read_object(br#"{"a":[{}]}"#, 2).is_none());
    }

    #[test]
    fn only_integers_that_are_written_so_are_integers() {
        let numbers = br#"{"a":7,"b":7.0,"c":7e0,"d":-7,"e":18446744073709551616,"f":18446744073709551615}"#;
        let members = read_object(numbers, 2).unwrap();
        assert_eq!((&members["a"], &members["f"]), (&Json::Integer(7), &Json::Integer(u64::MAX)));
        // With serde_json's `arbitrary_precision`, which any crate may turn on for all, they come as objects.
        assert!(["b", "c", "d", "e"].iter().all(|name| !matches!(members[*name], Json::Integer(_))));
    }

    #[test]
    fn what_is_no_object_or_has_more_behind_it_is_refused() {
        for text in ["", "[]", "1", "null", "{} {}", "{}x", "{\"a\":1,}", "\u{feff}{}", "{\"a\":NaN}"] {
            assert_eq!(read_object(text.as_bytes(), 8), None, "{text}");
        }
        assert_eq!(read_object(b"{\"a\":\"\xff\"}", 8), None, "no UTF-8");
        assert_eq!(read_object(br#"{"a":"\ud800"}"#, 8), None, "half a surrogate pair");
    }
}
