//! Migrations of SQLite. What a table must have is part of the text it was made with: it is made anew, under another
//! name, in one transaction (<https://www.sqlite.org/lang_altertable.html>, section 7).

mod definition;
mod tokens;

use self::definition::Definition;
use super::{
    DdlError, DdlErrorKind, Draft, Phase, Step,
    draft::{index_name, name_of},
};
use crate::{
    catalog::Problem,
    model::{Index, Owned},
};

pub(super) fn steps(draft: Draft<'_>) -> Result<Vec<Step>, DdlError> {
    let owned = draft.owned();
    let stale: Vec<Owned<'_>> = owned.iter().copied().filter(|owned| is_stale(draft, *owned)).collect();
    let mut tables = Vec::new();
    for owned in &stale {
        tables.extend(remade(draft, *owned)?);
    }
    let note = "Tables made anew: the tenant column, keys and references with the tenant. The check lists rows that \
                refer to nothing; roll back if it lists any.";
    let names = owned.iter().flat_map(|owned| keys(draft, *owned));
    let keys = Step::new(Phase::Contract, "Unique within the tenant.", names.collect());
    let indexes = owned.iter().flat_map(|owned| indexes(draft, *owned)).collect();
    let indexes =
        Step::new(Phase::Contract, "The rows of a tenant are found without looking at others'.", indexes);
    Ok(vec![Step::new(Phase::Contract, note, framed(tables)), keys, indexes])
}

/// With references unchecked and names left as they stand in other objects' texts, until all is in place.
fn framed(statements: Vec<String>) -> Vec<String> {
    if statements.is_empty() {
        return statements;
    }
    let before = ["PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON", "BEGIN IMMEDIATE"];
    let after =
        ["PRAGMA foreign_key_check", "COMMIT", "PRAGMA legacy_alter_table = OFF", "PRAGMA foreign_keys = ON"];
    let before = before.into_iter().map(str::to_owned);
    before.chain(statements).chain(after.into_iter().map(str::to_owned)).collect()
}

/// Whether only a new table will do.
fn is_stale(draft: Draft<'_>, owned: Owned<'_>) -> bool {
    let column = owned.relation.column(owned.tenant);
    let is_plain = column.is_some_and(|column| !column.is_nullable && column.default.is_none());
    let judged = draft.tenancy.model.judged.iter();
    let mut judged = judged.filter(|finding| finding.relation == owned.relation.name);
    !is_plain
        || owned.open_keys().any(|key| key.constraint.is_some() || key.is_primary)
        || owned.open_links(draft.tenancy).next().is_some()
        || judged
            .any(|found| matches!(found.problem, Problem::Affinity | Problem::Collation | Problem::Conflict))
}

/// The keys that references lead to, and unique indexes that got the tenant.
fn keys(draft: Draft<'_>, owned: Owned<'_>) -> Vec<String> {
    let made = owned.open_keys().filter(|key| key.constraint.is_none() && !key.is_primary);
    made.flat_map(|key| replaced(draft, owned, key)).collect()
}

fn replaced(draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> Vec<String> {
    let drop = format!("DROP INDEX IF EXISTS {}", draft.quoted(&key.name));
    twin(draft, owned, key).into_iter().chain([drop]).collect()
}

fn indexes(draft: Draft<'_>, owned: Owned<'_>) -> Vec<String> {
    let loose = draft.loose_indexes(owned).into_iter().filter_map(|index| twin(draft, owned, index));
    let bare = draft.bare_links(owned).into_iter().map(|columns| plain_index(draft, owned, &columns));
    let lead = draft.lacks_lead(owned).then(|| plain_index(draft, owned, &[owned.tenant]));
    loose.chain(bare).chain(lead).collect()
}

pub(crate) fn plain_index(draft: Draft<'_>, owned: Owned<'_>, columns: &[&str]) -> String {
    let others: Vec<&str> = columns.iter().copied().filter(|column| *column != owned.tenant).collect();
    let (table, name) =
        (draft.quoted(&owned.relation.name), draft.quoted(&index_name(owned.relation, &others)));
    format!("CREATE INDEX IF NOT EXISTS {name} ON {table} ({})", draft.list(columns))
}

/// What stands behind the first parenthesis of its definition.
fn rest(index: &Index) -> Option<&str> {
    let text = index.rest.as_deref()?;
    let open = tokens::tokens(text)?.into_iter().find(|token| token.is("("))?;
    text.get(open.at.end..)
}

/// The same index with the tenant in front: expressions, orders and conditions stay.
pub(crate) fn twin(draft: Draft<'_>, owned: Owned<'_>, index: &Index) -> Option<String> {
    let (table, tenant) = (draft.quoted(&owned.relation.name), draft.quoted(owned.tenant));
    let name = draft.quoted(&name_of(&[&index.name, "tenant"]));
    let unique = if index.is_unique { "UNIQUE " } else { "" };
    let rest = rest(index)?;
    Some(format!("CREATE {unique}INDEX IF NOT EXISTS {name} ON {table} ({tenant}, {rest}"))
}

/// The table as it should be, for the doctor. What can't be taken apart is left to people.
pub(crate) fn rebuilt(draft: Draft<'_>, owned: Owned<'_>) -> Vec<String> {
    remade(draft, owned).map(framed).unwrap_or_default()
}

pub(crate) fn mended(draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> Vec<String> {
    match key.constraint.is_some() || key.is_primary {
        true => rebuilt(draft, owned),
        false => replaced(draft, owned, key),
    }
}

fn remade(draft: Draft<'_>, owned: Owned<'_>) -> Result<Vec<String>, DdlError> {
    let relation = owned.relation;
    let fault = || DdlError::new(DdlErrorKind::Definition, &relation.name);
    let definition = Definition::read(&relation.definition).ok_or_else(fault)?;
    let (table, new) = (draft.quoted(&relation.name), draft.quoted(&format!("{}__tenant", relation.name)));
    let text = definition.remade(draft, owned).ok_or_else(fault)?;
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
    let mut statements = vec![
        format!("CREATE TABLE {new} {text}"),
        format!("INSERT INTO {new} ({names}) SELECT {} FROM {table}", values.join(", ")),
        format!("DROP TABLE {table}"),
        format!("ALTER TABLE {new} RENAME TO {table}"),
    ];
    statements.extend(relation.indexes.iter().filter_map(|index| again(draft, owned, index)));
    statements.extend(relation.triggers.iter().map(|trigger| trigger.definition.clone()));
    Ok(statements)
}

/// An index that went with the table.
fn again(draft: Draft<'_>, owned: Owned<'_>, index: &Index) -> Option<String> {
    let rest = rest(index).filter(|_| index.constraint.is_none())?;
    let (table, name) = (draft.quoted(&owned.relation.name), draft.quoted(&index.name));
    let unique = if index.is_unique { "UNIQUE " } else { "" };
    Some(format!("CREATE {unique}INDEX {name} ON {table} ({rest}"))
}
