use std::sync::Arc;

use sqlx::Pool;
use tenant::{Clock, DbConfigManager, ManualClock, TenantContext, TenantDb, TenantId, Timestamp, UnixTime};

use crate::{BoxError, seed::Bulk};

/// Who and what is looked at in a seeded database.
#[derive(Debug)]
pub struct Scene<DB: Bulk> {
    /// Of the database.
    pub db: TenantDb<DB>,
    /// How many tenants there are.
    pub tenants: u64,
    /// Who has most members, of those that are active. Usage and events are theirs too.
    pub big: TenantContext,
    /// Some with about as many as most have.
    pub small: Vec<TenantContext>,
    /// A member of the big one, with as many before as after.
    pub middle_member: String,
    /// The project of the big one with the largest team.
    pub project: String,
    /// Who did most in the big one.
    pub busy_actor: String,
    /// Somebody who did least.
    pub idle_actor: String,
    /// What happened most seldom there.
    pub rare_action: String,
    /// To what something happened most seldom there.
    pub rare_resource: String,
    /// Stands still at the end of what is there.
    pub clock: Arc<ManualClock>,
}

impl<DB: Bulk> Scene<DB> {
    /// Finds them, which takes some seconds.
    ///
    /// # Errors
    /// The database can't be opened, or was not seeded.
    pub async fn find(url: &str) -> Result<Self, BoxError> {
        let pool = DB::pool(url).await?;
        let sizes = "SELECT m.tenant_id FROM tenant_memberships m JOIN tenants t ON t.id = m.tenant_id \
                     WHERE t.status = 'active' GROUP BY m.tenant_id ORDER BY count(*) DESC, m.tenant_id";
        let tenants = u64::try_from(DB::number(&pool, "SELECT count(*) FROM tenants").await?)?;
        let big = DB::text(&pool, &format!("{sizes} LIMIT 1")).await?;
        let until = DB::number(&pool, &of(&big, "SELECT max(time) FROM tenant_usage WHERE {}")).await?;
        let clock = Arc::new(ManualClock::starting_at(UnixTime::from_nanos(u64::try_from(until)? * 1_000)));
        let shared: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let db = TenantDb::<DB>::open(url).await?.clock(shared).build().await?;
        db.migrate_tenants().await?;
        let configs = DbConfigManager::new(&db);
        let mut small = Vec::new();
        for number in 0..8 {
            let offset = tenants / 2 + number;
            let id = DB::text(&pool, &format!("{sizes} LIMIT 1 OFFSET {offset}")).await?;
            small.push(TenantContext::of(&configs, &TenantId::parse(&id)?).await?);
        }
        let found = |sql| find(&pool, &big, sql);
        let scene = Self {
            tenants,
            middle_member: found(MIDDLE).await?,
            project: found(LARGEST_TEAM).await?,
            busy_actor: found(BUSY).await?,
            idle_actor: found(IDLE).await?,
            rare_action: found(RARE_ACTION).await?,
            rare_resource: found(RARE_RESOURCE).await?,
            big: TenantContext::of(&configs, &TenantId::parse(&big)?).await?,
            small,
            clock,
            db,
        };
        pool.close().await;
        Ok(scene)
    }

    /// A small one, another for each number.
    pub fn small(&self, number: usize) -> Result<&TenantContext, BoxError> {
        Ok(self.small.get(number % self.small.len().max(1)).ok_or("there are no small tenants")?)
    }

    /// The end of what is there.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.unix().into()
    }
}

const MIDDLE: &str = "SELECT person_id FROM tenant_memberships WHERE {} ORDER BY person_id LIMIT 1 \
                      OFFSET (SELECT count(*) / 2 FROM tenant_memberships WHERE {})";
const LARGEST_TEAM: &str = "SELECT project_id FROM tenant_project_members WHERE {} \
                            GROUP BY project_id ORDER BY count(*) DESC LIMIT 1";
const BUSY: &str = "SELECT actor FROM tenant_audit WHERE {} GROUP BY actor ORDER BY count(*) DESC LIMIT 1";
const IDLE: &str = "SELECT actor FROM tenant_audit WHERE {} GROUP BY actor ORDER BY count(*) LIMIT 1";
const RARE_ACTION: &str =
    "SELECT action FROM tenant_audit WHERE {} GROUP BY action ORDER BY count(*) LIMIT 1";
const RARE_RESOURCE: &str =
    "SELECT resource_type FROM tenant_audit WHERE {} GROUP BY resource_type ORDER BY count(*) LIMIT 1";

/// A query of one tenant. Its id holds no quotation mark.
fn of(tenant: &str, sql: &str) -> String {
    sql.replace("{}", &format!("tenant_id = '{tenant}'"))
}

async fn find<DB: Bulk>(pool: &Pool<DB>, tenant: &str, sql: &str) -> Result<String, BoxError> {
    Ok(DB::text(pool, &of(tenant, sql)).await?)
}
