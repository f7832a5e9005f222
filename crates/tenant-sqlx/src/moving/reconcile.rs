//! Making the rows of one side those of the other.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{
    MoveError, MoveErrorKind,
    side::{Range, Row, Side},
    tables::Table,
};
use crate::{TenantDb, driver::TenantDatabase, fleet::hex};

/// The two places of a move.
pub(super) struct Sides<DB: TenantDatabase> {
    pub(super) source: Side<DB>,
    pub(super) target: Side<DB>,
    pub(super) batch: usize,
}

/// How a table differs, and what all of its rows amount to at the source.
#[derive(Default)]
pub(super) struct Difference {
    deletes: Vec<Vec<String>>,
    updates: Vec<Row>,
    inserts: Vec<Row>,
    /// Where rows have no key, all of them are written anew.
    is_whole: bool,
    pub(super) rows: u64,
    pub(super) hash: String,
}

impl Difference {
    fn is_none(&self) -> bool {
        self.deletes.is_empty() && self.updates.is_empty() && self.inserts.is_empty() && !self.is_whole
    }
}

impl<DB: TenantDatabase> Sides<DB> {
    /// The tables have to be the same in both places.
    pub(super) fn new(source: Side<DB>, target: Side<DB>, batch: usize) -> Result<Self, MoveError> {
        for table in &source.tables {
            let twin = target.tables.iter().find(|twin| twin.name == table.name);
            if !twin.is_some_and(|twin| table.fits(twin)) {
                return Err(MoveErrorKind::Schema { table: table.name.clone() }.into());
            }
        }
        Ok(Self { source, target, batch })
    }

    /// Whether what is written on the one side is seen on the other: under two names they are the same tables, and to clear
    /// one of them away would be to clear both.
    pub(super) async fn are_one(&mut self) -> Result<bool, MoveError> {
        self.target.mark().await?;
        let is_seen = self.source.sees_mark().await;
        self.target.unmark().await?;
        is_seen
    }

    pub(super) async fn close(self) -> Result<(), MoveError> {
        self.source.close().await?;
        self.target.close().await
    }

    pub(super) fn tables(&self) -> Vec<Table> {
        self.source.tables.clone()
    }

    /// All rows, whatever was there before.
    pub(super) async fn copy(&mut self, db: &TenantDb<DB>) -> Result<(), MoveError> {
        self.erase_target(db).await?;
        for table in self.tables() {
            let is_whole =
                !table.has_key || table.key.is_empty() || (table.is_self_linked && DB::MOVING.checks_links);
            let limit = (!is_whole).then_some(self.batch);
            let mut last: Option<Vec<String>> = None;
            loop {
                let rows =
                    self.source.rows(&table, Range { after: last.as_deref(), until: None, limit }).await?;
                let turn = db.turn().await;
                self.target.insert(&table, &rows).await?;
                drop(turn);
                last = rows.last().map(|row| row.key(&table));
                if limit.is_none_or(|limit| rows.len() < limit) {
                    break;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn erase_target(&mut self, db: &TenantDb<DB>) -> Result<(), MoveError> {
        for table in self.tables().iter().rev() {
            let _turn = db.turn().await;
            self.target.erase(table).await?;
        }
        Ok(())
    }

    /// One by one where that works; where rows are in each other's way, all of them anew.
    pub(super) async fn catch_up(&mut self, db: &TenantDb<DB>) -> Result<(), MoveError> {
        let differences = self.compare().await?;
        if differences.iter().all(|(_, difference)| difference.is_none()) {
            return Ok(());
        }
        let turn = db.turn().await;
        self.target.run("BEGIN".to_owned()).await?;
        let applied = self.apply(&differences).await;
        self.target.run(if applied.is_ok() { "COMMIT" } else { "ROLLBACK" }.to_owned()).await?;
        drop(turn);
        match applied {
            Ok(()) => Ok(()),
            Err(error) if error.is_constraint() => self.copy(db).await,
            Err(error) => Err(error),
        }
    }

    async fn apply(&mut self, differences: &[(Table, Difference)]) -> Result<(), MoveError> {
        for (table, difference) in differences.iter().rev() {
            if difference.is_whole {
                self.target.erase(table).await?;
            }
            for key in &difference.deletes {
                self.target.delete(table, key).await?;
            }
        }
        for (table, difference) in differences {
            for row in &difference.updates {
                self.target.update(table, row).await?;
            }
            self.target.insert(table, &difference.inserts).await?;
        }
        Ok(())
    }

    /// The rows of each table, and a hash over all of them: once they are the same in both places.
    pub(super) async fn verify(&mut self) -> Result<Vec<(String, u64, String)>, MoveError> {
        let mut tables = Vec::new();
        for (table, difference) in self.compare().await? {
            let counts = (self.source.count(&table).await?, self.target.count(&table).await?);
            if !difference.is_none() || counts != (difference.rows, difference.rows) {
                return Err(MoveErrorKind::Differs { table: table.name }.into());
            }
            tables.push((table.name, difference.rows, difference.hash));
        }
        Ok(tables)
    }

    async fn compare(&mut self) -> Result<Vec<(Table, Difference)>, MoveError> {
        let mut differences = Vec::new();
        for table in self.tables() {
            let difference = match table.key.is_empty() {
                true => self.compare_all(&table).await?,
                false => self.compare_by_key(&table).await?,
            };
            differences.push((table, difference));
        }
        Ok(differences)
    }

    async fn compare_all(&mut self, table: &Table) -> Result<Difference, MoveError> {
        let mut rows = self.source.rows(table, Range::default()).await?;
        let mut twins = self.target.rows(table, Range::default()).await?;
        rows.sort();
        twins.sort();
        let mut hash = Sha256::new();
        rows.iter().for_each(|row| feed(&mut hash, row));
        let (is_whole, count) = (rows != twins, rows.len() as u64);
        let inserts = if is_whole { rows } else { Vec::new() };
        Ok(Difference {
            inserts,
            is_whole,
            rows: count,
            hash: hex(&hash.finalize()),
            ..Difference::default()
        })
    }

    /// By ranges of keys, so that no more than some batches of rows are held at a time.
    async fn compare_by_key(&mut self, table: &Table) -> Result<Difference, MoveError> {
        let (mut difference, mut hash) = (Difference::default(), Sha256::new());
        let mut last: Option<Vec<String>> = None;
        loop {
            let range = Range { after: last.as_deref(), until: None, limit: Some(self.batch) };
            let rows = self.source.rows(table, range).await?;
            let is_end = rows.len() < self.batch;
            let until = rows.last().filter(|_| !is_end).map(|row| row.key(table));
            let range = Range { after: last.as_deref(), until: until.as_deref(), limit: None };
            let twins = self.target.rows(table, range).await?;
            rows.iter().for_each(|row| feed(&mut hash, row));
            difference.rows += rows.len() as u64;
            difference.note(table, rows, twins);
            if is_end {
                difference.hash = hex(&hash.finalize());
                return Ok(difference);
            }
            last = until;
        }
    }
}

impl Difference {
    fn note(&mut self, table: &Table, rows: Vec<Row>, twins: Vec<Row>) {
        let mut twins: BTreeMap<Vec<String>, Row> =
            twins.into_iter().map(|twin| (twin.key(table), twin)).collect();
        for row in rows {
            match twins.remove(&row.key(table)) {
                Some(twin) if twin == row => {}
                Some(_) => self.updates.push(row),
                None => self.inserts.push(row),
            }
        }
        self.deletes.extend(twins.into_keys());
    }
}

/// Lengths first: no two rows are the same in another way.
fn feed(hash: &mut Sha256, Row(cells): &Row) {
    for cell in cells {
        hash.update(cell.len().to_be_bytes());
        hash.update(cell);
    }
}
