use std::fmt;

use arrayvec::ArrayString;
use http::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id of a trace: 32 lower-case hexadecimal digits, not all of them 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(ArrayString<32>);

impl TraceId {
    /// The trace that a request belongs to, by its `traceparent` header (W3C Trace Context, section 3.2); `None` where
    /// the header is missing, comes twice or is malformed, which the recommendation treats alike.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then(|| Self::parse(value))?
    }

    fn parse(traceparent: &str) -> Option<Self> {
        let mut fields = traceparent.split('-');
        let version = fields.next().filter(|text| is_hex(text, 2) && *text != "ff")?;
        let trace = fields.next().filter(|text| is_hex(text, 32) && is_set(text))?;
        fields.next().filter(|text| is_hex(text, 16) && is_set(text))?;
        fields.next().filter(|text| is_hex(text, 2))?;
        // Later versions may append fields; version 00 may not.
        if version == "00" && fields.next().is_some() {
            return None;
        }
        ArrayString::from(trace).ok().map(Self)
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_set(digits: &str) -> bool {
    digits.bytes().any(|digit| digit != b'0')
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_recommendation_allows_and_nothing_else() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for good in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-else",
        ] {
            assert_eq!(TraceId::parse(good).unwrap().as_str(), trace);
        }
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert!(TraceId::parse(bad).is_none(), "{bad}");
        }
    }
}
