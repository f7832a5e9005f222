use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures_util::future::select_ok;

/// Looks for a token where only who holds a host can have put it.
///
/// The host is what a tenant says, and may be anything: the implementor owes that looking for it harms nobody, ends, and
/// tells nothing beyond whether the token is there.
#[async_trait]
pub trait DomainProof: Send + Sync {
    /// Looks for the token on the host.
    ///
    /// # Errors
    /// It is not there.
    async fn prove(&self, host: &str, token: &str) -> Result<(), NotProved>;
}

#[async_trait]
impl<P: DomainProof + ?Sized> DomainProof for Arc<P> {
    async fn prove(&self, host: &str, token: &str) -> Result<(), NotProved> {
        (**self).prove(host, token).await
    }
}

/// The token was not found. It does not say why: whoever chose the host would learn about the network that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token was not found on the host")]
pub struct NotProved;

/// Several ways, of which one suffices; without any, nothing is proved.
#[derive(Clone, Default)]
pub struct DomainProofs(Vec<Arc<dyn DomainProof>>);

impl DomainProofs {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    #[must_use]
    pub fn with(mut self, proof: impl DomainProof + 'static) -> Self {
        self.0.push(Arc::new(proof));
        self
    }
}

#[async_trait]
impl DomainProof for DomainProofs {
    async fn prove(&self, host: &str, token: &str) -> Result<(), NotProved> {
        if self.0.is_empty() {
            return Err(NotProved);
        }
        select_ok(self.0.iter().map(|proof| proof.prove(host, token))).await.map(drop)
    }
}

impl fmt::Debug for DomainProofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DomainProofs").field("ways", &self.0.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(bool);

    #[async_trait]
    impl DomainProof for Says {
        async fn prove(&self, _: &str, _: &str) -> Result<(), NotProved> {
            if self.0 { Ok(()) } else { Err(NotProved) }
        }
    }

    #[tokio::test]
    async fn one_way_suffices_and_none_proves_nothing() {
        for (ways, proved) in [
            (&[][..], false),
            (&[false], false),
            (&[false, false], false),
            (&[false, true], true),
            (&[true, false], true),
        ] {
            let all = ways.iter().fold(DomainProofs::new(), |all, says| all.with(Says(*says)));
            assert_eq!(all.prove("acme.example", "t").await.is_ok(), proved, "{ways:?}");
        }
    }
}
