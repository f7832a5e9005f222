//! The same rows in another order, and the database kept from its usual ways to them: what differs then is a whim of the
//! database, and no work of ours.

use tenant_sql::Dialect;

use super::databases::Databases;
use super::error::OracleError;
use super::link::Link;
use super::schema::Schema;

/// On MySQL this one of the reordered databases has no keys, so that its rows lie as they were inserted.
const WITHOUT_KEYS: usize = 2;

/// In this one each table is a view that the planner cannot look through.
pub(super) const BEHIND_VIEWS: usize = 4;

impl Databases {
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
    pub(super) async fn disturb(
        &self,
        link: &mut Link,
        schema: &Schema,
        order: usize,
    ) -> Result<(), OracleError> {
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
}

fn secondary_keys(table: &str) -> String {
    format!(
        "SELECT DISTINCT CONVERT(index_name USING utf8mb4) FROM information_schema.statistics \
         WHERE table_schema = DATABASE() AND table_name = '{table}' AND index_name <> 'PRIMARY' AND non_unique"
    )
}

/// Puts the rows into another order: backwards, or every third first.
pub(super) fn reorder(statements: &mut Vec<String>, order: usize) {
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
