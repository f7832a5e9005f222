//! Migrations of PostgreSQL. Locks are short: what reads a whole table does so without keeping writers out.

pub(crate) mod column;
pub(crate) mod keys;
pub(crate) mod policies;
mod rights;

use super::{Draft, Phase, Step, citus, migration::with_settings};

/// In their order. Nothing is locked for longer than it takes to note something down; where even that has to wait, it
/// waits no longer than the time that is set first.
pub(super) fn steps(draft: Draft<'_>) -> Vec<Step> {
    let owned = draft.owned();
    let mut steps = vec![rights::roles(draft)];
    steps.extend(owned.iter().flat_map(|owned| column::expand(draft, *owned)));
    steps.extend(owned.iter().filter_map(|owned| column::require(draft, *owned)));
    steps.extend(owned.iter().flat_map(|owned| keys::expand(draft, *owned)));
    steps.extend(owned.iter().flat_map(|owned| keys::links(draft, *owned)));
    steps.extend(owned.iter().map(|owned| column::contract(draft, *owned)));
    steps.extend(owned.iter().map(|owned| keys::drop_links(draft, *owned)));
    steps.extend(owned.iter().flat_map(|owned| keys::drop_keys(draft, *owned)));
    if draft.ddl.is_distributed {
        steps.extend(citus::steps(draft, &owned));
    }
    steps.extend(policies::steps(draft, &owned));
    steps.push(policies::views(draft));
    steps.extend(rights::steps(draft, &owned));
    steps.retain(|step| !step.is_empty());
    with_settings(steps, settings)
}

/// Who waits for a lock keeps everybody out who comes after
/// (<https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT>).
fn settings(phase: Phase) -> Step {
    let note =
        "A statement that can't have its lock soon gives up, so that nobody queues behind it: try again.";
    let statements = vec!["SET lock_timeout = '5s'".to_owned(), "SET statement_timeout = 0".to_owned()];
    Step::new(phase, note, statements)
}

/// A block of the server's own language, between marks that do not occur in it: names and tenants may hold anything.
fn block(body: &str) -> String {
    let mut mark = "$do$".to_owned();
    while body.contains(&mark) {
        mark.insert(mark.len() - 1, '_');
    }
    format!("DO {mark} {body} {mark}")
}

/// A statement that runs where something is not there yet.
fn unless(exists: &str, statement: &str) -> String {
    block(&format!("BEGIN IF NOT EXISTS ({exists}) THEN {statement}; END IF; END"))
}

fn unless_constraint(draft: Draft<'_>, table: &str, name: &str, statement: &str) -> String {
    let (of, name) = (draft.literal(&draft.quoted(table)), draft.literal(name));
    unless(
        &format!("SELECT FROM pg_catalog.pg_constraint WHERE conrelid = {of}::regclass AND conname = {name}"),
        statement,
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_in_a_block_ends_it() {
        assert_eq!(super::block("BEGIN END"), "DO $do$ BEGIN END $do$");
        assert_eq!(super::block("'$do$ $do_$'"), "DO $do__$ '$do$ $do_$' $do__$");
    }
}
