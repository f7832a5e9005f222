use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::error::ServerError;
use super::folder::{Folder, copy_all};

/// Counted up when the way a template is made changes.
const FORM: u32 = 1;

static MAKING: Mutex<()> = Mutex::new(());

/// Gives a fresh server its data: a copy of what `make` made once for this program, or what it makes now where nothing
/// can be kept.
pub(super) fn data(
    folder: &Folder,
    program: &Path,
    make: impl Fn(&Path) -> Result<(), ServerError>,
) -> Result<PathBuf, ServerError> {
    let data = folder.path().join("data");
    let Some(kept) = cache().and_then(|cache| Some(cache.join(name(program)?))) else {
        make(&data)?;
        return Ok(data);
    };
    // Threads of one process wait for the first; processes that start at once each make it, and one of them is kept.
    let _making = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if kept.is_dir() {
        return folder.copy(&kept, "data");
    }
    make(&data)?;
    // A template that can't be kept is only slower.
    let _ = keep(&data, &kept);
    Ok(data)
}

fn keep(data: &Path, kept: &Path) -> Result<(), ServerError> {
    let parent = kept.parent().unwrap_or(kept);
    fs::create_dir_all(parent).map_err(ServerError::at(parent))?;
    let unfinished = tempfile::tempdir_in(parent).map_err(ServerError::at(parent))?;
    let copy = unfinished.path().join("data");
    copy_all(data, &copy, None)?;
    fs::rename(&copy, kept).map_err(ServerError::at(kept))
}

/// Cargo marks its target folder with this file.
fn cache() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("TENANT_TESTKIT_CACHE") {
        return Some(PathBuf::from(folder));
    }
    let program = std::env::current_exe().ok()?;
    let target = program.ancestors().skip(1).find(|folder| folder.join("CACHEDIR.TAG").is_file())?;
    Some(target.join("tenant-testkit"))
}

fn name(program: &Path) -> Option<String> {
    let metadata = fs::metadata(program).ok()?;
    let mut hasher = DefaultHasher::new();
    (FORM, program, metadata.len(), metadata.modified().ok()).hash(&mut hasher);
    Some(format!("{}-{:016x}", program.file_name()?.to_str()?, hasher.finish()))
}
