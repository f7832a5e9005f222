//! Making a place for a tenant, and taking it away.

use sqlx::{Pool, migrate::Migrator};
use tenant_core::{Placement, hooks::BypassEvent};

use super::home::unknown;
use crate::{TenantDb, danger::Bypass, driver::TenantDatabase};

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Makes a place where a tenant can live, and brings its tables up to date: a schema, a database, or the tables of a
    /// shard. It may be called again, and by several processes at once. Needs a role that may
    /// create it: that of [`system`](crate::TenantDbBuilder::system), where there is one.
    ///
    /// A tenant is created after its place.
    ///
    /// # Errors
    /// The database failed, a migration did, or such places were not announced to the builder.
    pub async fn provision(&self, placement: &Placement, migrator: &Migrator) -> Result<(), sqlx::Error> {
        match placement {
            Placement::Shared => self.migrate(migrator).await,
            Placement::Shard(name) => {
                let shard = self.places().shards.get(name).ok_or_else(unknown)?;
                bring_up_to_date(shard, migrator).await
            }
            Placement::Schema(_) | Placement::Database(_) => {
                self.places().admit(placement)?;
                DB::create_place(self.own_pool(), self.pool(), placement).await?;
                let options = DB::inside(self.own_pool().connect_options().as_ref(), placement);
                let pool = self.own_pool().options().clone().min_connections(0).max_connections(1);
                let pool = pool.connect_with(options).await?;
                let done = bring_up_to_date(&pool, migrator).await;
                pool.close().await;
                self.forget_wall(placement);
                done
            }
        }
    }

    /// Takes a schema or a database away, with all that is in it. The tables of many are left alone.
    ///
    /// # Errors
    /// The bypass says nothing, many live there, or the database failed. Or it is in use: connections of this process that
    /// nobody uses are closed before, those of others are not.
    pub async fn tear_down(&self, placement: &Placement, bypass: Bypass) -> Result<(), sqlx::Error> {
        bypass.check()?;
        self.hooks().on_bypass(&BypassEvent::new(bypass.actor(), bypass.reason()));
        match placement {
            Placement::Shared | Placement::Shard(_) => Ok(()),
            Placement::Schema(_) | Placement::Database(_) => {
                self.places().admit(placement)?;
                self.forget_wall(placement);
                let _vacant = self.places().vacate(placement).await?;
                DB::drop_place(self.own_pool(), placement).await
            }
        }
    }
}

async fn bring_up_to_date<DB: TenantDatabase>(
    pool: &Pool<DB>,
    migrator: &Migrator,
) -> Result<(), sqlx::Error> {
    let mut own = DB::place_migrations();
    own.dangerous_set_table_name("_tenant_migrations");
    own.set_ignore_missing(true);
    DB::migrate(pool, &own).await?;
    DB::migrate(pool, migrator).await
}
