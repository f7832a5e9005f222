use crate::{Timestamp, auth::Role};

/// What members work on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Project {
    /// Unique, and never used again.
    pub project_id: Box<str>,
    /// What it is called.
    pub name: String,
    /// What it is called in addresses; unique in its organisation.
    pub slug: String,
    /// What it is, in the organisation's own words.
    pub kind: String,
    /// Where it runs, such as `production`.
    pub environment: String,
    /// Who works on it, by their ids.
    pub team: Vec<TeamMember>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Somebody in a project's team: a member of the same organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamMember {
    /// Who.
    pub person_id: Box<str>,
    /// What they are in the project.
    pub role: Role,
}

/// What is to change of a project; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectChange {
    /// Another name.
    pub name: Option<String>,
    /// Another slug.
    pub slug: Option<String>,
    /// Another kind.
    pub kind: Option<String>,
    /// Another environment.
    pub environment: Option<String>,
    /// Another team, all of it.
    pub team: Option<Vec<TeamMember>>,
}

impl Project {
    /// A project without a kind, an environment or a team.
    #[must_use]
    pub fn new(
        project_id: impl Into<Box<str>>,
        name: impl Into<String>,
        slug: impl Into<String>,
        created_at: Timestamp,
    ) -> Self {
        Self {
            project_id: project_id.into(),
            name: name.into(),
            slug: slug.into(),
            kind: String::new(),
            environment: String::new(),
            team: Vec::new(),
            created_at,
        }
    }
}

impl TeamMember {
    /// Somebody, with what they are in the project.
    #[must_use]
    pub fn new(person_id: impl Into<Box<str>>, role: Role) -> Self {
        Self { person_id: person_id.into(), role }
    }
}
