//! A relation as the database describes it.

use super::Problem;

/// What the database says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    /// The schema or database that a bare name stands for, where there can be others.
    pub(crate) name: Option<String>,
    pub(crate) relations: Vec<Relation>,
}

/// A table or view of the database.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    /// With its schema in front where it lies elsewhere.
    pub(crate) name: String,
    pub(crate) kind: RelationKind,
    /// Whether it is of another schema: no statement of a tenant names it, but what one does may end there.
    pub(crate) is_elsewhere: bool,
    /// In their order; empty where nobody looked.
    pub(crate) columns: Vec<String>,
    /// Whether it has a tenant column, and what is wrong with it.
    pub(crate) tenant_column: Option<Result<(), Problem>>,
    pub(crate) unique: Vec<UniqueKey>,
    /// Columns the database fills with a fresh value.
    pub(crate) generated: Vec<String>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// The relations whose rows are rows of this one as well.
    pub(crate) children: Vec<String>,
    pub(crate) has_triggers: bool,
    /// Whether the account is not shown which triggers there are.
    pub(crate) hides_triggers: bool,
    /// Whether a default, a constraint or an index calls a function of the application.
    pub(crate) calls_functions: bool,
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
            is_elsewhere: false,
            columns: Vec::new(),
            tenant_column: None,
            unique: Vec::new(),
            generated: Vec::new(),
            foreign_keys: Vec::new(),
            children: Vec::new(),
            has_triggers: false,
            hides_triggers: false,
            calls_functions: false,
            resolves_conflicts: false,
        }
    }

    /// Whether this may be the relation of that name. Where case tells two apart it may be either: what one of them
    /// does is then taken for what both do.
    pub(crate) fn may_be(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// When two names are the same to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// When they are spelled the same.
    Exact,
    /// Whatever the case of their letters.
    AnyCase,
}

impl Names {
    pub(crate) fn same(self, left: &str, right: &str) -> bool {
        match self {
            Self::Exact => left == right,
            Self::AnyCase => left.eq_ignore_ascii_case(right),
        }
    }
}
