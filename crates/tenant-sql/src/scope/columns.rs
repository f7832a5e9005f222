//! Names of columns.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

impl Scoper<'_> {
    pub(super) fn column(&self, name: &Ident) -> Result {
        if !self.rules.is_system_column(&self.rules.column(name)) {
            return Ok(());
        }
        let refusal = Refusal::new(
            RefusalKind::UnsupportedConstruct,
            "system column",
            "use the table's own key: row numbers are shared by all tenants",
        );
        Err(refusal.at(name.span.start.line, name.span.start.column))
    }

    /// `schema.table.column` goes on without the schema: the table may have become a derived one of its name.
    pub(super) fn qualified(&self, parts: &mut Vec<Ident>) -> Result {
        if let [schema, table, _] = parts.as_slice()
            && self.is_own_schema(schema)
        {
            self.is_alone(table)?;
            parts.remove(0);
        }
        match parts.as_slice() {
            [qualifier, column] => {
                self.column(column)?;
                self.field(qualifier, column)
            }
            _ => Err(Refusal::new(
                RefusalKind::UnsupportedConstruct,
                "schema-qualified column",
                "qualify columns by the relation's alias",
            )),
        }
    }

    /// A column as `USING`, `SET` and column lists name it.
    pub(super) fn column_name<'n>(&self, name: &'n ObjectName) -> Result<&'n Ident> {
        let ObjectName(parts) = name;
        match parts.as_slice() {
            [ObjectNamePart::Identifier(column)] => self.column(column).map(|()| column),
            _ => Err(Refusal::construct_of("qualified column")),
        }
    }

    pub(super) fn qualifier(&self, name: &mut ObjectName) -> Result {
        let ObjectName(parts) = name;
        if let [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(table)] = parts.as_slice()
            && self.is_own_schema(schema)
        {
            self.is_alone(table)?;
            parts.remove(0);
        }
        match parts.as_slice() {
            [ObjectNamePart::Identifier(_)] => Ok(()),
            _ => Err(Refusal::construct_of("qualified wildcard")),
        }
    }
}
