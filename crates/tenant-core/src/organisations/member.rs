use crate::auth::Role;

/// Somebody who belongs to an organisation, or is invited to.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The person's id; of who is invited the invitation's.
    pub id: Box<str>,
    /// Their address.
    pub email: String,
    /// What they are, or will be.
    pub role: Role,
    /// Whether they have come.
    pub status: MemberStatus,
    /// What they told this organisation of themselves.
    pub profile: Profile,
    /// The projects whose team they are in, in order.
    pub projects: Vec<Box<str>>,
}

/// Whether somebody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberStatus {
    /// They are a member.
    Active,
    /// Their invitation is pending.
    Invited,
}

/// What somebody told one organisation of themselves. Each knows its own.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Their given name.
    pub first_name: Option<String>,
    /// Their family name.
    pub last_name: Option<String>,
    /// What they want to be called.
    pub username: Option<String>,
}

/// Which members are looked for; all by default. Another field breaks stores that would not heed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberFilter {
    /// Who are exactly this.
    pub role: Option<Role>,
    /// Who have come, or have not.
    pub status: Option<MemberStatus>,
    /// Who are in the team of this project.
    pub project_id: Option<String>,
}

/// How many seats of an organisation are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seats {
    /// By members.
    pub members: u64,
    /// By invitations that are pending.
    pub pending: u64,
}

impl Seats {
    /// All that are taken.
    #[must_use]
    pub const fn taken(self) -> u64 {
        self.members.saturating_add(self.pending)
    }
}

impl Member {
    /// Somebody without a name, in no project.
    #[must_use]
    pub fn new(id: impl Into<Box<str>>, email: impl Into<String>, role: Role, status: MemberStatus) -> Self {
        let (profile, projects) = (Profile::default(), Vec::new());
        Self { id: id.into(), email: email.into(), role, status, profile, projects }
    }
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").finish_non_exhaustive()
    }
}

impl MemberStatus {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Invited].into_iter().find(|status| status.as_str() == name)
    }
}
