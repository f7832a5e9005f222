//! A key set (RFC 7517, section 5).

use std::sync::Arc;

use super::{
    LeftOut, TokenKeysError,
    TokenKeysErrorKind::{Malformed, NoKey, ShortSecret},
    key::TokenKey,
};
use crate::token::json::{Json, read_object};

/// The largest set that is read, in bytes.
const LARGEST: usize = 256 * 1024;
/// So many keys a set has at most.
const MOST_KEYS: usize = 128;
/// `{"keys":[{"x5c":["…"]}]}`, and some room.
const DEEPEST: usize = 8;
/// 128 bits.
const SHORTEST_SECRET: usize = 16;

/// Keys, by their names.
#[derive(Debug)]
pub(super) struct KeySet {
    keys: Vec<Arc<TokenKey>>,
    left_out: Vec<LeftOut>,
    /// A secret has no name; what a token calls it does not matter.
    is_secret: bool,
}

/// What a set answers to a token.
pub(super) enum Found {
    Key(Arc<TokenKey>),
    /// There is no key of this name; perhaps there is one by now.
    Unknown,
    /// The token does not say which of several.
    Unsaid,
}

impl KeySet {
    pub(super) fn secret(secret: &[u8]) -> Result<Self, TokenKeysError> {
        if secret.len() < SHORTEST_SECRET {
            let detail = "a secret that signs tokens has at least 16 bytes, and 32 random ones if it can";
            return Err(TokenKeysError::new(ShortSecret, detail));
        }
        Ok(Self { keys: vec![Arc::new(TokenKey::hs256(secret))], left_out: Vec::new(), is_secret: true })
    }

    pub(super) fn parse(json: &str) -> Result<Self, TokenKeysError> {
        if json.len() > LARGEST {
            return Err(TokenKeysError::new(Malformed, "the key set is larger than 256 KiB"));
        }
        let malformed = || TokenKeysError::new(Malformed, "the key set is no object with a list of keys");
        let members = read_object(json.as_bytes(), DEEPEST).ok_or_else(malformed)?;
        let jwks = members.get("keys").and_then(Json::list).ok_or_else(malformed)?;
        if jwks.len() > MOST_KEYS {
            return Err(TokenKeysError::new(Malformed, "the key set has more than 128 keys"));
        }
        let mut set = Self { keys: Vec::new(), left_out: Vec::new(), is_secret: false };
        for jwk in jwks {
            set.add(TokenKey::from_jwk(jwk))?;
        }
        if set.keys.is_empty() {
            let detail = format!("the key set has no key that tokens are taken of: {:?}", set.left_out);
            return Err(TokenKeysError::new(NoKey, detail));
        }
        Ok(set)
    }

    fn add(&mut self, key: Result<TokenKey, LeftOut>) -> Result<(), TokenKeysError> {
        match key {
            Err(reason) => self.left_out.push(reason),
            Ok(key) if self.keys.iter().any(|own| own.is_same_as(&key)) => {}
            Ok(key) if self.keys.iter().any(|own| own.kid() == key.kid()) => {
                return Err(TokenKeysError::new(
                    Malformed,
                    "two keys of the set have the same name, or none",
                ));
            }
            Ok(key) => self.keys.push(Arc::new(key)),
        }
        Ok(())
    }

    /// The one key that can have signed a token that calls it so.
    pub(super) fn find(&self, kid: Option<&str>) -> Found {
        match (kid, &*self.keys) {
            (None, [only]) => Found::Key(Arc::clone(only)),
            (Some(_), [only]) if self.is_secret => Found::Key(Arc::clone(only)),
            (None, _) => Found::Unsaid,
            (Some(kid), keys) => match keys.iter().find(|key| key.kid() == Some(kid)) {
                Some(key) => Found::Key(Arc::clone(key)),
                None => Found::Unknown,
            },
        }
    }

    pub(super) fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Takes over the keys that were there before, and retires those that are gone.
    pub(super) fn succeed(mut self, before: &Self) -> Self {
        for old in &before.keys {
            match self.keys.iter_mut().find(|key| key.is_same_as(old)) {
                Some(key) => *key = Arc::clone(old),
                None => old.retire(),
            }
        }
        self
    }
}
