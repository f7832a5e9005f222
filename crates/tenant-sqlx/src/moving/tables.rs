//! The tables whose rows are moved, and their order.

use std::collections::BTreeMap;

use super::{MoveError, MoveErrorKind};
use crate::{
    catalog::is_framework,
    driver::{Cell, Names, TenantDatabase},
    statement::trusted,
};

/// A table with rows of tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) tenant_column: String,
    pub(crate) columns: Vec<Column>,
    /// Where the columns of the primary key are, without the tenant's.
    pub(crate) key: Vec<usize>,
    pub(crate) has_key: bool,
    /// Whether rows refer to rows of the same table.
    pub(crate) is_self_linked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) is_counted: bool,
}

impl Table {
    /// Whether rows of the one can be rows of the other.
    pub(super) fn fits(&self, other: &Self) -> bool {
        let names = |table: &Self| {
            let mut names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
            names.sort();
            names
        };
        let keys = |table: &Self| -> Vec<String> {
            table
                .key
                .iter()
                .filter_map(|at| table.columns.get(*at))
                .map(|column| column.name.clone())
                .collect()
        };
        names(self) == names(other) && keys(self) == keys(other)
    }
}

/// All tables of a place that have the tenant column: the ones that are referred to before those that refer to them.
pub(super) async fn read<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    tenant_column: &str,
) -> Result<Vec<Table>, MoveError> {
    read_those::<DB>(connection, DB::MOVING.columns, |table| (!is_framework(table)).then_some(tenant_column))
        .await
}

/// Those tables that have a tenant column, which is asked for by their name: in the same order.
pub(crate) async fn read_those<'t, DB: TenantDatabase>(
    connection: &mut DB::Connection,
    columns: &'static str,
    tenant_column_of: impl Fn(&str) -> Option<&'t str>,
) -> Result<Vec<Table>, MoveError> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for row in ask::<DB>(connection, columns).await? {
        let [table, name, kind, counted] = row.as_slice() else { continue };
        let Some(tenant_column) = tenant_column_of(table) else { continue };
        let entry = tables.entry(table.clone()).or_default();
        entry.name.clone_from(table);
        if same::<DB>(name, tenant_column) {
            entry.tenant_column.clone_from(name);
        }
        let column = Column { name: name.clone(), kind: kind.clone(), is_counted: counted == "yes" };
        entry.columns.push(column);
    }
    tables.retain(|_, table| !table.tenant_column.is_empty());
    for row in ask::<DB>(connection, DB::MOVING.keys).await? {
        let [table, name] = row.as_slice() else { continue };
        let Some(table) = tables.get_mut(table) else { continue };
        table.has_key = true;
        if *name != table.tenant_column {
            table.key.extend(table.columns.iter().position(|column| column.name == *name));
        }
    }
    let links = ask::<DB>(connection, DB::MOVING.links).await?;
    in_order(tables, &links)
}

fn in_order(mut tables: BTreeMap<String, Table>, links: &[Vec<String>]) -> Result<Vec<Table>, MoveError> {
    let links: Vec<(&String, &String)> =
        links.iter().filter_map(|row| Some((row.first()?, row.get(1)?))).collect();
    for (child, _) in links.iter().filter(|(child, parent)| child == parent) {
        if let Some(table) = tables.get_mut(*child) {
            table.is_self_linked = true;
        }
    }
    let mut sorted = Vec::new();
    while !tables.is_empty() {
        let waits = |name: &String| {
            links
                .iter()
                .any(|(child, parent)| *child == name && child != parent && tables.contains_key(*parent))
        };
        let free = tables.keys().find(|name| !waits(name)).cloned();
        let Some(name) = free else {
            let table = tables.into_keys().next().unwrap_or_default();
            return Err(MoveErrorKind::Circle { table }.into());
        };
        sorted.extend(tables.remove(&name));
    }
    Ok(sorted)
}

fn same<DB: TenantDatabase>(left: &str, right: &str) -> bool {
    let names: Names = DB::COLUMN_NAMES;
    names.same(left, right)
}

async fn ask<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    sql: &'static str,
) -> Result<Vec<Vec<String>>, MoveError> {
    let rows = DB::ask(connection, trusted(sql.to_owned())).await?;
    let texts = |row: Vec<Cell>| row.into_iter().map(|cell| cell.into_text().unwrap_or_default()).collect();
    Ok(rows.into_iter().map(texts).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(links: &[(&str, &str)]) -> Result<Vec<String>, MoveErrorKind> {
        let table = |name: &str| (name.to_owned(), Table { name: name.to_owned(), ..Table::default() });
        let tables = ["a", "b", "c"].map(table).into();
        let links: Vec<Vec<String>> =
            links.iter().map(|(child, parent)| vec![(*child).to_owned(), (*parent).to_owned()]).collect();
        let sorted = in_order(tables, &links).map_err(|error| error.kind().clone())?;
        Ok(sorted.into_iter().map(|table| table.name).collect())
    }

    #[test]
    fn who_is_referred_to_comes_first() {
        assert_eq!(
            order(&[("a", "b"), ("b", "c"), ("c", "c"), ("a", "elsewhere")]).unwrap(),
            ["c", "b", "a"]
        );
        assert_eq!(order(&[]).unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn a_circle_is_told_of() {
        assert!(matches!(order(&[("a", "b"), ("b", "a")]), Err(MoveErrorKind::Circle { .. })));
    }
}
