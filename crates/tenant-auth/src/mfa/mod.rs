//! Second factors: codes of an authenticator app, and recovery codes.

mod code;
mod engine;
mod enrolment;
mod error;
mod memory;
mod recovery;
mod seal;
mod totp;

pub use self::{
    engine::{Mfa, MfaStanding},
    enrolment::Enrolment,
    error::{MfaError, MfaErrorKind},
    memory::InMemoryMfa,
    seal::{InvalidMfaKey, MfaKey},
};
