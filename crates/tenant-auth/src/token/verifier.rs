use std::{fmt, sync::Arc, time::Duration};

use tenant_core::{
    Clock, SystemClock, UnixTime,
    auth::{AuthError, Authenticator, Credential, CredentialKind, Principal, Proof},
};

use super::{
    Revocations, TokenKeys,
    cache::{Digest, Seen, SeenTokens, digest_of},
    claims::Expected,
    compact::{Compact, looks_like_one},
    header::Header,
    keys::TokenKey,
};

/// Proves who is calling by the signed tokens that they show as bearers: JSON Web Tokens (RFC 7519), in the compact form, signed
/// in HS256, RS256, ES256 or EdDSA.
///
/// # What is taken
/// At most 8 KiB, in the one spelling that base64url has for them; JSON without a name that occurs twice. The header has `alg`,
/// which must be that of the key, and may have `kid` and `typ` (`JWT` or `at+jwt`); with `crit`, `b64`, `zip`, `enc`, `cty`,
/// `jwk`, `jku`, `x5u` or `x5c` it is refused, and others are ignored.
///
/// | claim | |
/// |---|---|
/// | `sub` | required: 1 to 255 bytes without control characters, the [subject](Principal::subject) |
/// | `exp` | required, in whole seconds |
/// | `nbf`, `iat` | do not lie ahead |
/// | `iss`, `aud` | required where [`issuer`](TokenVerifierBuilder::issuer) or [`audience`](TokenVerifierBuilder::audience) is configured, and equal; of several audiences one is |
/// | `tenant_id` | the one tenant that the token is for |
/// | `roles` | the names of the roles there |
/// | `tenants` | instead of `tenant_id`, where there are several: `{"acme": ["admin"], "globex": []}`; `roles` then gives none |
/// | `scope` | the [scopes](Principal::scopes), separated by single blanks; absent, roles alone decide |
/// | `amr` | with `mfa` in its list (RFC 8176), the subject has shown a [second factor](Principal::has_second_factor) |
/// | `jti` | the token's id, by which it can be [revoked](Revocations) |
///
/// # What it does not protect against
/// A token that was stolen, until it expires or is revoked. A service that reads tokens of others of the same issuer: configure
/// an audience, without which `aud` says nothing here. Connections that stay open after a key is gone: revoke the tokens
/// of a key that was stolen, besides taking it out of the set.
///
/// # Example
/// ```
/// use tenant_auth::{TokenKeys, TokenVerifier};
///
/// let keys = TokenKeys::hs256(b"a secret of thirty-two bytes ...")?;
/// let tokens = TokenVerifier::builder(keys).issuer("https://id.example").audience("api").build();
/// # Ok::<(), tenant_auth::TokenKeysError>(())
/// ```
#[derive(Clone)]
pub struct TokenVerifier(Arc<Inner>);

struct Inner {
    keys: TokenKeys,
    expected: Expected,
    revocations: Option<Revocations>,
    seen: SeenTokens,
    clock: Arc<dyn Clock>,
}

impl TokenVerifier {
    /// One for tokens of these keys.
    pub fn builder(keys: TokenKeys) -> TokenVerifierBuilder {
        TokenVerifierBuilder {
            keys,
            expected: Expected::default(),
            revocations: None,
            capacity: 10_000,
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// How many verified tokens are remembered now.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.0.seen.len()
    }
}

#[async_trait::async_trait]
impl Authenticator for TokenVerifier {
    fn judges(&self, credential: &Credential<'_>) -> bool {
        credential.kind() == CredentialKind::Bearer && looks_like_one(credential.secret())
    }

    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        if !self.judges(credential) || Compact::is_too_long(credential.secret()) {
            return None;
        }
        self.0.remember(&digest_of(credential.secret()))
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        if !self.judges(credential) {
            return Err(AuthError::rejected("this is no token"));
        }
        match self.peek(credential) {
            Some(answer) => answer,
            None => self.0.verify(credential.secret()),
        }
    }

    async fn holds(&self, principal: &Principal) -> Result<bool, AuthError> {
        if principal.proof() != Proof::Token {
            return Ok(true);
        }
        if principal.expires_at().is_some_and(|end| end <= self.0.clock.unix()) {
            return Ok(false);
        }
        self.0.is_revoked(principal).map(|revoked| !revoked)
    }
}

impl Inner {
    /// The answer that a token had before, unless its key is gone.
    fn remember(&self, digest: &Digest) -> Option<Result<Principal, AuthError>> {
        let seen = self.seen.find(digest)?;
        if seen.key.is_retired() {
            self.seen.forget(digest);
            return None;
        }
        if seen.until <= self.clock.coarse_unix() {
            self.seen.forget(digest);
            return Some(Err(AuthError::rejected("the token has expired")));
        }
        Some(self.unless_revoked(seen.principal))
    }

    fn verify(&self, token: &str) -> Result<Principal, AuthError> {
        let seen = self.prove(token, self.clock.unix())?;
        let principal = self.unless_revoked(seen.principal.clone())?;
        self.seen.keep(digest_of(token), seen);
        Ok(principal)
    }

    /// Nothing of a token is believed before its signature holds, but which key it names.
    fn prove(&self, token: &str, now: UnixTime) -> Result<Seen, AuthError> {
        let compact = Compact::parse(token)?;
        let key = self.key_of(&Header::read(&compact.header)?)?;
        if !key.holds(compact.signed, &compact.signature) {
            return Err(AuthError::rejected("the token's signature does not hold"));
        }
        let claimed = self.expected.read(&compact.claims()?, now)?;
        Ok(Seen { principal: claimed.principal, until: claimed.until, key })
    }

    /// The key that a token names, which is of the algorithm that the token names.
    fn key_of(&self, header: &Header<'_>) -> Result<Arc<TokenKey>, AuthError> {
        let key = self.keys.find(header.kid).map_err(AuthError::rejected)?;
        if key.is_called(header.alg) {
            Ok(key)
        } else {
            Err(AuthError::rejected("the token's algorithm is not that of its key"))
        }
    }

    fn unless_revoked(&self, principal: Principal) -> Result<Principal, AuthError> {
        if self.is_revoked(&principal)? {
            return Err(AuthError::rejected("the token was revoked"));
        }
        Ok(principal)
    }

    fn is_revoked(&self, principal: &Principal) -> Result<bool, AuthError> {
        match &self.revocations {
            Some(revocations) => Ok(revocations.is_revoked(principal)?),
            None => Ok(false),
        }
    }
}

/// A [`TokenVerifier`] that is being put together; made by [`TokenVerifier::builder`].
#[must_use = "it is built with `build`"]
pub struct TokenVerifierBuilder {
    keys: TokenKeys,
    expected: Expected,
    revocations: Option<Revocations>,
    capacity: usize,
    clock: Arc<dyn Clock>,
}

/// The longest leeway.
pub(super) const LONGEST_LEEWAY: Duration = Duration::from_secs(60);

impl TokenVerifierBuilder {
    /// Takes tokens of this issuer alone, whose `iss` is exactly this; by default whoever has the key may issue.
    pub fn issuer(mut self, issuer: impl Into<Box<str>>) -> Self {
        self.expected.issuer = Some(issuer.into());
        self
    }

    /// Takes tokens for this audience alone, whose `aud` is exactly this or has it in its list; by default `aud` does not matter.
    pub fn audience(mut self, audience: impl Into<Box<str>>) -> Self {
        self.expected.audience = Some(audience.into());
        self
    }

    /// Lets the issuer's clock differ by so much: a token is taken so much longer, and so much earlier. None by default, and
    /// a minute at most, to which what is longer is cut. A token may always be a second ahead.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.expected.leeway = leeway.min(LONGEST_LEEWAY);
        self
    }

    /// Refuses tokens that were revoked; by default none is.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Remembers so many verified tokens, those that were used last; 10 000 by default. Zero remembers none. Who shows very many
    /// displaces others', which are then verified again, and no more.
    pub fn remember(mut self, tokens: usize) -> Self {
        self.capacity = tokens;
        self
    }

    /// Reads time from this clock; the system's by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The verifier.
    #[must_use]
    pub fn build(self) -> TokenVerifier {
        let Self { keys, expected, revocations, capacity, clock } = self;
        TokenVerifier(Arc::new(Inner { keys, expected, revocations, seen: SeenTokens::new(capacity), clock }))
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier")
            .field("keys", &self.0.keys)
            .field("expected", &self.0.expected)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifierBuilder").field("expected", &self.expected).finish_non_exhaustive()
    }
}
