//! The body of a request, watched for its end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum_core::body::Body;
use http_body::{Body as _, Frame, SizeHint};
use tenant_sqlx::TenantDatabase;

use super::slot::Slot;

/// Tells the slot when nobody waits for more of the body: it has ended, failed, or is dropped.
pub(super) struct Watched<DB: TenantDatabase> {
    body: Body,
    slot: Slot<DB>,
}

impl<DB: TenantDatabase> Watched<DB> {
    /// A body that is empty, as most are, is left as it is.
    pub(super) fn watch(body: Body, slot: &Slot<DB>) -> Body {
        if body.is_end_stream() {
            return body;
        }
        slot.body_comes();
        Body::new(Self { body, slot: slot.clone() })
    }
}

impl<DB: TenantDatabase> http_body::Body for Watched<DB> {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.slot.body_ends();
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

impl<DB: TenantDatabase> Drop for Watched<DB> {
    fn drop(&mut self) {
        self.slot.body_ends();
    }
}
