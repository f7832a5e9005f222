use std::fmt;

use aws_lc_rs::{digest, rand};
use data_encoding::HEXLOWER;
use tenant_core::{StoreError, TenantId};

/// What an invitation is accepted with: 256 random bits, and the tenant that it is to.
///
/// The tenant stands in it so that the invitation is looked for there alone. It is a claim: only an invitation of that tenant with
/// this token's digest proves it.
///
/// # Example
/// ```
/// use tenant_control::InvitationToken;
/// use tenant_core::TenantId;
///
/// let token = InvitationToken::new(&TenantId::parse("acme")?)?;
/// assert_eq!(InvitationToken::parse(token.as_str()), Some(token.clone()));
/// assert_eq!(token.tenant().as_str(), "acme");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationToken {
    text: String,
    tenant: TenantId,
}

const SECRET: usize = 64;

impl InvitationToken {
    /// A new one.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn new(tenant: &TenantId) -> Result<Self, StoreError> {
        let mut bytes = [0; SECRET / 2];
        rand::fill(&mut bytes).map_err(|_| StoreError::unavailable("the system has no random numbers"))?;
        Ok(Self { text: format!("{}.{tenant}", HEXLOWER.encode(&bytes)), tenant: *tenant })
    }

    /// Reads one; `None` where it looks like none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (secret, tenant) = text.split_once('.')?;
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_secret = secret.len() == SECRET && secret.bytes().all(is_hex);
        let tenant = is_secret.then(|| TenantId::parse(tenant).ok())??;
        Some(Self { text: text.to_owned(), tenant })
    }

    /// Whom it claims to invite to.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The text, which nobody but who is invited may see.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let digest = digest::digest(&digest::SHA256, self.text.as_bytes());
        bytes.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }
}

impl fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvitationToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_none_is_none() {
        let secret = "0f".repeat(32);
        assert!(InvitationToken::parse(&format!("{secret}.a.b")).is_some(), "ids have dots");
        for wrong in [
            String::new(),
            secret.clone(),
            format!("{secret}."),
            format!("{secret}.../x"),
            format!("{}.acme", "0F".repeat(32)),
            format!("{secret}0.acme"),
            format!(".{secret}.acme"),
            format!("{secret}.acme "),
            "\u{fc}".repeat(32),
        ] {
            assert_eq!(InvitationToken::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn none_is_made_twice_and_none_is_shown() {
        let acme = TenantId::parse("acme").unwrap();
        let (one, other) = (InvitationToken::new(&acme).unwrap(), InvitationToken::new(&acme).unwrap());
        assert_ne!(one, other);
        assert_ne!(one.digest(), other.digest());
        assert!(!format!("{one:?}").contains(&one.as_str()[..8]));
    }
}
