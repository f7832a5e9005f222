//! What every handler speaks: strict JSON in, problems out.

mod cursor;
mod json;
mod name;
mod page;
mod query;

pub(crate) use cursor::CursorQuery;
pub(crate) use json::StrictJson;
pub(crate) use name::check_name;
pub(crate) use page::{PageQuery, Paged};
pub(crate) use query::StrictQuery;
