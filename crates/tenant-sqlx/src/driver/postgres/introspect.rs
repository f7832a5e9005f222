//! What PostgreSQL says of the current schema.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Pool, Postgres};
use tenant_sql::TenantType;

use super::{Cell, Sql, TenantDatabase, Wanted, rows, schema};
use crate::catalog::{ForeignKey, Problem, Relation, RelationKind, Schema, UniqueKey};

/// All relations of the schema that bare names stand for, as they are at one moment.
pub(super) async fn schema(pool: &Pool<Postgres>, wanted: &Wanted<'_>) -> sqlx::Result<Schema> {
    let mut snapshot = Postgres::begin_read(pool).await?;
    rows::execute_once(&mut snapshot, schema::NOT_COMPILED, vec![]).await?;
    let mut reader = Reader { connection: &mut snapshot, wanted, relations: BTreeMap::new() };
    let name = reader.name().await?;
    reader.names().await?;
    reader.columns().await?;
    reader.keys().await?;
    reader.foreign_keys().await?;
    reader.children().await?;
    reader.mark(schema::TRIGGERS, |relation| relation.has_triggers = true).await?;
    reader.mark(schema::FUNCTIONS, |relation| relation.calls_functions = true).await?;
    let mut relations: Vec<Relation> = reader.relations.into_values().collect();
    relations.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(Schema { name, relations })
}

struct Reader<'a> {
    connection: &'a mut PgConnection,
    wanted: &'a Wanted<'a>,
    /// By their oid.
    relations: BTreeMap<i64, Relation>,
}

impl Reader<'_> {
    async fn name(&mut self) -> sqlx::Result<Option<String>> {
        let rows = self.fetch(schema::SCHEMA, vec![]).await?;
        Ok(rows.into_iter().flatten().next().and_then(Cell::into_text))
    }

    async fn names(&mut self) -> sqlx::Result<()> {
        for row in self.fetch(schema::NAMES, vec![]).await? {
            let [Cell::Integer(oid), Cell::Text(schema), Cell::Text(name), Cell::Text(kind), is_own] =
                row.as_slice()
            else {
                continue;
            };
            let kind = match kind.as_str() {
                "r" | "p" => RelationKind::Table,
                "v" | "m" => RelationKind::View,
                _ => RelationKind::Virtual,
            };
            let is_elsewhere = !is_own.is_true();
            let name = if is_elsewhere { format!("{schema}.{name}") } else { name.clone() };
            self.relations.insert(*oid, Relation { is_elsewhere, ..Relation::new(name, kind) });
        }
        Ok(())
    }

    async fn columns(&mut self) -> sqlx::Result<()> {
        for row in self.fetch(schema::COLUMNS, vec![]).await? {
            let [Cell::Integer(oid), Cell::Text(name), Cell::Text(of_type), is_deterministic, is_generated] =
                row.as_slice()
            else {
                continue;
            };
            let Some(relation) = self.relations.get_mut(oid) else {
                continue;
            };
            relation.columns.push(name.clone());
            if is_generated.is_true() {
                relation.generated.push(name.clone());
            }
            if name == self.wanted.tenant_column {
                let fits = fits(of_type, is_deterministic.is_true(), self.wanted.tenant_type);
                relation.tenant_column = Some(fits);
            }
        }
        Ok(())
    }

    async fn keys(&mut self) -> sqlx::Result<()> {
        let mut last = None;
        for row in self.fetch(schema::KEYS, vec![]).await? {
            let [Cell::Integer(oid), Cell::Integer(index), is_plain, column, is_deterministic] =
                row.as_slice()
            else {
                continue;
            };
            let Some(relation) = self.relations.get_mut(oid) else {
                continue;
            };
            if last != Some(*index) {
                last = Some(*index);
                relation.unique.push(UniqueKey { columns: vec![], is_plain: is_plain.is_true() });
            }
            let Some(key) = relation.unique.last_mut() else {
                continue;
            };
            match column {
                // A key that takes `acme` for `ACME` does not keep them apart.
                Cell::Text(name) if name != self.wanted.tenant_column || is_deterministic.is_true() => {
                    key.columns.push(name.clone());
                }
                _ => key.is_plain = false,
            }
        }
        Ok(())
    }

    async fn foreign_keys(&mut self) -> sqlx::Result<()> {
        let tenant_column = vec![self.wanted.tenant_column.into()];
        for row in self.fetch(schema::FOREIGN_KEYS, tenant_column).await? {
            let [Cell::Integer(child), Cell::Integer(parent), carries_tenant, cascades] = row.as_slice()
            else {
                continue;
            };
            let parent = self.relations.get(parent).map(|parent| parent.name.clone()).unwrap_or_default();
            let (carries_tenant, cascades) = (carries_tenant.is_true(), cascades.is_true());
            if let Some(child) = self.relations.get_mut(child) {
                child.foreign_keys.push(ForeignKey { parent, carries_tenant, cascades });
            }
        }
        Ok(())
    }

    async fn children(&mut self) -> sqlx::Result<()> {
        for row in self.fetch(schema::CHILDREN, vec![]).await? {
            let [Cell::Integer(parent), Cell::Integer(child)] = row.as_slice() else {
                continue;
            };
            let child = self.relations.get(child).map(|child| child.name.clone());
            if let (Some(child), Some(parent)) = (child, self.relations.get_mut(parent)) {
                parent.children.push(child);
            }
        }
        Ok(())
    }

    async fn mark(&mut self, sql: Sql, mark: fn(&mut Relation)) -> sqlx::Result<()> {
        for row in self.fetch(sql, vec![]).await? {
            if let [Cell::Integer(oid)] = row.as_slice()
                && let Some(relation) = self.relations.get_mut(oid)
            {
                mark(relation);
            }
        }
        Ok(())
    }

    async fn fetch(&mut self, sql: Sql, cells: Vec<Cell>) -> sqlx::Result<Vec<Vec<Cell>>> {
        rows::glance(self.connection, sql, cells).await
    }
}

/// Whether a tenant column compares byte by byte what is bound to it. `char(n)` does not: it pads with blanks, and
/// compares without them (<https://www.postgresql.org/docs/current/datatype-character.html>).
fn fits(of_type: &str, is_deterministic: bool, tenant_type: TenantType) -> Result<(), Problem> {
    match (tenant_type, of_type) {
        (TenantType::Text, "text" | "varchar") if is_deterministic => Ok(()),
        (TenantType::Text, "text" | "varchar") => Err(Problem::Collation),
        (TenantType::Text, of_type) if of_type.ends_with(".citext") => Err(Problem::Collation),
        (TenantType::Uuid, "uuid") | (TenantType::Integer, "int2" | "int4" | "int8") => Ok(()),
        (TenantType::Text | TenantType::Uuid | TenantType::Integer, _) => Err(Problem::Affinity),
    }
}
