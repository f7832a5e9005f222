//! What a request says before its body.

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, request::Parts};

use crate::{
    HostName, Rejection, host,
    sieve::{Repeated, Sieve},
};

/// A request's head, borrowed: what resolvers, policies and quotas look at.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
    sieve: Sieve<'a>,
}

impl<'a> RequestHead<'a> {
    /// The method.
    #[must_use]
    pub const fn method(&self) -> &'a Method {
        self.method
    }

    /// The target.
    #[must_use]
    pub const fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// What outer layers left with the request: a verified principal, for instance.
    #[must_use]
    pub const fn extensions(&self) -> &'a Extensions {
        self.extensions
    }

    /// The host that the request is for; `None` where it names none.
    ///
    /// `X-Forwarded-Host` is not looked at: anybody can send it. A [`ForwardedLayer`](crate::ForwardedLayer) further out puts
    /// that of a trusted proxy in the place of `Host`.
    ///
    /// # Errors
    /// `Host` comes twice, is empty or invalid, or the target names another one (RFC 9112, section 3.2).
    pub fn host(&self) -> Result<Option<HostName>, Rejection> {
        host::of(self)
    }

    /// The value of a header that may come once.
    #[inline]
    pub(crate) fn only(&self, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Repeated> {
        match self.sieve.only(name) {
            Some(answer) => answer,
            None => self.find(name),
        }
    }

    #[cold]
    fn find(&self, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Repeated> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Repeated),
        }
    }
}

impl<'a, B> From<&'a Request<B>> for RequestHead<'a> {
    fn from(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
            sieve: Sieve::of(request.headers()),
        }
    }
}

impl<'a> From<&'a Parts> for RequestHead<'a> {
    fn from(parts: &'a Parts) -> Self {
        Self {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            extensions: &parts.extensions,
            sieve: Sieve::of(&parts.headers),
        }
    }
}
