//! MySQL and MariaDB: a column is changed by saying all of it again
//! (<https://dev.mysql.com/doc/refman/8.4/en/alter-table.html>).

use tenant_sql::TenantType;

use super::{Owned, Patient, Problem};
use crate::model::{Column, literal};

pub(super) fn required(patient: Patient<'_>, owned: Owned<'_>) -> Option<String> {
    let column = owned.relation.column(owned.tenant)?;
    let collation = column.charset.as_deref().zip(column.collation.as_deref());
    modified(patient, owned, &kind(&column.of_type, collation), false)
}

/// A text keeps its length and its characters; what can't hold a tenant gets the type that does.
pub(super) fn retyped(patient: Patient<'_>, owned: Owned<'_>, problem: Problem) -> Option<String> {
    let column = owned.relation.column(owned.tenant)?;
    let charset = column.charset.as_deref().unwrap_or("utf8mb4");
    let bytes = format!("{charset}_bin");
    let of_type = match (problem, patient.tenancy.catalog.tenant_type()) {
        (Problem::Collation, _) => kind(&column.of_type, Some((charset, &bytes))),
        (_, TenantType::Text) => "VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin".to_owned(),
        (_, TenantType::Uuid) => "BINARY(16)".to_owned(),
        (_, TenantType::Integer) => "BIGINT".to_owned(),
    };
    modified(patient, owned, &of_type, column.is_nullable)
}

fn kind(of_type: &str, collation: Option<(&str, &str)>) -> String {
    let collation = collation.map(|(charset, name)| format!(" CHARACTER SET {charset} COLLATE {name}"));
    format!("{of_type}{}", collation.unwrap_or_default())
}

/// All that is said of the column but its type comes along.
fn modified(patient: Patient<'_>, owned: Owned<'_>, of_type: &str, is_nullable: bool) -> Option<String> {
    let column = owned.relation.column(owned.tenant)?;
    let (table, name) = (patient.quoted(&owned.relation.name), patient.quoted(&column.name));
    let nulls = if is_nullable { " NULL" } else { " NOT NULL" };
    let default = default(patient, column).map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
    let invisible = if column.extra.contains("INVISIBLE") { " INVISIBLE" } else { "" };
    let comment = match column.comment.as_str() {
        "" => String::new(),
        comment => format!(" COMMENT {}", literal(patient.model.dialect, comment)),
    };
    let check = column.check.as_deref().map(|check| format!(" CHECK ({check})")).unwrap_or_default();
    let is_computed = column.extra.replace("DEFAULT_GENERATED", "").contains("GENERATED");
    (!is_computed).then(|| {
        format!(
            "ALTER TABLE {table} MODIFY COLUMN {name} {of_type}{nulls}{default}{invisible}{comment}{check}"
        )
    })
}

/// MariaDB tells it as SQL writes it, MySQL as a value without its quotes, or as an expression.
fn default(patient: Patient<'_>, column: &Column) -> Option<String> {
    let default = column.default.as_deref()?;
    Some(match patient.model.is_mariadb {
        true => default.to_owned(),
        false if column.extra.contains("DEFAULT_GENERATED") => format!("({default})"),
        false if default.starts_with("0x") => default.to_owned(),
        false => literal(patient.model.dialect, default),
    })
}
