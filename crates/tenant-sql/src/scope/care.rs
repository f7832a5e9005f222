//! What of a statement can fail on the values of a row.

use sqlparser::ast::{
    Expr, Function, LimitClause, ObjectNamePart, Query, Select, SetExpr, Statement, TableFactor, Value,
};

use crate::dialect::Rules;
use crate::walk::{Flow, ON, Part, STOP, Watch, walk};

/// How careful a statement must be treated.
#[derive(Clone, Copy, Default)]
pub(super) struct Care {
    /// Conditions of the statement, or columns of its subqueries, can fail on the values of a row.
    pub(super) needed: bool,
    /// So can comparisons, wherever the database may try them on a row that others exclude: in the queries of a
    /// statement that writes. Their relations are read from derived tables.
    pub(super) strict: bool,
    /// Several window functions stand in the statement.
    pub(super) windows: bool,
}

pub(super) fn care(statement: &Statement, rules: &'static Rules) -> Care {
    let windows = rules.can.windows_stand_apart && has_windows(statement);
    if !rules.can.tries_conditions {
        return Care { windows, ..Care::default() };
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
    Care { needed: count_as(statement, rules, usize::MAX, from) > late, strict, windows }
}

fn has_windows(statement: &Statement) -> bool {
    struct Windows(usize);
    impl Watch for Windows {
        fn expr(&mut self, expr: &Expr) -> Flow {
            self.0 += usize::from(matches!(expr, Expr::Function(Function { over: Some(_), .. })));
            if self.0 > 1 { STOP } else { ON }
        }

        fn unknown(&mut self) -> Flow {
            ON
        }
    }
    walk(statement, &mut Windows(0)).is_break()
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
    // Its own limit is looked at once, whatever rows there are.
    let limit = usize::from(!has_plain_limit(query));
    let SetExpr::Select(select) = &*query.body else {
        return limit;
    };
    let [projection, groups, having] = [
        count_as(&select.projection, rules, 0, strict),
        count_as(&select.group_by, rules, 0, strict),
        count_as(&select.having, rules, 0, strict),
    ];
    ordering + limit + projection + groups + having
}

/// Whether limit and offset are numbers that stand there: nothing else of them can fail, or not.
fn has_plain_limit(query: &Query) -> bool {
    let plain = |expr: &Expr| match expr {
        Expr::Value(value) => {
            matches!(&value.value, Value::Number(digits, _) if digits.len() < 18 && digits.bytes().all(|b| b.is_ascii_digit()))
        }
        _ => false,
    };
    let limit = match &query.limit_clause {
        None => true,
        Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
            limit.as_ref().is_none_or(plain)
                && offset.as_ref().is_none_or(|offset| plain(&offset.value))
                && limit_by.is_empty()
        }
        Some(LimitClause::OffsetCommaLimit { offset, limit }) => plain(offset) && plain(limit),
    };
    limit && query.fetch.as_ref().is_none_or(|fetch| fetch.quantity.as_ref().is_none_or(plain))
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

pub(super) fn count(part: &dyn Part, rules: &'static Rules) -> usize {
    count_as(part, rules, usize::MAX, Strict::Nowhere)
}

pub(super) fn count_as(part: &dyn Part, rules: &'static Rules, deepest: usize, strict: Strict) -> usize {
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
    /// A subquery's limit is looked at when the subquery first runs, and fails if it is negative or no number.
    fn query(&mut self, query: &Query) -> Flow {
        self.depth += 1;
        self.count += usize::from(self.depth <= self.deepest && !has_plain_limit(query));
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

pub(super) fn has_aggregate(condition: &Expr, rules: &'static Rules) -> bool {
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
