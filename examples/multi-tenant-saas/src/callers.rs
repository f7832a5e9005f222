//! Who is calling: which credentials are taken, and who looks at them.

use std::{error::Error, sync::Arc};

use tenant::{
    AuthLayer, Clock, Hooks,
    auth::{Authenticators, TokenKeys, TokenVerifier},
};

use crate::settings::{InvalidSettings, Settings, TokenKeySettings, TokenSettings};

/// What stands in front of the tenants' routes.
pub(crate) struct Callers {
    pub(crate) layer: AuthLayer,
    /// No tokens are configured: whoever shows no credential is taken at its word.
    pub(crate) is_open: bool,
}

impl Callers {
    pub(crate) async fn open(
        settings: &Settings,
        clock: &Arc<dyn Clock>,
        hooks: &Hooks,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut authenticators = Authenticators::new();
        if let Some(tokens) = &settings.tokens {
            authenticators = authenticators.with(verifier(tokens, clock).await?);
        }
        let layer = AuthLayer::new(authenticators).with_hooks(hooks.clone());
        Ok(Self { layer, is_open: settings.tokens.is_none() })
    }
}

async fn verifier(
    settings: &TokenSettings,
    clock: &Arc<dyn Clock>,
) -> Result<TokenVerifier, InvalidSettings> {
    let (variable, keys) = match &settings.keys {
        TokenKeySettings::Secret(secret) => ("JWT_SECRET", TokenKeys::hs256(secret)),
        TokenKeySettings::JwksFile(file) => ("JWT_JWKS_FILE", TokenKeys::jwks_file(file).await),
    };
    let keys = keys.map_err(|error| InvalidSettings::new(variable, format!("can't be used: {error}")))?;
    let mut verifier = TokenVerifier::builder(keys).clock(Arc::clone(clock));
    if let Some(issuer) = &settings.issuer {
        verifier = verifier.issuer(issuer.as_str());
    }
    if let Some(audience) = &settings.audience {
        verifier = verifier.audience(audience.as_str());
    }
    Ok(verifier.build())
}
