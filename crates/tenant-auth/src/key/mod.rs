//! API keys: how they look, how they are made, and who looks at them.

mod format;
mod memory;
mod new;
mod uses;
mod verifier;

pub use self::{
    memory::InMemoryApiKeys,
    new::{ApiKeyMode, NewApiKey},
    verifier::{ApiKeyUses, ApiKeyVerifier},
};
