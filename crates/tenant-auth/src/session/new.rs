use std::fmt;

use tenant_core::auth::{AuthError, SessionRecord};

use super::secret;

/// A session that has just begun. What the browser has to hold is here and nowhere else.
#[must_use = "the cookie is here and nowhere else"]
pub struct NewSession {
    cookie: String,
    csrf_token: String,
    record: SessionRecord,
}

impl NewSession {
    pub(super) fn make(record: impl FnOnce(secret::Digest) -> SessionRecord) -> Result<Self, AuthError> {
        let cookie = secret::make()?;
        let read = secret::read(&cookie).zip(secret::csrf_token(&cookie));
        let (digest, csrf_token) = read.ok_or(AuthError::rejected("the session can't be read back"))?;
        Ok(Self { record: record(digest), cookie, csrf_token })
    }

    /// The cookie's value.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// What [names](crate::session_name) it: as `jti` of a token of the same sign-in, one ends with the other.
    #[must_use]
    pub fn name(&self) -> String {
        secret::name(&self.record.digest)
    }

    /// What unsafe requests have to carry: [`csrf_token`](crate::csrf_token).
    #[must_use]
    pub fn csrf_token(&self) -> &str {
        &self.csrf_token
    }

    /// What is kept of it.
    #[must_use]
    pub const fn record(&self) -> &SessionRecord {
        &self.record
    }
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession").field("tenant", &self.record.tenant).finish_non_exhaustive()
    }
}
