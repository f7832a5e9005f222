//! What takes the whole of a caller.

use axum::Extension;
use tenant::{Rejection, auth::Principal};

pub(crate) type Caller = Option<Extension<Principal>>;

/// A credential for some things alone changes nothing that would outlive it: it would make itself a key for all things.
///
/// # Errors
/// The caller's credential has scopes.
pub(crate) fn check_whole(caller: &Caller, what: &str) -> Result<(), Rejection> {
    match caller.as_ref().and_then(|caller| caller.scopes()) {
        Some(_) => {
            Err(Rejection::forbidden().with_detail(format!("a credential with scopes can't manage {what}")))
        }
        None => Ok(()),
    }
}
