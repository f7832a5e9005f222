use serde::Deserialize;
use serde_json::Value;
use tenant_sql::CatalogDeclaration;

use crate::language::DialectName;

/// One line of `--jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// Repeated in the answer, whatever it is.
    #[serde(default)]
    pub(super) id: Value,
    pub(super) sql: Option<String>,
    /// Wins over the option, for this line.
    pub(super) tenant: Option<String>,
    /// Holds from this line on.
    pub(super) dialect: Option<DialectName>,
    /// Holds from this line on; the catalog file's shape.
    pub(super) catalog: Option<CatalogDeclaration>,
}
