//! Derived tables: where no place beside a relation filters it, it is filtered below.

use sqlparser::ast::{Ident, ObjectName, Query, TableAlias, TableFactor, TableIndexHints};

use super::select::star_of;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

impl Scoper<'_> {
    /// `(SELECT * FROM users WHERE "users"."tenant_id" = ?N) AS users`
    pub(super) fn derived(
        &mut self,
        name: ObjectName,
        alias: Option<TableAlias>,
        tenant_column: &str,
        inner: Option<String>,
        hints: Vec<TableIndexHints>,
    ) -> Result<TableFactor> {
        let bare = self.exposed(&name, None)?;
        let predicate = self.equality(inner.as_ref().unwrap_or(&bare), tenant_column);
        let inner = inner.map(|inner| self.alias(&inner));
        let mut subquery: Box<Query> = Box::new(star_of(name, inner, hints, predicate));
        self.set_apart(&mut subquery);
        let alias = alias.unwrap_or_else(|| self.alias(&bare));
        Ok(TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None })
    }

    /// A name that no scope around has. If a relation that is only taken for owned lacks the tenant column, the predicate
    /// must fail; by a name that is used outside too, it would bind there, and filter nothing here.
    pub(super) fn fresh(&mut self) -> Result<String> {
        const PREFIX: &str = "tenant_scope_";
        if self.source.sql.to_ascii_lowercase().contains(PREFIX) {
            return Err(Refusal::new(
                RefusalKind::Ambiguous,
                PREFIX,
                "rename it: such names are the scoper's",
            ));
        }
        self.fresh += 1;
        Ok(format!("{PREFIX}{}", self.fresh))
    }

    fn alias(&self, name: &str) -> TableAlias {
        let name = Ident::with_quote(self.rules.quote, name);
        TableAlias { explicit: true, name, columns: Vec::new(), at: None }
    }
}
