use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tenant::{StoreError, TenantId, jobs::Residue};

use super::Recorder;

/// Requests that were answered, and are not written down yet.
pub(crate) struct Unwritten(pub(crate) Arc<Recorder>);

/// A batch that is being written by now is written by then.
const WRITTEN_AFTER: Duration = Duration::from_secs(1);

#[async_trait]
impl Residue for Unwritten {
    fn name(&self) -> &str {
        "request analytics"
    }

    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError> {
        self.0.forget(tenant);
        tokio::time::sleep(WRITTEN_AFTER).await;
        Ok(())
    }

    async fn left(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        Ok(u64::from(self.0.knows(tenant)))
    }
}
