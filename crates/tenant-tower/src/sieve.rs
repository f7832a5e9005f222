//! The header fields that the layers ask for again and again, found in one pass.

use http::{HeaderMap, HeaderName, HeaderValue};

// A request that brings more is asked in the ordinary way.
const ROOM: usize = 6;

/// `Host`, and every field whose name starts with `x-`.
///
/// A request is asked for five names, most of which it does not have. To hash each of them costs more than to look at
/// all fields once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sieve<'a> {
    caught: [Option<(&'a HeaderName, &'a HeaderValue)>; ROOM],
    is_whole: bool,
}

/// A header that may come once came more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated;

impl<'a> Sieve<'a> {
    #[inline]
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let mut sieve = Self { caught: [None; ROOM], is_whole: true };
        let mut room = sieve.caught.iter_mut();
        for field in headers.iter().filter(|(name, _)| catches(name)) {
            match room.next() {
                Some(place) => *place = Some(field),
                None => {
                    sieve.is_whole = false;
                    break;
                }
            }
        }
        sieve
    }

    /// The value of a field that may come once; the outer `None` says that the sieve can't tell.
    #[inline]
    pub(crate) fn only(&self, name: &HeaderName) -> Option<Result<Option<&'a HeaderValue>, Repeated>> {
        if !(self.is_whole && catches(name)) {
            return None;
        }
        let mut found = None;
        for (own, value) in self.caught.iter().map_while(Option::as_ref) {
            if *own == name && found.replace(*value).is_some() {
                return Some(Err(Repeated));
            }
        }
        Some(Ok(found))
    }
}

fn catches(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    name.starts_with(b"x-") || name == b"host"
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
        let headers = headers(&["host", "accept", "x-a", "x-b", "x-b"]);
        assert_eq!(only(&headers, "host"), Some(Ok(true)));
        assert_eq!(only(&headers, "x-a"), Some(Ok(true)));
        assert_eq!(only(&headers, "x-b"), Some(Err(Repeated)));
        assert_eq!(only(&headers, "x-c"), Some(Ok(false)));
    }

    #[test]
    fn says_nothing_about_what_it_does_not_catch_or_has_no_room_for() {
        assert_eq!(only(&headers(&["accept"]), "accept"), None);
        let many = headers(&["x-a", "x-b", "x-c", "x-d", "x-e", "x-f", "x-f"]);
        assert_eq!(only(&many, "x-f"), None);
        assert_eq!(only(&many, "x-a"), None);
    }
}
