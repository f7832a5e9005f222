//! Organisations: members, invitations, projects.

mod acceptance;
mod domains;
mod invitations;
mod members;
mod projects;
mod rules;
mod token;

use std::{fmt, sync::Arc, time::Duration};

use tenant_core::{
    Clock, StoreError, SystemClock, TenantContext, TenantId, Timestamp, UnixTime,
    organisations::{MemberStore, ProjectStore, Seats},
};

pub use self::{
    acceptance::Acceptance,
    domains::ALLOWED_DOMAINS,
    invitations::NewInvitation,
    members::MemberPage,
    projects::{NewProject, ProjectPage},
    token::InvitationToken,
};
use crate::mail::Mailer;

/// Who belongs to an organisation, who is invited to it, and what they work on. Clones share it.
///
/// | who | may |
/// |---|---|
/// | a viewer | read |
/// | a member | also make, change and remove projects |
/// | an admin | also invite, change and remove members who are not owners |
/// | an owner, the operator | all |
///
/// Nobody gives or takes a role above their own, as it is at that moment; an organisation that has an owner keeps one. What a
/// viewer or a member may is for the routes to see to; what this does to people it checks itself.
///
/// Members and pending invitations take seats, as many as the stock limit `users` says; projects are limited by `projects`.
#[derive(Clone)]
pub struct Organisations {
    members: Arc<dyn MemberStore>,
    projects: Arc<dyn ProjectStore>,
    mailer: Arc<dyn Mailer>,
    clock: Arc<dyn Clock>,
    invitations_last: Duration,
    accept_at: String,
}

/// How long an invitation lasts where nothing else is said.
const SEVEN_DAYS: Duration = Duration::from_secs(7 * 24 * 3_600);
/// So many at most are on a page.
const LONGEST_PAGE: u32 = 100;

impl Organisations {
    /// Those of a store. Mails lead to this address, without the token.
    #[must_use]
    pub fn new<S>(store: Arc<S>, mailer: Arc<dyn Mailer>, accept_at: impl Into<String>) -> Self
    where
        S: MemberStore + ProjectStore + 'static,
    {
        Self {
            members: Arc::clone(&store) as Arc<dyn MemberStore>,
            projects: store,
            mailer,
            clock: Arc::new(SystemClock::new()),
            invitations_last: SEVEN_DAYS,
            accept_at: accept_at.into(),
        }
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Lets invitations last so long; 7 days by default.
    #[must_use]
    pub fn invitations_last(self, invitations_last: Duration) -> Self {
        Self { invitations_last, ..self }
    }

    /// How many seats of a tenant, which may be suspended, are taken.
    ///
    /// # Errors
    /// The store failed.
    pub async fn seats(&self, tenant: &TenantId) -> Result<Seats, StoreError> {
        self.members.seats(tenant, self.now()).await
    }

    /// How many projects a tenant has, which may be suspended.
    ///
    /// # Errors
    /// The store failed.
    pub async fn count_projects(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.projects.count_projects(tenant).await
    }

    fn now(&self) -> Timestamp {
        self.clock.unix().into()
    }
}

impl fmt::Debug for Organisations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Organisations")
            .field("invitations_last", &self.invitations_last)
            .finish_non_exhaustive()
    }
}

/// How many of something a tenant may have at a moment.
fn most(tenant: &TenantContext, dimension: &str, now: UnixTime) -> Option<u64> {
    tenant.limits_at(now).stock(dimension).filter(|limit| !limit.shadow).map(|limit| limit.limit)
}

/// A page of what was fetched with one more than it holds, and whether that is the last.
fn page<T>(mut found: Vec<T>, limit: u32) -> (Vec<T>, bool) {
    let is_last = found.len() <= limit as usize;
    found.truncate(limit as usize);
    (found, is_last)
}
