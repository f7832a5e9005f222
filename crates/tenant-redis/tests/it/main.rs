//! Against real servers of Redis, each private to these tests. A test that has none fails.

mod cache;
mod changes;
mod cluster;
mod denied;
mod outage;
mod permits;
mod quota;
mod support;
