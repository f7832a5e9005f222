//! What SQLite says of its schema (<https://www.sqlite.org/pragma.html>).

use std::collections::BTreeMap;

use sqlx::{Pool, Sqlite, SqliteConnection};
use tenant_sql::TenantType;

use super::{
    Cell, Wanted,
    column::{Column, describe},
    rows,
};
use crate::{
    catalog::{ForeignKey, Problem, Relation, RelationKind, Schema, UniqueKey},
    statement::trusted,
};

/// All relations of the main database, as they are at one moment.
pub(super) async fn schema(pool: &Pool<Sqlite>, wanted: &Wanted<'_>) -> sqlx::Result<Schema> {
    let mut snapshot = pool.begin().await?;
    // A transaction sees the moment of its first read, and the pragmas answer from memory.
    rows::fetch(&mut snapshot, "SELECT count(*) FROM main.sqlite_schema", vec![]).await?;
    let mut schema = Reader { connection: &mut snapshot, wanted, relations: BTreeMap::new() };
    schema.names().await?;
    schema.columns().await?;
    schema.unique_keys().await?;
    schema.foreign_keys().await?;
    schema.triggers().await?;
    schema.conflicts().await?;
    schema.collations().await?;
    Ok(Schema { name: None, relations: schema.relations.into_values().collect() })
}

struct Reader<'a> {
    connection: &'a mut SqliteConnection,
    wanted: &'a Wanted<'a>,
    relations: BTreeMap<String, Relation>,
}

const NAMES: &str = "SELECT name, type FROM pragma_table_list
    WHERE schema = 'main' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

const COLUMNS: &str = "SELECT t.name, c.name, c.type, c.pk, c.hidden, t.type,
        EXISTS (SELECT 1 FROM pragma_index_list(t.name, 'main') WHERE origin = 'pk')
    FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name, 'main') AS c
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY t.name, c.cid";

const VIEW_COLUMNS: &str = "SELECT t.name, c.name, c.type, 0, c.hidden, t.type, 1
    FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name, 'main') AS c
    WHERE t.schema = 'main' AND t.type = 'view' AND t.name = ?1 COLLATE NOCASE
    ORDER BY c.cid";

const UNIQUE_KEYS: &str = "SELECT t.name, i.name, i.partial, c.name, c.coll
    FROM pragma_table_list AS t
    JOIN pragma_index_list(t.name, 'main') AS i
    JOIN pragma_index_xinfo(i.name, 'main') AS c
    WHERE t.schema = 'main' AND t.type = 'table' AND i.\"unique\" AND c.key
    ORDER BY t.name, i.seq, c.seqno";

const FOREIGN_KEYS: &str = "SELECT t.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.on_update, f.on_delete
    FROM pragma_table_list AS t JOIN pragma_foreign_key_list(t.name, 'main') AS f
    WHERE t.schema = 'main' AND t.type = 'table'
    ORDER BY t.name, f.id, f.seq";

const TRIGGERS: &str = "SELECT DISTINCT tbl_name FROM main.sqlite_schema WHERE type = 'trigger'
    UNION SELECT DISTINCT tbl_name FROM temp.sqlite_schema WHERE type = 'trigger'";

/// Any conflict clause needs the word, which no pragma tells of (<https://www.sqlite.org/lang_conflict.html>).
const CONFLICTS: &str = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql LIKE '%conflict%'";

impl Reader<'_> {
    async fn names(&mut self) -> sqlx::Result<()> {
        for row in self.fetch(NAMES, vec![]).await? {
            let [Cell::Text(name), Cell::Text(kind)] = row.as_slice() else {
                continue;
            };
            let kind = match kind.as_str() {
                "table" => RelationKind::Table,
                "view" => RelationKind::View,
                _ => RelationKind::Virtual,
            };
            self.relations.insert(name.clone(), Relation::new(name.clone(), kind));
        }
        Ok(())
    }

    async fn columns(&mut self) -> sqlx::Result<()> {
        let mut rows = self.fetch(COLUMNS, vec![]).await?;
        for view in self.wanted.views {
            // One at a time: a view that is broken spoils the statement that looks at it.
            let view = self.fetch(VIEW_COLUMNS, vec![view.as_str().into()]).await;
            rows.extend(view.unwrap_or_default());
        }
        for relation in self.relations.values_mut() {
            let name = Cell::Text(relation.name.clone());
            let own = rows.iter().filter(|row| row.first() == Some(&name));
            let columns: Vec<Column<'_>> = own.filter_map(|row| Column::read(row)).collect();
            describe(relation, &columns, self.wanted);
        }
        Ok(())
    }

    async fn unique_keys(&mut self) -> sqlx::Result<()> {
        let mut last = None;
        for row in self.fetch(UNIQUE_KEYS, vec![]).await? {
            let [Cell::Text(table), Cell::Text(index), Cell::Integer(partial), column, collation] =
                row.as_slice()
            else {
                continue;
            };
            let Some(relation) = self.relations.get_mut(table) else {
                continue;
            };
            let this = Some((table.clone(), index.clone()));
            if last != this {
                last = this;
                relation.unique.push(UniqueKey { columns: vec![], is_plain: *partial == 0 });
            }
            if let Some(key) = relation.unique.last_mut() {
                key.add(column, collation, self.wanted);
            }
        }
        Ok(())
    }

    async fn foreign_keys(&mut self) -> sqlx::Result<()> {
        let mut last = None;
        for row in self.fetch(FOREIGN_KEYS, vec![]).await? {
            let [Cell::Text(table), Cell::Integer(id), Cell::Text(parent), from, to, update, delete] =
                row.as_slice()
            else {
                continue;
            };
            let Some(relation) = self.relations.get_mut(table) else {
                continue;
            };
            let this = Some((table.clone(), *id));
            if last != this {
                last = this;
                relation.foreign_keys.push(ForeignKey {
                    parent: parent.clone(),
                    carries_tenant: false,
                    cascades: [update, delete].into_iter().any(acts),
                });
            }
            if let Some(key) = relation.foreign_keys.last_mut() {
                // Without a target column it is the parent's primary key, by position: then it must be said.
                key.carries_tenant |= self.wanted.is_tenant(from) && self.wanted.is_tenant(to);
            }
        }
        Ok(())
    }

    async fn triggers(&mut self) -> sqlx::Result<()> {
        self.mark(TRIGGERS, |relation| relation.has_triggers = true).await
    }

    async fn conflicts(&mut self) -> sqlx::Result<()> {
        self.mark(CONFLICTS, |relation| relation.resolves_conflicts = true).await
    }

    async fn mark(&mut self, sql: &'static str, mark: fn(&mut Relation)) -> sqlx::Result<()> {
        for row in self.fetch(sql, vec![]).await? {
            let [Cell::Text(table)] = row.as_slice() else {
                continue;
            };
            self.relations.values_mut().filter(|relation| relation.may_be(table)).for_each(mark);
        }
        Ok(())
    }

    /// No pragma tells a column's collation, but the program that compares it names it
    /// (<https://www.sqlite.org/opcode.html#Ne>). What can't be read counts as something else than `BINARY`.
    async fn collations(&mut self) -> sqlx::Result<()> {
        let is_sound = |relation: &&mut Relation| matches!(relation.tenant_column, Some(Ok(())));
        for relation in self.relations.values_mut().filter(is_sound) {
            if self.wanted.tenant_type == TenantType::Integer {
                continue;
            }
            let sql = format!(
                "EXPLAIN SELECT 1 FROM main.{} WHERE +{} = ?1",
                quoted(&relation.name),
                quoted(self.wanted.tenant_column)
            );
            let program = rows::explain(self.connection, trusted(sql)).await?;
            if !is_binary(&program) {
                relation.tenant_column = Some(Err(Problem::Collation));
            }
        }
        Ok(())
    }

    async fn fetch(&mut self, sql: &'static str, cells: Vec<Cell>) -> sqlx::Result<Vec<Vec<Cell>>> {
        rows::fetch(self.connection, sql, cells).await
    }
}

impl Wanted<'_> {
    fn is_tenant(&self, column: &Cell) -> bool {
        matches!(column, Cell::Text(name) if name.eq_ignore_ascii_case(self.tenant_column))
    }
}

impl UniqueKey {
    /// A tenant column that is compared without case keeps `acme` and `ACME` from having the same value: such a key
    /// does not carry the tenant.
    fn add(&mut self, column: &Cell, collation: &Cell, wanted: &Wanted<'_>) {
        let is_binary = matches!(collation, Cell::Text(name) if name.eq_ignore_ascii_case("BINARY"));
        match column {
            Cell::Text(_) if wanted.is_tenant(column) && !is_binary => self.is_plain = false,
            Cell::Text(name) => self.columns.push(name.clone()),
            Cell::Null | Cell::Integer(_) | Cell::Other => self.is_plain = false,
        }
    }
}

/// Whether an action changes the child: all but `NO ACTION` and `RESTRICT` do.
fn acts(action: &Cell) -> bool {
    !matches!(action, Cell::Text(action) if action == "NO ACTION" || action == "RESTRICT")
}

fn is_binary(program: &[(String, Option<String>)]) -> bool {
    let collations = program
        .iter()
        .filter(|(opcode, _)| matches!(opcode.as_str(), "Eq" | "Ne"))
        .filter_map(|(_, operand)| operand.as_deref());
    let mut seen = false;
    for collation in collations {
        seen = true;
        if !(collation.starts_with("BINARY-") || collation == "BINARY") {
            return false;
        }
    }
    seen
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
