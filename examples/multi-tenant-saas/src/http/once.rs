use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// Any value in which no object has a member twice: of two readers one takes the first and the other the last (RFC 8259, section 4),
/// and what somebody has checked before us is then not what is done here.
pub(super) struct Once;

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_str<E>(self, _: &str) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Once, A::Error> {
        while sequence.next_element::<Once>()?.is_some() {}
        Ok(Once)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if seen.contains(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            seen.insert(name);
            map.next_value::<Once>()?;
        }
        Ok(Once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_object_has_a_member_twice_however_deep_it_is_and_however_it_is_spelled() {
        for text in ["null", "1e3", r#"{"a":{"a":[{"a":1},{"a":2}]},"b":true,"":-1,"A":""}"#, "[]"] {
            assert!(serde_json::from_str::<Once>(text).is_ok(), "{text}");
        }
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":{"c":1,"c":2}}]}"#, r#"{"a":1,"\u0061":2}"#, r#"{"":1,"":1}"#]
        {
            assert!(serde_json::from_str::<Once>(text).is_err(), "{text}");
        }
    }
}
