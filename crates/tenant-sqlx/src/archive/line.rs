//! A row as a line of JSON.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

use crate::driver::archiving::Form;

/// What a reader of JSON takes for the same number everywhere (RFC 8259, section 6).
const MOST_EXACT: i128 = (1 << 53) - 1;

/// No table has more columns.
const MOST_COLUMNS: usize = 4_096;

/// A value in an archive: `null`, a boolean, an integer, a text, or one with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Null,
    Boolean(bool),
    Integer(i128),
    Text(String),
    Tagged(Tag, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Bytes,
    Integer,
    Real,
}

/// The line of a row, without its end. Nothing where a value is not what its form says.
pub(crate) fn write_line<'a>(
    columns: impl Iterator<Item = (&'a str, Form, &'a Option<String>)>,
) -> Result<Vec<u8>, &'a str> {
    let mut line = vec![b'{'];
    for (at, (name, form, text)) in columns.enumerate() {
        if at > 0 {
            line.push(b',');
        }
        let value = Scalar::of(form, text.as_deref()).ok_or(name)?;
        // Writing into memory does not fail, and a text is always JSON.
        let _ = serde_json::to_writer(&mut line, name);
        line.push(b':');
        value.write(&mut line);
    }
    line.push(b'}');
    Ok(line)
}

/// The columns of a row and their values, each once.
pub(crate) fn parse_line(line: &[u8]) -> Result<Vec<(String, Scalar)>, serde_json::Error> {
    serde_json::from_slice::<Fields>(line).map(|Fields(fields)| fields)
}

impl Scalar {
    /// What the database said of a value.
    fn of(form: Form, text: Option<&str>) -> Option<Self> {
        let Some(text) = text else { return Some(Self::Null) };
        Some(match form {
            Form::Integer => Self::Integer(integer(text)?),
            Form::Boolean => Self::Boolean(text.parse().ok()?),
            Form::Text => Self::Text(text.to_owned()),
            Form::Bytes => Self::Tagged(Tag::Bytes, text.to_owned()),
            Form::Tagged => {
                let (tag, text) = text.split_at_checked(1)?;
                match tag {
                    "i" => Self::Integer(integer(text)?),
                    "r" => Self::Tagged(Tag::Real, text.to_owned()),
                    "t" => Self::Text(text.to_owned()),
                    "b" => Self::Tagged(Tag::Bytes, text.to_owned()),
                    _ => return None,
                }
            }
        })
    }

    /// What the database is told. Nothing where this is no value of that form.
    pub(crate) fn into_text(self, form: Form) -> Option<Option<String>> {
        Some(Some(match (form, self) {
            (_, Self::Null) => return Some(None),
            (Form::Integer, Self::Integer(number)) => number.to_string(),
            (Form::Integer, Self::Tagged(Tag::Integer, text)) => integer(&text)?.to_string(),
            (Form::Boolean, Self::Boolean(flag)) => flag.to_string(),
            (Form::Text, Self::Text(text)) => text,
            (Form::Bytes, Self::Tagged(Tag::Bytes, text)) => super::bytes(&text).map(|_| text)?,
            (Form::Tagged, Self::Integer(number)) => format!("i{}", i64::try_from(number).ok()?),
            (Form::Tagged, Self::Tagged(Tag::Integer, text)) => {
                format!("i{}", i64::try_from(integer(&text)?).ok()?)
            }
            (Form::Tagged, Self::Tagged(Tag::Real, text)) => {
                format!("r{}", text.parse::<f64>().ok().filter(|number| !number.is_nan())?)
            }
            (Form::Tagged, Self::Text(text)) => format!("t{text}"),
            (Form::Tagged, Self::Tagged(Tag::Bytes, text)) => {
                super::bytes(&text)?;
                format!("b{text}")
            }
            (
                Form::Integer | Form::Boolean | Form::Text | Form::Bytes | Form::Tagged,
                Self::Boolean(_) | Self::Integer(_) | Self::Text(_) | Self::Tagged(..),
            ) => return None,
        }))
    }

    /// As a number, where it is a whole one.
    pub(crate) fn as_integer(&self) -> Option<i128> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Tagged(Tag::Integer, text) => integer(text),
            Self::Null | Self::Boolean(_) | Self::Text(_) | Self::Tagged(Tag::Bytes | Tag::Real, _) => None,
        }
    }

    fn write(&self, line: &mut Vec<u8>) {
        let text = |line: &mut Vec<u8>, text: &str| {
            let _ = serde_json::to_writer(line, text);
        };
        match self {
            Self::Null => line.extend(b"null"),
            Self::Boolean(flag) => line.extend(flag.to_string().bytes()),
            Self::Integer(number) if number.abs() <= MOST_EXACT => line.extend(number.to_string().bytes()),
            Self::Integer(number) => line.extend(format!("{{\"integer\":\"{number}\"}}").bytes()),
            Self::Text(value) => text(line, value),
            Self::Tagged(tag, value) => {
                line.extend(format!("{{\"{}\":", tag.as_str()).bytes());
                text(line, value);
                line.push(b'}');
            }
        }
    }
}

impl Tag {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Integer => "integer",
            Self::Real => "real",
        }
    }
}

/// Of no more than 64 bits, with a sign or without.
fn integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

struct Fields(Vec<(String, Scalar)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            /// Of two values of one name most readers take the last one, and some the first.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields: Vec<(String, Scalar)> = Vec::new();
                let mut names = std::collections::HashSet::new();
                while let Some((name, value)) = map.next_entry::<String, Scalar>()? {
                    if fields.len() >= MOST_COLUMNS || !names.insert(name.clone()) {
                        return Err(A::Error::custom("a column comes twice, or there are too many"));
                    }
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Row)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;
        impl<'de> Visitor<'de> for Value {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Null)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Scalar, E> {
                Ok(Scalar::Boolean(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Integer(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar::Integer(number.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                let odd = || A::Error::custom("a value is of no type that is known");
                let (tag, text) = map.next_entry::<String, String>()?.ok_or_else(odd)?;
                let tags = [Tag::Bytes, Tag::Integer, Tag::Real];
                let tag = tags.into_iter().find(|known| known.as_str() == tag).ok_or_else(odd)?;
                match map.next_key::<String>()? {
                    Some(_) => Err(odd()),
                    None => Ok(Scalar::Tagged(tag, text)),
                }
            }
        }
        deserializer.deserialize_any(Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(form: Form, text: Option<&str>) -> String {
        let text = text.map(str::to_owned);
        let line = write_line([("x", form, &text)].into_iter()).unwrap();
        let mut fields = parse_line(&line).unwrap();
        let (_, value) = fields.pop().unwrap();
        assert_eq!(value.into_text(form).unwrap(), text, "{}", String::from_utf8_lossy(&line));
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn values_come_back_as_they_were() {
        assert_eq!(round(Form::Integer, Some("9007199254740991")), r#"{"x":9007199254740991}"#);
        let line = round(Form::Integer, Some("-9007199254740993"));
        assert_eq!(line, r#"{"x":{"integer":"-9007199254740993"}}"#);
        round(Form::Integer, Some("18446744073709551615"));
        assert_eq!(round(Form::Boolean, Some("true")), r#"{"x":true}"#);
        assert_eq!(round(Form::Text, None), r#"{"x":null}"#);
        round(Form::Text, Some("i1 \0 \"'\\ \u{2028} ü"));
        assert_eq!(round(Form::Bytes, Some("00ff")), r#"{"x":{"bytes":"00ff"}}"#);
        for text in ["i-9223372036854775808", "r0.30000000000000004", "rinf", "t", "ti5", "b", "b00", "r-0"] {
            round(Form::Tagged, Some(text));
        }
    }

    #[test]
    fn what_is_no_value_of_its_column_is_refused() {
        let parse = |text: &str| parse_line(format!("{{\"x\":{text}}}").as_bytes()).map(|mut row| row.pop());
        for text in
            ["1.5", "[1]", "{}", r#"{"bytes":1}"#, r#"{"bytes":"","real":"1"}"#, r#"{"sql":"1"}"#, "1e400"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        for (form, text) in [
            (Form::Integer, "\"1\""),
            (Form::Integer, r#"{"integer":"1; DROP"}"#),
            (Form::Integer, r#"{"integer":"111111111111111111111"}"#),
            (Form::Boolean, "1"),
            (Form::Text, "1"),
            (Form::Bytes, "\"00\""),
            (Form::Bytes, r#"{"bytes":"0"}"#),
            (Form::Tagged, r#"{"real":"x"}"#),
            (Form::Tagged, r#"{"real":"nan"}"#),
            (Form::Tagged, "18446744073709551615"),
            (Form::Tagged, "true"),
        ] {
            let (_, value) = parse(text).unwrap().unwrap();
            assert_eq!(value.into_text(form), None, "{form:?} {text}");
        }
    }

    #[test]
    fn a_column_comes_once() {
        assert!(parse_line(br#"{"a":1,"b":2}"#).is_ok());
        assert!(parse_line(br#"{"a":1,"a":1}"#).is_err());
        assert!(parse_line(br#"{"a":1} {"a":1}"#).is_err());
        assert!(parse_line(b"[1]").is_err());
    }
}
