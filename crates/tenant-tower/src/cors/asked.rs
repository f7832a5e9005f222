use http::{HeaderValue, Method, header};

use crate::RequestHead;

/// What a request asks, as far as pages of other origins are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Nothing: no page of another origin sent it, or nobody can say which.
    Nothing,
    /// Whether a page of this origin may send a request; `None` where it is not one origin.
    Leave(Option<HeaderValue>),
    /// Something, from a page of this origin.
    Access(HeaderValue),
}

impl Asked {
    /// A preflight is an `OPTIONS` with `Access-Control-Request-Method` (<https://fetch.spec.whatwg.org/#cors-preflight-request>).
    pub(super) fn by(head: &RequestHead<'_>) -> Self {
        let is_preflight = *head.method() == Method::OPTIONS
            && head.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        // Of two, a proxy may have looked at the other one.
        let origin = head.only(&header::ORIGIN).ok().flatten().cloned();
        match origin {
            origin if is_preflight => Self::Leave(origin),
            Some(origin) => Self::Access(origin),
            None => Self::Nothing,
        }
    }

    pub(super) const fn origin(&self) -> Option<&HeaderValue> {
        match self {
            Self::Nothing | Self::Leave(None) => None,
            Self::Leave(Some(origin)) | Self::Access(origin) => Some(origin),
        }
    }
}
