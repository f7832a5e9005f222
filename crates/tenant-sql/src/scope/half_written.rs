//! MySQL refuses a statement whose subqueries read what it writes (error 1093); MariaDB notices them, and reads before it
//! writes. In our derived tables neither notices: what they read is made when it is first asked for, by then perhaps half
//! written. A subquery that stands in the caller's own derived table is as late as he wrote it.

use sqlparser::ast::{
    Delete, Expr, FromTable, Ident, Insert, ObjectName, ObjectNamePart, Query, SetExpr, Statement,
    TableFactor, TableObject, TableWithJoins,
};

use super::{Result, Scoper};
use crate::catalog::Catalog;
use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};
use crate::walk::{Flow, ON, STOP, Watch, walk};

impl Scoper<'_> {
    pub(super) fn reads_what_it_writes(&self, statement: &Statement) -> Result {
        let written = written(statement);
        if !self.rules.can.strict_writes || written.is_empty() {
            return Ok(());
        }
        let written = written.into_iter().map(|name| self.rules.table(name)).collect();
        let (rules, catalog) = (self.rules, self.catalog);
        let mut reads = Reads { rules, catalog, written, expressions: 0, queries: Vec::new(), found: None };
        if walk(statement, &mut reads).is_continue() {
            return Ok(());
        }
        // What the walk does not look into is refused with its own words later.
        match reads.found {
            None => Ok(()),
            Some(name) => Err(Refusal::new(
                RefusalKind::UnsupportedConstruct,
                format!("subquery on `{name}`, which the statement writes or which is a view"),
                "read it first, or put it into a derived table of the subquery",
            )),
        }
    }
}

struct Reads<'r> {
    rules: &'static Rules,
    catalog: &'r Catalog,
    written: Vec<String>,
    expressions: usize,
    /// How many expressions were around each query we are in.
    queries: Vec<usize>,
    found: Option<String>,
}

impl Reads<'_> {
    /// Whether the query we are in is an expression, and no derived table within one.
    fn in_subquery(&self) -> bool {
        let mut around = self.queries.iter().rev();
        match (around.next(), around.next()) {
            (Some(here), Some(outside)) => here > outside,
            (Some(here), None) => *here > 0,
            (None, _) => false,
        }
    }

    fn is_late(&self, name: &str) -> bool {
        let written = self.written.iter().any(|written| self.rules.may_be_same(written, name));
        written || self.catalog.lookup(name).is_some_and(crate::table::Table::is_view)
    }
}

impl Watch for Reads<'_> {
    fn query(&mut self, _query: &Query) -> Flow {
        self.queries.push(self.expressions);
        ON
    }

    fn query_ends(&mut self) {
        self.queries.pop();
    }

    fn expr(&mut self, _expr: &Expr) -> Flow {
        self.expressions += 1;
        ON
    }

    fn expr_ends(&mut self) {
        self.expressions -= 1;
    }

    fn relation(&mut self, name: &ObjectName) -> Flow {
        let Some(name) = last(name).map(|name| self.rules.table(name)) else { return ON };
        if !self.in_subquery() || !self.is_late(&name) {
            return ON;
        }
        self.found = Some(name);
        STOP
    }

    /// Nothing that is unknown is a relation here, and the walk that scopes will refuse it.
    fn unknown(&mut self) -> Flow {
        ON
    }
}

/// The tables that may be written. A single row is whole before it is written.
fn written(statement: &Statement) -> Vec<&Ident> {
    match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), source, .. }) => {
            let single = source.as_ref().is_none_or(|source| is_single(&source.body));
            if single { Vec::new() } else { last(name).into_iter().collect() }
        }
        Statement::Update(update) => tables(std::slice::from_ref(&update.table)),
        Statement::Delete(Delete {
            from: FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from),
            using,
            ..
        }) => {
            let mut all = tables(from);
            all.extend(tables(using.as_deref().unwrap_or_default()));
            all
        }
        _ => Vec::new(),
    }
}

/// One row of `VALUES`, or a `SELECT` that reads nothing but `DUAL`.
fn is_single(body: &SetExpr) -> bool {
    match body {
        SetExpr::Values(values) => values.rows.len() == 1,
        SetExpr::Select(select) => match select.from.as_slice() {
            [] => true,
            [TableWithJoins { relation: TableFactor::Table { name, .. }, joins }] => {
                joins.is_empty() && last(name).is_some_and(|name| name.value.eq_ignore_ascii_case("dual"))
            }
            _ => false,
        },
        _ => false,
    }
}

fn tables(all: &[TableWithJoins]) -> Vec<&Ident> {
    let factors = all.iter().flat_map(|tables| {
        std::iter::once(&tables.relation).chain(tables.joins.iter().map(|join| &join.relation))
    });
    let names = factors.filter_map(|factor| match factor {
        TableFactor::Table { name, .. } => last(name),
        _ => None,
    });
    names.collect()
}

fn last(name: &ObjectName) -> Option<&Ident> {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(name)) => Some(name),
        _ => None,
    }
}
