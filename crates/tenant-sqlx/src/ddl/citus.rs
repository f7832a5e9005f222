//! Tables distributed over a Citus cluster by their tenant
//! (<https://docs.citusdata.com/en/stable/develop/api_udf.html>).

use tenant_sql::TableKind;

use super::{Draft, Phase, Step};
use crate::model::Owned;

/// Shared tables first: foreign keys may lead to a table that is on every node, and between tables that lie together.
pub(super) fn steps(draft: Draft<'_>, owned: &[Owned<'_>]) -> Vec<Step> {
    let mut shared: Vec<&str> = draft
        .tenancy
        .catalog
        .tables()
        .filter(|table| table.kind() == TableKind::Shared && !table.is_view())
        .map(tenant_sql::Table::name)
        .collect();
    shared.sort_unstable();
    let name = |table: &str| draft.literal(&draft.quoted(table));
    let references =
        shared.into_iter().map(|table| format!("SELECT create_reference_table({})", name(table)));
    let note = "Shared tables lie on every node.";
    let references = Step::new(Phase::Contract, note, references.collect());
    let note =
        "The rows of a tenant lie together, on one node: joins and transactions of a tenant stay there.";
    vec![references, Step::new(Phase::Contract, note, distributed(draft, owned))]
}

fn distributed(draft: Draft<'_>, owned: &[Owned<'_>]) -> Vec<String> {
    let whole: Vec<&Owned<'_>> = owned.iter().filter(|owned| owned.relation.parent.is_none()).collect();
    let name = |owned: &Owned<'_>| draft.literal(&draft.quoted(&owned.relation.name));
    let first = whole.first().map(|first| name(first));
    let with = |at: usize| match &first {
        Some(first) if at > 0 => format!(", colocate_with => {first}"),
        _ => String::new(),
    };
    let distribute = |(at, owned): (usize, &&Owned<'_>)| {
        let column = draft.literal(owned.tenant);
        format!("SELECT create_distributed_table({}, {column}{})", name(owned), with(at))
    };
    whole.iter().enumerate().map(distribute).collect()
}
