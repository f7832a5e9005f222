//! A credential that was seen before, among 10 000: an API key, a session, a token; the token also anew, against
//! jsonwebtoken's own decoding.
//!
//! What is remembered of keys and sessions is asked for again every half a second; the store is memory, so that this
//! costs what looking it up by hand would.

use std::{hint::black_box, time::Duration};

use futures_util::FutureExt;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::json;
use tenant::{
    Clock, SystemClock, TenantContext, TenantId,
    auth::{
        ApiKeyMode, ApiKeyStore, ApiKeyVerifier, AuthError, Authenticator, Credential, CredentialKind,
        InMemoryApiKeys, InMemorySessions, NewApiKey, Principal, Sessions, TokenKeys, TokenVerifier,
    },
};

use crate::{
    BoxError, Contestant,
    tenants::{self, KNOWN, Limits},
};

const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

/// Who takes part.
///
/// # Errors
/// A credential can't be made.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    let tokens = tokens()?;
    Ok(vec![
        api_keys()?,
        sessions()?,
        shown("token, seen before", verifier(2 * KNOWN)?, CredentialKind::Bearer, tokens.clone()),
        shown("token, anew", verifier(0)?, CredentialKind::Bearer, tokens.clone()),
        jsonwebtoken(tokens),
    ])
}

fn api_keys() -> Result<Contestant, BoxError> {
    let (keys, now) = (InMemoryApiKeys::new(), SystemClock::new().unix().into());
    let mut texts = Vec::with_capacity(KNOWN);
    for tenant in contexts()? {
        let new = NewApiKey::generate(&tenant, ApiKeyMode::Live, now)?;
        at_once(keys.create(&tenant, new.record()))?;
        texts.push(new.key().to_owned());
    }
    Ok(shown("API key", ApiKeyVerifier::new(keys).remembering(2 * KNOWN), CredentialKind::ApiKey, texts))
}

/// Keys that are rejected: of an id that nobody has, and of one that somebody has, with another secret. Neither is to take longer.
///
/// # Errors
/// A key can't be made.
pub fn rejections() -> Result<Vec<Contestant>, BoxError> {
    let (keys, now) = (InMemoryApiKeys::new(), SystemClock::new().unix().into());
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for tenant in contexts()? {
        let [other, nobodys] = [(); 2].map(|()| NewApiKey::generate(&tenant, ApiKeyMode::Live, now));
        let (other, nobodys) = (other?, nobodys?);
        // What is kept of this id is another secret's.
        let mut kept = other.record().clone();
        kept.digest = nobodys.record().digest;
        at_once(keys.create(&tenant, &kept))?;
        known.push(other.key().to_owned());
        unknown.push(nobodys.key().to_owned());
    }
    let contestant = |name, texts| {
        let verifier = ApiKeyVerifier::new(keys.clone()).remembering(2 * KNOWN);
        asked(name, verifier, CredentialKind::ApiKey, texts, Result::is_err)
    };
    Ok(vec![contestant("a key's id, another secret", known), contestant("a key that nobody has", unknown)])
}

fn sessions() -> Result<Contestant, BoxError> {
    let sessions = Sessions::new(InMemorySessions::new()).remembering(2 * KNOWN);
    let mut cookies = Vec::with_capacity(KNOWN);
    for tenant in contexts()? {
        cookies.push(at_once(sessions.begin(&tenant, "ada", ["member"]))?.cookie().to_owned());
    }
    Ok(shown("session", sessions, CredentialKind::Session, cookies))
}

fn verifier(remembering: usize) -> Result<TokenVerifier, BoxError> {
    Ok(TokenVerifier::builder(TokenKeys::hs256(SECRET)?).remember(remembering).build())
}

/// Of a day, signed in HS256.
fn tokens() -> Result<Vec<String>, BoxError> {
    let end = SystemClock::new().unix().as_secs() + Duration::from_secs(86_400).as_secs();
    let key = EncodingKey::from_secret(SECRET);
    let token = |name| {
        let claims = json!({ "sub": "ada", "tenant_id": name, "roles": ["member"], "exp": end });
        Ok(jsonwebtoken::encode(&Header::default(), &claims, &key)?)
    };
    tenants::names().map(token).collect()
}

fn jsonwebtoken(tokens: Vec<String>) -> Contestant {
    let (key, validation) = (DecodingKey::from_secret(SECRET), Validation::new(Algorithm::HS256));
    let mut tokens = InTurn::new(tokens);
    Contestant::new("token, jsonwebtoken", move || {
        let claims = jsonwebtoken::decode::<serde_json::Value>(tokens.next(), &key, &validation);
        assert!(black_box(claims).is_ok());
    })
}

fn shown(
    name: &'static str,
    authenticator: impl Authenticator + 'static,
    kind: CredentialKind,
    texts: Vec<String>,
) -> Contestant {
    asked(name, authenticator, kind, texts, Result::is_ok)
}

/// Shows all of them in turn, once before anything is timed.
fn asked(
    name: &'static str,
    authenticator: impl Authenticator + 'static,
    kind: CredentialKind,
    texts: Vec<String>,
    is_right: fn(&Result<Principal, AuthError>) -> bool,
) -> Contestant {
    let ask = move |text: &str| {
        let credential = Credential::new(kind, text);
        let known = authenticator.peek(&credential);
        let answer = known.unwrap_or_else(|| at_once(authenticator.verify(&credential)));
        assert!(is_right(&black_box(answer)));
    };
    texts.iter().for_each(|text| ask(text));
    let mut texts = InTurn::new(texts);
    Contestant::new(name, move || ask(texts.next()))
}

/// One text after the other, over and over.
struct InTurn {
    texts: Vec<String>,
    at: usize,
}

impl InTurn {
    const fn new(texts: Vec<String>) -> Self {
        Self { texts, at: 0 }
    }

    fn next(&mut self) -> &str {
        self.at = (self.at + 1) % self.texts.len().max(1);
        self.texts.get(self.at).map_or("", String::as_str)
    }
}

fn contexts() -> Result<Vec<TenantContext>, BoxError> {
    let configs = tenants::configs(Limits::Requests)?;
    let context = |name: String| Ok(at_once(TenantContext::of(&*configs, &TenantId::parse(&name)?))?);
    tenants::names().map(context).collect()
}

/// What is in memory does not wait.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().unwrap_or_else(|| unreachable!("everything is in memory"))
}
