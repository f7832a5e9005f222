//! Errors tell. SQLite may try a condition on rows of an index before it looks at the tenant of the row behind it, and
//! PostgreSQL tries conditions in the order of their cost; a condition that fails (`malformed JSON`) fails the statement:
//! another tenant's row would be seen through the error, and could break this tenant's queries at will.
//!
//! Where a condition can fail, it is evaluated only behind the predicates, and no subquery is merged with what is around it.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CteAsMaterialized, Expr, Function, GroupByExpr, Ident, LimitClause, ObjectName,
    ObjectNamePart, Offset, OffsetRows, Query, Select, SelectItem, SetExpr, Statement, TableFactor,
    UnaryOperator, Value, Values,
};

use super::predicate::{again, conjunction};
use super::select::{all_of, plain_query};
use super::{Result, Scoper};
use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};
use crate::walk::{Flow, ON, Part, STOP, Watch, walk};

/// How many predicates all guards of a statement may have: each condition repeats those of all relations it can see.
const MOST_GUARDS: usize = 2_000;

/// How careful a statement must be treated.
#[derive(Clone, Copy, Default)]
pub(super) struct Care {
    /// Conditions of the statement, or columns of its subqueries, can fail on the values of a row.
    pub(super) needed: bool,
    /// So can comparisons, wherever the database may try them on a row that others exclude: in the queries of a
    /// statement that writes. Their relations are read from derived tables.
    pub(super) strict: bool,
}

pub(super) fn care(statement: &Statement, rules: &'static Rules) -> Care {
    if !rules.can.tries_conditions {
        return Care::default();
    }
    let strict = rules.can.strict_writes && writes(statement);
    let (own, late) = match statement {
        Statement::Query(query) => (false, late(query, rules, false)),
        Statement::Insert(insert) => {
            (false, insert.source.as_ref().map_or(0, |source| late(source, rules, strict)))
        }
        Statement::Update(update) if strict && !update.table.joins.is_empty() => (true, 0),
        Statement::Delete(delete) if strict && (!delete.tables.is_empty() || delete.using.is_some()) => {
            (true, 0)
        }
        Statement::Update(update) => {
            (strict && has_query(&update.selection), count_as(&update.assignments, rules, 0, Strict::Nowhere))
        }
        Statement::Delete(delete) => (strict && has_query(&delete.selection), 0),
        _ => (false, 0),
    };
    let from = if own { Strict::Everywhere } else { Strict::of_queries(strict) };
    Care { needed: count_as(statement, rules, usize::MAX, from) > late, strict }
}

fn writes(statement: &Statement) -> bool {
    match statement {
        Statement::Query(query) => {
            matches!(*query.body, SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_))
        }
        _ => true,
    }
}

/// What can fail in the clauses that see only the rows that all conditions let pass.
fn late(query: &Query, rules: &'static Rules, strict: bool) -> usize {
    let strict = if strict { Strict::Everywhere } else { Strict::Nowhere };
    let ordering = count_as(&query.order_by, rules, 0, strict);
    let SetExpr::Select(select) = &*query.body else {
        return 0;
    };
    let [projection, groups, having] = [
        count_as(&select.projection, rules, 0, strict),
        count_as(&select.group_by, rules, 0, strict),
        count_as(&select.having, rules, 0, strict),
    ];
    ordering + projection + groups + having
}

pub(super) fn has_query(part: &dyn Part) -> bool {
    struct Queries;
    impl Watch for Queries {
        fn query(&mut self, _query: &Query) -> Flow {
            STOP
        }
    }
    walk(part, &mut Queries).is_break()
}

/// Where comparisons count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strict {
    Nowhere,
    Queries,
    Everywhere,
}

impl Strict {
    fn of_queries(strict: bool) -> Self {
        if strict { Self::Queries } else { Self::Nowhere }
    }
}

fn count(part: &dyn Part, rules: &'static Rules) -> usize {
    count_as(part, rules, usize::MAX, Strict::Nowhere)
}

fn count_as(part: &dyn Part, rules: &'static Rules, deepest: usize, strict: Strict) -> usize {
    let mut fallible = Fallible { rules, depth: 0, deepest, strict, count: 0, harmless: 0 };
    let _ = walk(part, &mut fallible);
    fallible.count
}

struct Fallible {
    rules: &'static Rules,
    depth: usize,
    deepest: usize,
    strict: Strict,
    count: usize,
    /// How many expressions deep we are in one that is harmless.
    harmless: usize,
}

impl Fallible {
    fn is_strict(&self) -> bool {
        match self.strict {
            Strict::Nowhere => false,
            Strict::Queries => self.depth > 0,
            Strict::Everywhere => true,
        }
    }
}

impl Watch for Fallible {
    fn query(&mut self, _query: &Query) -> Flow {
        self.depth += 1;
        ON
    }

    fn query_ends(&mut self) {
        self.depth -= 1;
    }

    /// `USING` and `NATURAL` compare without an operator.
    fn select(&mut self, select: &Select) -> Flow {
        let joins = select.from.len() > 1 || select.from.iter().any(|tables| !tables.joins.is_empty());
        self.count += usize::from(joins && self.is_strict() && self.depth <= self.deepest);
        ON
    }

    /// `json_each(body)` reads its argument as it is opened.
    fn table_factor(&mut self, factor: &TableFactor) -> Flow {
        let called =
            matches!(factor, TableFactor::Table { args: Some(_), .. } | TableFactor::Function { .. });
        self.count += usize::from(called && self.depth <= self.deepest);
        ON
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        if self.harmless > 0 || (self.rules.harmless)(expr) {
            self.harmless += 1;
        } else if self.depth <= self.deepest && (self.rules.fails)(expr, self.is_strict()) {
            self.count += 1;
        }
        ON
    }

    fn expr_ends(&mut self) {
        self.harmless = self.harmless.saturating_sub(1);
    }

    fn unknown(&mut self) -> Flow {
        self.count += 1;
        ON
    }
}

impl Scoper<'_> {
    /// Puts each part of the condition that can fail behind the predicates: `CASE WHEN predicates THEN part END`.
    pub(super) fn behind(&mut self, predicates: &[Expr], condition: Expr, strict: Strict) -> Result<Expr> {
        if !self.care.needed || count_as(&condition, self.rules, usize::MAX, strict) == 0 {
            return Ok(condition);
        }
        match conjunction(predicates.iter().map(again)) {
            Some(guard) => self.protect(&guard, predicates.len(), condition, strict),
            None => Ok(condition),
        }
    }

    /// The condition of a statement that writes to one table is tried in its order, unless a subquery joins in.
    pub(super) fn behind_target(&mut self, predicates: &[Expr], condition: Expr) -> Result<Expr> {
        let strict = match self.care.strict && has_query(&condition) {
            true => Strict::Everywhere,
            false => Strict::Nowhere,
        };
        self.behind(predicates, condition, strict)
    }

    fn protect(&mut self, guard: &Expr, size: usize, condition: Expr, strict: Strict) -> Result<Expr> {
        match condition {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => Ok(Expr::BinaryOp {
                left: Box::new(self.protect(guard, size, *left, strict)?),
                op: BinaryOperator::And,
                right: Box::new(self.protect(guard, size, *right, strict)?),
            }),
            Expr::Nested(inner) => Ok(Expr::Nested(Box::new(self.protect(guard, size, *inner, strict)?))),
            safe if count_as(&safe, self.rules, usize::MAX, strict) == 0 => Ok(safe),
            fallible => {
                self.guards += size;
                if self.guards > MOST_GUARDS {
                    let hint = "use fewer conditions that can fail, or split the statement";
                    return Err(Refusal::new(RefusalKind::TooLong, "conditions", hint));
                }
                Ok(Expr::Case {
                    case_token: AttachedToken::empty(),
                    end_token: AttachedToken::empty(),
                    operand: None,
                    conditions: vec![CaseWhen { condition: again(guard), result: fallible }],
                    else_result: None,
                })
            }
        }
    }

    /// Keeps a subquery in `FROM` apart: with a LIMIT or OFFSET it is neither flattened nor are conditions pushed into it
    /// (<https://sqlite.org/optoverview.html#subquery_flattening>; PostgreSQL: `subquery_is_pushdown_safe`).
    pub(super) fn set_apart(&self, query: &mut Query) {
        if !self.care.needed {
            return;
        }
        if self.rules.can.limits_members && matches!(*query.body, SetExpr::SetOperation { .. }) {
            return limit_members(&mut query.body);
        }
        let compound = matches!(*query.body, SetExpr::Select(_) | SetExpr::SetOperation { .. });
        if query.limit_clause.is_some() || query.fetch.is_some() || !compound {
            return;
        }
        if self.rules.can.limits_members {
            query.limit_clause = Some(no_limit());
            return;
        }
        let (limit, offset) = if self.rules.can.materialized {
            (None, Some(Offset { value: number("0"), rows: OffsetRows::None }))
        } else {
            no_values_last(&mut query.body);
            (Some(Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(number("1")) }), None)
        };
        query.limit_clause = Some(LimitClause::LimitOffset { limit, offset, limit_by: Vec::new() });
    }

    /// Keeps a CTE apart. PostgreSQL allows no OFFSET in one that is recursive, and MariaDB no LIMIT, which keeps them apart
    /// by itself.
    pub(super) fn set_cte_apart(
        &self,
        name: &Ident,
        query: &mut Query,
        materialized: &mut Option<CteAsMaterialized>,
    ) {
        let reads = matches!(*query.body, SetExpr::Select(_) | SetExpr::SetOperation { .. });
        match self.rules.can.materialized {
            false if self.rules.can.limits_members && self.cites_itself(name, query) => {}
            true if self.care.needed && reads => *materialized = Some(CteAsMaterialized::Materialized),
            true => {}
            false => self.set_apart(query),
        }
    }

    fn cites_itself(&self, name: &Ident, query: &Query) -> bool {
        struct Cites<'c>(&'c Rules, String);
        impl Watch for Cites<'_> {
            fn relation(&mut self, name: &ObjectName) -> Flow {
                match name.0.as_slice() {
                    [ObjectNamePart::Identifier(name)] if self.0.table(name) == self.1 => STOP,
                    _ => ON,
                }
            }
        }
        walk(query, &mut Cites(self.rules, self.rules.table(name))).is_break()
    }

    /// Guards the columns that a subquery is compared by: as a join, the comparison would be tried on any row.
    pub(super) fn compare_behind(
        &mut self,
        predicates: &[Expr],
        items: &mut [SelectItem],
        group_by: &GroupByExpr,
    ) -> Result {
        let grouped = !matches!(group_by, GroupByExpr::Expressions(groups, _) if groups.is_empty());
        if !self.rules.can.limits_members || grouped {
            return Ok(());
        }
        for item in items {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, alias: _ } = item
                && !has_aggregate(expr, self.rules)
            {
                let own = std::mem::replace(expr, number("0"));
                *expr = self.behind(predicates, own, Strict::Nowhere)?;
            }
        }
        Ok(())
    }

    /// Refuses a condition of `HAVING` that can fail and that the database may try before it groups the rows.
    pub(super) fn having_waits(&self, condition: &Expr) -> Result {
        if !self.rules.can.moves_having {
            return Ok(());
        }
        match condition {
            Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => {
                self.having_waits(left)?;
                self.having_waits(right)
            }
            Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => {
                self.having_waits(inner)
            }
            part if count(part, self.rules) == 0 || has_aggregate(part, self.rules) => Ok(()),
            _ => Err(Refusal::new(
                RefusalKind::UnsupportedConstruct,
                "HAVING without an aggregate",
                "put the condition into WHERE",
            )),
        }
    }
}

fn number(digits: &str) -> Expr {
    Expr::Value(Value::Number(digits.to_owned(), false).with_empty_span())
}

/// More rows than there can be.
fn no_limit() -> LimitClause {
    let limit = Some(number("18446744073709551615"));
    LimitClause::LimitOffset { limit, offset: None, limit_by: Vec::new() }
}

/// MariaDB pushes conditions into the members of a union, whatever limit the union has.
fn limit_members(body: &mut SetExpr) {
    match body {
        SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
            limit_members(left);
            limit_members(right);
        }
        SetExpr::Query(query) if matches!(*query.body, SetExpr::SetOperation { .. }) => {
            limit_members(&mut query.body);
        }
        SetExpr::Query(query)
            if query.limit_clause.is_none() && matches!(*query.body, SetExpr::Select(_)) =>
        {
            query.limit_clause = Some(no_limit());
        }
        SetExpr::Select(_) => {
            let none = Values { explicit_row: false, value_keyword: false, rows: Vec::new() };
            let mut query = plain_query(std::mem::replace(body, SetExpr::Values(none)));
            query.limit_clause = Some(no_limit());
            *body = SetExpr::Query(Box::new(query));
        }
        _ => {}
    }
}

/// SQLite takes no LIMIT behind VALUES.
fn no_values_last(body: &mut SetExpr) {
    let SetExpr::SetOperation { right, .. } = body else { return };
    no_values_last(right);
    if matches!(**right, SetExpr::Values(_)) {
        let none = Values { explicit_row: false, value_keyword: false, rows: Vec::new() };
        let values = std::mem::replace(&mut **right, SetExpr::Values(none));
        **right = all_of(plain_query(values));
    }
}

fn has_aggregate(condition: &Expr, rules: &'static Rules) -> bool {
    walk(condition, &mut Aggregates(rules, 0)).is_break()
}

/// How many subqueries deep we are.
struct Aggregates(&'static Rules, usize);

impl Watch for Aggregates {
    fn query(&mut self, _query: &Query) -> Flow {
        self.1 += 1;
        ON
    }

    fn query_ends(&mut self) {
        self.1 -= 1;
    }

    /// Nothing that is unknown is an aggregate, and a break would say that one was found.
    fn unknown(&mut self) -> Flow {
        ON
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        let aggregate = match expr {
            Expr::Function(Function { name, over: None, .. }) => match name.0.as_slice() {
                [ObjectNamePart::Identifier(name)] => {
                    self.0.aggregates.contains(&name.value.to_ascii_lowercase().as_str())
                }
                _ => false,
            },
            _ => false,
        };
        if aggregate && self.1 == 0 { STOP } else { ON }
    }
}
