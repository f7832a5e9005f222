use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::table::{Table, TableKind};
use crate::tenant::TenantType;

/// The database whose SQL is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.39 or later.
    Sqlite,
    /// PostgreSQL 14 or later.
    Postgres,
    /// MySQL 8 or MariaDB 10.6 or later.
    ///
    /// What can fail is put behind the tenant as elsewhere (`ICP`, merged derived tables and pushed-down `HAVING` try
    /// conditions early here too). In strict mode, where a statement writes, comparing text with a number fails: queries in
    /// such a statement read the tenant's rows from a derived table, and lose the table's indexes for it. The order in
    /// which an `UPDATE` or `DELETE` tries its comparisons is relied upon.
    MySql,
}

/// What happens to a relation that the catalog does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Unknown {
    /// The statement is refused.
    #[default]
    Refuse,
    /// The relation is taken as owned, with the catalog's tenant column.
    Owned,
}

/// Which relations exist and to whom they belong. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Catalog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dialect: Dialect,
    tenant_column: String,
    tenant_type: TenantType,
    unknown: Unknown,
    schema: Option<String>,
    tables: HashMap<String, Table>,
    functions: Vec<String>,
}

impl Catalog {
    /// Starts a catalog for one database.
    pub fn builder(dialect: Dialect) -> CatalogBuilder {
        CatalogBuilder {
            dialect,
            tenant_column: "tenant_id".to_owned(),
            tenant_type: TenantType::Text,
            unknown: Unknown::Refuse,
            schema: None,
            tables: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// Returns the dialect.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// Returns the relations, in no particular order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.0.tables.values()
    }

    /// Returns the tenant column of relations that have no own one.
    pub fn tenant_column(&self) -> &str {
        &self.0.tenant_column
    }

    /// Returns how the tenant is bound.
    pub fn tenant_type(&self) -> TenantType {
        self.0.tenant_type
    }

    /// Returns what happens to relations that are not listed.
    pub fn unknown(&self) -> Unknown {
        self.0.unknown
    }

    /// Returns the schema the catalog describes, if it names one.
    pub fn schema(&self) -> Option<&str> {
        self.0.schema.as_deref()
    }

    /// Returns the functions allowed beyond the pure ones.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.0.functions.iter().map(String::as_str)
    }

    pub(crate) fn lookup(&self, folded: &str) -> Option<&Table> {
        self.0.tables.get(folded)
    }
}

/// Builds a [`Catalog`].
#[derive(Debug, Clone)]
pub struct CatalogBuilder {
    dialect: Dialect,
    tenant_column: String,
    tenant_type: TenantType,
    unknown: Unknown,
    schema: Option<String>,
    tables: Vec<Table>,
    functions: Vec<String>,
}

impl CatalogBuilder {
    /// Sets the tenant column of all relations that have no own one (default `tenant_id`).
    #[must_use]
    pub fn tenant_column(mut self, name: impl Into<String>) -> Self {
        self.tenant_column = name.into();
        self
    }

    /// Sets how the tenant is bound (default text).
    #[must_use]
    pub fn tenant_type(mut self, tenant_type: TenantType) -> Self {
        self.tenant_type = tenant_type;
        self
    }

    /// Sets what happens to relations that are not listed (default: refuse).
    #[must_use]
    pub fn unknown(mut self, unknown: Unknown) -> Self {
        self.unknown = unknown;
        self
    }

    /// Names the one schema (SQLite, PostgreSQL) or database (MySQL) the catalog describes; any other is hidden.
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// Adds a relation.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// Allows a function that is not in the built-in list of pure ones.
    #[must_use]
    pub fn allow_function(mut self, name: impl Into<String>) -> Self {
        self.functions.push(name.into());
        self
    }

    /// Checks and freezes the catalog.
    ///
    /// # Errors
    /// Refuses two relations whose names are the same to the database, names the database would cut or fold, an
    /// owned relation whose columns lack the tenant column, and keys on columns the relation lacks.
    pub fn build(self) -> Result<Catalog, CatalogError> {
        let Self { dialect, tenant_column, tenant_type, unknown, schema, tables, functions } = self;
        check_name(dialect, &tenant_column)?;
        let mut by_name = HashMap::with_capacity(tables.len());
        for mut table in tables {
            check_table(dialect, &table, &tenant_column)?;
            table.tenant_column.get_or_insert_with(|| tenant_column.clone());
            let key = crate::dialect::stored(dialect, &table.name);
            if let Some(twin) = by_name.insert(key, table) {
                return Err(CatalogError::new(&twin.name, "is listed twice"));
            }
        }
        let functions = functions.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        let inner =
            Inner { dialect, tenant_column, tenant_type, unknown, schema, tables: by_name, functions };
        Ok(Catalog(Arc::new(inner)))
    }
}

fn check_table(dialect: Dialect, table: &Table, tenant_column: &str) -> Result<(), CatalogError> {
    check_name(dialect, &table.name)?;
    let tenant_column = table.tenant_column.as_deref().unwrap_or(tenant_column);
    check_name(dialect, tenant_column)?;
    let has = |name: &str| {
        let wanted = crate::dialect::stored_column(dialect, name);
        table.columns.iter().any(|column| crate::dialect::stored_column(dialect, column) == wanted)
    };
    let known = !table.columns.is_empty();
    if known && table.kind == TableKind::Owned && !has(tenant_column) {
        return Err(CatalogError::new(&table.name, "is owned but lacks the tenant column"));
    }
    let keys = table.unique.iter().flatten().chain(&table.generated);
    match keys.into_iter().find(|column| known && !has(column)) {
        Some(_) => Err(CatalogError::new(&table.name, "has a key on a column it lacks")),
        None => Ok(()),
    }
}

/// Quotes inside names are possible in SQL but never meant: they would make two spellings of one name.
fn check_name(dialect: Dialect, name: &str) -> Result<(), CatalogError> {
    let odd = |c: char| c.is_control() || matches!(c, '"' | '\'' | '`' | '[' | ']' | '\\');
    let cut = dialect == Dialect::Postgres && name.len() > 63;
    if name.is_empty() || cut || name.contains(odd) {
        return Err(CatalogError::new(name, "is not a name the database keeps as it is"));
    }
    Ok(())
}

/// A catalog that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogError {
    name: String,
    reason: &'static str,
}

impl CatalogError {
    fn new(name: &str, reason: &'static str) -> Self {
        Self { name: name.to_owned(), reason }
    }

    /// Returns the name that is at fault.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name, self.reason)
    }
}

impl std::error::Error for CatalogError {}
