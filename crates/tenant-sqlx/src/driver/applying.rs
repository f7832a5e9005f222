//! What a run of migrations has applied, and not what others did before it.

use std::time::Duration;

use futures_util::{FutureExt, future::BoxFuture};
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, Migrator};

/// Applies what is missing and tells the versions.
pub(super) async fn apply<C: Migrate + Send>(
    connection: &mut C,
    migrator: &Migrator,
) -> Result<Vec<i64>, MigrateError> {
    let mut noted = Noted { connection, versions: Vec::new() };
    migrator.run_direct(None, &mut noted, false).await?;
    Ok(noted.versions)
}

/// A connection, and what was applied over it.
struct Noted<'a, C> {
    connection: &'a mut C,
    versions: Vec<i64>,
}

impl<C: Migrate + Send> Migrate for Noted<'_, C> {
    fn create_schema_if_not_exists<'e>(
        &'e mut self,
        schema: &'e str,
    ) -> BoxFuture<'e, Result<(), MigrateError>> {
        self.connection.create_schema_if_not_exists(schema)
    }

    fn ensure_migrations_table<'e>(&'e mut self, table: &'e str) -> BoxFuture<'e, Result<(), MigrateError>> {
        self.connection.ensure_migrations_table(table)
    }

    fn dirty_version<'e>(&'e mut self, table: &'e str) -> BoxFuture<'e, Result<Option<i64>, MigrateError>> {
        self.connection.dirty_version(table)
    }

    fn list_applied_migrations<'e>(
        &'e mut self,
        table: &'e str,
    ) -> BoxFuture<'e, Result<Vec<AppliedMigration>, MigrateError>> {
        self.connection.list_applied_migrations(table)
    }

    fn lock(&mut self) -> BoxFuture<'_, Result<(), MigrateError>> {
        self.connection.lock()
    }

    fn unlock(&mut self) -> BoxFuture<'_, Result<(), MigrateError>> {
        self.connection.unlock()
    }

    fn apply<'e>(
        &'e mut self,
        table: &'e str,
        migration: &'e Migration,
    ) -> BoxFuture<'e, Result<Duration, MigrateError>> {
        let Self { connection, versions } = self;
        let applied = connection.apply(table, migration);
        applied.inspect(|done| versions.extend(done.is_ok().then_some(migration.version))).boxed()
    }

    fn revert<'e>(
        &'e mut self,
        table: &'e str,
        migration: &'e Migration,
    ) -> BoxFuture<'e, Result<Duration, MigrateError>> {
        self.connection.revert(table, migration)
    }

    fn skip<'e>(
        &'e mut self,
        table: &'e str,
        migration: &'e Migration,
    ) -> BoxFuture<'e, Result<(), MigrateError>> {
        self.connection.skip(table, migration)
    }
}
