//! Doors that open too easily: each says what it risks.

pub use crate::resolver::query::QueryResolver;
