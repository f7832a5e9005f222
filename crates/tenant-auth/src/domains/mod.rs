//! Proof that a tenant holds a host.

mod claims;
mod coarse;
mod dns;
mod error;
mod host;
mod memory;
mod proof;
mod txt;
mod well_known;

pub use self::{
    claims::{HostClaims, ProvedHost},
    dns::{Dns, DnsError},
    error::{HostClaimError, HostClaimErrorKind},
    memory::InMemoryHostClaims,
    proof::{DomainProof, DomainProofs, NotProved},
    txt::TxtProof,
    well_known::WellKnownProof,
};
