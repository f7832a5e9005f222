//! Where key sets are read.

use std::{io, path::PathBuf};

use async_trait::async_trait;
use tokio::io::AsyncReadExt;

use super::TokenKeysError;

/// Reads a key set (RFC 7517, section 5) wherever it is published, as from the `jwks_uri` of an issuer.
///
/// It owes that what it answers comes from the issuer: over TLS, with the certificate checked, from an address that is
/// configured and not taken from a token.
///
/// # Example
/// ```
/// use tenant_auth::{KeyRefresh, KeySource, TokenKeys, TokenKeysError};
/// use tenant_core::async_trait;
///
/// # struct HttpClient;
/// # impl HttpClient {
/// #     async fn get(&self, _: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
/// # }
/// struct Issuer {
///     http: HttpClient,
///     jwks_uri: String,
/// }
///
/// #[async_trait]
/// impl KeySource for Issuer {
///     async fn fetch(&self) -> Result<String, TokenKeysError> {
///         self.http.get(&self.jwks_uri).await.map_err(TokenKeysError::unreadable)
///     }
/// }
///
/// # async fn start(issuer: Issuer) -> Result<(), TokenKeysError> {
/// let keys = TokenKeys::source(issuer, KeyRefresh::default()).await?;
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The key set as it is now.
    ///
    /// # Errors
    /// It can't be read.
    async fn fetch(&self) -> Result<String, TokenKeysError>;
}

/// A key set in a file.
pub(super) struct KeyFile(pub(super) PathBuf);

/// A little more than the largest key set that is taken.
const ENOUGH: u64 = 300 * 1024;

#[async_trait]
impl KeySource for KeyFile {
    async fn fetch(&self) -> Result<String, TokenKeysError> {
        self.read().await.map_err(|error| TokenKeysError::unreadable(error.kind()))
    }
}

impl KeyFile {
    async fn read(&self) -> io::Result<String> {
        let mut json = String::new();
        tokio::fs::File::open(&self.0).await?.take(ENOUGH).read_to_string(&mut json).await?;
        Ok(json)
    }
}
