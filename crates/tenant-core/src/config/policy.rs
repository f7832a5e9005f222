use serde::{Deserialize, Serialize};

/// What a tenant may ask for. An empty list allows everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyConfig {
    /// Models, by exact name.
    #[serde(default)]
    pub allowed_models: Vec<String>,
    /// Tools, by exact name.
    #[serde(default)]
    pub allowed_tools: Vec<String>,
    /// HTTP methods, in upper case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_methods: Vec<String>,
    /// Paths: each allows itself and everything below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_paths: Vec<String>,
}
