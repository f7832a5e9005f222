//! What every handler speaks: strict JSON in, problems out.

mod conditions;
mod cursor;
mod json;
mod name;
mod named;
mod once;
mod page;
mod query;

pub(crate) use conditions::{IfMatch, IfNoneMatch};
pub(crate) use cursor::CursorQuery;
pub(crate) use json::StrictJson;
pub(crate) use name::check_name;
pub(crate) use named::Named;
pub(crate) use page::{PageQuery, Paged};
pub(crate) use query::StrictQuery;
