//! What a database of one tenant has more: a default for the tenant column, and keys without it.

use tenant_sql::Dialect;

use super::databases::Databases;
use super::error::OracleError;
use super::link::Link;
use super::schema::{Relation, Schema};

impl Databases {
    /// On the database of one, the caller's own `INSERT` means that tenant; and a unique key is one without the tenant
    /// column, too.
    pub(super) async fn default_tenant(&self, link: &mut Link, schema: &Schema) -> Result<(), OracleError> {
        let value = self.tenant().literal(self.dialect);
        for table in schema.tables() {
            let Some(column) = &table.tenant else { continue };
            let quote = self.quote();
            if self.dialect != Dialect::Sqlite {
                let table = format!("{quote}{}{quote}", table.name);
                let set =
                    format!("ALTER TABLE {table} ALTER COLUMN {quote}{column}{quote} SET DEFAULT {value}");
                link.batch(&set).await.map_err(OracleError::setup("the tenant's default"))?;
            }
            if self.dialect != Dialect::MySql {
                self.keys_without_tenant(link, table, column).await?;
            }
        }
        if self.dialect == Dialect::Sqlite {
            self.rewrite_sqlite(link, schema, &value).await?;
        }
        Ok(())
    }

    async fn keys_without_tenant(
        &self,
        link: &mut Link,
        table: &Relation,
        tenant: &str,
    ) -> Result<(), OracleError> {
        for key in table.unique.iter().filter(|key| key.len() > 1 && key.iter().any(|name| name == tenant)) {
            let rest: Vec<String> =
                key.iter().filter(|name| *name != tenant).map(|name| format!("\"{name}\"")).collect();
            let index = format!("alone_{}_{}", table.name, key.join("_"));
            let sql = format!("CREATE UNIQUE INDEX \"{index}\" ON \"{}\" ({})", table.name, rest.join(", "));
            link.batch(&sql).await.map_err(OracleError::setup("a key without the tenant"))?;
        }
        Ok(())
    }

    /// SQLite has no statement that sets a default; the text of the table is changed instead.
    async fn rewrite_sqlite(&self, link: &mut Link, schema: &Schema, value: &str) -> Result<(), OracleError> {
        let doing = || OracleError::setup("the tenant's default");
        link.batch("PRAGMA writable_schema = ON").await.map_err(doing())?;
        for table in schema.tables() {
            let Some(column) = &table.tenant else { continue };
            let name = table.name.replace('\'', "''");
            let read = format!("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '{name}'");
            for text in link.texts(&read).await.map_err(doing())? {
                let text = with_default(&text, column, value).replace('\'', "''");
                let write = format!(
                    "UPDATE sqlite_schema SET sql = '{text}' WHERE type = 'table' AND name = '{name}'"
                );
                link.batch(&write).await.map_err(doing())?;
            }
        }
        link.batch("PRAGMA writable_schema = RESET").await.map_err(doing())
    }
}

/// Adds a default to a column of a `CREATE TABLE`.
fn with_default(text: &str, column: &str, value: &str) -> String {
    let Some(end) = definition_end(text, column) else { return text.to_owned() };
    let (before, after) = text.split_at(end);
    format!("{before} DEFAULT {value}{after}")
}

/// Where the definition of a column ends: at the comma or bracket of the list it stands in.
fn definition_end(text: &str, column: &str) -> Option<usize> {
    let (mut depth, mut quote, mut start) = (0, None, None);
    for (at, c) in text.char_indices() {
        if let Some(open) = quote {
            quote = (c != open).then_some(open);
            continue;
        }
        match c {
            '\'' | '"' | '`' => quote = Some(c),
            '[' => quote = Some(']'),
            '(' => depth += 1,
            _ => {}
        }
        if (c == ',' || c == ')') && depth == 1 {
            let definition = start.and_then(|start| text.get(start..at)).unwrap_or_default();
            if defines(definition, column) {
                return Some(at);
            }
        }
        if c == ')' {
            depth -= 1;
        }
        if depth == 1 && (c == ',' || (c == '(' && start.is_none())) {
            start = Some(at + 1);
        }
    }
    None
}

fn defines(definition: &str, column: &str) -> bool {
    let name = definition.split_whitespace().next().unwrap_or_default();
    name.trim_matches(['"', '`', '[', ']']).eq_ignore_ascii_case(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_goes_behind_the_definition_of_its_column() {
        let text = "CREATE TABLE t (a TEXT DEFAULT 'x,tenant_id y' CHECK (a IN ('b', 'c')), tenant_id TEXT NOT NULL, \
                    PRIMARY KEY (tenant_id, a))";
        let with = with_default(text, "tenant_id", "'t2'");
        assert!(with.contains("tenant_id TEXT NOT NULL DEFAULT 't2', "), "{with}");
        assert_eq!(with.matches("DEFAULT 't2'").count(), 1);
        let last = with_default("CREATE TABLE t (a, \"Tenant_ID\" TEXT)", "tenant_id", "1");
        assert_eq!(last, "CREATE TABLE t (a, \"Tenant_ID\" TEXT DEFAULT 1)");
    }
}
