//! Who is calling: which credentials are taken, and who looks at them.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use sqlx::Sqlite;
use tenant::{
    ApiError, AuthLayer, Clock, DbApiKeys, DbMfa, DbPeople, DbRevocations, DbSessions, Hooks, Rejection,
    StreamGuard, TenantDb, TenantResolver,
    auth::{
        ApiKeyVerifier, AuthError, AuthErrorKind, Authenticators, Mfa, Passwords, People, Revocations,
        Sessions, TokenVerifier, csrf_matches,
    },
};

use crate::{
    settings::Settings,
    state::Configs,
    tokens::{Issuer, Tokens},
};

const SWEEP_EVERY: Duration = Duration::from_secs(60);
const SWEPT_AT_ONCE: u32 = 1_000;

/// Who looks at credentials, and where they are kept.
pub(crate) struct Callers {
    pub(crate) keys: Arc<ApiKeyVerifier<DbApiKeys<Sqlite>>>,
    pub(crate) sessions: Arc<Sessions<DbSessions<Sqlite>>>,
    pub(crate) people: People<DbPeople<Sqlite>>,
    pub(crate) mfa: Mfa<DbMfa<Sqlite>>,
    /// Who signs in without a credential names their tenant by this.
    pub(crate) named: Arc<dyn TenantResolver>,
    /// Signs tokens for those who sign in.
    pub(crate) issuer: Option<Issuer>,
    pub(crate) revocations: Option<Revocations>,
    tokens: Option<TokenVerifier>,
    clock: Arc<dyn Clock>,
}

impl Callers {
    pub(crate) async fn open(
        settings: &Settings,
        tokens: Option<Tokens>,
        db: &TenantDb<Sqlite>,
        clock: &Arc<dyn Clock>,
        named: Arc<dyn TenantResolver>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let keys = ApiKeyVerifier::new(DbApiKeys::new(db)).with_clock(Arc::clone(clock));
        let sessions = Sessions::new(DbSessions::new(db))
            .with_clock(Arc::clone(clock))
            .idle_timeout(settings.session_idle)
            .absolute_timeout(settings.session_absolute);
        let revocations = match &tokens {
            Some(_) => Some(revocations(db, clock).await?),
            None => None,
        };
        let (verifier, issuer) = match tokens.zip(revocations.clone()) {
            Some((tokens, revocations)) => {
                let (verifier, issuer) = tokens.ready(clock, revocations);
                (Some(verifier), issuer)
            }
            None => (None, None),
        };
        let people = People::new(DbPeople::new(db), Passwords::new()?);
        let mfa = mfa(settings, db, clock);
        let (keys, sessions) = (Arc::new(keys), Arc::new(sessions));
        Ok(Self {
            keys,
            sessions,
            people,
            mfa,
            named,
            issuer,
            revocations,
            tokens: verifier,
            clock: Arc::clone(clock),
        })
    }

    /// No tokens are configured: whoever shows no credential is taken at its word.
    pub(crate) const fn is_open(&self) -> bool {
        self.tokens.is_none()
    }

    /// Clears away sessions that have expired, now and then.
    pub(crate) async fn sweep(self: Arc<Self>) {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            if let Err(error) = self.sessions.sweep(SWEPT_AT_ONCE).await {
                tracing::warn!(%error, "expired sessions could not be cleared away");
            }
        }
    }

    /// Ends what stays open longer than its caller may. Each guard stops what it watches itself, and nothing else.
    pub(crate) fn guard(&self, configs: &Arc<Configs>) -> StreamGuard {
        let guard = StreamGuard::new(self.authenticators()).configs(Arc::clone(configs));
        guard.with_clock(Arc::clone(&self.clock))
    }

    /// Proves who is calling.
    pub(crate) fn layer(&self, hooks: &Hooks) -> AuthLayer {
        let layer = AuthLayer::new(self.authenticators()).csrf(csrf_matches).with_hooks(hooks.clone());
        layer.with_clock(Arc::clone(&self.clock))
    }

    fn authenticators(&self) -> Authenticators {
        let mut all = Authenticators::new().with(Arc::clone(&self.keys)).with(Arc::clone(&self.sessions));
        if let Some(tokens) = &self.tokens {
            all = all.with(tokens.clone());
        }
        all
    }
}

/// Authenticators show them under the name of the service: whoever has one may belong to several tenants.
fn mfa(settings: &Settings, db: &TenantDb<Sqlite>, clock: &Arc<dyn Clock>) -> Mfa<DbMfa<Sqlite>> {
    let mfa = Mfa::new(DbMfa::new(db), env!("CARGO_PKG_NAME")).with_clock(Arc::clone(clock));
    match &settings.mfa_key {
        Some(key) => mfa.with_key(key.clone()),
        None => mfa,
    }
}

/// Those of other instances are known from the first request on.
async fn revocations(
    db: &TenantDb<Sqlite>,
    clock: &Arc<dyn Clock>,
) -> Result<Revocations, Box<dyn Error + Send + Sync>> {
    let store = Arc::new(DbRevocations::new(db));
    let revocations = Revocations::builder(store).clock(Arc::clone(clock)).start();
    revocations.refresh().await?;
    Ok(revocations)
}

/// Why is for the log.
pub(crate) fn rejection(error: &AuthError) -> ApiError {
    match (error.kind(), error.cause()) {
        (AuthErrorKind::Rejected, _) => Rejection::new(tenant::RejectionKind::Unauthenticated).into(),
        (AuthErrorKind::Overloaded, _) => Rejection::overloaded().into(),
        (_, Some(cause)) => cause.clone().into(),
        (_, None) => Rejection::new(tenant::RejectionKind::StoreUnavailable).into(),
    }
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callers").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
