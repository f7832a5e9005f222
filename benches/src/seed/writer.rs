use sqlx::{Pool, Transaction};

use super::bulk::{Bulk, Cell, Table};

/// Rows on their way into a database: some thousands at a time, each table after those that it refers to.
#[derive(Debug)]
pub(super) struct Writer<DB: Bulk> {
    pool: Pool<DB>,
    tx: Option<Transaction<'static, DB>>,
    waiting: Vec<(&'static Table, Vec<Cell>)>,
    /// How many values wait, and how many are in the transaction.
    cells: usize,
    written: usize,
}

/// So many values wait at most: some 50 MB.
const WAITING: usize = 300_000;
/// So many are in a transaction. Rows go anywhere in their indexes: SQLite writes a page of those once for each.
const TOGETHER: usize = 5_000_000;

impl<DB: Bulk> Writer<DB> {
    /// Into these tables, in this order.
    pub(super) fn new(pool: &Pool<DB>, tables: &[&'static Table]) -> Self {
        let waiting = tables.iter().map(|table| (*table, Vec::new())).collect();
        Self { pool: pool.clone(), tx: None, waiting, cells: 0, written: 0 }
    }

    /// Adds a row; it is written with the next ones.
    pub(super) async fn add<const WIDTH: usize>(
        &mut self,
        table: &'static Table,
        row: [Cell; WIDTH],
    ) -> sqlx::Result<()> {
        let waiting = self.waiting.iter_mut().find(|(own, _)| own.name == table.name);
        let (_, cells) = waiting.ok_or(sqlx::Error::RowNotFound)?;
        cells.extend(row);
        self.cells += WIDTH;
        if self.cells >= WAITING {
            self.write().await?;
        }
        if self.written >= TOGETHER { self.end(None).await } else { Ok(()) }
    }

    /// Commits all, and something with it.
    pub(super) async fn end(&mut self, and: Option<String>) -> sqlx::Result<()> {
        self.write().await?;
        let Some(mut tx) = self.tx.take() else { return Ok(()) };
        if let Some(sql) = and {
            DB::run(&mut tx, sql).await?;
        }
        self.written = 0;
        tx.commit().await
    }

    async fn write(&mut self) -> sqlx::Result<()> {
        let tx = match &mut self.tx {
            Some(tx) => tx,
            none => none.insert(self.pool.begin().await?),
        };
        for (table, cells) in &mut self.waiting {
            if !cells.is_empty() {
                DB::add(tx, table, std::mem::take(cells)).await?;
            }
        }
        self.written += std::mem::take(&mut self.cells);
        Ok(())
    }
}
