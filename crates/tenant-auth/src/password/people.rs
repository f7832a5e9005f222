use std::fmt;

use tenant_core::{
    StoreError, StoreErrorKind, TenantContext, TenantId, Timestamp,
    auth::{AuthError, PeopleStore, Person, Role},
};

use super::{PasswordCheck, Passwords, normalize_email};
use crate::random::random;

/// People who sign in with an e-mail address and a password.
///
/// Who is not there, who has no password and who gives a wrong one hear the same after the same work.
pub struct People<S> {
    store: S,
    passwords: Passwords,
}

/// Somebody who has signed in, with what they are in each of their tenants.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// What they are where.
    pub memberships: Vec<(TenantId, Role)>,
}

impl SignedIn {
    /// What they are in a tenant; nothing where they are no member.
    #[must_use]
    pub fn role_in(&self, tenant: &TenantId) -> Option<Role> {
        self.memberships.iter().find(|(of, _)| of == tenant).map(|(_, role)| *role)
    }
}

const REJECTED: AuthError = AuthError::rejected("the e-mail address or the password is wrong");

impl<S: PeopleStore> People<S> {
    /// Those of a store.
    pub const fn new(store: S, passwords: Passwords) -> Self {
        Self { store, passwords }
    }

    /// The store behind.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Who has this address and this password. A hash that was made with less work than today's is made anew.
    ///
    /// # Errors
    /// There is nobody, or too many wait, or the store failed.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn, AuthError> {
        let email = normalize_email(email).ok_or(REJECTED)?;
        let found = self.store.find_by_email(&email).await?;
        let hash = found.as_ref().and_then(|(person, _)| person.password_hash.as_deref());
        let check = self.passwords.check(password, hash).await?;
        let (person, memberships) = found.ok_or(REJECTED)?;
        match check {
            PasswordCheck::Wrong => return Err(REJECTED),
            PasswordCheck::Right => {}
            PasswordCheck::Outdated => self.rehash(&person, password).await,
        }
        Ok(SignedIn { person, memberships })
    }

    /// Nobody is kept out because this fails.
    async fn rehash(&self, person: &Person, password: &str) {
        if let Ok(hash) = self.passwords.hash(password).await {
            let former = person.password_hash.as_deref();
            let _ = self.store.set_password(&person.person_id, former, &hash).await;
        }
    }

    /// Makes somebody a member of the tenant, with this password if they are new. Who has the address already keeps their
    /// own, which this must be: else whoever registered somebody's address first, for another tenant, would come in here too.
    ///
    /// Leave the password out only where it is known otherwise that who has the address is meant, such as by a mail to it.
    ///
    /// # Errors
    /// The address or the password can't be taken, they are a member already, or somebody has the address with another password:
    /// a [`StoreError`] of kind `Invalid` or `AlreadyExists`, which is the cause. Or too many wait, or the store failed.
    pub async fn join(
        &self,
        tenant: &TenantContext,
        email: &str,
        password: Option<&str>,
        role: Role,
        now: Timestamp,
    ) -> Result<Person, AuthError> {
        let invalid = |detail: &str| StoreError::new(StoreErrorKind::Invalid, detail);
        let email = normalize_email(email).ok_or_else(|| invalid("this is no e-mail address"))?;
        if let Some(Err(error)) = password.map(Passwords::admit) {
            return Err(invalid(&error.to_string()).into());
        }
        for _ in 0..TRIES {
            let person = self.person(&email, password, now).await?;
            if self.store.join(tenant, &person, role).await? {
                return Ok(person);
            }
        }
        Err(taken().into())
    }

    /// Who has the address, if this is their password, or somebody new with both. Nobody is kept by this: it is for a store that
    /// makes them a member, and whatever else belongs to that, in one step.
    ///
    /// Who has the address and no password is given this one. So ask only where it is known that who has the address is meant, such
    /// as by a mail to it.
    ///
    /// # Errors
    /// The address or the password can't be taken (a [`StoreError`] of kind `Invalid` is the cause), the password is not theirs,
    /// too many wait, or the store failed.
    pub async fn meet(&self, email: &str, password: &str, now: Timestamp) -> Result<Person, AuthError> {
        let invalid = |detail: &str| StoreError::new(StoreErrorKind::Invalid, detail);
        let email = normalize_email(email).ok_or_else(|| invalid("this is no e-mail address"))?;
        Passwords::admit(password).map_err(|error| invalid(&error.to_string()))?;
        let mut person = match self.store.find_by_email(&email).await? {
            Some((known, _)) if known.password_hash.is_some() => {
                let check = self.passwords.check(password, known.password_hash.as_deref()).await?;
                return if check == PasswordCheck::Wrong { Err(REJECTED) } else { Ok(known) };
            }
            Some((known, _)) => known,
            None => Person::new(person_id()?, email, now),
        };
        person.password_hash = Some(self.passwords.hash(password).await?);
        Ok(person)
    }

    /// Who has the address, or is to have it.
    async fn person(&self, email: &str, password: Option<&str>, now: Timestamp) -> Result<Person, AuthError> {
        let known = self.store.find_by_email(email).await?;
        match (known, password) {
            (Some((known, _)), Some(password)) => {
                match self.passwords.check(password, known.password_hash.as_deref()).await? {
                    PasswordCheck::Wrong => Err(taken().into()),
                    PasswordCheck::Right | PasswordCheck::Outdated => Ok(known),
                }
            }
            (Some((known, _)), None) => Ok(known),
            (None, password) => {
                let mut new = Person::new(person_id()?, email, now);
                if let Some(password) = password {
                    new.password_hash = Some(self.passwords.hash(password).await?);
                }
                Ok(new)
            }
        }
    }
}

/// How often somebody else may come with the same address at the same moment.
const TRIES: usize = 3;

fn taken() -> StoreError {
    StoreError::new(StoreErrorKind::AlreadyExists, "somebody has the e-mail address, with another password")
}

/// Random, so that nobody has somebody else's by counting, nor one that was used before.
fn person_id() -> Result<String, AuthError> {
    Ok(data_encoding::HEXLOWER.encode(&random::<16>()?))
}

impl<S> fmt::Debug for People<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People").finish_non_exhaustive()
    }
}
