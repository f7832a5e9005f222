//! Row-level security (<https://www.postgresql.org/docs/current/ddl-rowsecurity.html>).

use super::{Draft, Phase, Step, rights::is_closed};
use crate::model::{Derived, Owned, Relation};

/// The policy of the application's role.
const ISOLATION: &str = "tenant_isolation";
/// The policy of the system's role.
const SYSTEM: &str = "tenant_system";

pub(super) fn steps(draft: Draft<'_>, owned: &[Owned<'_>]) -> Vec<Step> {
    let owned = owned.iter().filter(|owned| !is_walled(draft, owned.relation));
    let owned = owned.map(|owned| (owned.relation, condition(draft, *owned)));
    let derived = draft.tenancy.derived().into_iter().filter(|derived| !is_walled(draft, derived.relation));
    let derived = derived.map(|derived| (derived.relation, through_parent(draft, derived)));
    owned.chain(derived).map(|(relation, condition)| walls(draft, relation, &condition)).collect()
}

/// Whether there is nothing to do: what others have written instead is the doctor's affair.
fn is_walled(draft: Draft<'_>, relation: &Relation) -> bool {
    let has = |name: &str| relation.policies.iter().any(|policy| policy.name == name);
    relation.has_policies_on
        && relation.forces_policies
        && has(ISOLATION)
        && (draft.ddl.system_role.is_none() || has(SYSTEM))
}

/// One transaction: between two of these statements nobody would see anything, or everybody would.
fn walls(draft: Draft<'_>, relation: &Relation, condition: &str) -> Step {
    let note = format!("`{}`: each transaction sees and writes the rows of its tenant.", relation.name);
    let mut statements = vec!["BEGIN".to_owned()];
    statements.extend(walled(draft, relation, condition));
    statements.push("COMMIT".to_owned());
    Step::new(Phase::Contract, note, statements)
}

fn walled(draft: Draft<'_>, relation: &Relation, condition: &str) -> Vec<String> {
    let mut statements = forced(draft, relation).to_vec();
    statements.extend(isolated(draft, relation, condition));
    if let Some(role) = &draft.ddl.system_role {
        let table = draft.quoted(&relation.name);
        statements.push(format!("DROP POLICY IF EXISTS {SYSTEM} ON {table}"));
        let role = draft.quoted(role);
        statements.push(format!(
            "CREATE POLICY {SYSTEM} ON {table} FOR ALL TO {role} USING (true) WITH CHECK (true)"
        ));
    }
    statements
}

/// The owner, too, sees what the policies show.
pub(crate) fn forced(draft: Draft<'_>, relation: &Relation) -> [String; 2] {
    let table = draft.quoted(&relation.name);
    ["ENABLE", "FORCE"].map(|verb| format!("ALTER TABLE {table} {verb} ROW LEVEL SECURITY"))
}

/// One policy for all commands, so that none is forgotten.
pub(crate) fn isolated(draft: Draft<'_>, relation: &Relation, condition: &str) -> [String; 2] {
    let table = draft.quoted(&relation.name);
    let role = draft.ddl.role.as_deref().map_or("PUBLIC".to_owned(), |role| draft.quoted(role));
    [
        dropped(draft, relation),
        format!(
            "CREATE POLICY {ISOLATION} ON {table} FOR ALL TO {role}\n    USING ({condition})\n    WITH CHECK ({condition})"
        ),
    ]
}

pub(crate) fn dropped(draft: Draft<'_>, relation: &Relation) -> String {
    format!("DROP POLICY IF EXISTS {ISOLATION} ON {}", draft.quoted(&relation.name))
}

/// The setting is read in a query of its own: the planner then runs it once for the statement, and not for each row.
pub(crate) fn condition(draft: Draft<'_>, owned: Owned<'_>) -> String {
    let of_type = owned.relation.column(owned.tenant).map(|column| column.of_type.as_str());
    let of_type = of_type.unwrap_or_else(|| super::column::type_of(draft));
    format!("{} = (SELECT {})", draft.quoted(owned.tenant), value(draft, of_type))
}

/// The tenant of the transaction in the column's type. It is null where nobody has set it, and where somebody had: a
/// setting of a transaction that is over reads back as an empty text.
pub(crate) fn value(draft: Draft<'_>, of_type: &str) -> String {
    let setting = draft.literal(&draft.ddl.setting);
    let is_text = of_type == "text" || of_type.starts_with("character varying");
    let cast = if is_text { String::new() } else { format!("::{of_type}") };
    format!("nullif(current_setting({setting}, true), ''){cast}")
}

/// The parent's own policies say which parents there are.
pub(crate) fn through_parent(draft: Draft<'_>, derived: Derived<'_>) -> String {
    let (own, parent) = (draft.quoted(&derived.relation.name), draft.quoted(&derived.parent.name));
    let alias = draft.quoted(&alias(derived));
    let pairs = derived.key.parent_columns.iter().zip(&derived.key.columns);
    let pairs =
        pairs.map(|(to, from)| format!("{alias}.{} = {own}.{}", draft.quoted(to), draft.quoted(from)));
    let pairs: Vec<String> = pairs.collect();
    format!("EXISTS (SELECT FROM {parent} AS {alias} WHERE {})", pairs.join(" AND "))
}

/// A name that means the parent and nothing else: were it that of the table itself, the condition would compare the
/// parent with the parent, and show everything.
fn alias(derived: Derived<'_>) -> String {
    let tables = [derived.relation, derived.parent];
    let is_taken = |name: &str| {
        tables
            .iter()
            .any(|table| table.name == name || table.columns.iter().any(|column| column.name == name))
    };
    let mut alias = "parent".to_owned();
    while is_taken(&alias) {
        alias.push('_');
    }
    alias
}

/// A view reads with the rights of its owner unless told otherwise, and so past the policies of who reads it
/// (<https://www.postgresql.org/docs/current/sql-createview.html>).
pub(super) fn views(draft: Draft<'_>) -> Step {
    let views = draft.tenancy.views_as_owner();
    let views = views.filter(|view| can_invoke(draft) || !is_closed(draft, view));
    let note = "Views show what who reads them may see.";
    Step::new(Phase::Contract, note, views.map(|view| invoked(draft, view)).collect())
}

/// Views with the option are there since this version.
const INVOKER_VIEWS: u32 = 150_000;

fn can_invoke(draft: Draft<'_>) -> bool {
    draft.tenancy.model.version >= INVOKER_VIEWS
}

/// Before that version, nobody but their owner may ask them.
pub(crate) fn invoked(draft: Draft<'_>, view: &Relation) -> String {
    match can_invoke(draft) {
        true => format!("ALTER VIEW {} SET (security_invoker = true)", draft.quoted(&view.name)),
        false => closed(draft, view),
    }
}

/// Nobody but its owner may ask it.
pub(crate) fn closed(draft: Draft<'_>, relation: &Relation) -> String {
    let role = draft.ddl.role.as_deref().map(|role| format!(", {}", draft.quoted(role))).unwrap_or_default();
    format!("REVOKE ALL ON {} FROM PUBLIC{role}", draft.quoted(&relation.name))
}
