use serde::Serialize;
use serde_json::Value;
use tenant_sql::Refusal;

/// One answer of `--jsonl`.
#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) id: Value,
    pub(super) ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sql: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binds: Option<Vec<Bind>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Problem>,
}

/// What is bound, in order.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bind {
    /// The caller's argument of this number, counted from 1.
    Arg(usize),
    /// The tenant.
    Tenant(String),
}

#[derive(Debug, Serialize)]
pub(super) struct Problem {
    pub(super) kind: String,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into() }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.kind().as_str(), refusal.to_string())
    }
}
