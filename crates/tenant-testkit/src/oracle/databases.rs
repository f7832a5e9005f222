use std::sync::atomic::{AtomicU32, Ordering};

use tenant_sql::Dialect;

use super::canary;
use super::error::OracleError;
use super::introspect;
use super::link::Link;
use super::schema::{Relation, Schema};
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

/// What tables hold: the tenant's rows and those of nobody, and the rows of others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Contents {
    pub(super) own: Vec<String>,
    pub(super) others: Vec<String>,
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
        reorder(&mut statements, order);
        self.fill(&mut link, &statements).await?;
        self.disturb(&mut link, schema, order).await?;
        Ok(link)
    }

    /// The database of the tenant alone; its rows lie in another order for each number.
    pub(super) async fn single(&mut self, schema: &Schema, order: usize) -> Result<Link, OracleError> {
        let (mut link, _) = self.empty().await?;
        let mut statements = self.rows_of_one(schema);
        reorder(&mut statements, order);
        self.fill(&mut link, &statements).await?;
        self.default_tenant(&mut link, schema).await?;
        self.disturb(&mut link, schema, order).await?;
        Ok(link)
    }

    pub(super) fn only_reads(&self, order: usize) -> bool {
        order == BEHIND_VIEWS || (order == WITHOUT_KEYS && self.dialect == Dialect::MySql)
    }

    async fn hide_behind_views(&self, link: &mut Link, schema: &Schema) -> Result<(), OracleError> {
        let quote = self.quote();
        let all = match self.dialect {
            Dialect::Sqlite => "LIMIT -1",
            Dialect::Postgres => "OFFSET 0",
            Dialect::MySql => "LIMIT 18446744073709551615",
        };
        for table in schema.tables() {
            let name = &table.name;
            let (shown, base) = (format!("{quote}{name}{quote}"), format!("{quote}base_of_{name}{quote}"));
            let rename = format!("ALTER TABLE {shown} RENAME TO {base}");
            let view = format!("CREATE VIEW {shown} AS SELECT * FROM {base} {all}");
            for sql in [rename, view] {
                link.batch(&sql).await.map_err(OracleError::setup("tables behind views"))?;
            }
        }
        Ok(())
    }

    /// Lets the database go other ways to its rows. What can't be had (a key that another one needs) stays as it is.
    async fn disturb(&self, link: &mut Link, schema: &Schema, order: usize) -> Result<(), OracleError> {
        let session = match (self.dialect, order) {
            (_, 0) => return Ok(()),
            (_, BEHIND_VIEWS) => return self.hide_behind_views(link, schema).await,
            (Dialect::Sqlite, 1) => "PRAGMA reverse_unordered_selects = ON",
            (Dialect::Sqlite, _) => "PRAGMA automatic_index = OFF",
            (Dialect::Postgres, 1) => "SET enable_seqscan = off; SET enable_hashagg = off",
            (Dialect::Postgres, 2) => {
                "SET enable_hashjoin = off; SET enable_indexscan = off; SET enable_sort = off"
            }
            (Dialect::Postgres, _) => {
                "SET enable_nestloop = off; SET enable_mergejoin = off; SET enable_hashagg = off"
            }
            (Dialect::MySql, 1) => {
                "SET optimizer_switch = 'semijoin=off,materialization=off,derived_merge=off'"
            }
            (Dialect::MySql, 2) => "SET optimizer_switch = 'firstmatch=off,loosescan=off,index_merge=off'",
            (Dialect::MySql, _) => {
                "SET optimizer_switch = 'derived_merge=off,mrr=on,index_condition_pushdown=off'"
            }
        };
        let set = link.set(session).await;
        // Switches differ between MySQL and MariaDB.
        if self.dialect != Dialect::MySql {
            set.map_err(OracleError::setup("another order"))?;
        }
        if self.dialect == Dialect::MySql {
            for table in schema.tables() {
                let keys =
                    link.texts(&secondary_keys(&table.name)).await.map_err(OracleError::setup("keys"))?;
                for key in keys {
                    let _ = link.batch(&format!("ALTER TABLE `{}` DROP INDEX `{key}`", table.name)).await;
                }
                if order == WITHOUT_KEYS {
                    let _ = link.batch(&format!("ALTER TABLE `{}` DROP PRIMARY KEY", table.name)).await;
                }
            }
        }
        Ok(())
    }

    fn name_tenants(&self, schema: &mut Schema) {
        for relation in &mut schema.relations {
            let own = self.own_columns.iter().find(|(table, _)| *table == relation.name);
            if let Some((_, column)) = own.filter(|(_, column)| relation.has(column)) {
                relation.tenant = Some(column.clone());
            }
        }
    }

    async fn fill(&self, link: &mut Link, statements: &[String]) -> Result<(), OracleError> {
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
    fn rows_of_all(&self, schema: &Schema) -> Vec<String> {
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

    fn rows_of_one(&self, schema: &Schema) -> Vec<String> {
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

    /// On the database of one, the caller's own `INSERT` means that tenant; and a unique key is one without the tenant
    /// column, too.
    async fn default_tenant(&self, link: &mut Link, schema: &Schema) -> Result<(), OracleError> {
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

    /// Puts row-level security before the shared tables, and opens a connection that is subject to it. There the tenant
    /// column has a default, too; everywhere else the default is NULL, which the column refuses.
    pub(super) async fn secure(
        &self,
        link: &mut Link,
        schema: &Schema,
        address: &str,
    ) -> Result<Link, OracleError> {
        let doing = || OracleError::setup("row-level security");
        let role = format!("oracle_{}_role", std::process::id());
        let mut sql = format!(
            "DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; \
             GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};"
        );
        let kind = match self.tenant() {
            Value::Int(_) => "bigint",
            Value::Uuid(_) => "uuid",
            _ => "text",
        };
        let now = format!("nullif(current_setting('tenant.oracle', true), '')::{kind}");
        for relation in &schema.relations {
            let name = &relation.name;
            match &relation.tenant {
                _ if relation.view => sql.push_str(&format!("ALTER VIEW \"{name}\" SET (security_invoker = true);")),
                Some(column) => sql.push_str(&format!(
                    "ALTER TABLE \"{name}\" ENABLE ROW LEVEL SECURITY, ALTER COLUMN \"{column}\" SET DEFAULT {now}; \
                     CREATE POLICY tenant ON \"{name}\" USING (\"{column}\" = {now});"
                )),
                None => {}
            }
        }
        link.batch(&sql).await.map_err(doing())?;
        let mut secured = Link::open(self.dialect, address).await.map_err(doing())?;
        let tenant = match self.tenant() {
            Value::Text(text) => text.clone(),
            other => other.literal(self.dialect).trim_matches('\'').to_owned(),
        };
        let tenant = Value::Text(tenant).literal(self.dialect);
        secured.set(&format!("SET tenant.oracle = {tenant}; SET ROLE {role}")).await.map_err(doing())?;
        Ok(secured)
    }

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

    fn quote(&self) -> char {
        if self.dialect == Dialect::MySql { '`' } else { '"' }
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

/// On MySQL this one of the reordered databases has no keys, so that its rows lie as they were inserted.
const WITHOUT_KEYS: usize = 2;

/// In this one each table is a view that the planner cannot look through.
pub(super) const BEHIND_VIEWS: usize = 4;

fn secondary_keys(table: &str) -> String {
    format!(
        "SELECT DISTINCT CONVERT(index_name USING utf8mb4) FROM information_schema.statistics \
         WHERE table_schema = DATABASE() AND table_name = '{table}' AND index_name <> 'PRIMARY' AND non_unique"
    )
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

/// Puts the rows into another order: backwards, or every third first.
fn reorder(statements: &mut Vec<String>, order: usize) {
    match order {
        0 => {}
        1 => statements.reverse(),
        _ => {
            let mut parts: Vec<Vec<String>> = vec![Vec::new(); order + 1];
            for (at, statement) in std::mem::take(statements).into_iter().enumerate() {
                if let Some(part) = parts.get_mut(at % (order + 1)) {
                    part.push(statement);
                }
            }
            statements.extend(parts.into_iter().rev().flatten());
        }
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

    #[test]
    fn the_database_of_a_url_is_replaced() {
        assert_eq!(
            split_url("postgres://u:p@h:1/db?sslmode=disable"),
            ("postgres://u:p@h:1", "?sslmode=disable")
        );
        assert_eq!(split_url("mysql://u@h"), ("mysql://u@h", ""));
    }
}
