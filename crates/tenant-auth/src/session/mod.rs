//! Sessions: what a browser holds, what is kept of it, and who looks at it.

mod memory;
mod new;
mod secret;
mod sessions;

pub use self::{
    memory::InMemorySessions,
    new::NewSession,
    secret::{csrf_matches, csrf_token, session_name},
    sessions::Sessions,
};
