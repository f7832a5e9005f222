//! What the tables hold.

use tenant_sql::Dialect;

use super::databases::Databases;
use super::link::Link;
use super::schema::{Relation, Schema};

/// What tables hold: the tenant's rows and those of nobody, and the rows of others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Contents {
    pub(super) own: Vec<String>,
    pub(super) others: Vec<String>,
}

impl Databases {
    /// What all tables hold.
    pub(super) async fn contents(&self, link: &mut Link, schema: &Schema) -> Result<Contents, sqlx::Error> {
        let queries: Vec<String> = schema.tables().map(|table| self.reading(table)).collect();
        let mut contents = Contents::default();
        for line in link.texts(&queries.join(" UNION ALL ")).await? {
            match line.strip_prefix('0') {
                Some(other) => contents.others.push(other.to_owned()),
                None => contents.own.push(line.get(1..).unwrap_or_default().to_owned()),
            }
        }
        contents.own.sort_unstable();
        contents.others.sort_unstable();
        Ok(contents)
    }

    fn reading(&self, table: &Relation) -> String {
        let value = self.tenant().literal(self.dialect);
        let quote = self.quote();
        let name = format!("{quote}{}{quote}", table.name);
        let own = match &table.tenant {
            Some(column) => format!("CASE WHEN {quote}{column}{quote} = {value} THEN '1' ELSE '0' END"),
            None => "'1'".to_owned(),
        };
        let columns = table.columns.iter().map(|column| format!("{quote}{}{quote}", column.name));
        match self.dialect {
            Dialect::Postgres => format!("SELECT {own} || '{0} ' || t::text FROM {name} t", table.name),
            Dialect::Sqlite => {
                let columns: Vec<String> = columns.map(|column| format!("quote({column})")).collect();
                format!("SELECT {own} || '{} ' || {} FROM {name}", table.name, columns.join(" || '|' || "))
            }
            Dialect::MySql => {
                let columns: Vec<String> =
                    columns.map(|column| format!("coalesce(hex({column}), 'NULL')")).collect();
                format!(
                    "SELECT CONVERT(CONCAT({own}, '{} ', CONCAT_WS('|', {})) USING utf8mb4) FROM {name}",
                    table.name,
                    columns.join(", ")
                )
            }
        }
    }
}
