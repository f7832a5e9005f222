//! What the server can be asked, for programs (`/openapi.json`) and for people (`/docs`).
//!
//! Both are the same for everybody and in every deployment: they are put together from the routes and the types of their
//! bodies, and hold nothing of a tenant and nothing of a setting.

mod document;
mod operation;
pub(crate) mod schemas;
mod site;

pub use document::document;
pub(crate) use operation::{Operation, Who, body, list, operation};
pub(crate) use site::router;
