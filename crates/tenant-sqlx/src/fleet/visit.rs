//! One place: how it stands, and bringing it up to date.

use sqlx::{Connection, migrate::MigrateError};
use tenant_core::Placement;

use super::{
    Drift, Fleet, PlaceState,
    books::{self, Found},
    known,
};
use crate::{driver::TenantDatabase, error::told, place::Applied};

impl<DB: TenantDatabase> Fleet<'_, DB> {
    /// How a place stands.
    pub(super) async fn look(&self, placement: &Placement) -> PlaceState {
        self.try_look(placement).await.unwrap_or_else(|error| failed(&error))
    }

    async fn try_look(&self, placement: &Placement) -> Result<PlaceState, sqlx::Error> {
        let Some(found) = self.read(placement).await? else { return Ok(PlaceState::Missing) };
        Ok(match found {
            Found::Missing => PlaceState::Missing,
            Found::Applied { applied, lacks_own } => {
                let versions = self.books.pending(&applied);
                match self.books.drift(&applied, self.fills_gaps) {
                    Some(drift) => PlaceState::Drifted(drift),
                    None if versions.is_empty() && !lacks_own => PlaceState::Current,
                    None => PlaceState::Pending { versions },
                }
            }
        })
    }

    async fn read(&self, placement: &Placement) -> Result<Option<Found>, sqlx::Error> {
        let pool = match placement {
            Placement::Shared => Some(self.db.own_pool()),
            Placement::Shard(name) => self.db.places().shards.get(name),
            Placement::Schema(_) | Placement::Database(_) => None,
        };
        if let Some(pool) = pool {
            return self.books.read::<DB>(placement, &mut *pool.acquire().await?).await.map(Some);
        }
        let options = self.db.options_of(placement)?;
        let Some(mut connection) = books::connect::<DB>(&options).await? else { return Ok(None) };
        let found = self.books.read::<DB>(placement, &mut connection).await;
        connection.close().await?;
        found.map(Some)
    }

    /// Brings a place up to date, and writes down how it went.
    pub(super) async fn visit(&self, placement: &Placement) -> PlaceState {
        let state = match self.look(placement).await {
            // Somebody else may be about it: whoever has waited for the lock knows.
            PlaceState::Pending { .. } | PlaceState::Drifted(Drift::HalfDone { .. }) => {
                self.apply(placement).await
            }
            state => state,
        };
        let outcome = match &state {
            PlaceState::Current | PlaceState::Migrated { .. } => Ok(self.books.fingerprint(placement)),
            failed => Err(failed.to_string()),
        };
        match known::record(&self.db, placement, outcome).await {
            // A place that is up to date and not known to be is looked at the next time.
            Ok(()) | Err(_) => state,
        }
    }

    /// Another process may have done it meanwhile: then it was up to date.
    async fn apply(&self, placement: &Placement) -> PlaceState {
        match self.db.migrate_place(placement, self.migrator).await {
            Ok(Applied { own, versions }) if own.is_empty() && versions.is_empty() => PlaceState::Current,
            Ok(Applied { versions, .. }) => PlaceState::Migrated { versions },
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &sqlx::Error) -> PlaceState {
    match error {
        sqlx::Error::Migrate(error) => match error.as_ref() {
            MigrateError::ExecuteMigration(error, version) => {
                PlaceState::Failed { version: Some(*version), reason: told(error) }
            }
            MigrateError::Execute(error) => PlaceState::Failed { version: None, reason: told(error) },
            MigrateError::Dirty(version) => PlaceState::Drifted(Drift::HalfDone { version: *version }),
            // The others tell of versions.
            other => PlaceState::Failed { version: None, reason: other.to_string() },
        },
        error => PlaceState::Failed { version: None, reason: told(error) },
    }
}
