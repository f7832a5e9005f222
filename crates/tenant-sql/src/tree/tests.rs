//! Comparing texts and shapes is comparing trees.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, SetExpr, VisitMut, VisitorMut};

use super::same_shape;
use crate::catalog::Dialect;
use crate::corpus;
use crate::dialect::Rules;
use crate::round_trip;

/// Takes one pair of parentheses away, or turns one chain of operators around: most of what comes of it reads otherwise.
struct Misprint {
    at: usize,
    seen: usize,
}

impl Misprint {
    fn is_here(&mut self) -> bool {
        self.seen += 1;
        self.seen == self.at + 1
    }
}

fn hollow() -> Box<Expr> {
    Box::new(Expr::Value(sqlparser::ast::Value::Null.with_empty_span()))
}

impl VisitorMut for Misprint {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Nested(inner) if self.is_here() => *expr = *std::mem::replace(inner, hollow()),
            Expr::BinaryOp { left, op, right }
                if matches!(**left, Expr::BinaryOp { .. }) && self.is_here() =>
            {
                let Expr::BinaryOp { left: a, op: first, right: b } = *std::mem::replace(left, hollow())
                else {
                    unreachable!()
                };
                let (c, second) = (std::mem::replace(right, hollow()), op.clone());
                *expr = binary(a, first, binary(b, second, c).into());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut sqlparser::ast::Query) -> ControlFlow<()> {
        if let SetExpr::SetOperation { left, op, set_quantifier, right } = &mut *query.body
            && let SetExpr::SetOperation { left: a, op: first, set_quantifier: how, right: b } = &**left
            && self.is_here()
        {
            let turned = |left: &SetExpr, op, set_quantifier, right: &SetExpr| SetExpr::SetOperation {
                left: Box::new(left.clone()),
                op,
                set_quantifier,
                right: Box::new(right.clone()),
            };
            *query.body = turned(a, *first, *how, &turned(b, *op, *set_quantifier, right));
        }
        ControlFlow::Continue(())
    }
}

fn binary(left: Box<Expr>, op: BinaryOperator, right: Box<Expr>) -> Expr {
    Expr::BinaryOp { left, op, right }
}

#[test]
fn tells_trees_apart_that_print_alike() {
    let rules = Rules::of(Dialect::Sqlite);
    let (mut same, mut other) = (0, 0);
    for sql in corpus::STATEMENTS.iter().chain(CHAINS) {
        for at in 0.. {
            let mut statement = round_trip::reparse(sql, rules).expect("it parses");
            let mut misprint = Misprint { at, seen: 0 };
            let _ = (*statement).visit(&mut misprint);
            if misprint.seen <= at {
                break;
            }
            let text = statement.to_string();
            let Ok(read) = round_trip::reparse(&text, rules) else { continue };
            if read.to_string() != text {
                continue;
            }
            let equal = *read == *statement;
            assert_eq!(same_shape(&read, &statement), equal, "{text}");
            *(if equal { &mut same } else { &mut other }) += 1;
        }
    }
    assert!(same > 5 && other > 25, "{same} {other}");
}

const CHAINS: &[&str] = &[
    "SELECT 1 WHERE (1 OR 2) AND 3",
    "SELECT 1 - (2 - 3), (1 - 2) - 3, 1 * (2 + 3) / 4, -(1 + 2), NOT (1 = 2), (1 IS NULL) = 2",
    "SELECT 1 IN (2, 3) AND (4 BETWEEN 5 AND (6 AND 7)), (1 LIKE 2) IS NULL, (a || b) COLLATE nocase",
    "SELECT 1 UNION SELECT 2 EXCEPT SELECT 3",
    "SELECT 1 EXCEPT SELECT 2 EXCEPT SELECT 3 UNION ALL SELECT 4",
    "SELECT CASE WHEN (1 OR 2) AND 3 THEN 4 + 5 - 6 ELSE (7 - 8) - (9 - 10) END",
];
