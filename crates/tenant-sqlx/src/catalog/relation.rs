//! A relation as the database describes it.

use super::Problem;

/// A table or view of the database.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) name: String,
    pub(crate) kind: RelationKind,
    /// In their order; empty where nobody looked.
    pub(crate) columns: Vec<String>,
    /// Whether it has a tenant column, and what is wrong with it.
    pub(crate) tenant_column: Option<Result<(), Problem>>,
    pub(crate) unique: Vec<UniqueKey>,
    /// Columns the database fills with a fresh value.
    pub(crate) generated: Vec<String>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    pub(crate) has_triggers: bool,
    /// Whether its definition says what happens on a conflict: then a plain `INSERT` may delete rows.
    pub(crate) resolves_conflicts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelationKind {
    Table,
    View,
    /// A table whose contents are the work of an extension.
    Virtual,
}

/// A unique key, the primary key included.
#[derive(Clone, Debug)]
pub(crate) struct UniqueKey {
    /// Without those whose comparison is not the column's own; expressions have no name.
    pub(crate) columns: Vec<String>,
    /// Whether it stands for all rows, with nothing but plain columns.
    pub(crate) is_plain: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ForeignKey {
    pub(crate) parent: String,
    /// Whether it ties the tenant to the tenant.
    pub(crate) carries_tenant: bool,
    /// Whether a change of the parent changes or deletes rows here.
    pub(crate) cascades: bool,
}

impl Relation {
    pub(crate) fn new(name: String, kind: RelationKind) -> Self {
        Self {
            name,
            kind,
            columns: Vec::new(),
            tenant_column: None,
            unique: Vec::new(),
            generated: Vec::new(),
            foreign_keys: Vec::new(),
            has_triggers: false,
            resolves_conflicts: false,
        }
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl UniqueKey {
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|own| own.eq_ignore_ascii_case(column))
    }
}
