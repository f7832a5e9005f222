//! What of hosts a tenant can be given.

use std::fmt;

use arrayvec::ArrayString;

use crate::{HostName, InvalidHost};

/// A host, or all hosts one label below another: `acme.example`, `*.acme.example`.
///
/// The asterisk stands for exactly one label, and for a whole one (as in certificates, RFC 9525, section 6.3):
/// `*.acme.example` is neither `acme.example` nor `a.b.acme.example`.
///
/// # Example
/// ```
/// use tenant_tower::{HostName, HostPattern};
///
/// let pattern = HostPattern::parse("*.Acme.example")?;
/// assert_eq!(pattern.as_str(), "*.acme.example");
/// assert!(pattern.covers(&HostName::parse("app.acme.example")?));
/// assert!(!pattern.covers(&HostName::parse("acme.example")?));
/// # Ok::<(), tenant_tower::InvalidHost>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPattern(ArrayString<{ HostName::MAX_LEN }>);

impl HostPattern {
    /// Parses a host, or `*.` and a host. An address is nobody's name and has nothing below it.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidHost> {
        let (asterisk, host) = match text.strip_prefix("*.") {
            Some(base) => ("*.", base),
            None => ("", text),
        };
        let host = HostName::parse(host).ok().filter(|host| !host.is_address()).ok_or(InvalidHost)?;
        let mut pattern = ArrayString::new();
        pattern.try_push_str(asterisk).map_err(|_| InvalidHost)?;
        pattern.try_push_str(host.as_str()).map_err(|_| InvalidHost)?;
        Ok(Self(pattern))
    }

    /// The wildcard right below a host; `None` where no host below it could be written.
    #[cfg(feature = "tls")]
    pub(crate) fn below(base: &str) -> Option<Self> {
        let mut pattern = ArrayString::from("*.").ok()?;
        pattern.try_push_str(base).ok()?;
        Some(Self(pattern))
    }

    /// The pattern as text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host whose neighbours below it are meant; `None` where it is a single host.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        self.0.strip_prefix("*.")
    }

    /// Whether a host is meant.
    #[must_use]
    pub fn covers(&self, host: &HostName) -> bool {
        match self.base() {
            Some(base) => above(host.as_str()) == Some(base),
            None => self.as_str() == host.as_str(),
        }
    }
}

/// The host one label up, where there is one.
#[inline]
pub(crate) fn above(host: &str) -> Option<&str> {
    host.split_once('.').map(|(_, above)| above)
}

impl From<HostName> for HostPattern {
    fn from(host: HostName) -> Self {
        let mut pattern = ArrayString::new();
        let _ = pattern.try_push_str(host.as_str()); // Both have the same room.
        Self(pattern)
    }
}

impl AsRef<str> for HostPattern {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostPattern({:?})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_is_one_whole_label_at_the_beginning() {
        for bad in [
            "*",
            "*.",
            "*..example",
            "**.example",
            "*.*.example",
            "a.*.example",
            "a*.example",
            "*a.example",
            "*.127.0.0.1",
            "*.[::1]",
            "*.1",
            "127.0.0.1",
            "*.example:80",
            "*.-a.example",
            "*.a b",
            " *.example",
            "*example",
            ".example",
        ] {
            assert_eq!(HostPattern::parse(bad), Err(InvalidHost), "{bad}");
        }
        let longest =
            format!("*.{}", ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(59)].join("."));
        assert_eq!(longest.len(), HostName::MAX_LEN);
        assert!(HostPattern::parse(&longest).is_ok());
        assert!(HostPattern::parse(&format!("*.a{}", &longest[2..])).is_err());
    }

    #[test]
    fn covers_exactly_one_label() {
        let pattern = HostPattern::parse("*.acme.example.").unwrap();
        for (host, covered) in [
            ("app.acme.example", true),
            ("1.acme.example", true),
            ("acme.example", false),
            ("a.b.acme.example", false),
            ("evilacme.example", false),
            ("app.acme.example.evil", false),
            ("acme", false),
        ] {
            assert_eq!(pattern.covers(&HostName::parse(host).unwrap()), covered, "{host}");
        }
    }
}
