use serde::Deserialize;
use tenant::Rejection;
use utoipa::ToSchema;

use crate::{docs::schemas, http::Named};

/// What the model is asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatRequest {
    #[schema(min_length = 1)]
    pub(super) model: String,
    #[schema(min_items = 1, value_type = Vec<Message>)]
    messages: Vec<Named<Message>>,
    #[serde(default)]
    #[schema(schema_with = schemas::tools)]
    pub(super) tools: Vec<String>,
    #[schema(minimum = 1, maximum = 9_007_199_254_740_992_u64)]
    max_tokens: Option<u64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    #[schema(min_length = 1)]
    role: String,
    content: String,
}

const DEFAULT_MAX_TOKENS: u64 = 256;
// Beyond 2^53 not every integer is a JSON number (RFC 8259, section 6).
const MOST_TOKENS: u64 = 1 << 53;
// Each is held against the policy.
const MOST_TOOLS: usize = 128;

impl ChatRequest {
    pub(super) fn check(&self) -> Result<(), Rejection> {
        if self.model.is_empty() {
            return Err(wrong("model", "model must not be empty"));
        }
        if self.messages.is_empty() {
            return Err(wrong("messages", "messages must not be empty"));
        }
        if self.messages.iter().any(|Named(message)| message.role.is_empty()) {
            return Err(wrong("messages", "the role of a message must not be empty"));
        }
        if self.tools.len() > MOST_TOOLS || self.tools.iter().any(String::is_empty) {
            return Err(wrong("tools", "tools must be at most 128 names, none of them empty"));
        }
        if !(1..=MOST_TOKENS).contains(&self.max_tokens()) {
            return Err(wrong("max_tokens", "max_tokens must be an integer from 1 to 9007199254740992"));
        }
        Ok(())
    }

    pub(super) fn prompt_tokens(&self) -> u64 {
        let words = |Named(message): &Named<Message>| message.content.split_whitespace().count();
        self.messages.iter().map(|message| u64::try_from(words(message)).unwrap_or(u64::MAX)).sum()
    }

    /// The most that the answer may have.
    pub(super) fn max_tokens(&self) -> u64 {
        self.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS)
    }

    /// What the model says: the last message.
    pub(super) fn into_echo(mut self) -> String {
        self.messages.pop().map_or_else(String::new, |Named(message)| message.content)
    }
}

fn wrong(field: &'static str, detail: &'static str) -> Rejection {
    Rejection::invalid_request(detail).with_field(field)
}
