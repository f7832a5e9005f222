use std::sync::atomic::{AtomicU32, Ordering};

use tenant_sql::Dialect;

use super::disturb;
use super::error::OracleError;
use super::introspect;
use super::link::Link;
use super::schema::Schema;
use super::value::Value;

/// Rows of one tenant, as statements of SQL.
pub(super) type Rows = Box<dyn Fn(&Value) -> String + Send + Sync>;

/// Makes the databases that are compared.
pub(super) struct Databases {
    pub(super) dialect: Dialect,
    pub(super) url: String,
    pub(super) script: String,
    pub(super) tenant_column: String,
    /// Table and tenant column, where it has another name.
    pub(super) own_columns: Vec<(String, String)>,
    /// The one under test stands in the middle.
    pub(super) tenants: [Value; 3],
    pub(super) rows: Option<Rows>,
    pub(super) shared_rows: String,
    made: Vec<String>,
}

impl Databases {
    pub(super) fn new(dialect: Dialect, url: String) -> Self {
        Self {
            dialect,
            url,
            script: String::new(),
            tenant_column: "tenant_id".to_owned(),
            own_columns: Vec::new(),
            tenants: Value::tenants(tenant_sql::TenantType::Text),
            rows: None,
            shared_rows: String::new(),
            made: Vec::new(),
        }
    }

    pub(super) fn tenant(&self) -> &Value {
        let [_, tenant, _] = &self.tenants;
        tenant
    }

    /// Opens an empty database and makes its tables; the address is where another connection finds it.
    async fn empty(&mut self) -> Result<(Link, String), OracleError> {
        let address = self.create().await?;
        let mut link = Link::open(self.dialect, &address).await.map_err(OracleError::setup("connecting"))?;
        link.batch(&self.script).await.map_err(OracleError::setup("the schema"))?;
        Ok((link, address))
    }

    async fn create(&mut self) -> Result<String, OracleError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if self.dialect == Dialect::Sqlite {
            return Ok(String::new());
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("oracle_{}_{number}", std::process::id());
        let doing = || OracleError::setup("making a database");
        let mut admin = Link::open(self.dialect, &self.url).await.map_err(doing())?;
        admin.batch(&format!("CREATE DATABASE {name}")).await.map_err(doing())?;
        admin.close().await;
        let (server, rest) = split_url(&self.url);
        let address = format!("{server}/{name}{rest}");
        self.made.push(name);
        Ok(address)
    }

    /// Drops what was made.
    pub(super) async fn drop_all(&mut self) -> Result<(), OracleError> {
        if self.made.is_empty() {
            return Ok(());
        }
        let doing = || OracleError::setup("dropping a database");
        let mut admin = Link::open(self.dialect, &self.url).await.map_err(doing())?;
        for name in self.made.drain(..) {
            let force = if self.dialect == Dialect::Postgres { " WITH (FORCE)" } else { "" };
            admin.batch(&format!("DROP DATABASE {name}{force}")).await.map_err(doing())?;
        }
        admin.close().await;
        Ok(())
    }

    /// The database of all three tenants, and what it consists of.
    pub(super) async fn shared(&mut self) -> Result<(Link, Schema, String), OracleError> {
        let (mut link, address) = self.empty().await?;
        let read = introspect::schema(&mut link, self.dialect, &self.tenant_column).await;
        let mut schema = read.map_err(OracleError::setup("reading the schema"))?;
        self.name_tenants(&mut schema);
        let statements = self.rows_of_all(&schema);
        self.fill(&mut link, &statements).await?;
        Ok((link, schema, address))
    }

    /// Another database of all three tenants, whose rows lie in another order.
    pub(super) async fn shared_in_order(
        &mut self,
        schema: &Schema,
        order: usize,
    ) -> Result<Link, OracleError> {
        let (mut link, _) = self.empty().await?;
        let mut statements = self.rows_of_all(schema);
        disturb::reorder(&mut statements, order);
        self.fill(&mut link, &statements).await?;
        self.disturb(&mut link, schema, order).await?;
        Ok(link)
    }

    /// The database of the tenant alone; its rows lie in another order for each number.
    pub(super) async fn single(&mut self, schema: &Schema, order: usize) -> Result<Link, OracleError> {
        let (mut link, _) = self.empty().await?;
        let mut statements = self.rows_of_one(schema);
        disturb::reorder(&mut statements, order);
        self.fill(&mut link, &statements).await?;
        self.default_tenant(&mut link, schema).await?;
        self.disturb(&mut link, schema, order).await?;
        Ok(link)
    }

    fn name_tenants(&self, schema: &mut Schema) {
        for relation in &mut schema.relations {
            let own = self.own_columns.iter().find(|(table, _)| *table == relation.name);
            if let Some((_, column)) = own.filter(|(_, column)| relation.has(column)) {
                relation.tenant = Some(column.clone());
            }
        }
    }

    pub(super) fn quote(&self) -> char {
        if self.dialect == Dialect::MySql { '`' } else { '"' }
    }
}

/// The server's part of a URL, and its options.
fn split_url(url: &str) -> (&str, &str) {
    let (place, options) = match url.find('?') {
        Some(at) => url.split_at(at),
        None => (url, ""),
    };
    let start = place.find("://").map_or(0, |at| at + 3);
    let server = place.get(start..).and_then(|rest| rest.find('/')).map_or(place.len(), |at| start + at);
    (place.get(..server).unwrap_or(place), options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        assert_eq!(
            split_url("postgres://u:p@h:1/db?sslmode=disable"),
            ("postgres://u:p@h:1", "?sslmode=disable")
        );
        assert_eq!(split_url("mysql://u@h"), ("mysql://u@h", ""));
    }
}
