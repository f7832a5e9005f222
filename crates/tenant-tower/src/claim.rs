//! Who a request says it is for, and where it says so.

use std::fmt;

use tenant_core::TenantId;

use crate::{Rejection, rejection::Disagreement};

/// A tenant that a request names, with the source that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    tenant: TenantId,
    source: Source,
    stripped: u16,
}

/// Where a claim comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// Who is calling, proved by a credential.
    Principal,
    /// A header.
    Header,
    /// The first label of the host.
    Subdomain,
    /// The whole host.
    Host,
    /// A prefix of the path.
    Path,
    /// A query parameter.
    Query,
    /// A layer further out, which has entered a tenant already.
    Context,
    /// Anything else.
    Custom(&'static str),
}

impl Claim {
    /// A claim.
    #[must_use]
    pub const fn new(tenant: TenantId, source: Source) -> Self {
        Self { tenant, source, stripped: 0 }
    }

    /// Takes the first `bytes` bytes off the path before the inner service sees it.
    #[must_use]
    pub(crate) const fn stripping(mut self, bytes: u16) -> Self {
        self.stripped = bytes;
        self
    }

    /// The tenant that is named.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Who names it.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    pub(crate) const fn stripped(&self) -> u16 {
        self.stripped
    }

    /// The one claim that two sources amount to: the first is the stronger one.
    ///
    /// # Errors
    /// They name different tenants.
    pub fn agree(first: Option<Self>, second: Option<Self>) -> Result<Option<Self>, Rejection> {
        match (first, second) {
            (Some(first), Some(second)) if first.tenant == second.tenant => {
                Ok(Some(first.stripping(first.stripped.max(second.stripped))))
            }
            (Some(first), Some(second)) => {
                Err(Rejection::mismatch(Disagreement { stronger: first, weaker: second }))
            }
            (claim, None) | (None, claim) => Ok(claim),
        }
    }
}

impl Source {
    /// The source's name in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Header => "header",
            Self::Subdomain => "subdomain",
            Self::Host => "host",
            Self::Path => "path",
            Self::Query => "query",
            Self::Context => "context",
            Self::Custom(name) => name,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
