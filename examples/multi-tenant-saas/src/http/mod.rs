//! What every handler speaks: strict JSON in, problems out.

mod json;
mod page;
mod query;

pub(crate) use json::StrictJson;
pub(crate) use page::{PageQuery, Paged};
pub(crate) use query::StrictQuery;
