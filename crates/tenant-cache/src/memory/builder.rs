//! How a backend in memory is set up.

use std::sync::Arc;

use tenant_core::{Clock, SystemClock};

use super::InMemoryBackend;

const MEBIBYTE: usize = 1 << 20;

/// Sets up an [`InMemoryBackend`].
#[derive(Clone, Debug)]
#[must_use]
pub struct InMemoryBackendBuilder {
    max_bytes: usize,
    max_tenant_bytes: usize,
    clock: Option<Arc<dyn Clock>>,
}

impl InMemoryBackendBuilder {
    pub(super) const fn new() -> Self {
        Self { max_bytes: 64 * MEBIBYTE, max_tenant_bytes: usize::MAX, clock: None }
    }

    /// The bytes that all tenants may use together, overheads included; 64 MiB unless given.
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The bytes that one tenant may use even while others use nothing; all of them unless given.
    pub const fn max_tenant_bytes(mut self, bytes: usize) -> Self {
        self.max_tenant_bytes = bytes;
        self
    }

    /// Where the time comes from; the system's clock unless given.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The backend.
    #[must_use]
    pub fn build(self) -> InMemoryBackend {
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        InMemoryBackend::assemble(self.max_bytes, self.max_tenant_bytes.min(self.max_bytes), clock)
    }
}
