use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::StreamWatch;

pin_project! {
    /// A body that ends when its [`StreamGuard`](crate::StreamGuard) says so.
    pub struct WatchedBody<B> {
        #[pin]
        body: Option<B>,
        watch: StreamWatch,
    }
}

impl<B> WatchedBody<B> {
    pub(super) const fn new(body: B, watch: StreamWatch) -> Self {
        Self { body: Some(body), watch }
    }
}

impl<B: Body> Body for WatchedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        // First, and each time: a body that always has more never waits.
        let frame = match Pin::new(this.watch).poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => body.poll_frame(cx),
        };
        if let Poll::Ready(None | Some(Err(_))) = frame {
            this.body.set(None);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    /// How long it is at most: it may end before.
    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        if let Some(most) = self.body.as_ref().map_or(Some(0), |body| body.size_hint().upper()) {
            hint.set_upper(most);
        }
        hint
    }
}

impl<B> fmt::Debug for WatchedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedBody").field("watch", &self.watch).finish_non_exhaustive()
    }
}
