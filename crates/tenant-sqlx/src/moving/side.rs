//! One of the two places, seen through one tenant.

use sqlx::Connection;
use tenant_core::{Placement, TenantConfig};
use tenant_sql::TenantValue;

use super::{
    MoveError,
    tables::{self, Table},
};
use crate::{
    TenantDb,
    driver::{Cell, TenantDatabase},
    statement::trusted,
};

/// A row as literals, in the order of the columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row(pub(super) Vec<String>);

impl Row {
    pub(super) fn key(&self, table: &Table) -> Vec<String> {
        table.key.iter().filter_map(|at| self.0.get(*at)).cloned().collect()
    }
}

/// Which rows of a table, by their keys.
#[derive(Clone, Copy, Default)]
pub(super) struct Range<'a> {
    pub(super) after: Option<&'a [String]>,
    pub(super) until: Option<&'a [String]>,
    pub(super) limit: Option<usize>,
}

/// A connection into a place, which touches the rows of one tenant alone.
pub(super) struct Side<DB: TenantDatabase> {
    pub(super) connection: DB::Connection,
    pub(super) tables: Vec<Table>,
    tenant: String,
    /// The tenant as the framework's own tables name it.
    id: String,
}

/// So many rows, or bytes, are written in one statement.
const ROWS: usize = 500;
const BYTES: usize = 256 * 1024;

impl<DB: TenantDatabase> Side<DB> {
    pub(super) async fn open(
        db: &TenantDb<DB>,
        placement: &Placement,
        config: &TenantConfig,
    ) -> Result<Self, MoveError> {
        let mut connection = DB::Connection::connect_with(&db.options_of(placement)?).await?;
        for statement in DB::MOVING.session {
            DB::ask(&mut connection, trusted((*statement).to_owned())).await?;
        }
        let value = db.value_of(config)?;
        if let Some(setting) = db.session_setting(&value) {
            DB::ask(&mut connection, trusted(setting)).await?;
        }
        let tables = tables::read::<DB>(&mut connection, db.catalog().tenant_column()).await?;
        let tenant = match value {
            TenantValue::Text(text) => (DB::MOVING.text)(text),
            TenantValue::Integer(number) => number.to_string(),
            TenantValue::Uuid(bits) => (DB::MOVING.uuid)(bits),
        };
        let id = (DB::MOVING.text)(config.tenant_id.as_str());
        Ok(Self { connection, tables, tenant, id })
    }

    pub(super) async fn close(self) -> Result<(), MoveError> {
        Ok(self.connection.close().await?)
    }

    pub(super) async fn run(&mut self, sql: String) -> Result<Vec<Vec<Cell>>, MoveError> {
        Ok(DB::ask(&mut self.connection, trusted(sql)).await?)
    }

    /// A row of the framework's own, by which one side is told from the other.
    pub(super) async fn mark(&mut self) -> Result<(), MoveError> {
        self.unmark().await?;
        let values = format!("({}, 'a move', 0)", self.id);
        self.run(format!("INSERT INTO tenant_stocks (tenant_id, dimension, turns) VALUES {values}"))
            .await
            .map(drop)
    }

    pub(super) async fn unmark(&mut self) -> Result<(), MoveError> {
        self.run(format!("DELETE FROM tenant_stocks WHERE {}", self.marked())).await.map(drop)
    }

    pub(super) async fn sees_mark(&mut self) -> Result<bool, MoveError> {
        let rows = self.run(format!("SELECT count(*) FROM tenant_stocks WHERE {}", self.marked())).await?;
        Ok(rows.into_iter().flatten().any(|cell| cell != Cell::Integer(0)))
    }

    fn marked(&self) -> String {
        format!("tenant_id = {} AND dimension = 'a move'", self.id)
    }

    /// No statement here goes without it.
    fn own(&self, table: &Table) -> String {
        format!("{} = {}", (DB::MOVING.name)(&table.tenant_column), self.tenant)
    }

    pub(super) async fn count(&mut self, table: &Table) -> Result<u64, MoveError> {
        let sql =
            format!("SELECT count(*) FROM {} WHERE {}", (DB::MOVING.name)(&table.name), self.own(table));
        let rows = self.run(sql).await?;
        match rows.first().map(Vec::as_slice) {
            Some([Cell::Integer(count)]) => Ok(u64::try_from(*count).unwrap_or(0)),
            _ => Err(sqlx::Error::RowNotFound.into()),
        }
    }

    pub(super) async fn rows(&mut self, table: &Table, range: Range<'_>) -> Result<Vec<Row>, MoveError> {
        let name = DB::MOVING.name;
        let literals: Vec<String> = table
            .columns
            .iter()
            .map(|column| (DB::MOVING.literal)(&name(&column.name), &column.kind))
            .collect();
        let mut sql =
            format!("SELECT {} FROM {} WHERE {}", literals.join(", "), name(&table.name), self.own(table));
        let key = key_names::<DB>(table).join(", ");
        if let Some(after) = range.after.filter(|_| !key.is_empty()) {
            sql.push_str(&format!(" AND ({key}) > ({})", after.join(", ")));
        }
        if let Some(until) = range.until.filter(|_| !key.is_empty()) {
            sql.push_str(&format!(" AND ({key}) <= ({})", until.join(", ")));
        }
        if !key.is_empty() {
            sql.push_str(&format!(" ORDER BY {key}"));
        }
        if let Some(limit) = range.limit {
            sql.push_str(&format!(" LIMIT {limit}"));
        }
        let text = |cell: Cell| cell.into_text().ok_or(sqlx::Error::RowNotFound);
        let row = |cells: Vec<Cell>| cells.into_iter().map(text).collect::<Result<_, _>>().map(Row);
        Ok(self.run(sql).await?.into_iter().map(row).collect::<Result<_, _>>()?)
    }

    pub(super) async fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<(), MoveError> {
        let name = DB::MOVING.name;
        let columns: Vec<String> = table.columns.iter().map(|column| name(&column.name)).collect();
        let head = format!(
            "INSERT INTO {} ({}) {}VALUES ",
            name(&table.name),
            columns.join(", "),
            DB::MOVING.overriding
        );
        // Where rows refer to each other, one statement is the order that is always right.
        let is_whole = table.is_self_linked && DB::MOVING.checks_links;
        let mut rest = rows;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(if is_whole { usize::MAX } else { ROWS }).take_while(|Row(cells)| {
                bytes += cells.iter().map(String::len).sum::<usize>();
                is_whole || bytes < BYTES
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            let values: Vec<String> =
                now.iter().map(|Row(cells)| format!("({})", cells.join(", "))).collect();
            self.run(format!("{head}{}", values.join(", "))).await?;
            rest = later;
        }
        Ok(())
    }

    pub(super) async fn update(&mut self, table: &Table, Row(cells): &Row) -> Result<(), MoveError> {
        let pairs = table.columns.iter().zip(cells).enumerate();
        let changed: Vec<String> = pairs
            .filter(|(at, (column, _))| !table.key.contains(at) && column.name != table.tenant_column)
            .map(|(_, (column, cell))| format!("{} = {cell}", (DB::MOVING.name)(&column.name)))
            .collect();
        let key = Row(cells.clone()).key(table);
        let which = self.which(table, &key);
        self.run(format!(
            "UPDATE {} SET {} WHERE {which}",
            (DB::MOVING.name)(&table.name),
            changed.join(", ")
        ))
        .await
        .map(drop)
    }

    pub(super) async fn delete(&mut self, table: &Table, key: &[String]) -> Result<(), MoveError> {
        let which = self.which(table, key);
        self.run(format!("DELETE FROM {} WHERE {which}", (DB::MOVING.name)(&table.name))).await.map(drop)
    }

    /// All rows of the tenant.
    pub(super) async fn erase(&mut self, table: &Table) -> Result<(), MoveError> {
        let sql = format!("DELETE FROM {} WHERE {}", (DB::MOVING.name)(&table.name), self.own(table));
        self.run(sql).await.map(drop)
    }

    fn which(&self, table: &Table, key: &[String]) -> String {
        let pairs = key_names::<DB>(table).into_iter().zip(key);
        pairs.fold(self.own(table), |which, (name, cell)| format!("{which} AND {name} = {cell}"))
    }

    pub(super) async fn advance(&mut self, table: &Table) -> Result<(), MoveError> {
        let own = self.own(table);
        Ok(advance::<DB>(&mut self.connection, table, &own).await?)
    }
}

/// What is counted goes on behind the rows that came here. It never goes back: others count with it.
pub(crate) async fn advance<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    table: &Table,
    own: &str,
) -> Result<(), sqlx::Error> {
    let Some(sequence) = DB::MOVING.sequence else { return Ok(()) };
    for column in table.columns.iter().filter(|column| column.is_counted) {
        let rows = DB::ask(connection, trusted(sequence(&table.name, &column.name))).await?;
        let Some(sequence) = rows.into_iter().flatten().next().and_then(Cell::into_text) else {
            continue;
        };
        let (name, column) = ((DB::MOVING.name)(&table.name), (DB::MOVING.name)(&column.name));
        let behind = format!(
            "SELECT (coalesce((SELECT max({column})::bigint FROM {name} WHERE {own}), 0) - last_value)::bigint \
             FROM {sequence}",
        );
        let rows = DB::ask(connection, trusted(behind)).await?;
        let Some(Cell::Integer(gap)) = rows.into_iter().flatten().next() else { continue };
        let text = (DB::MOVING.text)(&sequence);
        let advance = match gap {
            ..0 => continue,
            // One more: a sequence that was never used gives its first number again.
            0..=1_000_000 => format!("SELECT count(nextval({text})) FROM generate_series(0, {gap})"),
            _ => format!("SELECT setval({text}, (SELECT max({column}) FROM {name} WHERE {own}))"),
        };
        DB::ask(connection, trusted(advance)).await?;
    }
    Ok(())
}

fn key_names<DB: TenantDatabase>(table: &Table) -> Vec<String> {
    let columns = table.key.iter().filter_map(|at| table.columns.get(*at));
    columns.map(|column| (DB::MOVING.name)(&column.name)).collect()
}
