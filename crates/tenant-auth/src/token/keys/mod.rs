//! The keys that tokens are held against.

mod algorithm;
mod error;
mod key;
mod refresh;
mod set;
mod source;
#[cfg(feature = "jwks-url")]
mod url;

use std::{fmt, path::PathBuf, sync::Arc};

use parking_lot::RwLock;
use tokio::sync::Notify;

pub(super) use self::key::TokenKey;
#[cfg(feature = "jwks-url")]
pub use self::url::KeyUrl;
pub use self::{
    error::{TokenKeysError, TokenKeysErrorKind},
    key::LeftOut,
    refresh::KeyRefresh,
    source::KeySource,
};
use self::{
    refresh::Refresh,
    set::{Found, KeySet},
    source::KeyFile,
};

/// The keys that tokens are held against: a shared secret, or a set of public keys that may change. It is cheap to clone.
///
/// Each key has one algorithm, which its kind decides: RSA is RS256, P-256 is ES256, Ed25519 is EdDSA, and a shared secret is
/// HS256. A token that says anything else is refused, so that no public key is ever taken for a secret (RFC 8725, sections 2.1
/// and 3.1). A set has no secrets: symmetric keys and private parts in it are [left out](Self::left_out).
///
/// # Example
/// ```
/// use tenant_auth::{TokenKeys, TokenKeysErrorKind};
///
/// let keys = TokenKeys::hs256(b"a secret of thirty-two bytes ...")?;
/// let weak = TokenKeys::hs256(b"secret").unwrap_err();
/// assert_eq!(weak.kind(), TokenKeysErrorKind::ShortSecret);
/// # Ok::<(), tenant_auth::TokenKeysError>(())
/// ```
#[derive(Clone)]
pub struct TokenKeys {
    shared: Arc<Shared>,
    /// Ends with the last that holds on to it.
    refresh: Option<Arc<Refresh>>,
}

struct Shared {
    current: RwLock<Arc<KeySet>>,
    fault: RwLock<Option<TokenKeysError>>,
    wanted: Notify,
}

impl TokenKeys {
    /// A secret that issuer and verifier share, for HS256: everybody who can verify can also issue, so that it is for
    /// development and for services that issue their own tokens.
    ///
    /// RFC 7518, section 3.2 asks for 32 bytes; 32 random ones are what it should have. Below 16, which could be guessed from a
    /// single token on a machine that has some days (RFC 8725, section 3.5), it is refused. The `kid` of a token is ignored.
    ///
    /// # Errors
    /// It is shorter than 16 bytes.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, TokenKeysError> {
        KeySet::secret(secret.as_ref()).map(|set| Self::of(set, None))
    }

    /// A key set (RFC 7517, section 5), given as JSON, that never changes.
    ///
    /// A token chooses by its `kid`; it may leave that out where there is one key alone.
    ///
    /// # Errors
    /// It is no key set, two of its keys have the same `kid`, or none of its keys is one that tokens are taken of.
    pub fn jwks(json: &str) -> Result<Self, TokenKeysError> {
        KeySet::parse(json).map(|set| Self::of(set, None))
    }

    /// A key set in a file, which is read again every two seconds. What is broken leaves the last good set in place, and shows as
    /// a [fault](Self::fault); keys that are gone from a good one are not taken any more, nor are tokens that were seen before.
    ///
    /// # Errors
    /// As for [`jwks`](Self::jwks), or the file can't be read.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    pub async fn jwks_file(path: impl Into<PathBuf>) -> Result<Self, TokenKeysError> {
        Self::source(KeyFile(path.into()), KeyRefresh::of_file()).await
    }

    /// The key set that an issuer publishes at a URL: [`KeyUrl`], with the usual times.
    ///
    /// # Errors
    /// As for [`jwks`](Self::jwks), it is no such URL, or it can't be read.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[cfg(feature = "jwks-url")]
    pub async fn jwks_url(url: &str) -> Result<Self, TokenKeysError> {
        Self::source(KeyUrl::new(url)?, KeyRefresh::default()).await
    }

    /// A key set that is read from wherever the source knows, now and then again and again: at the times that `refresh` says, and
    /// soon after a token named a key that is not known. Nobody waits for that: the token is refused, and taken once the key
    /// is there. What can't be read or is broken leaves the last good set in place.
    ///
    /// # Errors
    /// As for [`jwks`](Self::jwks), or the source can't be read.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    pub async fn source(
        source: impl KeySource + 'static,
        refresh: KeyRefresh,
    ) -> Result<Self, TokenKeysError> {
        let json = refresh.fetch(&source).await?;
        let set = KeySet::parse(&json)?;
        Ok(Self::of(set, Some((refresh, Box::new(source), json))))
    }

    fn of(set: KeySet, refresh: Option<(KeyRefresh, Box<dyn KeySource>, String)>) -> Self {
        let shared = Arc::new(Shared {
            current: RwLock::new(Arc::new(set)),
            fault: RwLock::new(None),
            wanted: Notify::new(),
        });
        let refresh = refresh
            .map(|(times, source, json)| Arc::new(Refresh::start(times, source, json, Arc::clone(&shared))));
        Self { shared, refresh }
    }

    /// Why the last attempt to read the set changed nothing; `None` while all is well.
    #[must_use]
    pub fn fault(&self) -> Option<TokenKeysError> {
        match &self.refresh {
            Some(refresh) if refresh.is_over() => Some(TokenKeysError::unreadable("its source has panicked")),
            _ => self.shared.fault.read().clone(),
        }
    }

    /// Why keys of the current set are left out, one reason for each: for a line in the log.
    #[must_use]
    pub fn left_out(&self) -> Vec<LeftOut> {
        self.shared.current.read().left_out().to_vec()
    }

    /// The key that a token names, and what is wrong if there is none. An unknown name asks for the set to be read again.
    pub(super) fn find(&self, kid: Option<&str>) -> Result<Arc<TokenKey>, &'static str> {
        let found = self.shared.current.read().find(kid);
        match found {
            Found::Key(key) => Ok(key),
            Found::Unsaid => Err("the token does not say which key has signed it"),
            Found::Unknown => {
                if self.refresh.is_some() {
                    self.shared.wanted.notify_one();
                }
                Err("the token names a key that is not known")
            }
        }
    }
}

impl Shared {
    /// Puts a set that was read in place of the one before, unless it is broken.
    fn replace(&self, json: Result<&str, TokenKeysError>) {
        let fault = match json.and_then(KeySet::parse) {
            Ok(set) => {
                let mut current = self.current.write();
                *current = Arc::new(set.succeed(&current));
                None
            }
            Err(fault) => Some(fault),
        };
        *self.fault.write() = fault;
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenKeys").field(&self.shared.current.read()).finish()
    }
}
