//! What makes tables anew.

use super::{
    super::draft::Draft,
    DdlError, DdlErrorKind, again,
    definition::{DefaultTenant, Definition},
    frame::{framed, free_name},
    replacement, tokens,
};
use crate::model::{Index, Owned};

/// What makes tables anew, and keys that are no part of a table.
#[derive(Default)]
pub(super) struct Script {
    /// Of keys that get the tenant.
    pub(super) drops: Vec<String>,
    /// The names of the tables of before, meanwhile.
    pub(super) olds: Vec<String>,
    pub(super) renames: Vec<String>,
    pub(super) creates: Vec<String>,
    pub(super) copies: Vec<String>,
    /// What holds for the copies.
    pub(super) checks: Vec<String>,
    pub(super) removals: Vec<String>,
    /// What went with the tables of before, and is made again.
    pub(super) again: Vec<String>,
    /// The indexes and triggers that have to be there at the end.
    pub(super) names: Vec<String>,
}

impl Script {
    /// What remakes these tables.
    pub(super) fn tables(
        &mut self,
        draft: Draft<'_>,
        tables: &[Owned<'_>],
        default: DefaultTenant,
    ) -> Result<(), DdlError> {
        tables.iter().try_for_each(|owned| self.table(draft, *owned, default))
    }

    fn table(&mut self, draft: Draft<'_>, owned: Owned<'_>, default: DefaultTenant) -> Result<(), DdlError> {
        let relation = owned.relation;
        let fault = || DdlError::new(DdlErrorKind::Definition, &relation.name);
        let definition = Definition::read(&relation.definition).ok_or_else(fault)?;
        let text = definition.remade(draft, owned, default).ok_or_else(fault)?;
        let before = free_name(draft, &relation.name);
        let (table, old) = (draft.quoted(&relation.name), draft.quoted(&before));
        self.renames.push(format!("ALTER TABLE {table} RENAME TO {old}"));
        self.creates.push(format!("CREATE TABLE {table} {text}"));
        self.copies.extend(counter(draft, owned, &before));
        self.copies.push(copy(draft, owned, &old));
        self.checks.push(is_whole(draft, owned, &before));
        self.removals.push(format!("DROP TABLE {old}"));
        self.olds.push(before);
        let beside = |index: &&Index| index.constraint.is_none() && index.rest.is_some();
        for index in relation.indexes.iter().filter(beside) {
            let is_open = owned.open_keys().any(|key| key.name == index.name);
            let replaced = if is_open { replacement(draft, owned, index) } else { None };
            let again = || Some((index.name.clone(), again(draft, owned, index)?));
            let (name, statement) = replaced.or_else(again).ok_or_else(fault)?;
            self.add(name, statement);
        }
        for trigger in &relation.triggers {
            self.add(trigger.name.clone(), trigger.definition.clone());
        }
        Ok(())
    }

    /// The same key with the tenant, in place of one that stands beside its table; whether that can be written.
    pub(super) fn key(&mut self, draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> bool {
        let Some((name, statement)) = replacement(draft, owned, key) else { return false };
        self.drops.push(format!("DROP INDEX {}", draft.quoted(&key.name)));
        self.add(name, statement);
        true
    }

    fn add(&mut self, name: String, statement: String) {
        if !self.names.contains(&name) {
            self.names.push(name);
            self.again.push(statement);
        }
    }

    pub(super) fn statements(self, draft: Draft<'_>) -> Vec<String> {
        if self.drops.is_empty() && self.renames.is_empty() { Vec::new() } else { framed(draft, self) }
    }
}

fn copy(draft: Draft<'_>, owned: Owned<'_>, old: &str) -> String {
    let relation = owned.relation;
    let kept = relation.columns.iter().filter(|column| !column.is_computed && column.name != owned.tenant);
    let kept: Vec<&str> = kept.map(|column| column.name.as_str()).collect();
    let names = draft.list(std::iter::once(owned.tenant).chain(kept.iter().copied()));
    let tenant = match (owned.has_tenant_column(), draft.fills(owned)) {
        (true, true) => format!("coalesce({}, {})", draft.quoted(owned.tenant), draft.tenant()),
        (true, false) => draft.quoted(owned.tenant),
        (false, _) => draft.tenant(),
    };
    let values = std::iter::once(tenant).chain(kept.iter().map(|name| draft.quoted(name)));
    let values: Vec<String> = values.collect();
    let table = draft.quoted(&relation.name);
    format!("INSERT OR ROLLBACK INTO {table} ({names})\n    SELECT {} FROM {old}", values.join(", "))
}

/// No number is given twice, even where the rows that had the last ones are gone
/// (<https://www.sqlite.org/autoinc.html>). A copy raises what stands there, and never lowers it.
fn counter(draft: Draft<'_>, owned: Owned<'_>, before: &str) -> Option<String> {
    let (table, old) = (draft.literal(&owned.relation.name), draft.literal(before));
    counts(owned).then(|| {
        format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {table}, seq FROM sqlite_sequence WHERE name = {old}"
        )
    })
}

fn counts(owned: Owned<'_>) -> bool {
    let words = tokens::tokens(&owned.relation.definition).unwrap_or_default();
    words.iter().any(|word| word.is("AUTOINCREMENT"))
}

/// As many rows as before, and the columns that it had when this was drawn up: run twice, it would give all rows to one
/// tenant, and what was added meanwhile would be lost.
fn is_whole(draft: Draft<'_>, owned: Owned<'_>, before: &str) -> String {
    let columns: Vec<&str> = owned.relation.columns.iter().map(|column| column.name.as_str()).collect();
    let (table, old) = (draft.quoted(&owned.relation.name), draft.quoted(before));
    let rows = format!("(SELECT count(*) FROM {table}) = (SELECT count(*) FROM {old})");
    let (stored, columns) = (draft.literal(before), draft.literal(&columns.join(",")));
    let columns = format!("(SELECT group_concat(name) FROM pragma_table_xinfo({stored})) = {columns}");
    let counted = |name: &str| {
        let name = draft.literal(name);
        format!("coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = {name}), 0)")
    };
    let counted = counts(owned).then(|| format!("{} >= {}", counted(&owned.relation.name), counted(before)));
    let all: Vec<String> = [rows, columns].into_iter().chain(counted).collect();
    all.join("\n    AND ")
}
