//! What stands around the statements of a [script](super::script), so that none does harm where another one fails.
//!
//! SQLite's shell goes on after an error, and some errors end the transaction, so that what comes next commits by
//! itself. Therefore
//! - the old table gets another name first, and that name is all that is dropped: where the transaction has ended, there
//!   is nothing of that name;
//! - nothing else gets that name then: it is barred by an index, which the transaction takes away;
//! - what fails to copy, and what is found wrong afterwards, ends the transaction (`OR ROLLBACK`; `NOT NULL`, because a
//!   connection may ignore each `CHECK`);
//! - each check leaves a row, and the rows are counted: a check that could not be made has not passed. The place for
//!   these rows is made twice, as without it nothing would be found wrong;
//! - nothing that is dropped under the name it always had is dropped after the first check.

use super::{super::draft::Draft, script::Script};

/// Where checks leave their rows.
const CHECKS: &str = "temp.tenant_ddl_checks";

/// The table whose indexes bar names.
const BAR: &str = "tenant_ddl_bar";

/// All of a script as one transaction.
pub(super) fn framed(draft: Draft<'_>, script: Script) -> Vec<String> {
    let Script { drops, olds, renames, creates, copies, checks, removals, again, names } = script;
    let (mut tally, bars) = (Tally::default(), bars(draft, &olds));
    let mut statements = begun(&bars);
    statements.extend(drops.into_iter().chain(renames).chain(creates).chain(copies));
    if !bars.is_empty() {
        // Inside of a transaction that was there before, a setting would have had no effect.
        statements.push(tally.check(
            "(SELECT foreign_keys FROM pragma_foreign_keys) = 0\n    \
             AND (SELECT legacy_alter_table FROM pragma_legacy_alter_table) = 1",
        ));
    }
    statements.extend(checks.iter().map(|holds| tally.check(holds)));
    statements.push(tally.all());
    statements.extend(removals.into_iter().chain(again));
    statements.push(tally.check(&are_there(draft, &names, &olds)));
    if !bars.is_empty() {
        statements.push("PRAGMA foreign_key_check".to_owned());
        statements.push(tally.check("NOT EXISTS (SELECT 1 FROM pragma_foreign_key_check)"));
    }
    statements.push(tally.all());
    statements.extend(ended(!bars.is_empty()));
    statements
}

fn bars(draft: Draft<'_>, names: &[String]) -> Vec<String> {
    let bar = |name: &String| format!("CREATE INDEX IF NOT EXISTS {} ON {BAR} (bar)", draft.quoted(name));
    let bars: Vec<String> = names.iter().map(bar).collect();
    let table = (!bars.is_empty()).then(|| format!("CREATE TABLE IF NOT EXISTS {BAR} (bar)"));
    table.into_iter().chain(bars).collect()
}

/// With references unchecked and names left as they stand in other objects' texts, until all is in place. The savepoint
/// is a transaction of its own where the other one could not be begun.
fn begun(bars: &[String]) -> Vec<String> {
    let settings = ["PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON"];
    let settings = settings.into_iter().filter(|_| !bars.is_empty()).map(str::to_owned);
    let begin = ["BEGIN IMMEDIATE", "SAVEPOINT tenant_ddl"].map(str::to_owned);
    let unbar = (!bars.is_empty()).then(|| format!("DROP TABLE {BAR}"));
    let checks = format!("CREATE TABLE IF NOT EXISTS {CHECKS} (holds INTEGER NOT NULL)");
    settings.chain(bars.iter().cloned()).chain(begin).chain(unbar).chain([checks.clone(), checks]).collect()
}

fn ended(remade: bool) -> Vec<String> {
    let unbar = format!("DROP TABLE IF EXISTS {BAR}");
    let settings = ["PRAGMA legacy_alter_table = OFF", "PRAGMA foreign_keys = ON"].map(str::to_owned);
    let after = std::iter::once(unbar).chain(settings).filter(|_| remade);
    [format!("DROP TABLE {CHECKS}"), "COMMIT".to_owned()].into_iter().chain(after).collect()
}

/// Counts the checks.
#[derive(Default)]
struct Tally(usize);

impl Tally {
    fn check(&mut self, holds: &str) -> String {
        self.0 += 1;
        format!("INSERT OR ROLLBACK INTO {CHECKS} (holds) SELECT nullif({holds}, 0)")
    }

    /// Whether all of them were made so far.
    fn all(&mut self) -> String {
        let made = self.0;
        self.check(&format!("(SELECT count(*) FROM {CHECKS}) = {made}"))
    }
}

/// Whether all indexes and triggers are there, and the old tables are not.
fn are_there(draft: Draft<'_>, names: &[String], olds: &[String]) -> String {
    let list = |names: &[String]| names.iter().map(|name| draft.literal(name)).collect::<Vec<_>>().join(", ");
    format!(
        "(SELECT count(*) FROM main.sqlite_master WHERE type IN ('index', 'trigger') AND name IN ({})) = {}\n    \
         AND NOT EXISTS (SELECT 1 FROM main.sqlite_master WHERE name IN ({}))",
        list(names),
        names.len(),
        list(olds)
    )
}

/// A name that nothing has.
pub(super) fn free_name(draft: Draft<'_>, table: &str) -> String {
    let model = draft.tenancy.model;
    let mut name = format!("{table}__before");
    let is_taken = |name: &str| {
        let others = model.relations.iter().filter(|relation| relation.name != BAR);
        let mut names = others.flat_map(|other| {
            other.indexes.iter().map(|index| &index.name).chain(std::iter::once(&other.name))
        });
        names.any(|taken| model.same(taken, name))
    };
    while is_taken(&name) {
        name.push('_');
    }
    name
}
