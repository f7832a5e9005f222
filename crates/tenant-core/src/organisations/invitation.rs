use crate::{Timestamp, auth::Role};

/// An invitation as it is kept: never its token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// Unique, and tells nothing of how many there are.
    pub invitation_id: Box<str>,
    /// Who is invited; as [`Person::email`](crate::auth::Person::email) is kept.
    pub email: String,
    /// What they will be.
    pub role: Role,
    /// The projects whose team they will be in.
    pub projects: Vec<Box<str>>,
    /// The SHA-256 of the token. The token has 256 random bits: nothing slower is needed.
    pub digest: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
}

impl Invitation {
    /// A pending invitation to no project.
    #[must_use]
    pub fn new(
        invitation_id: impl Into<Box<str>>,
        email: impl Into<String>,
        role: Role,
        digest: [u8; 32],
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            invitation_id: invitation_id.into(),
            email: email.into(),
            role,
            projects: Vec::new(),
            digest,
            created_at,
            expires_at,
            accepted_at: None,
        }
    }
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation").field("invitation_id", &self.invitation_id).finish_non_exhaustive()
    }
}
