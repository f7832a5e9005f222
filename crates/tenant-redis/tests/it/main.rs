//! Against real servers of Redis, each private to these tests. A test that has none fails.

mod cache;
mod changes;
mod support;
