//! People who sign in. Each exists once, whatever they belong to.

use async_trait::async_trait;

use super::Role;
use crate::{StoreError, TenantContext, TenantId, Timestamp};

/// Somebody who signs in.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// Unique, and never used again.
    pub person_id: Box<str>,
    /// Unique; lower case, without blanks around it.
    pub email: String,
    /// The password's hash, in the PHC format; `None` where none was chosen yet.
    pub password_hash: Option<String>,
    /// When they came.
    pub created_at: Timestamp,
}

impl Person {
    /// Somebody without a password.
    #[must_use]
    pub fn new(person_id: impl Into<Box<str>>, email: impl Into<String>, created_at: Timestamp) -> Self {
        Self { person_id: person_id.into(), email: email.into(), password_hash: None, created_at }
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("person_id", &self.person_id).finish_non_exhaustive()
    }
}

/// Keeps people and what they are where.
#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// Who has this e-mail, with what they are in each of their tenants.
    ///
    /// # Errors
    /// The store failed.
    async fn find_by_email(&self, email: &str)
    -> Result<Option<(Person, Vec<(TenantId, Role)>)>, StoreError>;

    /// What somebody is in each of their tenants.
    ///
    /// # Errors
    /// The store failed.
    async fn memberships(&self, person_id: &str) -> Result<Vec<(TenantId, Role)>, StoreError>;

    /// Makes somebody a member of the tenant; who is there already, by their id, stays as they are. `false`, and nothing is
    /// written, where somebody else has the e-mail.
    ///
    /// # Errors
    /// They are a member already (`AlreadyExists`), or the store failed.
    async fn join(&self, tenant: &TenantContext, person: &Person, role: Role) -> Result<bool, StoreError>;

    /// Gives somebody another password's hash, if the one they have is still this; `false` where it is not, or nobody has the
    /// id.
    ///
    /// # Errors
    /// The store failed.
    async fn set_password(
        &self,
        person_id: &str,
        former: Option<&str>,
        hash: &str,
    ) -> Result<bool, StoreError>;

    /// Takes somebody out of the tenant; `false` where they are no member.
    ///
    /// # Errors
    /// The store failed.
    async fn leave(&self, tenant: &TenantContext, person_id: &str) -> Result<bool, StoreError>;
}
