use serde::Deserialize;
use serde_json::Value;
use tenant_sql::{CatalogDeclaration, Dialect};

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
    pub(super) dialect: Option<DialectWord>,
    /// Holds from this line on; the catalog file's shape.
    pub(super) catalog: Option<CatalogDeclaration>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DialectWord {
    Sqlite,
    Postgres,
    #[serde(alias = "mariadb")]
    Mysql,
}

impl From<DialectWord> for Dialect {
    fn from(word: DialectWord) -> Self {
        match word {
            DialectWord::Sqlite => Self::Sqlite,
            DialectWord::Postgres => Self::Postgres,
            DialectWord::Mysql => Self::MySql,
        }
    }
}
