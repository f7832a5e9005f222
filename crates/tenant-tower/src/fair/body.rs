use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::gate::Slot;
use crate::TenantBody;

pin_project! {
    /// The body of a response that holds its slot until it has ended, failed, or is dropped.
    pub struct FairBody<B> {
        #[pin]
        body: TenantBody<B>,
        slot: Option<Slot>,
    }
}

impl<B> FairBody<B> {
    pub(super) const fn new(body: TenantBody<B>, slot: Option<Slot>) -> Self {
        Self { body, slot }
    }
}

impl<B: Body> Body for FairBody<B>
where
    B::Data: From<Bytes>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let frame = this.body.poll_frame(cx);
        if let Poll::Ready(None | Some(Err(_))) = frame {
            *this.slot = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Default> Default for FairBody<B> {
    fn default() -> Self {
        Self::new(TenantBody::default(), None)
    }
}

impl<B> fmt::Debug for FairBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FairBody").field("body", &self.body).finish_non_exhaustive()
    }
}
