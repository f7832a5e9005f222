//! Which columns a qualified name can mean.
//!
//! On PostgreSQL `u.total` calls the function `total` with the row, if `u` has no such column
//! (<https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-USAGE>): any function of the database would be a word
//! away. Hence a qualified name must be a column that is known.

use std::collections::HashSet;
use std::rc::Rc;

use sqlparser::ast::{
    Expr, Function, Ident, ObjectName, ObjectNamePart, SelectItem, SelectItemQualifiedWildcardKind,
    TableAlias,
};

use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};
use crate::table::Table;

/// The known columns of a relation, folded. What is not known is missing.
pub(super) type Columns = Rc<HashSet<String>>;

/// More columns than PostgreSQL lets a query have (1664), and the cost of copying them.
const MOST_COLUMNS: usize = 2000;

/// The relations of one `FROM`, by the names they go by.
#[derive(Default)]
pub(super) struct Frame {
    relations: Vec<(String, Columns)>,
    /// Functions whose row is one value: the name stands for that value.
    scalars: Vec<String>,
    /// The whole `FROM` was walked. Before, a name may mean a relation of a scope further out as well.
    complete: bool,
}

impl Scoper<'_> {
    pub(super) fn open_frame(&mut self) {
        self.frames.push(Frame::default());
    }

    pub(super) fn complete_frame(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.complete = true;
        }
    }

    /// Makes a relation known to qualified names.
    pub(super) fn show(&mut self, exposed: &str, columns: Columns) {
        if let Some(frame) = self.frames.last_mut() {
            frame.relations.push((exposed.to_owned(), columns));
        }
    }

    /// Whether an unqualified name means a relation's row, and no column. Where columns are not known it may be one, and is
    /// taken for a row.
    pub(super) fn is_relation(&self, name: &Ident) -> bool {
        if !self.rules.can.call_by_field {
            return false;
        }
        let (relation, column) = (self.rules.table(name), self.rules.column(name));
        let mut all = self.frames.iter().flat_map(|frame| &frame.relations);
        let is_shown = self.frames.iter().any(|frame| {
            let scalar = frame.scalars.contains(&relation);
            !scalar && frame.relations.iter().any(|(shown, _)| *shown == relation)
        });
        is_shown && !all.any(|(_, columns)| columns.contains(&column))
    }

    /// A function in `FROM` that gives one value in each row.
    pub(super) fn note_scalar(&mut self, function: &str, exposed: &str) {
        const VALUES: [&str; 4] = [
            "json_array_elements",
            "json_array_elements_text",
            "jsonb_array_elements",
            "jsonb_array_elements_text",
        ];
        if let Some(frame) = self.frames.last_mut().filter(|_| VALUES.contains(&function)) {
            frame.scalars.push(exposed.to_owned());
        }
    }

    /// Requires that only one relation goes by a name: without its schema, the name could mean another one.
    pub(super) fn is_alone(&self, table: &Ident) -> Result {
        let name = self.rules.table(table);
        let shown = self.frames.iter().flat_map(|frame| &frame.relations);
        match shown.filter(|(exposed, _)| *exposed == name).count() {
            1 => Ok(()),
            _ => Err(Refusal::new(
                RefusalKind::Ambiguous,
                "schema-qualified column",
                "give the relations different aliases, and qualify columns by them",
            )),
        }
    }

    /// Requires `qualifier.column` to be a column, wherever the qualifier may be found.
    pub(super) fn field(&self, qualifier: &Ident, column: &Ident) -> Result {
        if !self.rules.can.call_by_field {
            return Ok(());
        }
        let (relation, name) = (self.rules.table(qualifier), self.rules.column(column));
        let mut found = false;
        for frame in self.frames.iter().rev() {
            let Some((_, columns)) = frame.relations.iter().find(|(exposed, _)| *exposed == relation) else {
                continue;
            };
            found = columns.contains(&name);
            if !found || frame.complete {
                break;
            }
        }
        match found {
            true => Ok(()),
            false => Err(unknown_field(column)),
        }
    }

    /// The columns of a base table, as the catalog lists them.
    pub(super) fn stored_columns(&mut self, key: &str, table: Option<&Table>) -> Columns {
        if !self.rules.can.call_by_field {
            return Columns::default();
        }
        if let Some(known) = self.columns.get(key) {
            return known.clone();
        }
        let names = table.map(Table::column_names).unwrap_or_default();
        let columns: Columns =
            Rc::new(names.iter().map(|name| (self.rules.fold_column)(name, true)).collect());
        self.columns.insert(key.to_owned(), columns.clone());
        columns
    }

    /// The columns of a derived table or CTE: a list of names hides those of the query.
    pub(super) fn renamed(&self, alias: Option<&TableAlias>, columns: Columns) -> Columns {
        match alias {
            Some(alias) if !alias.columns.is_empty() => {
                Rc::new(alias.columns.iter().map(|column| self.rules.column(&column.name)).collect())
            }
            Some(_) | None => columns,
        }
    }

    /// The columns of a function in `FROM`. One whose result may be a row of some table has none that are known.
    pub(super) fn function_columns(&self, function: &str, exposed: &str) -> Columns {
        const SCALAR: [&str; 11] = [
            "generate_series",
            "generate_subscripts",
            "json_object_keys",
            "jsonb_object_keys",
            "regexp_matches",
            "regexp_split_to_table",
            "string_to_table",
            "to_tsquery",
            "plainto_tsquery",
            "phraseto_tsquery",
            "websearch_to_tsquery",
        ];
        let names: &[&str] = match function {
            "json_array_elements" | "json_array_elements_text" => &["value"],
            "jsonb_array_elements" | "jsonb_array_elements_text" => &["value"],
            "json_each" | "json_each_text" | "jsonb_each" | "jsonb_each_text" => &["key", "value"],
            scalar if SCALAR.contains(&scalar) => &[exposed],
            _ => &[],
        };
        Rc::new(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The columns a select list, or `RETURNING`, gives.
    pub(super) fn outputs(&self, items: &[SelectItem]) -> Columns {
        if !self.rules.can.call_by_field {
            return Columns::default();
        }
        let relations = self.frames.last().map(|frame| frame.relations.as_slice()).unwrap_or_default();
        let mut columns = HashSet::new();
        let mut starred = false;
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => columns.extend(self.figured(expr)),
                SelectItem::ExprWithAlias { expr: _, alias } => {
                    columns.insert(self.rules.column(alias));
                }
                SelectItem::Wildcard(_) if !starred => {
                    columns.extend(relations.iter().flat_map(|(_, columns)| columns.iter().cloned()));
                    starred = true;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    columns.extend(
                        self.starred(name, relations).iter().flat_map(|columns| columns.iter().cloned()),
                    );
                }
                _ => {}
            }
            if columns.len() > MOST_COLUMNS {
                return Columns::default();
            }
        }
        Rc::new(columns)
    }

    /// The columns of `VALUES`.
    pub(super) fn numbered(&self, width: usize) -> Columns {
        match self.rules.can.call_by_field && width <= MOST_COLUMNS {
            true => Rc::new((1..=width).map(|at| format!("column{at}")).collect()),
            false => Columns::default(),
        }
    }

    fn starred(&self, name: &ObjectName, relations: &[(String, Columns)]) -> Option<Columns> {
        let [ObjectNamePart::Identifier(name)] = name.0.as_slice() else { return None };
        let exposed = self.rules.table(name);
        relations.iter().find(|(relation, _)| *relation == exposed).map(|(_, columns)| columns.clone())
    }

    /// The name of an expression without an alias; PostgreSQL has one for more of them, which then need an alias here.
    fn figured(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Identifier(column) => Some(self.rules.column(column)),
            Expr::CompoundIdentifier(parts) => parts.last().map(|column| self.rules.column(column)),
            Expr::Nested(inner) => self.figured(inner),
            Expr::Cast { expr, .. } => self.figured(expr),
            Expr::Function(Function { name, .. }) => match name.0.as_slice() {
                [ObjectNamePart::Identifier(name)] => Some(self.rules.column(name)),
                _ => None,
            },
            _ => None,
        }
    }
}

fn unknown_field(column: &Ident) -> Refusal {
    let hint = "list the relation's columns in the catalog, or give the column of a subquery an alias";
    Refusal::new(RefusalKind::UnsupportedConstruct, "qualified name that is not a known column", hint)
        .at(column.span.start.line, column.span.start.column)
}
