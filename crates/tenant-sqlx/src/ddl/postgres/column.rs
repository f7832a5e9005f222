//! The tenant column: added, filled, required.

use tenant_sql::TenantType;

use super::{super::name_of, Draft, Phase, Step, block, unless_constraint};
use crate::model::{Kind, Owned};

/// Pages of a table that are filled in one transaction: some ten thousand rows.
const PAGES: u32 = 200;

pub(super) fn expand(draft: Draft<'_>, owned: Owned<'_>) -> Vec<Step> {
    let (mut steps, is_new) = (Vec::new(), !owned.has_tenant_column());
    // A partition gets the column of what it is a part of.
    if is_new && owned.relation.parent.is_none() {
        steps.push(add(draft, owned));
    }
    if draft.fills(owned) && owned.relation.kind == Kind::Table {
        steps.push(fill(draft, owned));
    }
    steps
}

/// After that, what a part of it must have holds for all of it.
pub(super) fn require(draft: Draft<'_>, owned: Owned<'_>) -> Option<Step> {
    let is_nullable = owned.relation.column(owned.tenant).is_none_or(|column| column.is_nullable);
    let note = format!("`{}`: every row has a tenant from now on.", owned.relation.name);
    let is_whole = owned.relation.parent.is_none();
    (is_nullable && is_whole).then(|| Step::new(Phase::Expand, note, required(draft, owned)))
}

/// The default is another statement: given together with the column it would count for the rows that are there, at once
/// and unseen, whoever they belong to.
fn add(draft: Draft<'_>, owned: Owned<'_>) -> Step {
    let (table, column) = (draft.quoted(&owned.relation.name), draft.quoted(owned.tenant));
    let (of_type, tenant) = (type_of(draft), draft.tenant());
    let note = format!(
        "`{}`: the tenant column, empty at first. What the application of before adds belongs to {tenant}.",
        owned.relation.name
    );
    let statements = vec![
        format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} {of_type}"),
        format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {tenant}"),
    ];
    Step::new(Phase::Expand, note, statements)
}

pub(crate) fn type_of(draft: Draft<'_>) -> &'static str {
    match draft.tenancy.catalog.tenant_type() {
        TenantType::Text => "text",
        TenantType::Uuid => "uuid",
        TenantType::Integer => "bigint",
    }
}

/// Page by page, each time a transaction of its own: a table of any size is read once, and no row is locked for long.
/// Rows that move meanwhile have their tenant by then.
fn fill(draft: Draft<'_>, owned: Owned<'_>) -> Step {
    let (table, column) = (draft.quoted(&owned.relation.name), draft.quoted(owned.tenant));
    let (name, tenant) = (draft.literal(&table), draft.tenant());
    let block = block(&format!(
        "<<tenant_fill>>
DECLARE
    page bigint := 0;
    pages bigint := pg_catalog.pg_relation_size({name}::regclass)
        / pg_catalog.current_setting('block_size')::bigint;
BEGIN
    WHILE page <= pages LOOP
        UPDATE ONLY {table} SET {column} = {tenant}
        WHERE {column} IS NULL
            AND ctid >= pg_catalog.format('(%s,0)', tenant_fill.page)::tid
            AND ctid < pg_catalog.format('(%s,0)', tenant_fill.page + {PAGES})::tid;
        COMMIT;
        page := page + {PAGES};
    END LOOP;
END"
    ));
    let statements = vec!["SET lock_timeout = 0".to_owned(), block, "SET lock_timeout = '5s'".to_owned()];
    let note = format!("`{}`: the rows that are there, batch by batch.", owned.relation.name);
    Step::new(Phase::Expand, note, statements)
}

/// `SET NOT NULL` alone would read the table while nobody may touch it; with a constraint that was validated it does
/// not (<https://www.postgresql.org/docs/current/sql-altertable.html>).
pub(crate) fn required(draft: Draft<'_>, owned: Owned<'_>) -> Vec<String> {
    let (table, column) = (draft.quoted(&owned.relation.name), draft.quoted(owned.tenant));
    let name = name_of(&[&owned.relation.name, owned.tenant, "set"]);
    let constraint = draft.quoted(&name);
    let add =
        format!("ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({column} IS NOT NULL) NOT VALID");
    vec![
        unless_constraint(draft, &owned.relation.name, &name, &add),
        format!("ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}"),
        format!("ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL"),
        format!("ALTER TABLE {table} DROP CONSTRAINT {constraint}"),
    ]
}

/// A row without a tenant is the transaction's, or nobody's.
pub(super) fn contract(draft: Draft<'_>, owned: Owned<'_>) -> Step {
    let column = owned.relation.column(owned.tenant);
    let is_right = column
        .is_some_and(|column| column.default.as_deref().is_none_or(|default| is_setting(draft, default)));
    let note = format!("`{}`: no tenant is anybody's by default.", owned.relation.name);
    let statements = if is_right { Vec::new() } else { vec![defaulted(draft, owned)] };
    Step::new(Phase::Contract, note, statements)
}

pub(crate) fn defaulted(draft: Draft<'_>, owned: Owned<'_>) -> String {
    let (table, column) = (draft.quoted(&owned.relation.name), draft.quoted(owned.tenant));
    let of_type = owned.relation.column(owned.tenant).map_or(type_of(draft), |column| &column.of_type);
    let value = super::policies::value(draft, of_type);
    format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {value}")
}

/// Whether a default takes the tenant from the transaction.
pub(crate) fn is_setting(draft: Draft<'_>, default: &str) -> bool {
    default.contains(&format!("current_setting({}", draft.literal(&draft.ddl.setting)))
}
