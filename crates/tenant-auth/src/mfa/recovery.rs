//! Codes for who has lost their authenticator: 80 random bits each, of which only a digest is kept.

use data_encoding::BASE32;
use tenant_core::auth::AuthError;

use crate::random::{random, sha256};

pub(super) const COUNT: usize = 10;
const BYTES: usize = 10;
/// Base 32 of so many bytes.
pub(super) const LENGTH: usize = 16;
const GROUP: usize = 4;

/// As people read it: `ABCD-EFGH-IJKL-MNOP`.
pub(super) fn make() -> Result<String, AuthError> {
    let letters = BASE32.encode(&random::<BYTES>()?);
    let mut text = String::with_capacity(LENGTH + LENGTH / GROUP);
    for (place, letter) in letters.chars().enumerate() {
        if place > 0 && place % GROUP == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    Ok(text)
}

/// Nobody tries 2^80: nothing slower is needed. Each factor's are hashed apart, so that whoever has many people's digests gains
/// nothing by it.
pub(super) fn digest(factor_id: &str, letters: &str) -> [u8; 32] {
    sha256(&format!("{factor_id}:{letters}"))
}

/// Whether these may be the letters of one.
pub(super) fn is_one(letters: &str) -> bool {
    letters.len() == LENGTH && letters.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
}
