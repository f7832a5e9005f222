//! What tenants keep, and how much of it: counted by the database, remembered by the cache.

use std::time::Duration;

use tenant::{ApiError, TenantContext, TenantRecord, danger::Bypass};

use crate::state::AppState;

/// A kind of thing whose number a stock limit of the same dimension bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stock {
    Users,
    Workflows,
}

/// Whose things are counted.
#[derive(Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// The tenant's that asks.
    Own(&'a TenantContext),
    /// Those of a tenant that may not be active: for the operator, who gets to see the number alone, or for what the
    /// server does by itself.
    Any(&'a TenantRecord, &'static str),
}

impl Whose<'_> {
    pub(crate) fn record(&self) -> &TenantRecord {
        match self {
            Self::Own(tenant) => tenant.record(),
            Self::Any(tenant, _) => tenant,
        }
    }
}

/// How many there are of what a stock limit bounds; nothing of what this server does not keep.
pub(crate) async fn used_of(app: &AppState, whose: Whose<'_>, dimension: &str) -> Result<u64, ApiError> {
    let kept = match Stock::of(dimension) {
        Some(stock) => stock.used(app, whose).await?,
        None => 0,
    };
    let tenant = whose.record().id();
    match dimension {
        // Seats and the users of the application are bounded each by itself.
        "users" => Ok(kept.max(app.organisations.seats(tenant).await?.taken())),
        "projects" => Ok(app.organisations.count_projects(tenant).await?),
        _ => Ok(kept),
    }
}

// Bounds how long another process on the same database may be behind; in this one a write forgets the count.
const REMEMBERED: Duration = Duration::from_secs(1);

impl Stock {
    pub(crate) const ALL: [Self; 2] = [Self::Users, Self::Workflows];

    /// What is kept under a limit's dimension; `None` if this server keeps no such thing.
    pub(crate) fn of(dimension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stock| stock.dimension() == dimension)
    }

    /// The dimension of the limit.
    pub(crate) const fn dimension(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Workflows => "workflows",
        }
    }

    /// Counts one tenant's, inside of its scope.
    pub(crate) const fn count(self) -> &'static str {
        match self {
            Self::Users => "SELECT COUNT(*) FROM users",
            Self::Workflows => "SELECT COUNT(*) FROM workflows",
        }
    }

    const fn count_of(self) -> &'static str {
        match self {
            Self::Users => "SELECT COUNT(*) FROM users WHERE tenant_id = ?",
            Self::Workflows => "SELECT COUNT(*) FROM workflows WHERE tenant_id = ?",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Users => "users:total",
            Self::Workflows => "workflows:total",
        }
    }

    /// How many there are, as `whose` may learn it.
    pub(crate) async fn used(self, app: &AppState, whose: Whose<'_>) -> Result<u64, sqlx::Error> {
        let count: i64 = match whose {
            Whose::Own(tenant) => sqlx::query_scalar(self.count()).fetch_one(&app.db.scoped(tenant)).await?,
            Whose::Any(tenant, actor) => {
                let bypass = Bypass::new(actor, "the usage of a tenant that may not be active");
                let count = sqlx::query_scalar(self.count_of()).bind(tenant.id().as_str());
                count.fetch_one(&app.db.unscoped(bypass)).await?
            }
        };
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// How many the tenant has, up to a second late where another process writes.
    pub(crate) async fn total(self, app: &AppState, tenant: &TenantContext) -> Result<u64, ApiError> {
        let (db, owner) = (app.clone(), tenant.clone());
        let load =
            move || async move { self.used(&db, Whose::Own(&owner)).await.map(|count| count.to_string()) };
        let remembered = app.cache.scoped(tenant).get_or_load(self.key(), REMEMBERED, load).await;
        let parsed = remembered.ok().and_then(|bytes| std::str::from_utf8(&bytes).ok()?.parse().ok());
        match parsed {
            Some(total) => Ok(total),
            // A cache that fails slows down; it does not fail the request.
            None => Ok(self.used(app, Whose::Own(tenant)).await?),
        }
    }

    /// To be called once a change of the number is committed.
    pub(crate) async fn forget(self, app: &AppState, tenant: &TenantContext) {
        if let Err(error) = app.cache.scoped(tenant).delete(self.key()).await {
            tracing::warn!(%error, "the number of {} may be out of date for a second", self.dimension());
        }
    }
}
