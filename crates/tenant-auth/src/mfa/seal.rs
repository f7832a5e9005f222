//! Secrets at rest.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::{BASE32_NOPAD, BASE64};
use tenant_core::{StoreError, auth::AuthError};

use super::totp::SECRET;
use crate::random::random;

/// A key under which the secrets of authenticators are kept (AES-256-GCM, with a random nonce for each). Whoever reads the
/// database alone then knows none of them.
///
/// # Example
/// ```
/// use tenant_auth::MfaKey;
///
/// let key = MfaKey::parse("c2l4IGJ5dGVzIGFyZSBub3QgZW5vdWdoLCAzMiBhcmU=")?;
/// assert!(MfaKey::parse("c2l4IGJ5dGVz").is_err());
/// # Ok::<(), tenant_auth::InvalidMfaKey>(())
/// ```
#[derive(Clone)]
pub struct MfaKey([u8; 32]);

/// A text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 bytes in base64")]
pub struct InvalidMfaKey;

impl MfaKey {
    /// Reads a key: 32 bytes in padded base64, as `openssl rand -base64 32` writes them.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, InvalidMfaKey> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| InvalidMfaKey)?;
        bytes.try_into().map(Self).map_err(|_| InvalidMfaKey)
    }

    fn cipher(&self) -> Result<LessSafeKey, AuthError> {
        UnboundKey::new(&AES_256_GCM, &self.0).map(LessSafeKey::new).map_err(|_| unreadable())
    }
}

const SEALED: &str = "gcm.";
const PLAIN: &str = "plain.";

/// A secret as it is kept: bound to whom it is of, so that nobody is given another's by swapping rows.
pub(super) fn seal(
    key: Option<&MfaKey>,
    person_id: &str,
    factor_id: &str,
    secret: &[u8; SECRET],
) -> Result<String, AuthError> {
    let Some(key) = key else { return Ok(format!("{PLAIN}{}", BASE32_NOPAD.encode(secret))) };
    let nonce = random::<NONCE_LEN>()?;
    let mut sealed = secret.to_vec();
    let whose = Aad::from(whose(person_id, factor_id));
    let done =
        key.cipher()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), whose, &mut sealed);
    done.map_err(|_| unreadable())?;
    Ok(format!("{SEALED}{}", BASE64.encode(&[&nonce[..], &sealed].concat())))
}

/// The secret, as it was before. What was kept before there was a key is still read.
pub(super) fn open(
    key: Option<&MfaKey>,
    person_id: &str,
    factor_id: &str,
    kept: &str,
) -> Result<[u8; SECRET], AuthError> {
    if let Some(plain) = kept.strip_prefix(PLAIN) {
        let secret = BASE32_NOPAD.decode(plain.as_bytes()).map_err(|_| unreadable())?;
        return secret.try_into().map_err(|_| unreadable());
    }
    let sealed = kept.strip_prefix(SEALED).zip(key).ok_or_else(unreadable)?;
    let (sealed, key) = (BASE64.decode(sealed.0.as_bytes()).map_err(|_| unreadable())?, sealed.1);
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or_else(unreadable)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unreadable())?;
    let mut sealed = sealed.to_vec();
    let secret = key.cipher()?.open_in_place(nonce, Aad::from(whose(person_id, factor_id)), &mut sealed);
    let secret = secret.map_err(|_| unreadable())?;
    <[u8; SECRET]>::try_from(&*secret).map_err(|_| unreadable())
}

fn whose(person_id: &str, factor_id: &str) -> String {
    format!("{person_id}:{factor_id}")
}

/// Nobody is let in because the key is missing.
fn unreadable() -> AuthError {
    StoreError::unavailable("the secret of a second factor can't be sealed or opened").into()
}

impl fmt::Debug for MfaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MfaKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: MfaKey = MfaKey([7; 32]);
    const THEIRS: MfaKey = MfaKey([8; 32]);
    const OURSELVES: &[u8; SECRET] = b"twenty bytes secret!";

    #[test]
    fn it_is_opened_with_its_key_for_whom_it_is_and_not_otherwise() {
        let sealed = seal(Some(&OURS), "ada", "f1", OURSELVES).unwrap();
        assert_eq!(open(Some(&OURS), "ada", "f1", &sealed).unwrap(), *OURSELVES);
        assert!(open(Some(&THEIRS), "ada", "f1", &sealed).is_err());
        assert!(open(None, "ada", "f1", &sealed).is_err());
        assert!(open(Some(&OURS), "eve", "f1", &sealed).is_err());
        assert!(open(Some(&OURS), "ada", "f2", &sealed).is_err());
        let again = seal(Some(&OURS), "ada", "f1", OURSELVES).unwrap();
        assert_ne!(sealed, again, "each has a nonce of its own");
        let changed = sealed.replace("gcm.", "gcm.AAAA");
        assert!(open(Some(&OURS), "ada", "f1", &changed).is_err());
    }

    #[test]
    fn what_was_plain_is_read_when_a_key_is_given_and_nonsense_is_not() {
        let plain = seal(None, "ada", "f1", OURSELVES).unwrap();
        for key in [None, Some(&OURS)] {
            assert_eq!(open(key, "ada", "f1", &plain).unwrap(), *OURSELVES);
            for wrong in ["", "plain.", "plain.1", "gcm.", "gcm.AAAA", "nonsense"] {
                assert!(open(key, "ada", "f1", wrong).is_err(), "{wrong}");
            }
        }
    }

    #[test]
    fn a_key_has_32_bytes_and_does_not_show() {
        for wrong in ["", "AAAA", &"A".repeat(44), &format!("{}=", "A".repeat(42)), &"!".repeat(44)] {
            assert_eq!(MfaKey::parse(wrong).err(), Some(InvalidMfaKey), "{wrong}");
        }
        assert!(MfaKey::parse(&format!("{}=", "A".repeat(43))).is_ok());
        assert!(!format!("{OURS:?}").contains('7'));
    }
}
