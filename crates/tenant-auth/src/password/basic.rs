use std::fmt;

use data_encoding::BASE64;

/// A name and a password, as `Authorization: Basic` has them (RFC 7617).
///
/// # Example
/// ```
/// use tenant_auth::BasicCredentials;
///
/// let shown = BasicCredentials::parse("QWxhZGRpbjpvcGVuIHNlc2FtZQ==").expect("they are well-formed");
/// assert_eq!((shown.name(), shown.password()), ("Aladdin", "open sesame"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BasicCredentials {
    text: String,
    colon: usize,
}

/// Before decoding: more than any name and password that are taken.
const LONGEST: usize = 4_096;

impl BasicCredentials {
    /// Reads what stands behind `Basic`; `None` unless it is padded base64 of UTF-8 with a colon and without control characters
    /// (RFC 7617, section 2).
    #[must_use]
    pub fn parse(encoded: &str) -> Option<Self> {
        let bytes = (encoded.len() <= LONGEST).then(|| BASE64.decode(encoded.as_bytes()).ok())??;
        let text = String::from_utf8(bytes).ok()?;
        let colon = text.find(':')?;
        (!text.chars().any(char::is_control)).then_some(Self { text, colon })
    }

    /// The name, which has no colon.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.get(..self.colon).unwrap_or_default()
    }

    /// The password, which may have some.
    #[must_use]
    pub fn password(&self) -> &str {
        self.text.get(self.colon + 1..).unwrap_or_default()
    }
}

impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicCredentials").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_ends_the_name() {
        for (text, name, password) in
            [("a:b:c", "a", "b:c"), (":b", "", "b"), ("a:", "a", ""), ("\u{fc}:\u{e9}", "\u{fc}", "\u{e9}")]
        {
            let shown = BasicCredentials::parse(&BASE64.encode(text.as_bytes())).unwrap();
            assert_eq!((shown.name(), shown.password()), (name, password));
            assert!(!format!("{shown:?}").contains(text));
        }
    }

    #[test]
    fn what_is_malformed_is_nothing() {
        for wrong in
            ["", "YTpi Yg==", "YTpiYg", "YTpiYh==", "YTpi\n", &"YTpi".repeat(2_000), &BASE64.encode(b"ab")]
        {
            assert_eq!(BasicCredentials::parse(wrong), None, "{wrong}");
        }
        for bytes in [&b"a:\xff"[..], b"a:b\0", b"a\n:b", b"a:\x7f"] {
            assert_eq!(BasicCredentials::parse(&BASE64.encode(bytes)), None);
        }
    }
}
