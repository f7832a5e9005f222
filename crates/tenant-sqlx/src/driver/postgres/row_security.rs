//! Whether policies hold for this role.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Pool, Postgres, SqlStr};
use tenant_sql::{Catalog, TableKind};

use super::{Cell, Sql, rows, schema::reads_as_invoker, sql};
use crate::rls::{Gaps, Setting};

const ROLE: Sql = sql!("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user");

/// Whoever has the rights of a table's owner is exempt from its policies unless they are forced
/// (<https://www.postgresql.org/docs/current/ddl-rowsecurity.html>), and a view has its owner's rights unless it is told
/// otherwise (<https://www.postgresql.org/docs/current/sql-createview.html>). A materialized view has no policies.
const RELATIONS: Sql = sql!(
    "SELECT c.relname::text, c.relkind = 'v' AND ",
    reads_as_invoker!(),
    " OR c.relrowsecurity AND (c.relforcerowsecurity OR NOT pg_has_role(current_user, c.relowner, 'USAGE'))
            AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
);

/// Fails where tenants would see more than their own by policies alone. The setting is tried out as well: a name that the
/// server does not take would break one transaction after the other.
pub(super) async fn check(
    pool: &Pool<Postgres>,
    begin: Option<SqlStr>,
    catalog: &Catalog,
    setting: &Setting,
) -> sqlx::Result<()> {
    let mut transaction = super::begin(pool, begin).await?;
    let gaps = gaps(&mut transaction, catalog).await?;
    if !gaps.is_empty() {
        return Err(gaps.into());
    }
    sqlx::raw_sql(setting.trial()).execute(&mut *transaction).await?;
    transaction.rollback().await
}

async fn gaps(connection: &mut PgConnection, catalog: &Catalog) -> sqlx::Result<Gaps> {
    let role = rows::glance(connection, ROLE, vec![]).await?;
    let mut gaps = Gaps { is_exempt: role.iter().flatten().any(Cell::is_true), ..Gaps::default() };
    let held: BTreeMap<String, bool> = rows::glance(connection, RELATIONS, vec![])
        .await?
        .into_iter()
        .filter_map(|row| match <[Cell; 2]>::try_from(row) {
            Ok([Cell::Text(name), held]) => Some((name, held.is_true())),
            Ok(_) | Err(_) => None,
        })
        .collect();
    for table in catalog.tables().filter(|table| table.kind() == TableKind::Owned) {
        if !held.get(table.name()).copied().unwrap_or(false) {
            let open = if table.is_view() { &mut gaps.views } else { &mut gaps.tables };
            open.push(table.name().to_owned());
        }
    }
    Ok(gaps)
}
