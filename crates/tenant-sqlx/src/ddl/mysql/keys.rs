//! Keys and indexes with the tenant in front.

use super::{super::draft::tied, Draft, ONLINE, Phase, Step};
use crate::model::{Action, ForeignKey, Index, Owned};

pub(super) fn expand(draft: Draft<'_>, owned: Owned<'_>) -> Vec<Step> {
    let name = &owned.relation.name;
    let keys = draft.missing_keys(owned).into_iter().map(|columns| unique_key(draft, owned, &columns));
    let keys = Step::new(Phase::Expand, format!("`{name}`: unique within the tenant."), keys.collect());
    let loose = draft.loose_indexes(owned).into_iter().filter_map(|found| twin(draft, owned, found));
    let bare = draft.bare_links(owned).into_iter().map(|columns| plain_index(draft, owned, &columns));
    let lead = draft.lacks_lead(owned).then(|| plain_index(draft, owned, &[owned.tenant]));
    let note = format!("`{name}`: the rows of a tenant are found without looking at others'.");
    vec![keys, Step::new(Phase::Expand, note, loose.chain(bare).chain(lead).collect())]
}

pub(crate) fn unique_key(draft: Draft<'_>, owned: Owned<'_>, columns: &[String]) -> String {
    let (table, name) = (draft.quoted(&owned.relation.name), draft.quoted(&draft.key_name(owned, columns)));
    let columns = draft.list(std::iter::once(owned.tenant).chain(columns.iter().map(String::as_str)));
    format!("ALTER TABLE {table} ADD UNIQUE KEY {name} ({columns}), {ONLINE}")
}

pub(crate) fn plain_index(draft: Draft<'_>, owned: Owned<'_>, columns: &[&str]) -> String {
    let others: Vec<&str> = columns.iter().copied().filter(|column| *column != owned.tenant).collect();
    let (table, name) = (draft.quoted(&owned.relation.name), draft.quoted(&draft.index_name(owned, &others)));
    format!("ALTER TABLE {table} ADD INDEX {name} ({}), {ONLINE}", draft.list(columns))
}

/// An index on parts of values can't be told from one on all of them here.
pub(crate) fn twin(draft: Draft<'_>, owned: Owned<'_>, index: &Index) -> Option<String> {
    let (table, name) = (draft.quoted(&owned.relation.name), draft.quoted(&draft.twin_name(owned, index)));
    let columns = index.plain_columns()?;
    let columns = draft.list(std::iter::once(owned.tenant).chain(columns));
    Some(format!("ALTER TABLE {table} ADD INDEX {name} ({columns}), {ONLINE}"))
}

pub(super) fn links(draft: Draft<'_>, owned: Owned<'_>) -> Step {
    let links = owned.open_links(draft.tenancy);
    let note = format!(
        "`{}`: no row hangs on another tenant's. Its rows are checked meanwhile, and nobody writes them.",
        owned.relation.name
    );
    Step::new(Phase::Expand, note, links.map(|(key, parent)| link(draft, owned, parent, key)).collect())
}

/// `SET NULL` would take the tenant along: what it was for has to be done by the application.
pub(crate) fn link(draft: Draft<'_>, child: Owned<'_>, parent: Owned<'_>, key: &ForeignKey) -> String {
    let (table, target) = (draft.quoted(&child.relation.name), draft.quoted(&parent.relation.name));
    let name = draft.quoted(&draft.link_name(child, parent, key));
    let (from, to) = tied(key, child, parent);
    let action = |when: &str, action: Action| match action {
        Action::Cascade | Action::Restrict => format!(" ON {when} {}", action.words()),
        Action::Nothing | Action::SetNull | Action::SetDefault => String::new(),
    };
    let actions = action("DELETE", key.on_delete) + &action("UPDATE", key.on_update);
    let (from, to) = (draft.list(from), draft.list(to));
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({from}) REFERENCES {target} ({to}){actions}"
    )
}

pub(super) fn drop_links(draft: Draft<'_>, owned: Owned<'_>) -> Step {
    let links = owned.open_links(draft.tenancy).map(|(key, _)| drop_link(draft, owned, key));
    let note = format!("`{}`: the references without the tenant.", owned.relation.name);
    Step::new(Phase::Contract, note, links.collect())
}

pub(crate) fn drop_link(draft: Draft<'_>, owned: Owned<'_>, key: &ForeignKey) -> String {
    let table = draft.quoted(&owned.relation.name);
    format!("ALTER TABLE {table} DROP FOREIGN KEY {}", draft.quoted(&key.name))
}

pub(super) fn drop_keys(draft: Draft<'_>, owned: Owned<'_>) -> Vec<Step> {
    let missing = draft.missing_keys(owned);
    let (plain, others): (Vec<&Index>, Vec<&Index>) =
        owned.open_keys().partition(|key| key.plain_columns().is_some());
    let statements = plain.into_iter().flat_map(|key| {
        let columns = names(key);
        // The new primary key takes the place of the key that was made for the meantime.
        let is_doubled = key.is_primary && missing.contains(&columns);
        let (table, name) =
            (draft.quoted(&owned.relation.name), draft.quoted(&draft.key_name(owned, &columns)));
        let doubled = is_doubled.then(|| format!("ALTER TABLE {table} DROP INDEX {name}"));
        [replaced(draft, owned, key)].into_iter().chain(doubled)
    });
    let note = format!("`{}`: the keys without the tenant.", owned.relation.name);
    let drops = Step::new(Phase::Contract, note, statements.collect());
    std::iter::once(drops).chain(others.into_iter().map(|key| draft.stays(owned, key))).collect()
}

fn names(key: &Index) -> Vec<String> {
    key.columns.iter().flatten().cloned().collect()
}

fn replaced(draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> String {
    let table = draft.quoted(&owned.relation.name);
    if !key.is_primary {
        return format!("ALTER TABLE {table} DROP INDEX {}", draft.quoted(&key.name));
    }
    let columns = key.columns.iter().flatten().map(String::as_str);
    let columns = draft.list(std::iter::once(owned.tenant).chain(columns));
    format!("ALTER TABLE {table} DROP PRIMARY KEY, ADD PRIMARY KEY ({columns}), {ONLINE}")
}

/// A key on parts of values, or on expressions, is left to people.
pub(crate) fn mended(draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> Vec<String> {
    if key.plain_columns().is_none() {
        return Vec::new();
    }
    let columns = names(key);
    let unique = owned.key_of(&columns).is_none().then(|| unique_key(draft, owned, &columns));
    let unique = unique.filter(|_| !key.is_primary);
    unique.into_iter().chain([replaced(draft, owned, key)]).collect()
}
