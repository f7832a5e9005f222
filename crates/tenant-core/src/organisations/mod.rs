//! Organisations: who belongs to a tenant, who was invited, and what they work on.
//!
//! An organisation is a tenant. Every method takes a [`TenantContext`](crate::TenantContext): nothing of another tenant's is
//! listed, counted, found or changed, and an id of another's is as unknown as one that nobody has.

mod actor;
mod error;
mod invitation;
mod member;
mod project;
mod store;

pub use self::{
    actor::Actor,
    error::{OrganisationError, OrganisationErrorKind},
    invitation::Invitation,
    member::{Member, MemberFilter, MemberStatus, Profile, Seats},
    project::{Project, ProjectChange, TeamMember},
    store::{MemberStore, ProjectStore},
};
