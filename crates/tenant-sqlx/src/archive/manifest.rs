use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The version of all that is written.
    pub(crate) format: u32,
    /// Which database's values these are.
    pub(crate) database: String,
    /// Whose rows.
    pub(crate) tenant_id: String,
    /// The tenant as its rows name it.
    pub(crate) tenant_key: Value,
    /// The moment that all rows are of.
    pub(crate) exported_at: String,
    pub(crate) tables: Vec<ManifestTable>,
}

/// One of its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestTable {
    pub(crate) name: String,
    pub(crate) rows: u64,
    /// Of the file's bytes, in hexadecimal digits.
    pub(crate) sha256: String,
}

impl Manifest {
    pub(crate) const FILE: &str = "manifest.json";

    /// Longer ones are refused.
    pub(crate) const LONGEST: u64 = 4 << 20;
}
