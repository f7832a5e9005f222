//! Servers on the loopback interface, and who sends them requests.
//!
//! Each server runs on a thread of its own, so that one is not faster for having more threads than another, and is
//! driven over the same number of kept-alive connections from another thread.

mod client;
mod cpu;
mod server;

pub use client::Client;
pub use cpu::{elapsed, process_time, processor_time};
pub use server::{Server, ServerKind};
