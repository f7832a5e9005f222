use crate::auth::Role;

/// Who changes something in an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever runs the deployment.
    Operator,
    /// Somebody of the organisation.
    Person {
        /// Who. Where they are a member, what they are at this moment counts too, not only what their credential says.
        person_id: Box<str>,
        /// What their credential says they are.
        role: Role,
    },
}

impl Actor {
    /// Somebody of the organisation.
    #[must_use]
    pub fn person(person_id: impl Into<Box<str>>, role: Role) -> Self {
        Self::Person { person_id: person_id.into(), role }
    }

    /// What they may at most.
    ///
    /// # Example
    /// ```
    /// use tenant_core::{auth::Role, organisations::Actor};
    ///
    /// assert_eq!(Actor::Operator.role(), Role::Owner);
    /// assert_eq!(Actor::person("ada", Role::Member).role(), Role::Member);
    /// ```
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::Operator => Role::Owner,
            Self::Person { role, .. } => *role,
        }
    }
}
