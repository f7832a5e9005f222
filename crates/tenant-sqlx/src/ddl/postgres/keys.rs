//! Keys and indexes with the tenant in front.

use super::{
    super::draft::{counts_nulls, tied},
    Draft, Phase, Step, block, unless_constraint,
};
use crate::model::{Action, ForeignKey, Index, Kind, Owned, Relation};

/// New keys and indexes beside the old ones. They are built while writers go on
/// (<https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>).
pub(super) fn expand(draft: Draft<'_>, owned: Owned<'_>) -> Vec<Step> {
    let name = &owned.relation.name;
    // Those of a partition come with those of what it is a part of.
    if owned.relation.is_partition {
        return Vec::new();
    }
    let keys = draft.missing_keys(owned).into_iter().flat_map(|columns| unique_key(draft, owned, &columns));
    let note = format!("`{name}`: unique within the tenant.");
    let keys = Step::new(Phase::Expand, note, keys.collect());
    let loose = draft.loose_indexes(owned).into_iter().filter_map(|found| twin(draft, owned, found));
    let partial =
        owned.open_keys().filter(|key| is_partial(key)).filter_map(|found| twin(draft, owned, found));
    let bare = draft.bare_links(owned).into_iter().map(|columns| plain_index(draft, owned, &columns));
    let lead = draft.lacks_lead(owned).then(|| plain_index(draft, owned, &[owned.tenant]));
    let note = format!("`{name}`: the rows of a tenant are found without looking at others'.");
    let indexes = Step::new(Phase::Expand, note, partial.chain(loose).chain(bare).chain(lead).collect());
    vec![keys, indexes]
}

fn is_partial(key: &Index) -> bool {
    key.is_unique && key.plain_columns().is_none_or(|_| key.is_partial)
}

pub(crate) fn unique_key(draft: Draft<'_>, owned: Owned<'_>, columns: &[String]) -> Vec<String> {
    let table = draft.quoted(&owned.relation.name);
    let stored = draft.key_name(owned, columns);
    let name = draft.quoted(&stored);
    let becomes_primary = owned.open_keys().any(|key| key.is_primary && names(key) == columns);
    let nulls = if counts_nulls(owned, columns) { " NULLS NOT DISTINCT" } else { "" };
    let columns = draft.list(std::iter::once(owned.tenant).chain(columns.iter().map(String::as_str)));
    if owned.relation.kind == Kind::Partitioned {
        let add = format!("ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE{nulls} ({columns})");
        return vec![unless_constraint(draft, &owned.relation.name, &stored, &add)];
    }
    let build =
        format!("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({columns}){nulls}");
    // It becomes the primary key when the old one goes; references may lead to it until then.
    if becomes_primary {
        return vec![build];
    }
    let add = format!("ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}");
    vec![build, unless_constraint(draft, &owned.relation.name, &stored, &add)]
}

fn names(key: &Index) -> Vec<String> {
    key.columns.iter().flatten().cloned().collect()
}

pub(crate) fn plain_index(draft: Draft<'_>, owned: Owned<'_>, columns: &[&str]) -> String {
    let (table, list) = (draft.quoted(&owned.relation.name), draft.list(columns));
    let others: Vec<&str> = columns.iter().copied().filter(|column| *column != owned.tenant).collect();
    let name = draft.quoted(&draft.index_name(owned, &others));
    format!("CREATE INDEX {}IF NOT EXISTS {name} ON {table} ({list})", concurrently(owned.relation))
}

/// The same index with the tenant in front: expressions, orders and conditions stay.
pub(crate) fn twin(draft: Draft<'_>, owned: Owned<'_>, index: &Index) -> Option<String> {
    let (table, tenant) = (draft.quoted(&owned.relation.name), draft.quoted(owned.tenant));
    let name = draft.quoted(&draft.twin_name(owned, index));
    let unique = if index.is_unique { "UNIQUE " } else { "" };
    let concurrently = concurrently(owned.relation);
    let rest = index.rest.as_deref()?;
    Some(format!("CREATE {unique}INDEX {concurrently}IF NOT EXISTS {name} ON {table} ({tenant}, {rest}"))
}

/// An index of a partitioned table can't be built beside its writers, nor dropped.
const fn concurrently(relation: &Relation) -> &'static str {
    match relation.kind {
        Kind::Partitioned => "",
        Kind::Table | Kind::View | Kind::Materialized | Kind::Foreign => "CONCURRENTLY ",
    }
}

/// Foreign keys that tie a row to a parent of its own tenant, at first for new rows, then for all.
pub(super) fn links(draft: Draft<'_>, owned: Owned<'_>) -> Option<Step> {
    let links = owned.open_links(draft.tenancy);
    let statements: Vec<String> = links.flat_map(|(key, parent)| link(draft, owned, parent, key)).collect();
    let note = format!("`{}`: no row hangs on another tenant's.", owned.relation.name);
    (!owned.relation.is_partition).then(|| Step::new(Phase::Expand, note, statements))
}

pub(crate) fn link(draft: Draft<'_>, child: Owned<'_>, parent: Owned<'_>, key: &ForeignKey) -> Vec<String> {
    let (table, target) = (draft.quoted(&child.relation.name), draft.quoted(&parent.relation.name));
    let stored = draft.link_name(child, parent, key);
    let name = draft.quoted(&stored);
    let (from, to) = tied(key, child, parent);
    let (from, to) = (draft.list(from), draft.list(to));
    let not_valid = if child.relation.kind == Kind::Partitioned { "" } else { " NOT VALID" };
    let deferrable = if key.is_deferrable { " DEFERRABLE" } else { "" };
    let actions = actions(draft, key);
    let add = format!(
        "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({from}) REFERENCES {target} ({to}){actions}{deferrable}{not_valid}"
    );
    let of = draft.literal(&table);
    let stored = draft.literal(&stored);
    let is_there = format!("conrelid = {of}::regclass AND conname = {stored}");
    vec![
        patiently(&[&target, &table], "SHARE ROW EXCLUSIVE", &format!("NOT {}", exists(&is_there)), &add),
        format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}"),
    ]
}

fn exists(constraint: &str) -> String {
    format!("EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE {constraint})")
}

/// Two tables are locked for a reference. Whoever writes them in the other order would wait for us while we wait for
/// them: so we wait for less time than the server does before it looks for a deadlock (a second, unless it was set
/// otherwise), let go of both, and try again.
fn patiently(tables: &[&str], mode: &str, condition: &str, statement: &str) -> String {
    let tables = tables.join(", ");
    block(&format!(
        "BEGIN
    IF NOT ({condition}) THEN RETURN; END IF;
    PERFORM pg_catalog.set_config('lock_timeout', '500ms', true);
    FOR attempt IN 1..100 LOOP
        BEGIN
            LOCK TABLE {tables} IN {mode} MODE;
            {statement};
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_catalog.pg_sleep(0.2);
        END;
    END LOOP;
    RAISE lock_not_available USING MESSAGE = 'the tables are in use all the time';
END"
    ))
}

/// Since this version a reference can say which of its columns are set to null.
const NAMED_COLUMNS: u32 = 150_000;

/// The tenant is never set to null along with the reference. What happens on a change of the parent's key can't say
/// so; it becomes an error there.
fn actions(draft: Draft<'_>, key: &ForeignKey) -> String {
    let columns = draft.list(&key.columns);
    let on_delete = match key.on_delete {
        Action::Nothing => String::new(),
        Action::Restrict | Action::Cascade => format!(" ON DELETE {}", key.on_delete.words()),
        Action::SetNull | Action::SetDefault if draft.tenancy.model.version < NAMED_COLUMNS => String::new(),
        Action::SetNull | Action::SetDefault => format!(" ON DELETE {} ({columns})", key.on_delete.words()),
    };
    let on_update = match key.on_update {
        Action::Restrict | Action::Cascade => format!(" ON UPDATE {}", key.on_update.words()),
        Action::Nothing | Action::SetNull | Action::SetDefault => String::new(),
    };
    on_delete + &on_update
}

pub(super) fn drop_links(draft: Draft<'_>, owned: Owned<'_>) -> Step {
    let links = owned.open_links(draft.tenancy).filter(|_| !owned.relation.is_partition);
    let note = format!("`{}`: the references without the tenant.", owned.relation.name);
    Step::new(Phase::Contract, note, links.map(|(key, _)| drop_link(draft, owned, key)).collect())
}

pub(crate) fn drop_link(draft: Draft<'_>, owned: Owned<'_>, key: &ForeignKey) -> String {
    let (table, parent) = (draft.quoted(&owned.relation.name), draft.quoted(&key.parent));
    let drop = format!("ALTER TABLE {table} DROP CONSTRAINT {}", draft.quoted(&key.name));
    let (of, name) = (draft.literal(&table), draft.literal(&key.name));
    let is_there = exists(&format!("conrelid = {of}::regclass AND conname = {name}"));
    patiently(&[&parent, &table], "ACCESS EXCLUSIVE", &is_there, &drop)
}

/// Old keys go when nothing refers to them any more, and when another one says the same of each tenant. A primary key
/// makes way for another one.
pub(super) fn drop_keys(draft: Draft<'_>, owned: Owned<'_>) -> Vec<Step> {
    let keys = owned.open_keys().filter(|key| !is_referred_to(draft, owned, key));
    let (known, others): (Vec<&Index>, Vec<&Index>) = keys.partition(|key| can_be_written(key));
    let statements = known.into_iter().flat_map(|key| replaced(draft, owned, key)).collect();
    let note = format!("`{}`: the keys without the tenant.", owned.relation.name);
    let drops = Step::new(Phase::Contract, note, statements);
    std::iter::once(drops).chain(others.into_iter().map(|key| draft.stays(owned, key))).collect()
}

/// Whether the same key can be written with the tenant in front. What excludes what is for people to say.
fn can_be_written(key: &Index) -> bool {
    !key.is_exclusion && (!is_partial(key) || key.rest.is_some())
}

/// Whether a table that is no tenant's refers to this key.
fn is_referred_to(draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> bool {
    let relations = draft.tenancy.model.relations.iter();
    let others = relations.filter(|relation| draft.tenancy.owned_named(&relation.name).is_none());
    others.flat_map(|relation| &relation.foreign_keys).any(|link| {
        link.parent == owned.relation.name && link.parent_columns.iter().all(|column| key.has(column))
    })
}

pub(crate) fn replaced(draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> Vec<String> {
    let table = draft.quoted(&owned.relation.name);
    let drop = |name: &str| format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {}", draft.quoted(name));
    match (&key.constraint, key.is_exclusion) {
        (_, true) => Vec::new(),
        (None, false) => {
            let concurrently = concurrently(owned.relation);
            vec![format!("DROP INDEX {concurrently}IF EXISTS {}", draft.quoted(&key.name))]
        }
        (Some(name), false) if !key.is_primary => vec![drop(name)],
        (Some(name), false) => {
            let (columns, name) = (names(key), draft.quoted(name));
            let with = primary(draft, owned, &columns);
            vec![format!(
                "ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} PRIMARY KEY {with}"
            )]
        }
    }
}

/// The index that was built for it, unless that belongs to a constraint of its own by now.
fn primary(draft: Draft<'_>, owned: Owned<'_>, columns: &[String]) -> String {
    let list = || draft.list(std::iter::once(owned.tenant).chain(columns.iter().map(String::as_str)));
    match owned.key_of(columns) {
        _ if owned.relation.kind == Kind::Partitioned => format!("({})", list()),
        None => format!("USING INDEX {}", draft.quoted(&draft.key_name(owned, columns))),
        Some(index) if index.constraint.is_none() => format!("USING INDEX {}", draft.quoted(&index.name)),
        Some(_) => format!("({})", list()),
    }
}

/// The same key with the tenant, and then without the old one.
pub(crate) fn mended(draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> Vec<String> {
    let columns = names(key);
    let beside = if is_partial(key) {
        twin(draft, owned, key).into_iter().collect()
    } else if !draft.has_key(owned, &columns) {
        unique_key(draft, owned, &columns)
    } else {
        Vec::new()
    };
    let is_covered = can_be_written(key) && !is_referred_to(draft, owned, key);
    let old = if is_covered { replaced(draft, owned, key) } else { Vec::new() };
    // A new key beside one that has to stay mends nothing.
    if is_covered { beside.into_iter().chain(old).collect() } else { old }
}
