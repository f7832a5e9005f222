//! Whose entries they are.

use tenant_core::{TenantContext, TenantId, TenantRecord, Timestamp};

/// A tenant, told apart from a former one that bore the same id.
///
/// A tenant that is deleted and created anew under its old id must not find what its predecessor left behind. The
/// alternative, that the newer one drops the entries of the older, would trust clocks to say which one is newer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    id: TenantId,
    created_at: Timestamp,
}

impl Owner {
    pub(crate) fn of(tenant: &TenantContext) -> Self {
        Self::of_record(tenant.record())
    }

    pub(crate) fn is(&self, id: &TenantId) -> bool {
        self.id == *id
    }

    pub(crate) const fn of_record(tenant: &TenantRecord) -> Self {
        Self { id: *tenant.id(), created_at: tenant.config().created_at }
    }
}
