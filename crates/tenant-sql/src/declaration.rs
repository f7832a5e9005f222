//! The catalog as it is written down: in a TOML file, or as JSON of the same shape.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Catalog, CatalogError, Dialect, Table, TenantType, Unknown};

/// A catalog in writing.
///
/// ```toml
/// tenant_column = "tenant_id"          # per table: tables.NAME.tenant_column
/// tenant_type = "text"                 # or "uuid", "integer"
/// unknown = "refuse"                   # or "owned"
/// [tables.users]
/// columns = ["id", "email", "tenant_id"]
/// unique = [["tenant_id", "id"], ["tenant_id", "email"]]
/// [tables.plans]
/// kind = "shared"                      # "owned" unless given; or "hidden"
/// [functions]
/// allow = ["similarity"]
/// ```
///
/// # Example
/// ```
/// use tenant_sql::{CatalogDeclaration, Dialect, Rewriter};
///
/// let declaration: CatalogDeclaration = serde_json::from_str(r#"{"tables": {"users": {}}}"#)?;
/// let rewriter = Rewriter::new(declaration.into_catalog(Dialect::Sqlite)?);
/// assert!(rewriter.rewrite("SELECT 1 FROM users").is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogDeclaration {
    tenant_column: Option<String>,
    tenant_type: Option<Type>,
    unknown: Option<UnknownWord>,
    schema: Option<String>,
    #[serde(default)]
    tables: BTreeMap<String, TableDeclaration>,
    #[serde(default)]
    functions: Functions,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    Text,
    Uuid,
    Integer,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum UnknownWord {
    Refuse,
    Owned,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Owned,
    Shared,
    Hidden,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableDeclaration {
    #[serde(default)]
    kind: Kind,
    tenant_column: Option<String>,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    unique: Vec<Vec<String>>,
    #[serde(default)]
    generated: Vec<String>,
    #[serde(default)]
    view: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Functions {
    #[serde(default)]
    allow: Vec<String>,
}

impl CatalogDeclaration {
    /// The catalog of a database of this dialect.
    ///
    /// # Errors
    /// As [`CatalogBuilder::build`](crate::CatalogBuilder::build).
    pub fn into_catalog(self, dialect: Dialect) -> Result<Catalog, CatalogError> {
        let Self { tenant_column, tenant_type, unknown, schema, tables, functions } = self;
        let mut builder = Catalog::builder(dialect);
        if let Some(name) = tenant_column {
            builder = builder.tenant_column(name);
        }
        if let Some(name) = schema {
            builder = builder.schema(name);
        }
        builder = builder.tenant_type(match tenant_type {
            None | Some(Type::Text) => TenantType::Text,
            Some(Type::Uuid) => TenantType::Uuid,
            Some(Type::Integer) => TenantType::Integer,
        });
        builder = builder.unknown(match unknown {
            None | Some(UnknownWord::Refuse) => Unknown::Refuse,
            Some(UnknownWord::Owned) => Unknown::Owned,
        });
        builder =
            tables.into_iter().fold(builder, |builder, (name, table)| builder.table(table.into_table(name)));
        functions.allow.into_iter().fold(builder, crate::CatalogBuilder::allow_function).build()
    }
}

impl TableDeclaration {
    fn into_table(self, name: String) -> Table {
        let Self { kind, tenant_column, columns, unique, generated, view } = self;
        let mut table = match kind {
            Kind::Owned => Table::owned(name),
            Kind::Shared => Table::shared(name),
            Kind::Hidden => Table::hidden(name),
        };
        if let Some(column) = tenant_column {
            table = table.tenant_column(column);
        }
        if !columns.is_empty() {
            table = table.columns(columns);
        }
        if !generated.is_empty() {
            table = table.generated(generated);
        }
        if view {
            table = table.view();
        }
        unique.into_iter().fold(table, Table::unique)
    }
}
