//! Databases of tenants' own: files beside the one of all.

use std::{io, path::PathBuf};

use sqlx::{Pool, Sqlite, sqlite::SqliteConnectOptions};
use tenant_core::Placement;

use super::{Absence, TenantDatabase};

pub(super) fn inside(options: &SqliteConnectOptions, placement: &Placement) -> SqliteConnectOptions {
    match placement {
        Placement::Database(name) => Sqlite::elsewhere(options, name).create_if_missing(true),
        Placement::Shared | Placement::Shard(_) | Placement::Schema(_) => options.clone(),
    }
}

/// A file is made when it is opened for its migrations.
pub(super) async fn create(
    _own: &Pool<Sqlite>,
    _scoped: &Pool<Sqlite>,
    _placement: &Placement,
) -> sqlx::Result<()> {
    Ok(())
}

/// The file, and what a write-ahead log has beside it (<https://www.sqlite.org/wal.html>).
pub(super) async fn remove(own: &Pool<Sqlite>, placement: &Placement) -> sqlx::Result<()> {
    let Placement::Database(name) = placement else { return Ok(()) };
    let options = Sqlite::elsewhere(own.connect_options().as_ref(), name);
    for ending in ["", "-wal", "-shm"] {
        let mut file = options.get_filename().as_os_str().to_owned();
        file.push(ending);
        match std::fs::remove_file(PathBuf::from(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// A file that is missing can't be opened (<https://www.sqlite.org/rescode.html#cantopen>); a table that is has no code of
/// its own.
pub(super) fn absence(error: &sqlx::Error) -> Option<Absence> {
    let error = error.as_database_error()?;
    if error.code().is_some_and(|code| code == "14") {
        return Some(Absence::Place);
    }
    error.message().starts_with("no such table").then_some(Absence::Table)
}
