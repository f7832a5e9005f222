/// The kind of a column's values, as far as made-up rows and statements care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Whole numbers.
    Int,
    /// Numbers with a fraction.
    Decimal,
    /// Strings.
    Text,
    /// Booleans.
    Bool,
    /// Dates.
    Date,
    /// Points in time.
    Time,
    /// JSON.
    Json,
    /// UUIDs.
    Uuid,
    /// Bytes.
    Bytes,
    /// Anything else; left NULL, or to its default.
    Other,
}

/// A column of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The kind of its values.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether the database computes it.
    pub computed: bool,
}

/// A foreign key: columns here, the relation and the columns there.
pub(super) type ForeignKey = (Vec<String>, String, Vec<String>);

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
    /// Its unique keys, the primary one first.
    pub unique: Vec<Vec<String>>,
    /// The tenant column, if it has one.
    pub tenant: Option<String>,
    /// Whether it is a view.
    pub view: bool,
    pub(super) foreign: Vec<ForeignKey>,
}

impl Relation {
    pub(super) fn new(name: String, view: bool) -> Self {
        Self { name, columns: Vec::new(), unique: Vec::new(), tenant: None, view, foreign: Vec::new() }
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|other| other.name.eq_ignore_ascii_case(column))
    }
}

/// What a database consists of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Schema {
    /// Its tables and views.
    pub relations: Vec<Relation>,
}

impl Schema {
    pub(super) fn tables(&self) -> impl Iterator<Item = &Relation> {
        self.relations.iter().filter(|relation| !relation.view)
    }
}
