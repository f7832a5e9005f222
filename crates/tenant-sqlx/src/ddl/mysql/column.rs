//! The tenant column: added, filled, required.

use tenant_sql::TenantType;

use super::{Draft, ONLINE, Phase, Step};
use crate::model::Owned;

/// Rows that are filled at once.
const BATCH: u32 = 5_000;

pub(super) fn expand(draft: Draft<'_>, owned: Owned<'_>) -> Vec<Step> {
    let name = &owned.relation.name;
    let (table, column) = (draft.quoted(name), draft.quoted(owned.tenant));
    let mut steps = Vec::new();
    if !owned.has_tenant_column() {
        let (of_type, tenant) = (type_of(draft), draft.tenant());
        let note = format!(
            "`{name}`: the tenant column, empty at first. What the application of before adds belongs to {tenant}."
        );
        let statements = vec![
            format!("ALTER TABLE {table} ADD COLUMN {column} {of_type} NULL, {ONLINE}"),
            format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {tenant}"),
        ];
        steps.push(Step::new(Phase::Expand, note, statements));
    }
    if draft.fills(owned) {
        let tenant = draft.tenant();
        let fill = format!("UPDATE {table} SET {column} = {tenant} WHERE {column} IS NULL LIMIT {BATCH}");
        let note = format!("`{name}`: the rows that are there, batch by batch.");
        steps.push(Step::new(Phase::Expand, note, vec![fill]).repeated());
    }
    if owned.relation.column(owned.tenant).is_none_or(|column| column.is_nullable) {
        let note = format!("`{name}`: every row has a tenant from now on.");
        steps.push(Step::new(Phase::Expand, note, vec![held(draft, owned)]));
    }
    steps
}

/// Byte by byte: the usual collations take `acme` for `ACME`.
fn type_of(draft: Draft<'_>) -> &'static str {
    match draft.tenancy.catalog.tenant_type() {
        TenantType::Text => "VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        TenantType::Uuid => "BINARY(16)",
        TenantType::Integer => "BIGINT",
    }
}

/// Required, with the default that the application of before needs.
fn held(draft: Draft<'_>, owned: Owned<'_>) -> String {
    let default = match owned.relation.column(owned.tenant) {
        Some(column) => column.default.as_deref().map(|default| kept(draft, default)),
        None => Some(draft.tenant()),
    };
    let default = default.map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
    let (table, column) = (draft.quoted(&owned.relation.name), draft.quoted(owned.tenant));
    format!("ALTER TABLE {table} MODIFY COLUMN {column} {} NOT NULL{default}", type_of(draft))
}

/// The default that is there, unless another one is named. MariaDB tells it as SQL writes it, MySQL without its quotes.
fn kept(draft: Draft<'_>, default: &str) -> String {
    match &draft.ddl.tenant {
        Some(_) => draft.tenant(),
        None if draft.tenancy.model.is_mariadb => default.to_owned(),
        None if default.starts_with("0x") => default.to_owned(),
        None => draft.literal(default),
    }
}

pub(super) fn contract(draft: Draft<'_>, owned: Owned<'_>) -> Step {
    let column = owned.relation.column(owned.tenant);
    let has_none = column.is_some_and(|column| column.default.is_none());
    let statements = if has_none { Vec::new() } else { vec![without_default(draft, owned)] };
    let note = format!("`{}`: no tenant is anybody's by default.", owned.relation.name);
    Step::new(Phase::Contract, note, statements)
}

pub(crate) fn without_default(draft: Draft<'_>, owned: Owned<'_>) -> String {
    let (table, column) = (draft.quoted(&owned.relation.name), draft.quoted(owned.tenant));
    format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")
}
