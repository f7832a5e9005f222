//! What a credential may be used for.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a credential may be used for at most, such as `read:users`; who holds it may do less.
///
/// Sorted and without doubles. It is cheap to clone.
///
/// # Example
/// ```
/// use tenant_core::auth::Scopes;
///
/// let scopes: Scopes = "write:users read:users".parse()?;
/// assert!(scopes.contains("read:users") && !scopes.contains("read:"));
/// assert_eq!(scopes.to_string(), "read:users write:users");
/// # Ok::<(), tenant_core::auth::InvalidScopes>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Arc<[Box<str>]>);

/// A text is no list of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a scope is 1 to 64 visible ASCII characters without quotes and backslashes, and there are 64 at most"
)]
pub struct InvalidScopes;

impl Scopes {
    /// How many there may be.
    pub const MAX: usize = 64;

    /// These scopes.
    ///
    /// # Errors
    /// One is none (RFC 6749, section 3.3), or there are too many.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, InvalidScopes> {
        let mut all = Vec::new();
        for name in names {
            let name = name.as_ref();
            if !is_scope(name) || all.len() == Self::MAX {
                return Err(InvalidScopes);
            }
            all.push(Box::<str>::from(name));
        }
        all.sort_unstable();
        all.dedup();
        Ok(Self(all.into()))
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.binary_search_by(|own| (**own).cmp(name)).is_ok()
    }

    /// Their names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// Whether there is none: such a credential may nothing that asks for one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `%x21 / %x23-5B / %x5D-7E` (RFC 6749, section 3.3).
fn is_scope(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=64).contains(&name.len()) && name.bytes().all(is_plain)
}

impl FromStr for Scopes {
    type Err = InvalidScopes;

    /// Separated by single blanks, as in a token; an empty text is none.
    fn from_str(text: &str) -> Result<Self, InvalidScopes> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        Self::new(text.split(' '))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, name) in self.iter().enumerate() {
            write!(f, "{}{name}", if number == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Self::new(names).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_scope_makes_none() {
        for text in [" ", "a  b", "a ", "\"", "\\", "\u{e4}", "a\n", &"x".repeat(65)] {
            assert_eq!(text.parse::<Scopes>(), Err(InvalidScopes), "{text:?}");
        }
        let many: Vec<String> = (0..=64).map(|number| number.to_string()).collect();
        assert!(Scopes::new(&many[1..]).is_ok() && Scopes::new(&many).is_err());
    }

    #[test]
    fn each_counts_once_and_none_is_empty() {
        assert_eq!("b a b".parse::<Scopes>().unwrap().to_string(), "a b");
        assert!("".parse::<Scopes>().unwrap().is_empty());
        assert!(!Scopes::default().contains(""));
    }
}
