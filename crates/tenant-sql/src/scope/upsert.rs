use sqlparser::ast::{ConflictTarget, DoUpdate, Ident, OnConflict, OnConflictAction, OnInsert};

use super::names::Target;
use super::predicate::guarded;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};
use crate::table::Table;

impl Scoper<'_> {
    pub(super) fn upsert(
        &mut self,
        on: &mut OnInsert,
        target: &Target,
        alias: &str,
        written: &dyn Fn(&str) -> bool,
    ) -> Result {
        match on {
            OnInsert::OnConflict(OnConflict { conflict_target, action }) if self.rules.can.on_conflict => {
                match (conflict_target, &*action) {
                    (Some(ConflictTarget::Columns(columns)), _) => self.conflict_target(columns, target)?,
                    // Which key it is the catalog does not say: so all must do.
                    (Some(ConflictTarget::OnConstraint(_)), _) | (None, OnConflictAction::DoNothing) => {
                        self.all_keys_carry_tenant(target, written)?;
                    }
                    (None, OnConflictAction::DoUpdate(_)) => return Err(key("name the key's columns")),
                }
                self.conflict_action(action, target, alias)
            }
            OnInsert::DuplicateKeyUpdate(assignments) if self.rules.can.on_duplicate_key => {
                self.all_keys_carry_tenant(target, written)?;
                self.assignments(assignments, target)
            }
            _ => Err(Refusal::construct_of("upsert")),
        }
    }

    fn conflict_action(&mut self, action: &mut OnConflictAction, target: &Target, alias: &str) -> Result {
        let OnConflictAction::DoUpdate(DoUpdate { assignments, selection }) = action else {
            return Ok(());
        };
        self.assignments(assignments, target)?;
        selection.as_mut().map_or(Ok(()), |condition| self.expr(condition))?;
        let predicate = self.equality(alias, &target.tenant_column);
        *selection = guarded(vec![predicate], selection.take(), self.side());
        Ok(())
    }

    /// The target must be a unique key with the tenant column, which is added if the caller left it out.
    fn conflict_target(&self, columns: &mut Vec<Ident>, target: &Target) -> Result {
        let mut wanted: Vec<String> = columns.iter().map(|column| self.rules.column(column)).collect();
        let carries = wanted.iter().any(|column| self.is_tenant_column(column, target));
        if !carries {
            let tenant_column = (self.rules.fold_column)(&target.tenant_column, true);
            wanted.push(tenant_column);
            columns.push(Ident::with_quote(self.rules.quote, target.tenant_column.clone()));
        }
        wanted.sort();
        match self.keys(target).any(|mut key| {
            key.sort();
            key == wanted
        }) {
            true => Ok(()),
            false => Err(key("a unique key with the tenant column must be in the catalog")),
        }
    }

    /// A row that another tenant's row conflicts with would be dropped, or would drop the other.
    pub(super) fn all_keys_carry_tenant(&self, target: &Target, written: &dyn Fn(&str) -> bool) -> Result {
        let generated: Vec<String> =
            target.table.as_ref().map_or_else(Vec::new, |table| self.fold_all(&table.generated));
        let cannot_tell = |key: &Vec<String>| {
            let carries = key.iter().any(|column| self.is_tenant_column(column, target));
            carries || key.iter().any(|column| generated.contains(column) && !written(column))
        };
        let mut keys = self.keys(target).peekable();
        match keys.peek().is_some() && keys.all(|key| cannot_tell(&key)) {
            true => Ok(()),
            false => Err(key("all unique keys must be in the catalog and carry the tenant column")),
        }
    }

    fn keys(&self, target: &Target) -> impl Iterator<Item = Vec<String>> {
        let keys = target.table.as_ref().map(Table::unique_keys).unwrap_or_default();
        keys.iter().map(|key| self.fold_all(key))
    }

    fn fold_all(&self, columns: &[String]) -> Vec<String> {
        columns.iter().map(|column| (self.rules.fold_column)(column, true)).collect()
    }
}

fn key(hint: &'static str) -> Refusal {
    Refusal::new(RefusalKind::UnsupportedConstruct, "conflict with a unique key", hint)
}
