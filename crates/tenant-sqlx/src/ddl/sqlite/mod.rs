//! Migrations of SQLite. What a table must have is part of the text it was made with: it is made anew, under another
//! name, in one transaction (<https://www.sqlite.org/lang_altertable.html>, section 7).

mod definition;
mod frame;
mod script;
mod tokens;

pub(crate) use self::definition::DefaultTenant;
use self::script::Script;
use super::{DdlError, DdlErrorKind, Draft, Phase, Step};
use crate::{
    catalog::Problem,
    model::{Index, Owned},
};

pub(super) fn steps(draft: Draft<'_>) -> Result<Vec<Step>, DdlError> {
    let owned = draft.owned();
    let (stale, fresh): (Vec<Owned<'_>>, Vec<Owned<'_>>) =
        owned.iter().copied().partition(|owned| is_stale(draft, *owned));
    let mut script = Script::default();
    script.tables(draft, &stale, DefaultTenant::Dropped)?;
    let mut stay = Vec::new();
    for (owned, key) in fresh.iter().flat_map(|owned| owned.open_keys().map(move |key| (*owned, key))) {
        if !script.key(draft, owned, key) {
            stay.push(draft.stays(owned, key));
        }
    }
    let note = "Tables made anew: the tenant column, keys and references with the tenant. Where something fails, nothing \
                is changed; the check of references lists the rows that refer to nothing.";
    let indexes = owned.iter().flat_map(|owned| indexes(draft, *owned)).collect();
    let indexes =
        Step::new(Phase::Contract, "The rows of a tenant are found without looking at others'.", indexes);
    let script = Step::new(Phase::Contract, note, script.statements(draft));
    Ok([script, indexes].into_iter().chain(stay).collect())
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

fn indexes(draft: Draft<'_>, owned: Owned<'_>) -> Vec<String> {
    let loose = draft.loose_indexes(owned).into_iter().filter_map(|index| twin(draft, owned, index));
    let bare = draft.bare_links(owned).into_iter().map(|columns| plain_index(draft, owned, &columns));
    let lead = draft.lacks_lead(owned).then(|| plain_index(draft, owned, &[owned.tenant]));
    loose.chain(bare).chain(lead).collect()
}

pub(crate) fn plain_index(draft: Draft<'_>, owned: Owned<'_>, columns: &[&str]) -> String {
    let others: Vec<&str> = columns.iter().copied().filter(|column| *column != owned.tenant).collect();
    let (table, name) = (draft.quoted(&owned.relation.name), draft.quoted(&draft.index_name(owned, &others)));
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
    replacement(draft, owned, index).map(|(_, statement)| statement)
}

/// That index, and its name.
fn replacement(draft: Draft<'_>, owned: Owned<'_>, index: &Index) -> Option<(String, String)> {
    let (table, tenant) = (draft.quoted(&owned.relation.name), draft.quoted(owned.tenant));
    let name = draft.twin_name(owned, index);
    let unique = if index.is_unique { "UNIQUE " } else { "" };
    let (rest, quoted) = (rest(index)?, draft.quoted(&name));
    Some((name, format!("CREATE {unique}INDEX IF NOT EXISTS {quoted} ON {table} ({tenant}, {rest}")))
}

/// The table as it should be, for the doctor. What can't be taken apart is left to people.
pub(crate) fn rebuilt(draft: Draft<'_>, owned: &[Owned<'_>], default: DefaultTenant) -> Vec<String> {
    let mut script = Script::default();
    script.tables(draft, owned, default).map(|()| script.statements(draft)).unwrap_or_default()
}

pub(crate) fn mended(draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> Vec<String> {
    if key.constraint.is_some() || key.is_primary {
        return rebuilt(draft, &[owned], DefaultTenant::Kept);
    }
    let mut script = Script::default();
    script.key(draft, owned, key);
    script.statements(draft)
}

/// An index that went with the table.
fn again(draft: Draft<'_>, owned: Owned<'_>, index: &Index) -> Option<String> {
    let rest = rest(index).filter(|_| index.constraint.is_none())?;
    let (table, name) = (draft.quoted(&owned.relation.name), draft.quoted(&index.name));
    let unique = if index.is_unique { "UNIQUE " } else { "" };
    Some(format!("CREATE {unique}INDEX {name} ON {table} ({rest}"))
}
