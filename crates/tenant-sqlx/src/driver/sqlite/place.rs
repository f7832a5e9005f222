//! Databases of tenants' own: files beside the one of all.

use std::{io, path::PathBuf};

use sqlx::{Pool, Sqlite, sqlite::SqliteConnectOptions};
use tenant_core::Placement;

use super::{Absence, TenantDatabase, database_named};

/// A file is made when it is opened for its migrations.
pub(super) fn inside(options: &SqliteConnectOptions, placement: &Placement) -> SqliteConnectOptions {
    match placement {
        Placement::Database(name) => Sqlite::elsewhere(options, name).create_if_missing(true),
        Placement::Shared | Placement::Shard(_) | Placement::Schema(_) => options.clone(),
    }
}

/// In the same folder its file.
pub(super) fn of(options: &SqliteConnectOptions, beside: &SqliteConnectOptions) -> Option<Placement> {
    let (file, other) = (options.get_filename(), beside.get_filename());
    let name = file.file_name().filter(|_| file.parent() == other.parent())?.to_str()?.to_ascii_lowercase();
    database_named(name.strip_suffix(".db")?)
}

/// A database in memory has no file, and one beside it would be in memory as well: gone with its last connection
/// (<https://www.sqlite.org/pragma.html#pragma_database_list>).
pub(super) async fn has_neighbours(pool: &Pool<Sqlite>) -> sqlx::Result<bool> {
    let file = "SELECT file <> '' FROM pragma_database_list WHERE name = 'main'";
    sqlx::query_scalar(file).fetch_one(pool).await
}

/// The file, and before it what a log has beside it: one that was left would be played back into the next file of that name
/// (<https://www.sqlite.org/howtocorrupt.html#_separating_a_database_file_from_its_journal>).
pub(super) async fn remove(own: &Pool<Sqlite>, placement: &Placement) -> sqlx::Result<()> {
    let Placement::Database(name) = placement else { return Ok(()) };
    let options = Sqlite::elsewhere(own.connect_options().as_ref(), name);
    for ending in ["-wal", "-journal", "-shm", ""] {
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
