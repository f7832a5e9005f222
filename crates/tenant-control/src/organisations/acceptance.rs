use tenant_auth::{Passwords, People};
use tenant_core::{
    TenantContext, Timestamp,
    auth::{PeopleStore, Person, Role},
    organisations::{Invitation, OrganisationError, OrganisationErrorKind, Profile},
};

use super::{
    Organisations, domains, most,
    rules::{check_profile, invalid},
    token::InvitationToken,
};

/// What who is invited says.
#[derive(Clone)]
pub struct Acceptance {
    /// Their own password where they have one, else the one that they choose.
    pub password: String,
    /// What they tell this organisation of themselves.
    pub profile: Profile,
}

impl std::fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acceptance").finish_non_exhaustive()
    }
}

/// How often somebody else may come with the same address at the same moment.
const TRIES: usize = 3;

impl Organisations {
    /// Makes who was invited a member. Who has the address already, whatever else they belong to, needs their own password; else
    /// this becomes theirs. What is not taken does not use the invitation up.
    ///
    /// # Errors
    /// There is no such invitation (`NotFound`), it was accepted (`Used`) or is over (`Expired`), the password or a name can't be
    /// taken (`Invalid`), the password is not theirs (`Unauthenticated`), the domain is not allowed any more (`PolicyDenied`),
    /// there is no seat (`Full`), they are a member already (`Conflict`), too many wait (`Overloaded`), or a store failed.
    pub async fn accept<S: PeopleStore>(
        &self,
        people: &People<S>,
        tenant: &TenantContext,
        token: &InvitationToken,
        acceptance: &Acceptance,
    ) -> Result<(Person, Role), OrganisationError> {
        let (now, digest) = (self.now(), token.digest());
        let Acceptance { password, profile } = acceptance;
        // Before any password is looked at: who has no token does not make anybody work.
        let invitation = self.open_invitation(tenant, token, now).await?;
        domains::admit(tenant, &invitation.email)?;
        check_profile(profile)?;
        Passwords::admit(password).map_err(|_| invalid("a password has 8 to 1024 bytes"))?;
        for _ in 0..TRIES {
            let person = people.meet(&invitation.email, password, now).await?;
            let seats = most(tenant, "users", self.clock.unix());
            if self.members.accept(tenant, &digest, &person, profile, now, seats).await? {
                return Ok((person, invitation.role));
            }
        }
        Err(OrganisationError::new(OrganisationErrorKind::Conflict, "somebody came with the same address"))
    }

    async fn open_invitation(
        &self,
        tenant: &TenantContext,
        token: &InvitationToken,
        now: Timestamp,
    ) -> Result<Invitation, OrganisationError> {
        let missing = || OrganisationError::not_found("there is no such invitation");
        if token.tenant() != tenant.id() {
            return Err(missing());
        }
        let found = self.members.invitation(tenant, &token.digest()).await?;
        let invitation = found.ok_or_else(missing)?;
        if invitation.accepted_at.is_some() {
            return Err(OrganisationError::new(OrganisationErrorKind::Used, "the invitation was accepted"));
        }
        if invitation.expires_at <= now {
            return Err(OrganisationError::new(OrganisationErrorKind::Expired, "the invitation has expired"));
        }
        Ok(invitation)
    }
}
