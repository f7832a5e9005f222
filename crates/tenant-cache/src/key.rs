//! Keys that carry their tenant: `tenant:{id}:{key}`.

use std::str;

use tenant_core::{TenantContext, TenantId};

const SEPARATOR: u8 = b':';

/// Writes and reads keys of the form `{prefix}:{tenant}:{key}`, for stores that many tenants share.
///
/// For one prefixer, two different pairs of tenant and key never give the same bytes, and [`split`](Self::split) is
/// the exact inverse of [`key`](Self::key), whatever bytes the key and the prefix hold: `:`, NUL and nothing at all
/// included. It works without escaping, because the prefix is known and a [`TenantId`] can't hold `:`. The first `:`
/// behind the prefix therefore always ends the id, and everything behind it is the key.
///
/// Two *different* prefixers may share a store only if [`is_disjoint_from`](Self::is_disjoint_from) says so: `a` with
/// the tenant `b` and the key `c:d` is `a:b:c:d`, and so is `a:b` with the tenant `c` and the key `d`.
///
/// # Example
/// ```
/// # use tenant_core::{InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
/// use tenant_cache::KeyPrefixer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let acme = TenantId::parse("acme")?;
/// # let configs = InMemoryConfigManager::with([TenantConfig::builder(acme).build()?])?;
/// let tenant = TenantContext::of(&configs, &acme).await?;
/// let keys = KeyPrefixer::new();
/// assert_eq!(keys.key(&tenant, "user:7"), b"tenant:acme:user:7");
/// assert_eq!(keys.split(b"tenant:acme:user:7"), Some((acme, &b"user:7"[..])));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyPrefixer {
    /// The prefix and the separator behind it.
    head: Box<[u8]>,
}

impl KeyPrefixer {
    /// A prefixer with the prefix `tenant`.
    #[must_use]
    pub fn new() -> Self {
        Self::with_prefix("tenant")
    }

    /// A prefixer with any other prefix, the empty one included.
    #[must_use]
    pub fn with_prefix(prefix: impl AsRef<[u8]>) -> Self {
        let head = [prefix.as_ref(), &[SEPARATOR]].concat().into_boxed_slice();
        Self { head }
    }

    /// The prefix.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        self.head.split_last().map_or(&[], |(_, prefix)| prefix)
    }

    /// The tenant's key, in bytes of its own.
    pub fn key(&self, tenant: &TenantContext, key: impl AsRef<[u8]>) -> Vec<u8> {
        self.parts(tenant, key.as_ref()).to_vec()
    }

    /// The tenant's key as text; `None` if the prefix is not UTF-8.
    pub fn text_key(&self, tenant: &TenantContext, key: impl AsRef<str>) -> Option<String> {
        String::from_utf8(self.key(tenant, key.as_ref())).ok()
    }

    /// Writes the tenant's key over what `buffer` held: allocates only where the buffer is too small.
    pub fn write_key(&self, tenant: &TenantContext, key: impl AsRef<[u8]>, buffer: &mut Vec<u8>) {
        buffer.clear();
        self.parts(tenant, key.as_ref()).append_to(buffer);
    }

    /// The tenant's key as the slices it consists of: never allocates.
    pub fn parts<'a, K: AsRef<[u8]> + ?Sized>(
        &'a self,
        tenant: &'a TenantContext,
        key: &'a K,
    ) -> KeyParts<'a> {
        KeyParts { head: &self.head, id: tenant.id().as_str(), key: key.as_ref() }
    }

    /// Takes a key apart; `None` if this prefixer did not write it.
    ///
    /// The id is a claim like any other: it opens nothing.
    #[must_use]
    pub fn split<'a>(&self, full: &'a [u8]) -> Option<(TenantId, &'a [u8])> {
        let rest = full.strip_prefix(&*self.head)?;
        let (id, key) = split_at_separator(rest)?;
        Some((parse_id(id)?, key))
    }

    /// Whether no key of this prefixer is ever a key of `other`.
    #[must_use]
    pub fn is_disjoint_from(&self, other: &Self) -> bool {
        let (short, long) = match self.head.len() <= other.head.len() {
            true => (&self.head, &other.head),
            false => (&other.head, &self.head),
        };
        match long.strip_prefix(&**short) {
            // The same prefix.
            Some([]) => false,
            // The longer prefix goes on as a key of the shorter one would, if it goes on with an id.
            Some(rest) => split_at_separator(rest).is_none_or(|(id, _)| parse_id(id).is_none()),
            None => true,
        }
    }
}

impl Default for KeyPrefixer {
    fn default() -> Self {
        Self::new()
    }
}

fn split_at_separator(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == SEPARATOR)?;
    let (id, rest) = bytes.split_at_checked(end)?;
    Some((id, rest.strip_prefix(&[SEPARATOR])?))
}

fn parse_id(bytes: &[u8]) -> Option<TenantId> {
    TenantId::parse(str::from_utf8(bytes).ok()?).ok()
}

/// A tenant's key as the slices it consists of, for stores that write slices one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyParts<'a> {
    head: &'a [u8],
    id: &'a str,
    key: &'a [u8],
}

impl<'a> KeyParts<'a> {
    /// The slices whose concatenation is the key.
    #[must_use]
    pub const fn as_slices(&self) -> [&'a [u8]; 4] {
        [self.head, self.id.as_bytes(), &[SEPARATOR], self.key]
    }

    /// The length of the key in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is never empty: it holds two separators")]
    pub const fn len(&self) -> usize {
        self.head.len() + self.id.len() + 1 + self.key.len()
    }

    /// Writes the key to the start of `buffer`, say one on the stack; `None` if it does not fit.
    #[must_use]
    pub fn write_to<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let target = buffer.get_mut(..self.len())?;
        let mut rest = &mut *target;
        for slice in self.as_slices() {
            let (here, behind) = rest.split_at_mut_checked(slice.len())?;
            here.copy_from_slice(slice);
            rest = behind;
        }
        Some(target)
    }

    /// The key in bytes of its own.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.append_to(&mut bytes);
        bytes
    }

    fn append_to(&self, buffer: &mut Vec<u8>) {
        buffer.reserve(self.len());
        for slice in self.as_slices() {
            buffer.extend_from_slice(slice);
        }
    }
}
