//! The house at work: a multi-tenant server on SQLite with everything the workspace holds.
//!
//! It is a library function that serves a listener it is given, so that tests drive it in-process and out of process
//! alike; `main` only reads the environment.

mod admin;
mod analytics;
mod api;
mod audit;
mod audit_page;
mod callers;
mod connection;
mod docs;
mod domains;
mod events;
mod executions;
mod exporting;
mod fair;
mod hosts;
mod http;
mod jobs;
mod limits;
mod login;
mod metering;
mod news;
mod org;
mod outgoing;
mod places;
mod plan_changes;
mod plans;
mod public;
mod route;
mod serve;
mod server;
mod settings;
mod shared;
mod state;
mod stock;
pub mod telemetry;
mod tls;
mod tokens;

pub use admin::{ADMIN_ROUTES, mirrored_admin_routes};
pub use api::ROUTES;
pub use audit::{ACTIONS, Action};
pub use docs::document;
pub use org::ORGANISATION_ROUTES;
pub use route::{Needs, Route};
pub use server::{Server, StartError};
pub use settings::{InvalidSettings, Settings, TlsSettings, TokenKeySettings, TokenSettings};

use axum::response::IntoResponse;
use tenant::Rejection;

/// What no route matches.
async fn unmatched() -> impl IntoResponse {
    Rejection::not_found().with_detail("there is nothing at this path")
}
