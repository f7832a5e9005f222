//! Making a place for a tenant, and taking it away.

use sqlx::{Connection, Pool, migrate::Migrator};
use tenant_core::{Placement, hooks::BypassEvent};

use super::home::unknown;
use crate::{TenantDb, danger::Bypass, driver::TenantDatabase, fleet::forget};

/// What one call has applied, and nobody else.
#[derive(Debug)]
pub(crate) struct Applied {
    /// Of the framework's migrations.
    pub(crate) own: Vec<i64>,
    /// Of the application's.
    pub(crate) versions: Vec<i64>,
}

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
            Placement::Shard(_) => self.migrate_place(placement, migrator).await.map(drop),
            Placement::Schema(_) | Placement::Database(_) => {
                self.places().admit(placement)?;
                DB::create_place(self.own_pool(), self.pool(), placement).await?;
                let done = self.migrate_inside(placement, migrator).await;
                self.forget_wall(placement);
                done.map(drop)
            }
        }
    }

    /// Brings the tables of a place up to date that is there already, the framework's among them.
    pub(crate) async fn migrate_place(
        &self,
        placement: &Placement,
        migrator: &Migrator,
    ) -> Result<Applied, sqlx::Error> {
        match placement {
            Placement::Shared => {
                let own = self.apply_to_tenants().await?;
                Ok(Applied { own, versions: self.apply(migrator).await? })
            }
            Placement::Shard(name) => {
                let shard = self.places().shards.get(name).ok_or_else(unknown)?;
                bring_up_to_date(shard, migrator).await
            }
            Placement::Schema(_) | Placement::Database(_) => {
                self.places().admit(placement)?;
                self.migrate_inside(placement, migrator).await
            }
        }
    }

    async fn migrate_inside(
        &self,
        placement: &Placement,
        migrator: &Migrator,
    ) -> Result<Applied, sqlx::Error> {
        let options = DB::inside(self.own_pool().connect_options().as_ref(), placement);
        let pool = self.own_pool().options().clone().min_connections(0).max_connections(1);
        let pool = pool.connect_with(options).await?;
        let done = match placement {
            // The lock that sqlx takes is that of the whole database: a thousand schemas would wait for each other.
            Placement::Schema(_) => bring_up_to_date(&pool, &without_lock(migrator)).await,
            Placement::Shared | Placement::Shard(_) | Placement::Database(_) => {
                bring_up_to_date(&pool, migrator).await
            }
        };
        pool.close().await;
        done
    }

    /// How the inside of a place is opened, where it is there.
    pub(crate) fn options_of(
        &self,
        placement: &Placement,
    ) -> Result<<DB::Connection as Connection>::Options, sqlx::Error> {
        self.places().admit(placement)?;
        let own = self.own_pool().connect_options();
        Ok(match placement {
            Placement::Shared => own.as_ref().clone(),
            Placement::Shard(name) => {
                let shard = self.places().shards.get(name).ok_or_else(unknown)?;
                shard.connect_options().as_ref().clone()
            }
            Placement::Schema(_) => DB::inside(&own, placement),
            Placement::Database(name) => DB::elsewhere(&own, name),
        })
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
                forget(self, placement).await?;
                DB::drop_place(self.own_pool(), placement).await
            }
        }
    }
}

/// The same migrations; whoever runs them holds a lock of its own.
fn without_lock(migrator: &Migrator) -> Migrator {
    Migrator {
        migrations: migrator.migrations.clone(),
        ignore_missing: migrator.ignore_missing,
        locking: false,
        no_tx: migrator.no_tx,
        table_name: migrator.table_name.clone(),
        create_schemas: migrator.create_schemas.clone(),
    }
}

async fn bring_up_to_date<DB: TenantDatabase>(
    pool: &Pool<DB>,
    migrator: &Migrator,
) -> Result<Applied, sqlx::Error> {
    let mut own = DB::place_migrations();
    own.dangerous_set_table_name("_tenant_migrations");
    own.set_ignore_missing(true);
    own.set_locking(migrator.locking);
    let own = DB::migrate(pool, &own).await?;
    Ok(Applied { own, versions: DB::migrate(pool, migrator).await? })
}
