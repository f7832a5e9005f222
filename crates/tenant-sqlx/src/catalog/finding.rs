use std::fmt;

/// Something in the schema that keeps a relation from tenants, or that lets them learn of each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The table or view.
    pub relation: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// The tenant column does not compare byte by byte. The relation is hidden.
    Collation,
    /// The tenant column converts what is stored or compared. The relation is hidden.
    Affinity,
    /// It is a view nobody vouched for. The relation is hidden.
    View,
    /// Its contents are the work of an extension, or lie on another server. The relation is hidden.
    Virtual,
    /// It was declared as shared, but rows of tables that were not are rows of it as well. The relation is hidden.
    Family,
    /// It has triggers nobody vouched for. Tenants may read it, not write it.
    Trigger,
    /// The account lacks the privilege without which MySQL does not tell what triggers there are (`TRIGGER`, for the
    /// whole database). Tenants may read it, not write it.
    Privileges,
    /// A default, a constraint or an index of it calls a function nobody vouched for. Tenants may read it, not write
    /// it.
    Function,
    /// Other tenants' rows may hang on its rows, directly or through triggers of what hangs on them, and would be
    /// changed along with them. Tenants may read it, not write it.
    Cascade,
    /// Its definition resolves conflicts on a unique key without the tenant: another tenant's row would make way for
    /// a new one. Tenants may read it, not write it.
    Conflict,
    /// A foreign key does not carry the tenant: rows of two tenants can be linked.
    ForeignKey,
    /// A unique key does not carry the tenant: a conflict tells that another tenant has the value.
    UniqueKey,
    /// Its name can't be told apart from others by all spellings. The relation is unknown.
    Name,
}

impl Problem {
    const fn sentence(self) -> &'static str {
        match self {
            Self::Collation => "its tenant column does not compare byte by byte: it is hidden",
            Self::Affinity => "its tenant column converts values to another type: it is hidden",
            Self::View => "it is a view that was not declared: it is hidden",
            Self::Virtual => "it is a virtual or foreign table: it is hidden",
            Self::Family => "tables that are not shared inherit from it: it is hidden",
            Self::Trigger => "it has triggers that were not vouched for: it can't be written",
            Self::Privileges => {
                "its triggers can't be seen without the privilege TRIGGER: it can't be written"
            }
            Self::Function => "it calls functions that were not vouched for: it can't be written",
            Self::Cascade => "changes cascade from it past the tenant: it can't be written",
            Self::Conflict => "it resolves conflicts on a key without the tenant: it can't be written",
            Self::ForeignKey => "a foreign key does not carry the tenant",
            Self::UniqueKey => "a unique key does not carry the tenant",
            Self::Name => "it has a name that can't be matched: it is left out",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.relation, self.problem.sentence())
    }
}
