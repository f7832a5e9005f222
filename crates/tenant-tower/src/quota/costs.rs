use std::{fmt, ops::Deref, sync::Arc};

use http::{HeaderName, HeaderValue};
use tenant_core::quota::Cost;

use crate::{Rejection, RequestHead};

/// How a request's costs are told from its head.
#[derive(Clone)]
pub(crate) struct Costs {
    pub(crate) requests: u64,
    pub(crate) tokens: HeaderName,
    pub(crate) more: Option<MoreCosts>,
}

/// What a request costs beyond requests and tokens.
pub(crate) type MoreCosts = Arc<dyn Fn(&RequestHead<'_>) -> Result<Vec<Cost>, Rejection> + Send + Sync>;

/// What one request costs. Almost always it is of two dimensions, and no list is allocated.
pub(crate) enum Charge {
    Plain([Cost; 2]),
    More(Vec<Cost>),
}

// Beyond 2^53 not every integer is a JSON number (RFC 8259, section 6).
const MAX_TOKENS: u64 = 1 << 53;

impl Costs {
    #[inline]
    pub(crate) fn of(&self, head: &RequestHead<'_>) -> Result<Charge, Rejection> {
        let plain = [Cost::requests(self.requests), Cost::tokens(self.announced(head)?)];
        match &self.more {
            None => Ok(Charge::Plain(plain)),
            Some(more) => Ok(Charge::More(plain.into_iter().chain(more(head)?).collect())),
        }
    }

    /// The tokens that the caller announces.
    #[inline]
    fn announced(&self, head: &RequestHead<'_>) -> Result<u64, Rejection> {
        let value = head.only(&self.tokens).map_err(|_| self.wrong("the header comes more than once"))?;
        match value {
            None => Ok(0),
            Some(value) => parse(value)
                .ok_or_else(|| self.wrong("the header must be an integer from 0 to 9007199254740992")),
        }
    }

    #[cold]
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

impl Default for Costs {
    fn default() -> Self {
        Self { requests: 1, tokens: HeaderName::from_static("x-token-count"), more: None }
    }
}

impl Deref for Charge {
    type Target = [Cost];

    fn deref(&self) -> &[Cost] {
        match self {
            Self::Plain(costs) => costs,
            Self::More(costs) => costs,
        }
    }
}

impl fmt::Debug for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, tokens, more } = self;
        f.debug_struct("Costs")
            .field("requests", requests)
            .field("tokens", tokens)
            .field("more", &more.is_some())
            .finish()
    }
}
