use crate::oracle::{Kind, Relation as Table};

/// The type of an expression, as far as databases keep types apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    Num,
    Text,
    Bool,
    Date,
    Time,
    Json,
}

/// A table, view or CTE that can be named in `FROM`.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) columns: Vec<(String, Type)>,
    pub(super) unique: Vec<Vec<String>>,
    pub(super) tenant: Option<String>,
    /// A CTE; it has no schema in front.
    pub(super) cte: bool,
    pub(super) view: bool,
}

/// A relation in scope: how to call it, and its columns.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) alias: String,
    pub(super) columns: Vec<(String, Type)>,
}

pub(super) type Scope = Vec<Relation>;

impl Source {
    pub(super) fn of(table: &Table) -> Self {
        let columns = table.columns.iter();
        let typed = columns.filter_map(|column| Some((column.name.clone(), type_of(column.kind)?)));
        Self {
            name: table.name.clone(),
            columns: typed.collect(),
            unique: table.unique.clone(),
            tenant: table.tenant.clone(),
            cte: false,
            view: table.view,
        }
    }

    pub(super) fn cte(name: &str, columns: Vec<(String, Type)>) -> Self {
        Self { name: name.to_owned(), columns, unique: Vec::new(), tenant: None, cte: true, view: false }
    }

    pub(super) fn under(&self, alias: &str) -> Relation {
        Relation { alias: alias.to_owned(), columns: self.columns.clone() }
    }

    /// The columns of the primary key, the tenant's not among them.
    pub(super) fn key(&self) -> Vec<String> {
        let columns = self.unique.first().into_iter().flatten();
        columns.filter(|name| Some(*name) != self.tenant.as_ref()).cloned().collect()
    }
}

fn type_of(kind: Kind) -> Option<Type> {
    Some(match kind {
        Kind::Int => Type::Int,
        Kind::Decimal => Type::Num,
        Kind::Text => Type::Text,
        Kind::Bool => Type::Bool,
        Kind::Date => Type::Date,
        Kind::Time => Type::Time,
        Kind::Json => Type::Json,
        _ => return None,
    })
}

/// The inner relations first: names are looked for there.
pub(super) fn join(inner: &Scope, outer: &Scope) -> Scope {
    inner.iter().chain(outer).cloned().collect()
}
