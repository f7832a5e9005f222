//! What nobody can guess, and its digest.

use aws_lc_rs::{digest, rand};
use tenant_core::{StoreError, auth::AuthError};

/// So many random bytes of the system's.
pub(crate) fn random<const COUNT: usize>() -> Result<[u8; COUNT], AuthError> {
    let mut bytes = [0; COUNT];
    let filled = rand::fill(&mut bytes);
    filled.map_err(|_| AuthError::from(StoreError::unavailable("the system has no random numbers")))?;
    Ok(bytes)
}

/// The SHA-256 of a text.
pub(crate) fn sha256(text: &str) -> [u8; 32] {
    digest_of(&digest::digest(&digest::SHA256, text.as_bytes()))
}

pub(crate) fn digest_of(digest: &digest::Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    bytes
}
