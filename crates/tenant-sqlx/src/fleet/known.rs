//! What is known of each place: one table, beside the configs.

use std::collections::BTreeMap;

use tenant_core::{PlaceName, Placement, Timestamp};

use crate::{
    TenantDb,
    driver::{Absence, Cell, Sql, TenantDatabase, sql},
};

/// The places there are, and the fingerprints of those that were up to date.
#[derive(Debug)]
pub(super) struct Known(pub(super) BTreeMap<Placement, Option<String>>);

/// Where tenants live, or may come back to, and what is known of it, in one answer.
const READ: Sql = sql!(
    "SELECT 'tenant', placement, NULL, NULL FROM \
     (SELECT DISTINCT placement FROM tenants WHERE status <> 'deleted') AS places \
     UNION ALL SELECT 'tenant', source, NULL, NULL FROM tenant_moves \
     UNION ALL SELECT 'place', kind, name, fingerprint FROM tenant_places WHERE state = 'current'"
);

pub(crate) const RECORD: Sql = sql!(
    "INSERT INTO tenant_places (kind, name, fingerprint, state, attempted_at, error) VALUES (?, ?, ?, ?, ?, ?) \
     ON CONFLICT (kind, name) DO UPDATE SET fingerprint = excluded.fingerprint, state = excluded.state, \
     attempted_at = excluded.attempted_at, error = excluded.error"
);

const FORGET: Sql = sql!("DELETE FROM tenant_places WHERE kind = ? AND name = ?");

impl Known {
    /// Nothing where the framework's tables are not there yet.
    pub(super) async fn read<DB: TenantDatabase>(db: &TenantDb<DB>) -> Result<Option<Self>, sqlx::Error> {
        let mut connection = db.own_pool().acquire().await?;
        let rows = match DB::fetch(&mut connection, READ, vec![]).await {
            Ok(rows) => rows,
            Err(error) if DB::absence(&error) == Some(Absence::Table) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut known = Self::of(db);
        rows.iter().try_for_each(|row| known.learn(row))?;
        Ok(Some(known))
    }

    /// What is there, whoever lives where.
    pub(super) fn of<DB: TenantDatabase>(db: &TenantDb<DB>) -> Self {
        let shards = db.places().shards.keys().map(|name| (Placement::Shard(name.clone()), None));
        Self(shards.chain([(Placement::Shared, None)]).collect())
    }

    fn learn(&mut self, row: &[Cell]) -> Result<(), sqlx::Error> {
        match row {
            [Cell::Text(what), Cell::Text(placement), Cell::Null, Cell::Null] if what == "tenant" => {
                let placement = serde_json::from_str(placement).map_err(unreadable)?;
                self.0.entry(placement).or_default();
            }
            [Cell::Text(what), Cell::Text(kind), Cell::Text(name), Cell::Text(fingerprint)]
                if what == "place" =>
            {
                // What is known of a place where nobody lives any more is of no use.
                let place = place(kind, name).and_then(|place| self.0.get_mut(&place));
                if let Some(place) = place {
                    *place = Some(fingerprint.clone());
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Writes down how it went.
pub(super) async fn record<DB: TenantDatabase>(
    db: &TenantDb<DB>,
    placement: &Placement,
    outcome: Result<&str, String>,
) -> Result<(), sqlx::Error> {
    let [kind, name] = key(placement);
    let now = Timestamp::from(db.clock().unix()).to_string();
    let (fingerprint, error) = match outcome {
        Ok(fingerprint) => (Some(fingerprint), None),
        Err(error) => (None, Some(error)),
    };
    let state = if error.is_none() { "current" } else { "failed" };
    let cells = vec![kind, name, fingerprint.into(), state.into(), now.into(), error.into()];
    let (mut transaction, _turn) = db.begin_write().await?;
    DB::execute(&mut transaction, DB::RECORD_PLACE, cells).await?;
    transaction.commit().await
}

/// Before a place is taken away: another one of its name has nothing of what it had.
pub(crate) async fn forget<DB: TenantDatabase>(
    db: &TenantDb<DB>,
    placement: &Placement,
) -> Result<(), sqlx::Error> {
    let (mut transaction, _turn) = db.begin_write().await?;
    match DB::execute(&mut transaction, FORGET, key(placement).into()).await {
        Ok(_) => transaction.commit().await,
        Err(error) if DB::absence(&error) == Some(Absence::Table) => Ok(()),
        Err(error) => Err(error),
    }
}

fn key(placement: &Placement) -> [Cell; 2] {
    let kind = match placement {
        Placement::Shared => "shared",
        Placement::Shard(_) => "shard",
        Placement::Schema(_) => "schema",
        Placement::Database(_) => "database",
    };
    [kind.into(), placement.name().map_or("", PlaceName::as_str).into()]
}

fn place(kind: &str, name: &str) -> Option<Placement> {
    let named = || PlaceName::parse(name).ok();
    match kind {
        "shared" => Some(Placement::Shared),
        "shard" => named().map(Placement::Shard),
        "schema" => named().map(Placement::Schema),
        "database" => named().map(Placement::Database),
        _ => None,
    }
}

/// Never the text: it stands in a tenant's config.
fn unreadable(_: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Decode("the stored config of a tenant has an unreadable placement".into())
}
