//! Who is calling: principals, what proves them, and what is kept of it.
//!
//! A [`Credential`] is a claim; a [`Principal`] is proof, as a [`TenantContext`](crate::TenantContext) is for a tenant. Layers
//! of `tenant-tower` collect credentials and ask an [`Authenticator`]; `tenant-auth` has those for tokens, API keys, sessions
//! and passwords; `tenant-sqlx` and `tenant-redis` have the stores.

mod authenticator;
mod credential;
mod keys;
mod mfa;
mod people;
mod principal;
mod revocations;
mod role;
mod scopes;
mod sessions;

pub use self::{
    authenticator::{AuthError, AuthErrorKind, Authenticator, Authenticators},
    credential::{Credential, CredentialKind, Proof},
    keys::{ApiKeyRecord, ApiKeyStore},
    mfa::{ActiveFactor, MfaRecord, MfaStore, PendingFactor, Tries},
    people::{PeopleStore, Person},
    principal::{Membership, Principal, PrincipalBuilder},
    revocations::{Revocation, RevocationStore, Revoked},
    role::Role,
    scopes::{InvalidScopes, Scopes},
    sessions::{SessionRecord, SessionStore},
};
