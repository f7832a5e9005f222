//! What is asked, and what becomes of it, wherever the tenants are.

use serde_json::{Value, json};
use tenant_core::{StoreError, StoreErrorKind, TenantConfig, TenantId};

use crate::Error;

pub(super) enum Asked {
    Create(Box<TenantConfig>),
    List { limit: u32, offset: u64 },
    Show(TenantId),
    Suspend(TenantId),
    Activate(TenantId),
    Delete(TenantId),
    Usage(TenantId),
}

/// What was answered.
pub(super) enum Answer {
    /// As JSON; nothing where there is nothing to tell.
    Done(Value),
    /// It was understood, and not done: why.
    Refused(String),
}

impl Answer {
    /// What a store's error amounts to: an answer, unless nobody knows what was done.
    pub(super) fn of(error: &StoreError) -> Result<Self, Error> {
        match error.kind() {
            StoreErrorKind::Unavailable => {
                Err(Error::new(format!("the database can't be used: {}", source(error))))
            }
            _ => Ok(Self::Refused(error.to_string())),
        }
    }
}

fn source(error: &StoreError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// A tenant as the admin API shows it.
pub(super) fn view(config: &TenantConfig) -> Value {
    json!({
        "tenant_id": config.tenant_id,
        "name": config.name,
        "status": config.status,
        "plan": config.plan,
        "quota": config.quota,
        "policy": config.policy,
        "hosts": config.hosts,
        "features": config.features,
        "branding": config.branding,
        "limits": config.limits,
        "settings": config.settings,
        "metadata": config.metadata,
        "created_at": config.created_at,
        "updated_at": config.updated_at,
    })
}
