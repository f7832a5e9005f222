//! The server through real sockets.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, unreachable_pub)]

mod addresses;
mod admin;
mod analytics;
mod audit;
mod callers;
mod chat;
mod client;
mod clones;
mod contract;
mod crowd;
mod day;
mod documentation;
mod domains;
mod durability;
mod edge;
mod events;
mod executions;
mod fair;
mod hostile;
mod isolation;
mod jobs;
mod malformed;
mod matrix;
mod mfa;
mod mirror;
mod organisations;
mod plans;
mod process;
mod quick_start;
mod quota;
mod redis;
mod server;
mod settings;
mod signing_out;
mod stream;
mod stripe;
mod tls;
mod usage;
mod users;
mod versions;
mod webhooks;
mod websocket;
mod workflows;
