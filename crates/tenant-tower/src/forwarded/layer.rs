use http::{HeaderName, Request, header::FORWARDED};
use tower_layer::Layer;

use super::{
    ClientAddr, PeerAddr, TrustedProxies,
    host::{self, FORWARDED_HOST},
    walk::{self, FORWARDED_FOR},
};
use crate::{
    Rejection,
    guard::{Guard, GuardService},
};

/// What nobody but a trusted proxy may say.
const HEARSAY: [HeaderName; 4] =
    [FORWARDED_FOR, FORWARDED_HOST, HeaderName::from_static("x-forwarded-proto"), FORWARDED];

/// Finds out who is calling, and which host they asked for, where proxies stand in between.
///
/// It puts a [`ClientAddr`](crate::ClientAddr) on each request: the [`PeerAddr`](crate::PeerAddr) itself unless that is a
/// trusted proxy, otherwise the right-most address in `X-Forwarded-For` that is not one. All lines are one list in their
/// order; brackets and ports are fine. What nobody can read ends the walk: then the last proxy before it is the client, so
/// that what is counted by address is counted there, and never against an address that a caller made up.
///
/// `X-Forwarded-Host` of a trusted proxy takes the place of `Host`, and of the host in the target, before anything resolves
/// a tenant: it must come once, and be one valid host, otherwise the request is rejected with a 400 `invalid_request`. A proxy
/// must set both headers anew or add to them, and never pass on `X-Forwarded-Host` as it came.
///
/// From anybody else both headers, `X-Forwarded-Proto` and `Forwarded` are taken away, so that nothing further in believes
/// them. `Forwarded` (RFC 7239) is never read, even from a trusted proxy: one that does not know it would pass on what a
/// caller wrote.
///
/// It stands outside of all that looks at hosts or addresses. Without a [`PeerAddr`](crate::PeerAddr) a request is rejected
/// with a 500: a server that forgets it must not make everybody a proxy, or everybody one client.
///
/// # Example
/// ```
/// use tenant_tower::{ForwardedLayer, TrustedProxies};
///
/// let layer = ForwardedLayer::new(TrustedProxies::parse(["10.0.0.0/8"])?);
/// # let _ = layer;
/// # Ok::<(), tenant_tower::InvalidProxies>(())
/// ```
#[derive(Clone, Debug)]
pub struct ForwardedLayer {
    trusted: TrustedProxies,
}

impl ForwardedLayer {
    /// Takes the word of these proxies, and of nobody else.
    #[must_use]
    pub const fn new(trusted: TrustedProxies) -> Self {
        Self { trusted }
    }
}

impl Guard for ForwardedLayer {
    fn check<B>(&self, request: &mut Request<B>) -> Result<(), Rejection> {
        let peer = request.extensions().get::<PeerAddr>().ok_or_else(no_peer)?.ip();
        let client = walk::client(peer, &self.trusted, request.headers());
        request.extensions_mut().insert(ClientAddr(client));
        if self.trusted.contains(peer) {
            return host::replace(request);
        }
        for name in &HEARSAY {
            request.headers_mut().remove(name);
        }
        Ok(())
    }
}

#[cold]
fn no_peer() -> Rejection {
    Rejection::internal().with_detail("the server did not say who the peer is")
}

impl<S> Layer<S> for ForwardedLayer {
    type Service = GuardService<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService::new(inner, self)
    }
}
