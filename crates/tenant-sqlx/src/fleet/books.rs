//! Which migrations a place has to have, and which it has.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use sqlx::{
    Connection,
    migrate::{Migration, Migrator},
};
use tenant_core::Placement;

use super::Drift;
use crate::{
    driver::{Absence, Cell, TenantDatabase},
    statement::trusted,
};

/// The migrations that a place has to have.
#[derive(Debug)]
pub(super) struct Books {
    /// The application's, in their order.
    wanted: Vec<Entry>,
    table: String,
    ignores_unknown: bool,
    /// The framework's own: of the tables of all, and of other places.
    own: [Vec<i64>; 2],
    shared: String,
    elsewhere: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    version: i64,
    /// In hexadecimal digits.
    checksum: String,
}

/// A migration that a place has.
#[derive(Clone, Debug)]
pub(super) struct Applied {
    entry: Entry,
    is_done: bool,
}

/// What a place says of itself.
#[derive(Debug)]
pub(super) enum Found {
    Missing,
    Applied {
        /// Of the application's.
        applied: Vec<Applied>,
        /// Whether the framework's own tables are older than they have to be, or not there.
        lacks_own: bool,
    },
}

impl Books {
    pub(super) fn of<DB: TenantDatabase>(migrator: &Migrator) -> Self {
        let wanted = entries(migrator);
        let own = [entries(&DB::tenant_migrations()), entries(&DB::place_migrations())];
        let versions = |entries: &Vec<Entry>| entries.iter().map(|entry| entry.version).collect();
        Self {
            own: own.each_ref().map(versions),
            shared: fingerprint(&own[0], &wanted),
            elsewhere: fingerprint(&own[1], &wanted),
            wanted,
            table: migrator.table_name.clone().into_owned(),
            ignores_unknown: migrator.ignore_missing,
        }
    }

    /// What a place that is up to date is known by.
    pub(super) fn fingerprint(&self, placement: &Placement) -> &str {
        if placement.is_shared() { &self.shared } else { &self.elsewhere }
    }

    pub(super) async fn read<DB: TenantDatabase>(
        &self,
        placement: &Placement,
        connection: &mut DB::Connection,
    ) -> sqlx::Result<Found> {
        let Some(applied) = read::<DB>(connection, &self.table).await? else { return Ok(Found::Missing) };
        let own = read::<DB>(connection, "_tenant_migrations").await?.unwrap_or_default();
        let [shared, elsewhere] = &self.own;
        let wanted = if placement.is_shared() { shared } else { elsewhere };
        let has = |version: &i64| own.iter().any(|own| own.is_done && own.entry.version == *version);
        Ok(Found::Applied { applied, lacks_own: !wanted.iter().all(has) })
    }

    /// The versions that a place lacks.
    pub(super) fn pending(&self, applied: &[Applied]) -> Vec<i64> {
        let has = |version| applied.iter().any(|applied| applied.entry.version == version);
        self.wanted.iter().map(|entry| entry.version).filter(|version| !has(*version)).collect()
    }

    /// How a place went another way than these migrations do: where what it has is not the beginning of them.
    pub(super) fn drift(&self, applied: &[Applied], fills_gaps: bool) -> Option<Drift> {
        let half_done = applied.iter().find(|applied| !applied.is_done);
        if let Some(Applied { entry, .. }) = half_done {
            return Some(Drift::HalfDone { version: entry.version });
        }
        let other = applied.iter().find_map(|applied| self.differs(&applied.entry));
        if other.is_some() {
            return other;
        }
        let last = applied.iter().map(|applied| applied.entry.version).max()?;
        let gap = self.pending(applied).into_iter().find(|version| *version < last);
        gap.filter(|_| !fills_gaps).map(|version| Drift::Gap { version })
    }

    fn differs(&self, entry: &Entry) -> Option<Drift> {
        let version = entry.version;
        match self.wanted.iter().find(|wanted| wanted.version == version) {
            Some(wanted) => (wanted != entry).then_some(Drift::Changed { version }),
            None => (!self.ignores_unknown).then_some(Drift::Unknown { version }),
        }
    }
}

/// A book of migrations; nothing where the place is not there.
async fn read<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    table: &str,
) -> sqlx::Result<Option<Vec<Applied>>> {
    let checksum = DB::HEX_CHECKSUM;
    let done = "CASE WHEN success THEN 'yes' ELSE 'no' END";
    let sql = trusted(format!("SELECT version, {checksum}, {done} FROM {table} ORDER BY version"));
    match DB::ask(connection, sql).await {
        Ok(rows) => Ok(Some(rows.into_iter().filter_map(applied).collect())),
        Err(error) => match DB::absence(&error) {
            Some(Absence::Table) if is_there::<DB>(connection).await? => Ok(Some(Vec::new())),
            Some(Absence::Table | Absence::Place) => Ok(None),
            None => Err(error),
        },
    }
}

async fn is_there<DB: TenantDatabase>(connection: &mut DB::Connection) -> sqlx::Result<bool> {
    let rows = DB::ask(connection, trusted(DB::CURRENT_PLACE.to_owned())).await?;
    Ok(rows.iter().flatten().any(|cell| *cell != Cell::Null))
}

/// Opens nothing that is not there.
pub(super) async fn connect<DB: TenantDatabase>(
    options: &<DB::Connection as Connection>::Options,
) -> sqlx::Result<Option<DB::Connection>> {
    match DB::Connection::connect_with(options).await {
        Ok(connection) => Ok(Some(connection)),
        Err(error) if DB::absence(&error) == Some(Absence::Place) => Ok(None),
        Err(error) => Err(error),
    }
}

fn applied(row: Vec<Cell>) -> Option<Applied> {
    let mut cells = row.into_iter();
    match (cells.next()?, cells.next()?.into_text()?, cells.next()?.into_text()?) {
        (Cell::Integer(version), checksum, done) => {
            Some(Applied { entry: Entry { version, checksum }, is_done: done == "yes" })
        }
        _ => None,
    }
}

fn entries(migrator: &Migrator) -> Vec<Entry> {
    let ups = migrator.iter().filter(|migration| !migration.migration_type.is_down_migration());
    ups.map(|Migration { version, checksum, .. }| Entry { version: *version, checksum: hex(checksum) })
        .collect()
}

fn fingerprint(own: &[Entry], wanted: &[Entry]) -> String {
    let mut hash = Sha256::new();
    for (book, entries) in [("own", own), ("application", wanted)] {
        hash.update(book);
        for Entry { version, checksum } in entries {
            hash.update(format!(" {version}:{checksum}"));
        }
    }
    hex(&hash.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
