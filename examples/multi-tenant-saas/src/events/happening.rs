use serde_json::{Value, json};
use tenant::{TenantId, Timestamp, auth::Role};

/// What is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    UserCreated,
    UserDeleted,
    WorkflowCreated,
    WorkflowDeleted,
    ExecutionStarted,
    ExecutionCompleted,
    ApiKeyCreated,
    ApiKeyRevoked,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::UserCreated,
        Self::UserDeleted,
        Self::WorkflowCreated,
        Self::WorkflowDeleted,
        Self::ExecutionStarted,
        Self::ExecutionCompleted,
        Self::ApiKeyCreated,
        Self::ApiKeyRevoked,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::UserCreated => "user.created",
            Self::UserDeleted => "user.deleted",
            Self::WorkflowCreated => "workflow.created",
            Self::WorkflowDeleted => "workflow.deleted",
            Self::ExecutionStarted => "execution.started",
            Self::ExecutionCompleted => "execution.completed",
            Self::ApiKeyCreated => "api_key.created",
            Self::ApiKeyRevoked => "api_key.revoked",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The role it takes to hear of it: the one that may ask for what it is about.
    pub(crate) const fn audience(self) -> Option<Role> {
        match self {
            Self::ApiKeyCreated | Self::ApiKeyRevoked => Some(Role::Admin),
            Self::UserCreated
            | Self::UserDeleted
            | Self::WorkflowCreated
            | Self::WorkflowDeleted
            | Self::ExecutionStarted
            | Self::ExecutionCompleted => None,
        }
    }
}

/// What has happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening<'a> {
    /// To a user or a workflow.
    Kept(Kind, &'a str),
    Started {
        execution: &'a str,
        workflow: &'a str,
    },
    Completed {
        execution: &'a str,
        workflow: &'a str,
        outcome: &'a str,
    },
    /// To an API key.
    Key(Kind, &'a str),
}

impl Happening<'_> {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Kept(kind, _) | Self::Key(kind, _) => *kind,
            Self::Started { .. } => Kind::ExecutionStarted,
            Self::Completed { .. } => Kind::ExecutionCompleted,
        }
    }

    pub(super) fn told(&self, tenant: &TenantId, at: Timestamp) -> Value {
        let mut told = match self {
            Self::Kept(_, id) => json!({ "id": id }),
            Self::Key(_, id) => json!({ "key_id": id }),
            Self::Started { execution, workflow } => {
                json!({ "execution_id": execution, "workflow_id": workflow })
            }
            Self::Completed { execution, workflow, outcome } => {
                json!({ "execution_id": execution, "workflow_id": workflow, "outcome": outcome })
            }
        };
        if let Some(members) = told.as_object_mut() {
            members.insert("tenant_id".into(), tenant.as_str().into());
            members.insert("at".into(), at.to_string().into());
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.name()) == Some(kind)));
        assert_eq!(Kind::parse("user"), None);
    }
}
