//! Conditional requests (RFC 9110, section 13): what is told apart by an entity tag.

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{IF_MATCH, IF_NONE_MATCH},
        request::Parts,
    },
};
use tenant::Rejection;

/// `If-Match`: the request is about one of these versions, and no other.
///
/// Tags are compared strongly: one that is marked as weak is none of them (RFC 9110, section 13.1.1).
#[derive(Clone, Debug)]
pub(crate) struct IfMatch(Option<Condition>);

/// `If-None-Match`: the caller has these versions already. Tags are compared weakly (RFC 9110, section 13.1.2).
#[derive(Clone, Debug)]
pub(crate) struct IfNoneMatch(Option<Condition>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// `*`: any version, as long as there is one.
    Any,
    OneOf(Vec<Tag>),
}

/// A tag as it was sent, with its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tag {
    is_weak: bool,
    opaque: Box<[u8]>,
}

impl IfMatch {
    /// Whether the condition holds for the version of this tag.
    pub(crate) fn admits(&self, tag: &str) -> bool {
        match &self.0 {
            None | Some(Condition::Any) => true,
            Some(Condition::OneOf(tags)) => {
                tags.iter().any(|own| !own.is_weak && *own.opaque == *tag.as_bytes())
            }
        }
    }

    /// Whether there is a condition at all.
    pub(crate) const fn is_given(&self) -> bool {
        self.0.is_some()
    }
}

impl IfNoneMatch {
    /// Whether the caller has the version of this tag.
    pub(crate) fn has(&self, tag: &str) -> bool {
        match &self.0 {
            None => false,
            Some(Condition::Any) => true,
            Some(Condition::OneOf(tags)) => tags.iter().any(|own| *own.opaque == *tag.as_bytes()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        read(&parts.headers, &IF_MATCH).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        read(&parts.headers, &IF_NONE_MATCH).map(Self)
    }
}

fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Condition>, Rejection> {
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    // What can't be read holds for nothing: a write that was to be held back must not go ahead.
    parse(&lines.join(&b','))
        .map(Some)
        .ok_or_else(|| Rejection::invalid_request(MALFORMED).with_field(name.as_str().to_owned()))
}

const MALFORMED: &str = "the condition must be * or a list of entity tags in double quotes";

fn parse(mut rest: &[u8]) -> Option<Condition> {
    if trim(rest) == b"*" {
        return Some(Condition::Any);
    }
    let mut tags = Vec::new();
    loop {
        rest = skip(rest);
        // Empty elements of a list are nothing (RFC 9110, section 5.6.1.2).
        if let Some(after) = rest.strip_prefix(b",") {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            break;
        }
        let (tag, after) = tag(rest)?;
        tags.push(tag);
        rest = skip(after);
        if !(rest.is_empty() || rest.starts_with(b",")) {
            return None;
        }
    }
    (!tags.is_empty()).then_some(Condition::OneOf(tags))
}

/// `[W/]"…"` (RFC 9110, section 8.8.3), and what follows.
fn tag(text: &[u8]) -> Option<(Tag, &[u8])> {
    let (is_weak, text) = match text.strip_prefix(b"W/") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let inside = text.strip_prefix(b"\"")?;
    let length = inside.iter().position(|byte| *byte == b'"')?;
    let (opaque, after) = text.split_at_checked(length.checked_add(2)?)?;
    let is_character = |byte: &u8| *byte == 0x21 || (0x23..=0x7e).contains(byte) || *byte >= 0x80;
    let is_tag = inside.iter().take(length).all(is_character);
    is_tag.then(|| (Tag { is_weak, opaque: opaque.into() }, after))
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn skip(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn trim(text: &[u8]) -> &[u8] {
    let text = skip(text);
    let blanks = text.iter().rev().take_while(|byte| is_blank(**byte)).count();
    text.get(..text.len() - blanks).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(text: &str) -> IfMatch {
        IfMatch(Some(parse(text.as_bytes()).unwrap()))
    }

    #[test]
    fn a_strong_tag_matches_itself_and_a_weak_one_matches_nothing() {
        for (condition, admits) in [
            (r#""a""#, true),
            (r#"  "a"  "#, true),
            (r#""b", "a""#, true),
            (r#","b",,"a","#, true),
            ("*", true),
            (" * ", true),
            (r#""b""#, false),
            (r#"W/"a""#, false),
            (r#"W/"a", "b""#, false),
            (r#""A""#, false),
            (r#""a,b""#, false),
            (r#""""#, false),
        ] {
            assert_eq!(if_match(condition).admits(r#""a""#), admits, "{condition}");
        }
        assert!(IfMatch(None).admits(r#""a""#));
        assert!(if_match(r#""a,b""#).admits(r#""a,b""#), "a comma is a part of it");
    }

    #[test]
    fn who_has_a_version_has_it_weakly_too() {
        let has = |text: &str| IfNoneMatch(Some(parse(text.as_bytes()).unwrap())).has(r#""a""#);
        assert!(has(r#"W/"a""#) && has(r#""b","a""#) && has("*") && !has(r#""b""#));
        assert!(!IfNoneMatch(None).has(r#""a""#));
    }

    #[test]
    fn what_is_no_list_of_tags_is_malformed() {
        for text in [
            "",
            " ",
            ",",
            "a",
            "\"a",
            "a\"",
            "'a'",
            "w/\"a\"",
            "W/ \"a\"",
            "\"a\"\"b\"",
            "\"a\" \"b\"",
            "*, \"a\"",
            "\"a\", *",
            "**",
            "\"a b\"",
            "\"a\tb\"",
            "\"a\x7fb\"",
            "W/*",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
