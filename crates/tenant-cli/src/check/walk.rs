//! The files of a code base that hold SQL.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use ignore::{DirEntry, WalkBuilder};
use tenant_sql::Dialect;

use super::{
    rust,
    source::{Found, Sql},
    sql, sqlx_data,
};
use crate::Error;

/// All statements below the paths, in order of place.
pub(super) fn find(paths: &[PathBuf], dialect: Dialect, migrations: bool) -> Result<Vec<Found>, Error> {
    let (mut found, mut data) = (Vec::new(), Vec::new());
    for path in files(paths, migrations)? {
        let read = || fs::read_to_string(&path).map_err(|error| Error::file(&path, &error));
        match path.extension().and_then(OsStr::to_str) {
            Some("rs") => found.extend(rust::statements(&path, &read()?)),
            Some("sql") => found.extend(sql::statements(&path, &read()?, dialect)),
            Some("json") => data.extend(sqlx_data::statement(&path, &read()?, dialect)),
            _ => {}
        }
    }
    found.extend(not_in_source(data, &found));
    found.sort_by(|left, right| left.place.cmp(&right.place));
    Ok(found)
}

/// sqlx's data repeats the statements of its macros: those that were found there are not told of again.
fn not_in_source(data: Vec<Found>, found: &[Found]) -> Vec<Found> {
    let known: HashSet<&str> = found.iter().filter_map(text).collect();
    data.into_iter().filter(|data| text(data).is_none_or(|sql| !known.contains(sql))).collect()
}

fn text(found: &Found) -> Option<&str> {
    match &found.sql {
        Sql::Text(sql) => Some(sql),
        Sql::Unknown(_) => None,
    }
}

fn files(paths: &[PathBuf], migrations: bool) -> Result<Vec<PathBuf>, Error> {
    let Some((first, rest)) = paths.split_first() else { return Ok(Vec::new()) };
    let mut walk = WalkBuilder::new(first);
    for path in rest {
        walk.add(path);
    }
    // `.sqlx` is hidden, and often all there is of a statement.
    walk.hidden(false).require_git(false).filter_entry(move |entry| is_wanted(entry, migrations));
    let mut files = Vec::new();
    for entry in walk.build() {
        let entry = entry.map_err(|error| Error::new(error.to_string()))?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) && may_hold_sql(entry.path()) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn is_wanted(entry: &DirEntry, migrations: bool) -> bool {
    let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
    // What is named on the command line is always read.
    if entry.depth() == 0 || !is_dir {
        return true;
    }
    match entry.file_name().to_str() {
        Some(".git" | "target") => false,
        Some("migrations") => migrations,
        _ => true,
    }
}

fn may_hold_sql(path: &Path) -> bool {
    match path.extension().and_then(OsStr::to_str) {
        Some("rs" | "sql") => true,
        Some("json") => path.parent().and_then(Path::file_name) == Some(OsStr::new(".sqlx")),
        _ => false,
    }
}
