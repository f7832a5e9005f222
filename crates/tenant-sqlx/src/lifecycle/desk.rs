//! One tenant's rows in one place.

use sqlx::Connection;
use tenant_core::{Placement, TenantConfig};
use tenant_sql::TenantValue;

use super::{LifecycleError, LifecycleErrorKind};
use crate::{
    TenantDb,
    catalog::is_framework,
    driver::{
        Cell, TenantDatabase,
        archiving::{Family, Form},
    },
    moving::{Column, Table, read_those},
    statement::trusted,
};

/// The column by which the framework's own tables name a tenant.
const OWN_COLUMN: &str = "tenant_id";

/// A connection into a place, of its own: what is set in its session is gone with it.
pub(super) struct Desk<DB: TenantDatabase> {
    pub(super) connection: DB::Connection,
    pub(super) tables: Vec<Table>,
    /// The tenant as the application's tables name it, as a literal.
    tenant: String,
    /// The tenant as the framework's own tables name it, as a literal.
    id: String,
}

/// Which tables are looked at.
#[derive(Clone, Copy)]
pub(super) struct Which {
    /// The application's.
    pub(super) application: bool,
    /// Those of the framework's own.
    pub(super) own: fn(&str) -> bool,
}

impl<DB: TenantDatabase> Desk<DB> {
    pub(super) async fn open(
        db: &TenantDb<DB>,
        placement: &Placement,
        config: &TenantConfig,
        which: Which,
    ) -> Result<Self, LifecycleError> {
        let mut connection = DB::Connection::connect_with(&db.options_of(placement)?).await?;
        for statement in DB::ARCHIVING.session {
            DB::ask(&mut connection, trusted((*statement).to_owned())).await?;
        }
        let value = db.value_of(config)?;
        if let Some(setting) = db.session_setting(&value) {
            DB::ask(&mut connection, trusted(setting)).await?;
        }
        let catalog = db.catalog();
        let column_of = |table: &str| match is_framework(table) {
            true => (which.own)(table).then_some(OWN_COLUMN),
            false => which.application.then_some(catalog.tenant_column()),
        };
        let tables = read_those::<DB>(&mut connection, DB::ARCHIVING.columns, column_of).await?;
        let tenant = match value {
            TenantValue::Text(text) => (DB::MOVING.text)(text),
            TenantValue::Integer(number) => number.to_string(),
            TenantValue::Uuid(bits) => (DB::MOVING.uuid)(bits),
        };
        let id = (DB::MOVING.text)(config.tenant_id.as_str());
        Ok(Self { connection, tables, tenant, id })
    }

    pub(super) async fn close(self) -> Result<(), LifecycleError> {
        Ok(self.connection.close().await?)
    }

    pub(super) async fn run(&mut self, sql: impl Into<String>) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
        DB::ask(&mut self.connection, trusted(sql.into())).await
    }

    /// The tenant as this table names it.
    pub(super) fn tenant_in(&self, table: &Table) -> &str {
        if is_framework(&table.name) { &self.id } else { &self.tenant }
    }

    /// The tenant's id as a literal.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// No statement here goes without it.
    pub(super) fn own(&self, table: &Table) -> String {
        format!("{} = {}", name::<DB>(&table.tenant_column), self.tenant_in(table))
    }

    pub(super) async fn count(&mut self, table: &Table) -> Result<u64, sqlx::Error> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", name::<DB>(&table.name), self.own(table));
        count(&self.run(sql).await?)
    }

    /// How many rows of the tenant's there are in each table.
    pub(super) async fn counts(&mut self) -> Result<Vec<(String, u64)>, sqlx::Error> {
        let mut counts = Vec::new();
        for table in self.tables.clone() {
            counts.push((table.name.clone(), self.count(&table).await?));
        }
        Ok(counts)
    }

    /// A query for all rows of the tenant's, in the order of their keys. The columns are named with their table: in PostgreSQL's
    /// `ORDER BY` a bare name is that of an output column first, which is a text here.
    pub(super) fn all_rows(&self, table: &Table) -> String {
        let texts: Vec<String> = table.columns.iter().map(|column| self.text_of(column)).collect();
        let column =
            |at: &usize| table.columns.get(*at).map(|column| format!("r.{}", name::<DB>(&column.name)));
        let key: Vec<String> = table.key.iter().filter_map(column).collect();
        let mut sql = format!(
            "SELECT {} FROM {} r WHERE r.{}",
            texts.join(", "),
            name::<DB>(&table.name),
            self.own(table)
        );
        if !key.is_empty() {
            sql.push_str(&format!(" ORDER BY {}", key.join(", ")));
        }
        sql
    }

    fn text_of(&self, column: &Column) -> String {
        (DB::ARCHIVING.text)(&format!("r.{}", name::<DB>(&column.name)), &column.kind)
    }

    /// Deletes some of the tenant's rows, or all where they refer to each other: each is in the way of others.
    pub(super) async fn delete_some(&mut self, table: &Table, limit: u32) -> Result<u64, sqlx::Error> {
        let (target, own) = (name::<DB>(&table.name), self.own(table));
        let key: Vec<String> = table
            .key
            .iter()
            .filter_map(|at| table.columns.get(*at).map(|column| name::<DB>(&column.name)))
            .collect();
        let some = (DB::ARCHIVING.delete_some)(&target, &own, &key, limit);
        match (table.is_self_linked, DB::ARCHIVING.family) {
            // One row at most.
            (false, _) if table.has_key && key.is_empty() => self.delete_all(table).await,
            (false, _) => self.put(some).await,
            (true, Family::Deferred | Family::Staged) => self.delete_all(table).await,
            // What referred to these rows from other tables is gone already.
            (true, Family::Unchecked { off, on }) => {
                self.run(off).await?;
                let gone = self.put(some).await;
                self.run(on).await?;
                gone
            }
        }
    }

    pub(super) async fn delete_all(&mut self, table: &Table) -> Result<u64, sqlx::Error> {
        let sql = format!("DELETE FROM {} WHERE {}", name::<DB>(&table.name), self.own(table));
        self.put(sql).await
    }

    pub(super) async fn put(&mut self, sql: String) -> Result<u64, sqlx::Error> {
        DB::put(&mut self.connection, trusted(sql), Vec::new()).await
    }
}

pub(super) fn name<DB: TenantDatabase>(name: &str) -> String {
    (DB::MOVING.name)(name)
}

pub(super) fn form<DB: TenantDatabase>(column: &Column) -> Form {
    (DB::ARCHIVING.form)(&column.kind)
}

pub(super) fn count(rows: &[Vec<Cell>]) -> Result<u64, sqlx::Error> {
    match rows.first().map(Vec::as_slice) {
        Some([Cell::Integer(count)]) => Ok(u64::try_from(*count).unwrap_or(0)),
        _ => Err(sqlx::Error::RowNotFound),
    }
}

/// A row with a value that is none: the driver names the column by its place.
pub(super) fn unread(table: &Table, error: sqlx::Error) -> LifecycleError {
    let place = match &error {
        sqlx::Error::ColumnDecode { index, .. } => index.trim_matches('"').parse::<usize>().ok(),
        _ => return error.into(),
    };
    let column = place.and_then(|at| table.columns.get(at)).map(|column| column.name.clone());
    LifecycleError::with(LifecycleErrorKind::Unkept { table: table.name.clone(), column }, error)
}
