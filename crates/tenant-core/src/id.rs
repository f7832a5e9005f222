//! The tenant's id: a parsed, validated name.

use std::{
    cmp::Ordering,
    fmt,
    hash::{BuildHasher, Hash, Hasher},
    str::FromStr,
    sync::LazyLock,
};

use arrayvec::ArrayString;
use foldhash::fast::RandomState;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The name of a tenant: 1 to 63 of `[A-Za-z0-9._-]`, case-sensitive, first and last alphanumeric.
///
/// The bytes stand inside the value, so that parsing and cloning never allocate. An id is only a *claim*:
/// what proves a tenant is a [`TenantContext`](crate::TenantContext).
///
/// The length is that of a DNS label (RFC 1035, section 2.3.4), so that every id can be a subdomain.
///
/// # Example
/// ```
/// use tenant_core::TenantId;
///
/// let id: TenantId = "acme-corp".parse()?;
/// assert_eq!(id.as_str(), "acme-corp");
/// assert!(TenantId::parse("../etc").is_err());
/// # Ok::<(), tenant_core::InvalidTenantId>(())
/// ```
#[derive(Clone, Copy)]
pub struct TenantId {
    /// Reckoned once, as the id is parsed: a request looks its tenant up in several maps.
    hash: u64,
    text: ArrayString<{ Self::MAX_LEN }>,
}

/// Random in each process, so that nobody can choose ids that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

impl TenantId {
    /// The longest id, in bytes.
    pub const MAX_LEN: usize = 63;

    /// Parses an id.
    ///
    /// # Errors
    /// [`InvalidTenantId`] tells which rule the text breaks; it never repeats the text.
    #[inline]
    pub fn parse(text: &str) -> Result<Self, InvalidTenantId> {
        let bytes = text.as_bytes();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return Err(InvalidTenantId::Empty);
        };
        if bytes.len() > Self::MAX_LEN {
            return Err(InvalidTenantId::TooLong);
        }
        // Without a branch per byte: almost every id is one.
        if !bytes.iter().fold(true, |valid, byte| valid & is_id_byte(*byte)) {
            return Err(InvalidTenantId::Character);
        }
        if !(first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric()) {
            return Err(InvalidTenantId::Edge);
        }
        let hash = HASHER.hash_one(bytes);
        ArrayString::from(text).map(|text| Self { hash, text }).map_err(|_| InvalidTenantId::TooLong)
    }

    /// Parses an id out of bytes that may be no text at all.
    ///
    /// # Errors
    /// As [`TenantId::parse`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidTenantId> {
        Self::parse(std::str::from_utf8(bytes).map_err(|_| InvalidTenantId::Character)?)
    }

    /// The id as text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// The hash that maps of this process find the id by.
    #[inline]
    pub(crate) const fn hash_code(&self) -> u64 {
        self.hash
    }
}

impl PartialEq for TenantId {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.text == other.text
    }
}

impl Eq for TenantId {}

impl Hash for TenantId {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialOrd for TenantId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TenantId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

#[expect(clippy::indexing_slicing, reason = "every byte is below 256")]
#[inline]
const fn is_id_byte(byte: u8) -> bool {
    ID_BYTES[byte as usize]
}

#[expect(clippy::indexing_slicing, reason = "every byte is below 256")]
// A table: each byte of each request's id is asked for.
const ID_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// Why a text is no [`TenantId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTenantId {
    /// The text is empty.
    #[error("a tenant id is empty")]
    Empty,
    /// The text is longer than [`TenantId::MAX_LEN`] bytes.
    #[error("a tenant id is longer than 63 bytes")]
    TooLong,
    /// The text holds something else than `[A-Za-z0-9._-]`.
    #[error("a tenant id holds a character other than letters, digits, '.', '_' and '-'")]
    Character,
    /// The text starts or ends with something else than a letter or a digit.
    #[error("a tenant id starts or ends with something other than a letter or a digit")]
    Edge,
}

impl FromStr for TenantId {
    type Err = InvalidTenantId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for TenantId {
    type Error = InvalidTenantId;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::parse(text)
    }
}

impl AsRef<str> for TenantId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantId({:?})", self.as_str())
    }
}

impl Serialize for TenantId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TenantId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepts_what_the_contract_allows() {
        for good in ["a", "0", "acme-corp", "A.b_c-9", &"x".repeat(63)] {
            assert_eq!(TenantId::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn names_the_broken_rule() {
        assert_eq!(TenantId::parse(""), Err(InvalidTenantId::Empty));
        assert_eq!(TenantId::parse(&"x".repeat(64)), Err(InvalidTenantId::TooLong));
        for bad in ["a b", "a,b", "a/b", "a:b", "é", "a\0b", "a\nb"] {
            assert_eq!(TenantId::parse(bad), Err(InvalidTenantId::Character), "{bad:?}");
        }
        for bad in [".", "..", "-a", "a-", "_a", "a."] {
            assert_eq!(TenantId::parse(bad), Err(InvalidTenantId::Edge), "{bad:?}");
        }
    }

    #[test]
    fn equal_ids_hash_alike_and_others_do_not_collide() {
        let ids: Vec<_> = (0..10_000).map(|n| TenantId::parse(&format!("t{n}")).unwrap()).collect();
        let again = TenantId::from_bytes(b"t7").unwrap();
        assert_eq!((again, again.hash_code()), (ids[7], ids[7].hash_code()));
        let hashes: std::collections::HashSet<_> = ids.iter().map(TenantId::hash_code).collect();
        assert_eq!(hashes.len(), ids.len());
        assert!(TenantId::parse("b").unwrap() > TenantId::parse("a").unwrap());
    }

    #[test]
    fn tells_case_apart() {
        assert_ne!(TenantId::parse("acme").unwrap(), TenantId::parse("ACME").unwrap());
    }

    proptest! {
        #[test]
        fn accepts_exactly_the_grammar(text in "\\PC{0,70}|[A-Za-z0-9._-]{0,66}") {
            let inner = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
            let edges = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
                && text.bytes().last().is_some_and(|b| b.is_ascii_alphanumeric());
            prop_assert_eq!(TenantId::parse(&text).is_ok(), inner && edges && text.len() <= 63);
        }
    }
}
