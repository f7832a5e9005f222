//! What MySQL and MariaDB say of the current database. There is no snapshot of it: a change of the schema meanwhile is
//! seen in part, until it is read again.

use std::collections::BTreeMap;

use sqlx::{MySql, MySqlConnection, Pool};
use tenant_sql::TenantType;

use super::{Cell, Sql, Wanted, rows, schema};
use crate::catalog::{ForeignKey, Problem, Relation, RelationKind, Schema, UniqueKey};

pub(super) async fn schema(pool: &Pool<MySql>, wanted: &Wanted<'_>) -> sqlx::Result<Schema> {
    let mut connection = pool.acquire().await?;
    let mut reader = Reader { connection: &mut connection, wanted, relations: BTreeMap::new() };
    let name = reader.one(schema::SCHEMA).await?.and_then(Cell::into_text);
    reader.names().await?;
    reader.columns().await?;
    reader.keys().await?;
    reader.foreign_keys().await?;
    reader.triggers().await?;
    Ok(Schema { name, relations: reader.relations.into_values().collect() })
}

struct Reader<'a> {
    connection: &'a mut MySqlConnection,
    wanted: &'a Wanted<'a>,
    relations: BTreeMap<String, Relation>,
}

impl Reader<'_> {
    async fn names(&mut self) -> sqlx::Result<()> {
        for row in self.fetch(schema::NAMES).await? {
            let [Cell::Text(name), Cell::Text(kind), engine] = row.as_slice() else {
                continue;
            };
            let kind = match kind.as_str() {
                "VIEW" => RelationKind::View,
                "BASE TABLE" | "SYSTEM VERSIONED" if keeps_rows(engine) => RelationKind::Table,
                _ => RelationKind::Virtual,
            };
            self.relations.insert(name.clone(), Relation::new(name.clone(), kind));
        }
        Ok(())
    }

    async fn columns(&mut self) -> sqlx::Result<()> {
        for row in self.fetch(schema::COLUMNS).await? {
            let [Cell::Text(table), Cell::Text(name), Cell::Text(kind), Cell::Text(full), collation, counts] =
                row.as_slice()
            else {
                continue;
            };
            let Some(relation) = self.relations.get_mut(table) else {
                continue;
            };
            relation.columns.push(name.clone());
            if counts.is_true() {
                relation.generated.push(name.clone());
            }
            if name.eq_ignore_ascii_case(self.wanted.tenant_column) {
                relation.tenant_column = Some(fits(kind, full, collation, self.wanted.tenant_type));
            }
        }
        Ok(())
    }

    async fn keys(&mut self) -> sqlx::Result<()> {
        let mut last = None;
        for row in self.fetch(schema::KEYS).await? {
            let [Cell::Text(table), Cell::Text(index), column, is_cut] = row.as_slice() else {
                continue;
            };
            let Some(relation) = self.relations.get_mut(table) else {
                continue;
            };
            let this = Some((table.clone(), index.clone()));
            if last != this {
                last = this;
                relation.unique.push(UniqueKey { columns: vec![], is_plain: true });
            }
            let Some(key) = relation.unique.last_mut() else {
                continue;
            };
            match column {
                // A key on the beginning of a tenant does not keep apart those that begin the same.
                Cell::Text(name)
                    if !is_cut.is_true() || !name.eq_ignore_ascii_case(self.wanted.tenant_column) =>
                {
                    key.columns.push(name.clone());
                }
                _ => key.is_plain = false,
            }
        }
        Ok(())
    }

    async fn foreign_keys(&mut self) -> sqlx::Result<()> {
        let mut last = None;
        for row in self.fetch(schema::FOREIGN_KEYS).await? {
            let [
                is_own,
                Cell::Text(database),
                Cell::Text(table),
                Cell::Text(name),
                parent_is_own,
                Cell::Text(parent_database),
                Cell::Text(parent),
                from,
                to,
                cascades,
            ] = row.as_slice()
            else {
                continue;
            };
            let child = qualified(is_own, database, table);
            let relation = self.relations.entry(child.clone()).or_insert_with(|| elsewhere(child.clone()));
            let this = Some((child, name.clone()));
            if last != this {
                last = this;
                relation.foreign_keys.push(ForeignKey {
                    parent: qualified(parent_is_own, parent_database, parent),
                    carries_tenant: false,
                    cascades: cascades.is_true(),
                });
            }
            if let Some(key) = relation.foreign_keys.last_mut() {
                key.carries_tenant |= self.wanted.is_tenants(from) && self.wanted.is_tenants(to);
            }
        }
        Ok(())
    }

    async fn triggers(&mut self) -> sqlx::Result<()> {
        for row in self.fetch(schema::TRIGGERS).await? {
            if let [Cell::Text(table)] = row.as_slice()
                && let Some(relation) = self.relations.get_mut(table)
            {
                relation.has_triggers = true;
            }
        }
        if !self.one(schema::SEES_TRIGGERS).await?.is_some_and(|sees| sees.is_true()) {
            let own = self.relations.values_mut().filter(|relation| !relation.is_elsewhere);
            own.for_each(|relation| relation.hides_triggers = true);
        }
        Ok(())
    }

    async fn one(&mut self, sql: Sql) -> sqlx::Result<Option<Cell>> {
        Ok(self.fetch(sql).await?.into_iter().flatten().next())
    }

    async fn fetch(&mut self, sql: Sql) -> sqlx::Result<Vec<Vec<Cell>>> {
        rows::glance(self.connection, sql, vec![]).await
    }
}

impl Wanted<'_> {
    fn is_tenants(&self, column: &Cell) -> bool {
        matches!(column, Cell::Text(name) if name.eq_ignore_ascii_case(self.tenant_column))
    }
}

/// What it does when it is changed was not looked at.
fn elsewhere(name: String) -> Relation {
    Relation { is_elsewhere: true, has_triggers: true, ..Relation::new(name, RelationKind::Table) }
}

fn qualified(is_own: &Cell, database: &str, table: &str) -> String {
    if is_own.is_true() { table.to_owned() } else { format!("{database}.{table}") }
}

/// Engines whose tables hold rows of their own; others show those of other tables, files or servers.
fn keeps_rows(engine: &Cell) -> bool {
    const ENGINES: [&str; 5] = ["InnoDB", "Aria", "MyISAM", "ROCKSDB", "ndbcluster"];
    matches!(engine, Cell::Text(engine) if ENGINES.iter().any(|own| own.eq_ignore_ascii_case(engine)))
}

/// Whether a tenant column compares byte by byte what stands for the tenant in a text: characters, 16 bytes or a number.
fn fits(kind: &str, full: &str, collation: &Cell, tenant_type: TenantType) -> Result<(), Problem> {
    const TEXTS: [&str; 6] = ["char", "varchar", "tinytext", "text", "mediumtext", "longtext"];
    const INTEGERS: [&str; 5] = ["tinyint", "smallint", "mediumint", "int", "bigint"];
    let is_binary = matches!(collation, Cell::Text(name) if name.ends_with("_bin"));
    match tenant_type {
        TenantType::Text if kind == "varbinary" => Ok(()),
        TenantType::Text if TEXTS.contains(&kind) && is_binary => Ok(()),
        TenantType::Text if TEXTS.contains(&kind) => Err(Problem::Collation),
        TenantType::Uuid if full == "binary(16)" => Ok(()),
        TenantType::Integer if INTEGERS.contains(&kind) => Ok(()),
        TenantType::Text | TenantType::Uuid | TenantType::Integer => Err(Problem::Affinity),
    }
}
