//! Fills the databases.

use tenant_sql::Dialect;

use super::canary;
use super::databases::Databases;
use super::error::OracleError;
use super::link::Link;
use super::schema::Schema;

impl Databases {
    pub(super) async fn fill(&self, link: &mut Link, statements: &[String]) -> Result<(), OracleError> {
        let (off, on) = match self.dialect {
            Dialect::Sqlite => ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"),
            Dialect::Postgres => {
                ("SET session_replication_role = replica", "SET session_replication_role = DEFAULT")
            }
            Dialect::MySql => ("SET foreign_key_checks = 0", "SET foreign_key_checks = 1"),
        };
        link.batch(off).await.map_err(OracleError::setup("foreign keys off"))?;
        for statement in statements.iter().filter(|statement| !statement.trim().is_empty()) {
            link.batch(statement).await.map_err(OracleError::setup(format_args!("a row ({statement})")))?;
        }
        link.batch(on).await.map_err(OracleError::setup("foreign keys on"))?;
        let analyse = if self.dialect == Dialect::MySql { "SELECT 1" } else { "ANALYZE" };
        link.batch(analyse).await.map_err(OracleError::setup("statistics"))
    }

    /// Interleaved, so that one tenant's rows are nowhere together.
    pub(super) fn rows_of_all(&self, schema: &Schema) -> Vec<String> {
        let mut all = self.rows_of_nobody(schema);
        if let Some(rows) = &self.rows {
            all.extend(self.tenants.iter().map(rows));
            return all;
        }
        for table in schema.tables().filter(|table| table.tenant.is_some()) {
            let of_each: Vec<Vec<String>> = self
                .tenants
                .iter()
                .enumerate()
                .map(|tenant| canary::rows(table, Some(tenant), self.dialect))
                .collect();
            let longest = of_each.iter().map(Vec::len).max().unwrap_or_default();
            for at in 0..longest {
                all.extend(of_each.iter().filter_map(|rows| rows.get(at).cloned()));
            }
        }
        all
    }

    pub(super) fn rows_of_one(&self, schema: &Schema) -> Vec<String> {
        let mut all = self.rows_of_nobody(schema);
        match &self.rows {
            Some(rows) => all.push(rows(self.tenant())),
            None => all.extend(
                schema
                    .tables()
                    .filter(|table| table.tenant.is_some())
                    .flat_map(|table| canary::rows(table, Some((1, self.tenant())), self.dialect)),
            ),
        }
        all
    }

    fn rows_of_nobody(&self, schema: &Schema) -> Vec<String> {
        if self.rows.is_some() || !self.shared_rows.is_empty() {
            return vec![self.shared_rows.clone()];
        }
        let tables = schema.tables().filter(|table| table.tenant.is_none());
        tables.flat_map(|table| canary::rows(table, None, self.dialect)).collect()
    }
}
