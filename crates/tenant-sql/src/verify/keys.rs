use std::collections::BTreeSet;

use super::{Proof, Verifier, unproved};
use crate::table::Table;

impl Verifier<'_> {
    /// Each unique key has the tenant column, or a column that gets a fresh value in each row.
    pub(super) fn all_keys(
        &self,
        table: Option<&Table>,
        tenant_column: &str,
        written: Option<&[String]>,
    ) -> Proof {
        let Some(table) = table.filter(|table| !table.unique_keys().is_empty()) else {
            return Err(unproved("unique keys"));
        };
        let tenant_column = (self.rules.fold_column)(tenant_column, true);
        let fresh = self.set(&table.generated);
        let safe = |key: &Vec<String>| {
            let key = self.set(key);
            let given = |column: &&String| written.is_none_or(|written| written.contains(column));
            key.contains(&tenant_column) || key.intersection(&fresh).any(|column| !given(&column))
        };
        if table.unique_keys().iter().all(safe) { Ok(()) } else { Err(unproved("unique keys")) }
    }

    pub(super) fn tenant_key(&self, table: Option<&Table>, tenant_column: &str, columns: &[String]) -> Proof {
        let wanted: BTreeSet<String> = columns.iter().cloned().collect();
        let keys = table.map(Table::unique_keys).unwrap_or_default();
        let tenant_column = (self.rules.fold_column)(tenant_column, true);
        match wanted.contains(&tenant_column) && keys.iter().any(|key| self.set(key) == wanted) {
            true => Ok(()),
            false => Err(unproved("conflict target")),
        }
    }

    fn set(&self, columns: &[String]) -> BTreeSet<String> {
        columns.iter().map(|column| (self.rules.fold_column)(column, true)).collect()
    }
}
