use std::{fmt, sync::Arc};

use http::{HeaderName, HeaderValue};
use tenant_core::{
    QuotaManager, TenantContext,
    quota::{Cost, Decision},
};

use super::Fields;
use crate::{Rejection, RequestHead};

/// What the quota step takes.
#[derive(Clone)]
pub(crate) struct QuotaStage {
    pub(crate) quotas: Arc<dyn QuotaManager>,
    pub(crate) tokens: HeaderName,
    pub(crate) fields: Fields,
}

// Beyond 2^53 not every integer is a JSON number (RFC 8259, section 6).
const MAX_TOKENS: u64 = 1 << 53;

impl QuotaStage {
    /// What asking for the limits' state costs.
    pub(crate) const NOTHING: [Cost; 2] = [Cost::requests(0), Cost::tokens(0)];

    pub(crate) fn new(quotas: Arc<dyn QuotaManager>) -> Self {
        Self { quotas, tokens: HeaderName::from_static("x-token-count"), fields: Fields::default() }
    }

    /// One request, and the tokens that the caller announces.
    pub(crate) fn costs(&self, head: &RequestHead<'_>) -> Result<[Cost; 2], Rejection> {
        let value = head.only(&self.tokens).map_err(|_| self.wrong("the header comes more than once"))?;
        let tokens = match value {
            None => 0,
            Some(value) => parse(value)
                .ok_or_else(|| self.wrong("the header must be an integer from 0 to 9007199254740992"))?,
        };
        Ok([Cost::requests(1), Cost::tokens(tokens)])
    }

    /// Gives back what a decision charged, and tells how the limits stand without it.
    pub(crate) fn refund(&self, tenant: &TenantContext, decision: &Decision) -> Decision {
        self.quotas.settle(tenant, decision, &Self::NOTHING);
        decision.refunded()
    }

    fn wrong(&self, detail: &'static str) -> Rejection {
        Rejection::invalid_request(detail).with_field(self.tokens.as_str().to_owned())
    }
}

/// Digits only: a sign, a fraction or a blank would be a number to some and none to others.
fn parse(value: &HeaderValue) -> Option<u64> {
    let digits = value.as_bytes();
    if digits.is_empty() {
        return None;
    }
    let tokens = digits.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    });
    tokens.filter(|&tokens| tokens <= MAX_TOKENS)
}

impl fmt::Debug for QuotaStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuotaStage")
            .field("tokens", &self.tokens)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
