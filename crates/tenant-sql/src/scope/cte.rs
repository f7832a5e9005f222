use sqlparser::ast::{Cte, Ident, TableAlias, With};

use super::frames::Columns;
use super::query::Role;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

/// More CTEs than anybody writes: each name in `FROM` is looked for among them.
const MOST_CTES: usize = 100;

/// The names that `WITH` clauses give, innermost last.
#[derive(Default)]
pub(super) struct Scopes {
    names: Vec<Name>,
    /// How many CTE bodies we are in.
    bodies: usize,
    /// How many CTEs the statement has so far.
    named: usize,
    /// How many queries we are in.
    pub(super) queries: usize,
    /// The first name of the innermost `WITH` in whose elements we are.
    inner: usize,
    /// The CTE whose body is about to be walked: its first part names the columns that its second part may cite.
    pub(super) growing: Option<usize>,
}

struct Name {
    folded: String,
    visible: bool,
    columns: Columns,
}

/// What an unqualified name means to the `WITH` clauses around it.
pub(super) enum Cited {
    Cte,
    No,
    /// The databases disagree (a forward reference, a self-reference without `RECURSIVE`, another case).
    Unclear,
}

impl Scopes {
    pub(super) fn mark(&self) -> usize {
        self.names.len()
    }

    pub(super) fn leave(&mut self, mark: usize) {
        self.names.truncate(mark);
    }

    /// Whether a writing statement may be the body of the query we are in.
    pub(super) fn may_write(&self, in_cte: bool) -> bool {
        self.queries == 1 || (in_cte && self.bodies > 0 && self.queries == 2)
    }

    pub(super) fn in_cte(&self) -> bool {
        self.bodies > 0
    }

    pub(super) fn cite(&self, folded: &str, outer: bool, same: impl Fn(&str, &str) -> bool) -> Cited {
        let first = if outer { 0 } else { self.inner };
        match self.names.iter().enumerate().rev().find(|(_, name)| same(&name.folded, folded)) {
            None => Cited::No,
            Some((at, name)) if name.visible && name.folded == folded && at >= first => Cited::Cte,
            Some(_) => Cited::Unclear,
        }
    }

    fn announce(&mut self, folded: String) {
        self.names.push(Name { folded, visible: false, columns: Columns::default() });
    }

    /// The columns of the CTE of this name.
    pub(super) fn columns(&self, folded: &str) -> Columns {
        let name = self.names.iter().rev().find(|name| name.folded == folded);
        name.map(|name| name.columns.clone()).unwrap_or_default()
    }

    pub(super) fn give_columns(&mut self, at: usize, columns: Columns) {
        if let Some(name) = self.names.get_mut(at) {
            name.columns = columns;
        }
    }

    fn show(&mut self, at: usize) {
        if let Some(name) = self.names.get_mut(at) {
            name.visible = true;
        }
    }
}

impl Scoper<'_> {
    /// Walks the bodies and leaves the names visible: the caller takes them away again.
    pub(super) fn with(&mut self, with: &mut With) -> Result {
        let With { with_token: _, recursive, cte_tables } = with;
        let first = self.scopes.mark();
        self.scopes.named += cte_tables.len();
        if self.scopes.named > MOST_CTES {
            return Err(Refusal::new(RefusalKind::TooLong, "WITH", "use fewer CTEs"));
        }
        for cte in cte_tables.iter() {
            self.announce(&cte.alias.name, first)?;
        }
        let outer = std::mem::replace(&mut self.scopes.inner, first);
        for (at, cte) in cte_tables.iter_mut().enumerate() {
            if *recursive {
                self.scopes.show(first + at);
            }
            self.cte(cte, first + at)?;
            self.scopes.show(first + at);
        }
        self.scopes.inner = outer;
        Ok(())
    }

    fn announce(&mut self, name: &Ident, first: usize) -> Result {
        let folded = self.rules.table(name);
        let twin =
            self.scopes.names.iter().skip(first).any(|name| self.rules.may_be_same(&name.folded, &folded));
        if twin {
            return Err(Refusal::new(RefusalKind::Ambiguous, "WITH", "give each CTE its own name"));
        }
        self.scopes.announce(folded);
        Ok(())
    }

    fn cte(&mut self, cte: &mut Cte, at: usize) -> Result {
        let Cte { alias, query, from, materialized, closing_paren_token: _ } = cte;
        let TableAlias { explicit: _, name: _, columns, at: position } = &*alias;
        if from.is_some() || position.is_some() || columns.iter().any(|column| column.data_type.is_some()) {
            return Err(Refusal::construct_of("WITH"));
        }
        self.scopes.bodies += 1;
        let role = if columns.is_empty() { Role::Named } else { Role::Values };
        let listed = (!columns.is_empty()).then(|| self.renamed(Some(alias), Columns::default()));
        if let Some(listed) = &listed {
            self.scopes.give_columns(at, listed.clone());
        }
        let outer = std::mem::replace(&mut self.scopes.growing, listed.is_none().then_some(at));
        let walked = self.query(query, role);
        self.scopes.growing = outer;
        self.scopes.bodies -= 1;
        self.scopes.give_columns(at, listed.unwrap_or(walked?));
        self.set_cte_apart(&alias.name, query, materialized);
        Ok(())
    }
}
