use std::net::{Ipv4Addr, SocketAddr};

use axum::{
    body::Body,
    extract::{ConnectInfo, OriginalUri},
};
use http::{HeaderValue, Request, Response, header};

use super::request;

/// What surrounds the layers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scene {
    /// The request's extensions are empty, and so is the answer.
    Nothing,
    /// The request carries what axum's server and router put into its extensions, and the answer names its type and
    /// length, as each answer of a handler does.
    Axum,
}

impl Scene {
    pub(super) fn request(self, tenant: &str) -> Request<Body> {
        let mut request = request(tenant);
        if let Self::Axum = self {
            let caller = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
            let uri = request.uri().clone();
            request.extensions_mut().insert(ConnectInfo(caller));
            request.extensions_mut().insert(OriginalUri(uri));
        }
        request
    }

    #[inline]
    pub(super) fn response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        if let Self::Axum = self {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        response
    }
}
