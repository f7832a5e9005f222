use std::collections::HashSet;
use std::sync::Mutex;

use super::error::{ServerError, ServerErrorKind};

/// A name that no database of this process has yet.
pub(super) fn fresh(wanted: &str) -> Result<String, ServerError> {
    static TAKEN: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let plain = wanted.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain || wanted.is_empty() || wanted.len() > 50 {
        let message = "a database's name is made of 1 to 50 letters, digits and `_`";
        return Err(ServerError::new(ServerErrorKind::Failed, message));
    }
    let mut taken = TAKEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let taken = taken.get_or_insert_default();
    let mut name = wanted.to_owned();
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{wanted}_{number}");
    }
    Ok(name)
}
