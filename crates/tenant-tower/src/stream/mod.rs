//! What stays open: whether it may go on.

mod body;
mod end;
mod guard;
mod watch;

pub use self::{body::WatchedBody, end::StreamEnd, guard::StreamGuard, watch::StreamWatch};
