//! The server through real sockets.

#![allow(unused_crate_dependencies, missing_docs)]

mod admin;
mod analytics;
mod client;
mod contract;
mod durability;
mod edge;
mod isolation;
mod malformed;
mod process;
mod quick_start;
mod quota;
mod server;
mod users;
