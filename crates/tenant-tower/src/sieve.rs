//! The header fields that the layers ask for again and again, found in one pass.

use http::{HeaderMap, HeaderName, HeaderValue};

// A request that brings more is asked in the ordinary way.
const ROOM: usize = 6;

// `host`, `x-tool`, `x-model`, `x-tenant-id` and `x-token-count`, by length: what proxies add (`x-forwarded-for`,
// `x-request-id`, `x-real-ip`) takes no room.
const LENGTHS: u32 = 1 << 4 | 1 << 6 | 1 << 7 | 1 << 11 | 1 << 13;

/// `Host`, and the fields whose names start with `x-` and are as long as one of those the layers know.
///
/// A request is asked for five names, most of which it does not have. To hash each of them costs more than to look at
/// all fields once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sieve<'a> {
    caught: [(&'a str, Option<&'a HeaderValue>); ROOM],
    len: usize,
    is_whole: bool,
}

/// A header that may come once came more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated;

impl<'a> Sieve<'a> {
    #[inline(always)]
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let mut sieve = Self { caught: [("", None); ROOM], len: 0, is_whole: true };
        for (name, value) in headers {
            let name = name.as_str();
            if !catches(name) {
                continue;
            }
            let Some(place) = sieve.caught.get_mut(sieve.len) else {
                sieve.is_whole = false;
                break;
            };
            *place = (name, Some(value));
            sieve.len += 1;
        }
        sieve
    }

    /// The value of a field that may come once; the outer `None` says that the sieve can't tell.
    #[inline(always)]
    pub(crate) fn only(&self, name: &HeaderName) -> Option<Result<Option<&'a HeaderValue>, Repeated>> {
        let name = name.as_str();
        if !(self.is_whole && catches(name)) {
            return None;
        }
        let mut found = None;
        // Most names differ in length already: a comparison is a comparison of two numbers.
        for (own, value) in self.caught.iter().take(self.len) {
            if *own == name {
                if found.is_some() {
                    return Some(Err(Repeated));
                }
                found = *value;
            }
        }
        Some(Ok(found))
    }
}

#[inline]
fn catches(name: &str) -> bool {
    name.len() < 32 && LENGTHS >> name.len() & 1 == 1 && (name.starts_with("x-") || name == "host")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for name in names {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("1"));
        }
        headers
    }

    fn only(headers: &HeaderMap, name: &'static str) -> Option<Result<bool, Repeated>> {
        let found = Sieve::of(headers).only(&HeaderName::from_static(name));
        found.map(|found| found.map(|value| value.is_some()))
    }

    #[test]
    fn tells_absent_from_once_from_twice() {
        let headers = headers(&["host", "accept", "x-model", "x-tool", "x-tool"]);
        assert_eq!(only(&headers, "host"), Some(Ok(true)));
        assert_eq!(only(&headers, "x-model"), Some(Ok(true)));
        assert_eq!(only(&headers, "x-tool"), Some(Err(Repeated)));
        assert_eq!(only(&headers, "x-tenant-id"), Some(Ok(false)));
    }

    #[test]
    fn says_nothing_about_what_it_does_not_catch_or_has_no_room_for() {
        assert_eq!(only(&headers(&["accept"]), "accept"), None);
        assert_eq!(only(&headers(&["x-organisation"]), "x-organisation"), None);
        let many = headers(&["x-aaa1", "x-aaa2", "x-aaa3", "x-aaa4", "x-aaa5", "x-tool", "x-tool"]);
        assert_eq!(only(&many, "x-tool"), None);
        assert_eq!(only(&many, "x-aaa1"), None);
    }
}
