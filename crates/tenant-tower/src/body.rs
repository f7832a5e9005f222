//! The body of a response that went through a layer.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tenant_core::quota::Permit;

pin_project! {
    /// The inner service's body, or the problem that a layer answered with.
    ///
    /// It holds the permit under which the request was admitted, until it has ended, failed, or is dropped.
    #[project = BodyProj]
    pub struct TenantBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B> {
        Inner { #[pin] body: B, permit: Option<Permit> },
        Problem { bytes: Bytes },
    }
}

impl<B> TenantBody<B> {
    /// The inner service's body.
    pub const fn inner(body: B) -> Self {
        Self::holding(body, None)
    }

    /// The inner service's body, of a request that was admitted under a permit.
    pub(crate) const fn holding(body: B, permit: Option<Permit>) -> Self {
        Self { kind: Kind::Inner { body, permit } }
    }

    /// A problem, rendered.
    pub(crate) const fn problem(bytes: Bytes) -> Self {
        Self { kind: Kind::Problem { bytes } }
    }
}

impl<B: Body> Body for TenantBody<B>
where
    B::Data: From<Bytes>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.project().kind.project() {
            KindProj::Inner { body, permit } => {
                let frame = body.poll_frame(cx);
                if let Poll::Ready(None | Some(Err(_))) = frame {
                    *permit = None;
                }
                frame
            }
            KindProj::Problem { bytes } if bytes.is_empty() => Poll::Ready(None),
            KindProj::Problem { bytes } => {
                let data = std::mem::take(bytes).into();
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body, permit: _ } => body.is_end_stream(),
            Kind::Problem { bytes } => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body, permit: _ } => body.size_hint(),
            Kind::Problem { bytes } => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
        }
    }
}

impl<B: Default> Default for TenantBody<B> {
    fn default() -> Self {
        Self::inner(B::default())
    }
}

impl<B> fmt::Debug for TenantBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.kind {
            Kind::Inner { .. } => "TenantBody(inner)",
            Kind::Problem { .. } => "TenantBody(problem)",
        })
    }
}
