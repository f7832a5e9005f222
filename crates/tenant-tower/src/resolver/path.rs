use tenant_core::TenantId;

use super::{Resolution, TenantResolver};
use crate::{Claim, Rejection, RequestHead, Source};

/// Takes the tenant from a prefix of the path, such as `/t/{tenant}`, and strips it before the inner service.
///
/// The inner service, and the policy, see the path below the prefix: `/t/acme/users?page=2` becomes `/users?page=2`. The
/// target as it was sent stays in the extensions as [`OriginalUri`](crate::OriginalUri). For this to reach a router,
/// the layer must stand around it, not inside it.
///
/// # Example
/// ```
/// use tenant_tower::PathResolver;
///
/// let resolver = PathResolver::new("/t/{tenant}")?;
/// assert!(PathResolver::new("/t/").is_err());
/// # Ok::<(), tenant_tower::InvalidPattern>(())
/// ```
#[derive(Clone, Debug)]
pub struct PathResolver {
    before: Box<str>,
}

/// A pattern of a path is not of the form `/prefix/{tenant}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path's pattern is not of the form '/prefix/{{tenant}}'")]
pub struct InvalidPattern;

impl PathResolver {
    /// Takes the tenant from the segment that `{tenant}` stands for; it is the last one of the pattern.
    ///
    /// # Errors
    /// The pattern does not start with `/`, does not end with `/{tenant}`, or holds something that a path can't.
    pub fn new(pattern: &str) -> Result<Self, InvalidPattern> {
        let before = pattern.strip_suffix("{tenant}").ok_or(InvalidPattern)?;
        let is_plain =
            |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}' | b'?' | b'#' | b'%');
        if !(before.starts_with('/') && before.ends_with('/') && before.bytes().all(is_plain)) {
            return Err(InvalidPattern);
        }
        Ok(Self { before: before.into() })
    }
}

impl TenantResolver for PathResolver {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let Some(rest) = head.uri().path().strip_prefix(&*self.before) else {
            return Ok(None);
        };
        let segment = rest.split('/').next().unwrap_or_default();
        // Nothing is decoded: an id needs no percent-encoding, and what is decoded twice is read differently by two.
        let tenant = TenantId::parse(segment)
            .map_err(|error| Rejection::invalid_tenant_id(Source::Path, error.to_string()))?;
        let bytes = u16::try_from(self.before.len() + segment.len())
            .map_err(|_| Rejection::invalid_tenant_id(Source::Path, "the path is too long"))?;
        Ok(Some(Claim::new(tenant, Source::Path).stripping(bytes)))
    }
}
