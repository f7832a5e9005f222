use sqlparser::ast::{
    Expr, JoinConstraint, ObjectName, TableAlias, TableFactor, TableFunctionArgs, TableWithJoins,
};

use super::care::Strict;
use super::frames::Columns;
use super::names::Relation;
use super::place::{Place, constraint, nulls_the_left, places};
use super::predicate::{Side, guarded};
use super::query::Role;
use super::{Result, Scoper};
use crate::catalog::Dialect;
use crate::refusal::{Refusal, RefusalKind};

/// More relations than any database joins, and the length of the chain of predicates we build.
pub(super) const MOST_RELATIONS: usize = 64;

/// What one `FROM` brings.
#[derive(Default)]
pub(super) struct Brought {
    /// The predicates for `WHERE`.
    pub(super) predicates: Vec<Expr>,
    /// The names the relations go by, folded.
    names: Vec<String>,
}

impl Brought {
    pub(super) fn name(&mut self, name: String, same: impl Fn(&str, &str) -> bool) -> Result {
        // A predicate on one of two relations of the same name would bind either, or both, or none.
        if self.names.iter().any(|before| same(before, &name)) {
            return Err(Refusal::new(RefusalKind::Ambiguous, "FROM", "give each relation its own alias"));
        }
        if self.names.len() >= MOST_RELATIONS {
            return Err(Refusal::new(RefusalKind::TooDeep, "FROM", "join fewer relations"));
        }
        self.names.push(name);
        Ok(())
    }
}

impl Scoper<'_> {
    pub(super) fn from(&mut self, from: &mut [TableWithJoins], brought: &mut Brought) -> Result {
        // On SQLite a comma joins as tightly as JOIN: a later RIGHT JOIN brings back what stands before the comma.
        let outer = from.iter().map(|tables| nulls_the_left(&tables.joins)).collect::<Result<Vec<_>>>()?;
        let last = outer.iter().rposition(|outer| *outer).unwrap_or_default();
        from.iter_mut().enumerate().try_for_each(|(at, tables)| self.tables(tables, brought, at < last))
    }

    /// `below`: in parentheses, where a predicate would have to reach through the join around it.
    fn tables(&mut self, tables: &mut TableWithJoins, brought: &mut Brought, below: bool) -> Result {
        let TableWithJoins { relation, joins } = tables;
        let places = places(joins)?;
        let place = |scoper: &Self, at: usize, factor: &TableFactor| match places.get(at) {
            Some(place) if !below && scoper.is_target(factor) => *place,
            Some(Place::On) if scoper.care.needed => Place::Derived,
            Some(_) if scoper.care.needed && scoper.care.strict => Place::Derived,
            Some(place) if !below => *place,
            Some(_) | None => Place::Derived,
        };
        // On SQLite a condition sees what stands before the comma, and may try its rows; elsewhere it does not see it.
        let seen = match self.catalog.dialect() {
            Dialect::Sqlite if !below => 0,
            _ => brought.predicates.len(),
        };
        let first = place(self, 0, relation);
        let predicate = self.factor(relation, first, brought)?;
        brought.predicates.extend(predicate);
        for (at, join) in joins.iter_mut().enumerate() {
            let sqlparser::ast::Join { relation, global, join_operator } = join;
            if *global {
                return Err(Refusal::construct_of("GLOBAL JOIN"));
            }
            let place = place(self, at + 1, relation);
            let predicate = self.factor(relation, place, brought)?;
            let constraint = constraint(join_operator)?;
            self.constraint(constraint)?;
            match (place, constraint) {
                (Place::On, JoinConstraint::On(condition)) => {
                    let own = std::mem::replace(condition, nothing());
                    let predicates: Vec<Expr> = predicate.into_iter().collect();
                    *condition = self.behind(&predicates, own, Strict::Nowhere)?;
                    join_on(condition, predicates, self.side());
                }
                (_, constraint) => {
                    brought.predicates.extend(predicate);
                    self.on_behind(brought.predicates.get(seen..).unwrap_or_default(), constraint)?;
                }
            }
        }
        Ok(())
    }

    fn on_behind(&mut self, predicates: &[Expr], constraint: &mut JoinConstraint) -> Result {
        if let JoinConstraint::On(condition) = constraint {
            let own = std::mem::replace(condition, nothing());
            *condition = self.behind(predicates, own, Strict::Nowhere)?;
        }
        Ok(())
    }

    fn constraint(&mut self, constraint: &mut JoinConstraint) -> Result {
        match constraint {
            JoinConstraint::On(condition) => self.expr(condition),
            JoinConstraint::Using(columns) => {
                columns.iter().try_for_each(|column| self.column_name(column).map(drop))
            }
            JoinConstraint::Natural | JoinConstraint::None => Ok(()),
        }
    }

    /// Scopes one relation and returns the predicate that its place is to take.
    pub(super) fn factor(
        &mut self,
        factor: &mut TableFactor,
        place: Place,
        brought: &mut Brought,
    ) -> Result<Option<Expr>> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                let plain = with_hints.is_empty()
                    && version.is_none()
                    && !*with_ordinality
                    && partitions.is_empty()
                    && json_path.is_none()
                    && (index_hints.is_empty() || self.rules.can.hints);
                // It samples the pages of all tenants: how many rows come would tell how theirs lie between.
                if sample.is_some() {
                    let hint = "order by random() with a LIMIT: a sample is taken of the rows of all tenants";
                    return Err(Refusal::new(RefusalKind::UnsupportedConstruct, "TABLESAMPLE", hint));
                }
                if !plain {
                    return Err(Refusal::construct_of("table option"));
                }
                let Some(args) = args else {
                    return self.base_table(factor, place, brought);
                };
                let TableFunctionArgs { args, settings } = args;
                if settings.is_some() {
                    return Err(Refusal::construct_of("SETTINGS"));
                }
                self.called(name, alias.as_ref(), brought)?;
                self.table_function(name, args)?;
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                if (*lateral && !self.rules.can.lateral) || sample.is_some() {
                    return Err(Refusal::construct_of("LATERAL"));
                }
                let columns = self.query(subquery, Role::Named)?;
                let columns = self.renamed(alias.as_ref(), columns);
                self.expose(None, alias.as_ref(), columns, brought)?;
                self.set_apart(subquery);
            }
            TableFactor::Function { lateral: _, name, args, with_ordinality: _, alias } => {
                if !self.rules.can.lateral {
                    return Err(Refusal::construct_of("LATERAL"));
                }
                self.called(name, alias.as_ref(), brought)?;
                self.table_function(name, args)?;
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset,
                with_offset_alias,
                with_ordinality: _,
            } => {
                if !self.rules.can.array || *with_offset || with_offset_alias.is_some() {
                    return Err(Refusal::construct_of("UNNEST"));
                }
                let columns = self.renamed(alias.as_ref(), Columns::default());
                self.expose(None, alias.as_ref(), columns, brought)?;
                array_exprs.iter_mut().try_for_each(|expr| self.expr(expr))?;
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                if alias.is_some() {
                    return Err(Refusal::construct_of("alias of a join"));
                }
                self.tables(table_with_joins, brought, true)?;
            }
            TableFactor::TableFunction { expr: _, alias: _ } => return Err(Refusal::construct_of("TABLE()")),
            _ => return Err(Refusal::construct_of("FROM")),
        }
        Ok(None)
    }

    fn base_table(
        &mut self,
        factor: &mut TableFactor,
        place: Place,
        brought: &mut Brought,
    ) -> Result<Option<Expr>> {
        let TableFactor::Table { name, alias, index_hints, .. } = factor else {
            return Err(Refusal::construct_of("FROM"));
        };
        let relation = self.relation(name)?;
        let exposed = self.exposed(name, alias.as_ref())?;
        brought.name(exposed.clone(), |a, b| self.rules.may_be_same(a, b))?;
        let columns = self.columns_of(name)?;
        let columns = self.renamed(alias.as_ref(), columns);
        self.show(&exposed, columns);
        let renames = alias.as_ref().is_some_and(|alias| !alias.columns.is_empty() || alias.at.is_some());
        if renames && !self.rules.can.alias_columns {
            return Err(Refusal::construct_of("column aliases"));
        }
        let Relation::Owned { tenant_column, listed } = relation else {
            return Ok(None);
        };
        // `users AS u (tenant_id, id)` makes another column of the tenant's name.
        if renames {
            return Err(Refusal::construct_of("column aliases of a table"));
        }
        if place == Place::Derived && self.targets.contains(&exposed) {
            let hint = "write the table that is changed first, and join the others to it";
            return Err(Refusal::new(RefusalKind::UnsupportedConstruct, "target in a join", hint));
        }
        match place {
            Place::Where | Place::On if listed => Ok(Some(self.equality(&exposed, &tenant_column))),
            Place::Where | Place::On | Place::Derived => {
                let (name, alias) = (ObjectName(std::mem::take(&mut name.0)), alias.take());
                let inner = if listed { None } else { Some(self.fresh()?) };
                let hints = std::mem::take(index_hints);
                *factor = self.derived(name, alias, &tenant_column, inner, hints)?;
                Ok(None)
            }
        }
    }

    /// A function in `FROM`.
    fn called(&mut self, name: &ObjectName, alias: Option<&TableAlias>, brought: &mut Brought) -> Result {
        let (function, exposed) = (self.exposed(name, None)?, self.exposed(name, alias)?);
        let columns = self.function_columns(&function, &exposed);
        let columns = self.renamed(alias, columns);
        self.note_scalar(&function, &exposed);
        self.expose(Some(name), alias, columns, brought)
    }

    fn expose(
        &mut self,
        name: Option<&ObjectName>,
        alias: Option<&TableAlias>,
        columns: Columns,
        brought: &mut Brought,
    ) -> Result {
        let exposed = match (name, alias) {
            (_, Some(alias)) => self.rules.table(&alias.name),
            (Some(name), None) => self.exposed(name, None)?,
            (None, None) => return Ok(()),
        };
        let odd = alias.is_some_and(|alias| alias.at.is_some());
        let renames = alias.is_some_and(|alias| !alias.columns.is_empty());
        if odd || (renames && !self.rules.can.alias_columns) {
            return Err(Refusal::construct_of("column aliases"));
        }
        self.show(&exposed, columns);
        brought.name(exposed, |a, b| self.rules.may_be_same(a, b))
    }
}

fn join_on(condition: &mut Expr, predicates: Vec<Expr>, side: Side) {
    let own = std::mem::replace(condition, nothing());
    if let Some(scoped) = guarded(predicates, Some(own), side) {
        *condition = scoped;
    }
}

/// What stands in a place while its expression is being wrapped.
fn nothing() -> Expr {
    Expr::Value(sqlparser::ast::Value::Null.with_empty_span())
}
