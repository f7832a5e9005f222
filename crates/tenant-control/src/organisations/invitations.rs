use tenant_auth::normalize_email;
use tenant_core::{
    StoreError, TenantContext, Timestamp,
    auth::Role,
    organisations::{Actor, Invitation, OrganisationError},
};
use uuid::Uuid;

use super::{
    Organisations, domains, most,
    rules::{check_projects, invalid},
    token::InvitationToken,
};
use crate::mail::Message;

/// Who is to be invited.
#[derive(Clone)]
pub struct NewInvitation {
    /// Their address, as they write it.
    pub email: String,
    /// What they will be.
    pub role: Role,
    /// The projects whose team they will be in.
    pub projects: Vec<Box<str>>,
}

impl std::fmt::Debug for NewInvitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewInvitation").field("role", &self.role).finish_non_exhaustive()
    }
}

impl Organisations {
    /// Invites somebody, by a mail that holds the token. Nobody else learns it. Where the mail can't be sent, the invitation is
    /// taken back.
    ///
    /// # Errors
    /// The address can't be written to (`Invalid`), its domain is not allowed (`PolicyDenied`), those of
    /// [`MemberStore::invite`](tenant_core::organisations::MemberStore::invite), or the mail could not be sent (`Unavailable`).
    pub async fn invite(
        &self,
        tenant: &TenantContext,
        by: &Actor,
        new: NewInvitation,
    ) -> Result<Invitation, OrganisationError> {
        let email = normalize_email(&new.email).filter(|email| Message::admits(email));
        let email = email.ok_or_else(|| invalid("this is no e-mail address"))?;
        check_projects(&new.projects)?;
        domains::admit(tenant, &email)?;
        let token = InvitationToken::new(tenant.id())?;
        let invitation = self.draft(&token, email, new);
        let message = self.message(tenant, &invitation, &token)?;
        let most = most(tenant, "users", self.clock.unix());
        self.members.invite(tenant, by, &invitation, most).await?;
        if let Err(error) = self.mailer.send(&message).await {
            // Who invites tries again, and nobody has the token.
            self.members.remove(tenant, &Actor::Operator, &invitation.invitation_id).await?;
            return Err(StoreError::unavailable(error).into());
        }
        Ok(invitation)
    }

    fn draft(&self, token: &InvitationToken, email: String, new: NewInvitation) -> Invitation {
        let now = self.now();
        let last = i64::try_from(self.invitations_last.as_micros()).unwrap_or(i64::MAX);
        let end = Timestamp::from_unix_micros(now.as_unix_micros().saturating_add(last));
        // Random: one that counts would tell how many there are, one of the time when others came.
        let id = Uuid::new_v4().to_string();
        let mut invitation = Invitation::new(id, email, new.role, token.digest(), now, end);
        invitation.projects = new.projects;
        invitation.projects.sort_unstable();
        invitation.projects.dedup();
        invitation
    }

    fn message(
        &self,
        tenant: &TenantContext,
        invitation: &Invitation,
        token: &InvitationToken,
    ) -> Result<Message, OrganisationError> {
        // The name is the organisation's own choice: in a subject it could be anybody's, so that is the id.
        let (id, role, accept_at) = (tenant.id(), invitation.role, &self.accept_at);
        let body = format!(
            "You are invited to {id} as {role}.\n\nAccept until {}:\n{accept_at}?token={}\n\n\
             Whoever has this link can come in as you. If you expected no invitation, ignore it.\n",
            invitation.expires_at,
            token.as_str(),
        );
        let message = Message::new(&invitation.email, &format!("Your invitation to {id}"), &body);
        message.map_err(|_| invalid("this is no e-mail address"))
    }
}
