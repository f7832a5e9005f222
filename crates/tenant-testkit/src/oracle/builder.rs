use tenant_sql::{Catalog, Dialect, Limits, Rewriter, Table, TenantType};

use super::databases::Databases;
use super::error::OracleError;
use super::judge::Oracle;
use super::schema::{Relation, Schema};
use super::value::Value;

/// Sets up an [`Oracle`].
pub struct OracleBuilder {
    databases: Databases,
    tenant_type: TenantType,
    shared: Vec<String>,
    functions: Vec<String>,
    catalog: Option<Catalog>,
    row_level_security: bool,
}

impl OracleBuilder {
    pub(super) fn new(dialect: Dialect, url: String) -> Self {
        Self {
            databases: Databases::new(dialect, url),
            tenant_type: TenantType::Text,
            shared: Vec::new(),
            functions: Vec::new(),
            catalog: None,
            row_level_security: dialect == Dialect::Postgres,
        }
    }

    /// Sets the statements that make tables and views.
    #[must_use]
    pub fn schema(mut self, sql: impl Into<String>) -> Self {
        self.databases.script = sql.into();
        self
    }

    /// Sets the tenant column (default `tenant_id`).
    #[must_use]
    pub fn tenant_column(mut self, name: impl Into<String>) -> Self {
        self.databases.tenant_column = name.into();
        self
    }

    /// Sets the tenant column of one table, where it has another name.
    #[must_use]
    pub fn tenant_column_of(mut self, table: impl Into<String>, name: impl Into<String>) -> Self {
        self.databases.own_columns.push((table.into(), name.into()));
        self
    }

    /// Sets how the tenant is stored (default text).
    #[must_use]
    pub fn tenant_type(mut self, tenant_type: TenantType) -> Self {
        self.tenant_type = tenant_type;
        self.databases.tenants = Value::tenants(tenant_type);
        self
    }

    /// Names a table that all tenants read. Tables without the tenant column are hidden else.
    #[must_use]
    pub fn shared(mut self, table: impl Into<String>) -> Self {
        self.shared.push(table.into());
        self
    }

    /// Allows a function beyond the pure ones.
    #[must_use]
    pub fn allow_function(mut self, name: impl Into<String>) -> Self {
        self.functions.push(name.into());
        self
    }

    /// Sets the catalog to scope by, instead of the one read from the database.
    #[must_use]
    pub fn catalog(mut self, catalog: Catalog) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// Sets the rows of each tenant: statements that insert them, the tenant column included. Rows of shared tables are
    /// then [`OracleBuilder::shared_rows`].
    #[must_use]
    pub fn rows(mut self, rows: impl Fn(&Value) -> String + Send + Sync + 'static) -> Self {
        self.databases.rows = Some(Box::new(rows));
        self
    }

    /// Sets the rows of tables without the tenant column: statements that insert them.
    #[must_use]
    pub fn shared_rows(mut self, sql: impl Into<String>) -> Self {
        self.databases.shared_rows = sql.into();
        self
    }

    /// Leaves the third opinion out (PostgreSQL only; it needs the right to make roles).
    #[must_use]
    pub fn without_row_level_security(mut self) -> Self {
        self.row_level_security = false;
        self
    }

    /// Makes and fills the databases.
    ///
    /// # Errors
    /// Fails if the databases can't be made, the schema or rows are faulty, or the catalog contradicts itself.
    pub async fn open(mut self) -> Result<Oracle, OracleError> {
        let (shared, schema, address) = self.databases.shared().await?;
        let catalog = match self.catalog.take() {
            Some(catalog) => catalog,
            None => self.catalog_of(&schema)?,
        };
        let single = self.databases.single(&schema, 0).await?;
        let rewriter = Rewriter::new(catalog).with_limits(Limits::default());
        let secured = if self.row_level_security { Some(address) } else { None };
        Oracle::new(rewriter, self.databases, schema, shared, single, secured).await
    }

    fn catalog_of(&self, schema: &Schema) -> Result<Catalog, OracleError> {
        let mut builder = Catalog::builder(self.databases.dialect)
            .tenant_column(&self.databases.tenant_column)
            .tenant_type(self.tenant_type);
        for relation in &schema.relations {
            builder = builder.table(self.table(relation));
        }
        for function in &self.functions {
            builder = builder.allow_function(function);
        }
        builder.build().map_err(|error| OracleError::Setup(error.to_string()))
    }

    fn table(&self, relation: &Relation) -> Table {
        let columns = relation.columns.iter().map(|column| column.name.as_str());
        let mut table = match &relation.tenant {
            Some(column) => Table::owned(&relation.name).tenant_column(column),
            None if self.shared.contains(&relation.name) => Table::shared(&relation.name),
            None => Table::hidden(&relation.name),
        };
        table = table.columns(columns);
        for key in &relation.unique {
            table = table.unique(key);
        }
        if relation.view { table.view() } else { table }
    }
}
