use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::{Proof, Verifier, unproved};
use crate::catalog::Unknown;
use crate::table::{Table, TableKind};

/// What a relation needs to be proved.
pub(super) enum Need {
    Nothing,
    /// A predicate on this column; if the catalog does not list the relation, by a name no scope around has.
    Tenant {
        column: String,
        listed: bool,
    },
}

impl<'a> Verifier<'a> {
    pub(super) fn need(&self, name: &ObjectName) -> Proof<Need> {
        let (schema, table) = parts(name)?;
        let folded = self.rules.table(table);
        if schema.is_none() && self.rules.is_dual(table) {
            return Ok(Need::Nothing);
        }
        if schema.is_none() {
            match self.ctes.iter().rev().find(|(cte, _)| cte.to_lowercase() == folded.to_lowercase()) {
                Some((cte, true)) if *cte == folded => return Ok(Need::Nothing),
                Some(_) => return Err(unproved("CTE name")),
                None => {}
            }
        }
        match self.stored(schema, table)? {
            Some(table) if table.kind() == TableKind::Shared => Ok(Need::Nothing),
            owned => Ok(Need::Tenant { column: self.tenant_column(owned), listed: owned.is_some() }),
        }
    }

    /// A relation that is written: always a table, whatever the `WITH` clauses say.
    pub(super) fn target(&self, name: &ObjectName) -> Proof<(Option<&'a Table>, String)> {
        let (schema, table) = parts(name)?;
        let folded = self.rules.table(table).to_lowercase();
        if schema.is_none() && self.ctes.iter().any(|(cte, _)| cte.to_lowercase() == folded) {
            return Err(unproved("CTE name"));
        }
        match self.stored(schema, table)? {
            Some(table) if table.kind() == TableKind::Shared || table.is_view() => Err(unproved("target")),
            owned => Ok((owned, self.tenant_column(owned))),
        }
    }

    fn tenant_column(&self, table: Option<&Table>) -> String {
        table.and_then(Table::own_tenant_column).unwrap_or(self.catalog.tenant_column()).to_owned()
    }

    fn stored(&self, schema: Option<&Ident>, table: &Ident) -> Proof<Option<&'a Table>> {
        let folded = self.rules.table(table);
        let own = self.catalog.schema().or(self.rules.default_schema);
        let foreign = schema.is_some_and(|schema| {
            own.is_none_or(|own| (self.rules.fold_table)(own, true) != self.rules.table(schema))
        });
        if foreign || (self.rules.internal)(&folded) {
            return Err(unproved("relation"));
        }
        match self.catalog.lookup(&folded) {
            Some(table) if table.kind() == TableKind::Hidden => Err(unproved("relation")),
            None if self.catalog.unknown() == Unknown::Refuse => Err(unproved("relation")),
            found => Ok(found),
        }
    }

    /// The name by which a table's columns can be qualified.
    pub(super) fn bare(&self, name: &ObjectName) -> Proof<String> {
        parts(name).map(|(_, table)| self.rules.table(table))
    }

    /// A column that is written, folded.
    pub(super) fn written(&self, name: &ObjectName) -> Proof<String> {
        match parts(name)? {
            (None, column) => Ok(self.rules.column(column)),
            (Some(_), _) => Err(unproved("column")),
        }
    }
}

fn parts(name: &ObjectName) -> Proof<(Option<&Ident>, &Ident)> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(table)] => Ok((None, table)),
        [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(table)] => Ok((Some(schema), table)),
        _ => Err(unproved("name")),
    }
}
