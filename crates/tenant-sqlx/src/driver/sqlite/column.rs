//! The columns of a relation, and what they make of it.

use tenant_sql::TenantType;

use super::{Cell, Wanted, affinity::Affinity};
use crate::catalog::{Problem, Relation, UniqueKey};

pub(super) struct Column<'a> {
    name: &'a str,
    declared: &'a str,
    in_key: bool,
    has_key_index: bool,
}

impl<'a> Column<'a> {
    pub(super) fn read(row: &'a [Cell]) -> Option<Self> {
        let [_, Cell::Text(name), Cell::Text(declared), Cell::Integer(pk), Cell::Integer(hidden), _, index] =
            row
        else {
            return None;
        };
        // 1 is a hidden column of a virtual table.
        (*hidden != 1).then_some(Self {
            name,
            declared,
            in_key: *pk > 0,
            has_key_index: *index == Cell::Integer(1),
        })
    }
}

pub(super) fn describe(relation: &mut Relation, columns: &[Column<'_>], wanted: &Wanted<'_>) {
    relation.columns = columns.iter().map(|column| column.name.to_owned()).collect();
    let tenant = columns.iter().find(|column| column.name.eq_ignore_ascii_case(wanted.tenant_column));
    relation.tenant_column = tenant.map(|column| affinity(column.declared, wanted.tenant_type));
    let mut key = columns.iter().filter(|column| column.in_key);
    // A primary key without an index of its own is the rowid by another name, and filled where it is left out.
    if let (Some(id), None) = (key.next(), key.next())
        && !id.has_key_index
    {
        relation.generated = vec![id.name.to_owned()];
        relation.unique.push(UniqueKey { columns: vec![id.name.to_owned()], is_plain: true });
    }
}

fn affinity(declared: &str, tenant_type: TenantType) -> Result<(), Problem> {
    let fits = match tenant_type {
        TenantType::Text | TenantType::Uuid => Affinity::of(declared) == Affinity::Text,
        TenantType::Integer => Affinity::of(declared) == Affinity::Integer,
    };
    if fits { Ok(()) } else { Err(Problem::Affinity) }
}
