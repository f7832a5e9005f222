//! Which tokens are taken, and how those who sign in get one.

use std::sync::Arc;

use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use tenant::{
    Clock, Rejection, Timestamp,
    auth::{NewSession, Revocations, TokenKeys, TokenVerifier},
};

use crate::settings::{InvalidSettings, TokenKeySettings, TokenSettings};

/// Keys that were found to be good, before anything is written.
pub(crate) struct Tokens {
    keys: TokenKeys,
    settings: TokenSettings,
}

impl Tokens {
    pub(crate) async fn open(settings: &TokenSettings) -> Result<Self, InvalidSettings> {
        let (variable, keys) = match &settings.keys {
            TokenKeySettings::Secret(secret) => ("JWT_SECRET", TokenKeys::hs256(secret)),
            TokenKeySettings::JwksFile(file) => ("JWT_JWKS_FILE", TokenKeys::jwks_file(file).await),
        };
        let keys = keys.map_err(|error| InvalidSettings::new(variable, format!("can't be used: {error}")))?;
        Ok(Self { keys, settings: settings.clone() })
    }

    /// Who verifies tokens, and who signs them: only where the secret is known.
    pub(crate) fn ready(
        self,
        clock: &Arc<dyn Clock>,
        revocations: Revocations,
    ) -> (TokenVerifier, Option<Issuer>) {
        let Self { keys, settings } = self;
        let mut verifier = TokenVerifier::builder(keys).clock(Arc::clone(clock)).revocations(revocations);
        if let Some(issuer) = &settings.issuer {
            verifier = verifier.issuer(issuer.as_str());
        }
        if let Some(audience) = &settings.audience {
            verifier = verifier.audience(audience.as_str());
        }
        let issuer = match &settings.keys {
            TokenKeySettings::Secret(secret) => Some(EncodingKey::from_secret(secret.as_bytes())),
            TokenKeySettings::JwksFile(_) => None,
        };
        let (issued_by, meant_for) = (settings.issuer, settings.audience);
        (verifier.build(), issuer.map(|key| Issuer { key, issued_by, meant_for }))
    }
}

/// Signs tokens.
pub(crate) struct Issuer {
    key: EncodingKey,
    issued_by: Option<String>,
    meant_for: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    tenant_id: &'a str,
    roles: &'a [Box<str>],
    iat: i64,
    exp: i64,
    jti: &'a str,
    /// RFC 8176, section 2.
    amr: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

impl Issuer {
    /// The token of a sign-in. It has its session's name, and says what that does: they end together.
    pub(crate) fn sign(&self, session: &NewSession) -> Result<String, Rejection> {
        let record = session.record();
        let claims = Claims {
            sub: &record.subject,
            tenant_id: record.tenant.as_str(),
            roles: &record.roles,
            iat: seconds(record.created_at),
            exp: seconds(record.expires_at),
            jti: &session.name(),
            amr: if record.second_factor { &["pwd", "mfa"] } else { &["pwd"] },
            iss: self.issued_by.as_deref(),
            aud: self.meant_for.as_deref(),
        };
        jsonwebtoken::encode(&Header::default(), &claims, &self.key).map_err(|error| {
            tracing::error!(%error, "a token could not be signed");
            Rejection::internal()
        })
    }
}

const fn seconds(moment: Timestamp) -> i64 {
    moment.as_unix_micros().div_euclid(1_000_000)
}
