//! Requests a minute, by whatever they are counted: of one instance, without a tenant.

mod bucket;
mod counts;

use std::time::Duration;

pub(crate) use self::{bucket::Rate, counts::Counts};
use crate::Rejection;

/// The answer to one request too many.
#[cold]
pub(crate) fn denied(wait: Duration, detail: &'static str) -> Rejection {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Rejection::quota_exceeded(Some(seconds)).with_detail(detail)
}
