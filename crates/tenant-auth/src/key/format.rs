//! `sk_live_<id>_<secret><checksum>`, in letters and digits.
//!
//! The id is public and finds the key. The secret has 43 characters out of 62, which are more than 256 bits. The checksum is
//! there for typos and keys that were cut off, which cost no lookup; it proves nothing.

use aws_lc_rs::digest::{Context, SHA256};
use tenant_core::auth::AuthError;

use crate::random::{digest_of, random};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(super) const PREFIX: &str = "sk_";
pub(super) const LIVE: &str = "sk_live_";
pub(super) const TEST: &str = "sk_test_";
const ID: usize = 16;
const SECRET: usize = 43;
const CHECKSUM: usize = 6;

/// What finds a key: letters and digits.
pub(super) type KeyId = [u8; ID];

/// A key that looks like one.
pub(super) struct Shown {
    pub(super) id: KeyId,
    /// Of the whole key.
    pub(super) digest: [u8; 32],
}

/// Reads a key; nothing where it can't be one.
pub(super) fn read(key: &str) -> Option<Shown> {
    let rest = key.strip_prefix(LIVE).or_else(|| key.strip_prefix(TEST))?;
    let (id, secret) = rest.split_once('_')?;
    let all = id.bytes().chain(secret.bytes());
    if secret.len() != SECRET + CHECKSUM || !all.clone().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let (body, checksum) = key.split_at_checked(key.len().checked_sub(CHECKSUM)?)?;
    let (expected, digest) = seal(body, checksum);
    let id = id.as_bytes().try_into().ok()?;
    (expected == checksum.as_bytes()).then_some(Shown { id, digest })
}

/// The id that a text is, as it stands in a record.
pub(super) fn id_of(text: &str) -> Option<KeyId> {
    text.as_bytes().try_into().ok()
}

/// What a key consists of.
pub(super) struct Parts {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) digest: [u8; 32],
}

/// A new key that begins like this.
pub(super) fn make(prefix: &str) -> Result<Parts, AuthError> {
    let id = letters(ID)?;
    let body = format!("{prefix}{id}_{}", letters(SECRET)?);
    let (checksum, _) = seal(&body, "");
    let checksum = checksum.map(char::from).iter().collect::<String>();
    let (_, digest) = seal(&body, &checksum);
    Ok(Parts { id, key: body + &checksum, digest })
}

/// The checksum of a body, and the digest of the body with what stands behind it. They share the work.
fn seal(body: &str, behind: &str) -> ([u8; CHECKSUM], [u8; 32]) {
    let mut context = Context::new(&SHA256);
    context.update(body.as_bytes());
    let checksum = checksum(&digest_of(&context.clone().finish()));
    context.update(behind.as_bytes());
    (checksum, digest_of(&context.finish()))
}

/// The first 32 bits, in six digits to the base of 62.
fn checksum(digest: &[u8; 32]) -> [u8; CHECKSUM] {
    let mut rest = digest.iter().take(4).fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
    let mut digits = [0; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = letter(rest % 62);
        rest /= 62;
    }
    digits
}

fn letter(number: u32) -> u8 {
    usize::try_from(number).ok().and_then(|number| ALPHABET.get(number)).copied().unwrap_or(b'0')
}

/// So many random letters and digits, each as likely as any other.
fn letters(count: usize) -> Result<String, AuthError> {
    let mut text = String::with_capacity(count);
    while text.len() < count {
        // 248 is the greatest multiple of 62 in a byte: what is beyond would make some letters likelier.
        let fair = random::<32>()?.into_iter().filter(|byte| *byte < 248);
        text.extend(fair.take(count - text.len()).map(|byte| char::from(letter(u32::from(byte) % 62))));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::random::sha256;

    #[test]
    fn a_key_is_read_as_it_was_made() {
        for prefix in [LIVE, TEST] {
            let made = make(prefix).unwrap();
            assert_eq!((made.key.len(), made.key.starts_with(prefix)), (8 + 16 + 1 + 43 + 6, true));
            let shown = read(&made.key).unwrap();
            assert_eq!((id_of(&made.id), made.digest), (Some(shown.id), shown.digest));
            assert_eq!(shown.digest, sha256(&made.key));
        }
    }

    #[test]
    fn no_typo_and_no_truncation_is_looked_up() {
        let key = make(LIVE).unwrap().key;
        for length in 0..key.len() {
            assert!(read(&key[..length]).is_none(), "{length} characters");
        }
        for at in 0..key.len() {
            for other in ['a', 'Z', '0', '_', '-', ' ', '\u{e9}'] {
                let mut typo = key.clone();
                typo.replace_range(at..=at, &other.to_string());
                assert!(typo == key || read(&typo).is_none(), "{other} at {at}");
            }
        }
        for wrong in
            [format!("{key}0"), format!(" {key}"), format!("{key}\n"), key.replace("sk_live", "sk_test")]
        {
            assert!(read(&wrong).is_none());
        }
    }

    #[test]
    fn every_letter_occurs_and_no_id_twice() {
        let keys: Vec<Parts> = (0..500).map(|_| make(LIVE).unwrap()).collect();
        let letters: HashSet<u8> = keys.iter().flat_map(|made| made.key[8..].bytes()).collect();
        let ids: HashSet<&str> = keys.iter().map(|made| made.id.as_str()).collect();
        assert_eq!((letters.len(), ids.len()), (63, 500));
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_shown_makes_it_panic(text in ".{0,120}", tail in "[0-9A-Za-z_]{0,90}") {
            proptest::prop_assert!(read(&text).is_none());
            let tailed = read(&format!("sk_live_{tail}"));
            proptest::prop_assert!(tailed.is_none());
        }
    }
}
