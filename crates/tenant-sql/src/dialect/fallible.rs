//! Which expressions can fail on the values of a row: where an error stops the statement, it tells of the row.

use sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr,
    LimitClause, ObjectNamePart, Query, SelectItem, SetExpr, UnaryOperator, Value,
};

use super::functions;
use crate::walk::{Flow, ON, STOP, Watch, walk};

/// On SQLite: malformed JSON, an overflow, a pattern or escape of a row's making, a text beyond the limit.
pub(super) fn sqlite(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => name(function).is_none_or(|name| functions::sqlite::fallible(&name)),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::Arrow | BinaryOperator::LongArrow | BinaryOperator::Regexp => true,
            BinaryOperator::Custom(words) => {
                words == "NOT REGEXP" || (words == "NOT GLOB" && !is_constant(right))
            }
            BinaryOperator::Glob => !is_constant(right),
            // One long text is within the limit, two may be beyond it.
            BinaryOperator::StringConcat => !is_constant(left) && !is_constant(right),
            _ => false,
        },
        // A pattern can be too complex, and another tenant's pattern is another tenant's choice.
        Expr::Like { negated: _, any: _, expr: _, pattern, escape_char } => {
            let escape = escape_char.as_deref().is_some_and(|escape| !is_one_character(escape));
            escape || !is_constant(pattern)
        }
        _ => false,
    }
}

/// On PostgreSQL: everything but comparisons, logic and what is made of them.
///
/// The order of conditions is the planner's: those of equal cost run before the tenant's, which it puts last
/// (<https://www.postgresql.org/docs/current/sql-expressions.html#SYNTAX-EXPRESS-EVAL>). Whether `LIKE` fails depends on
/// the row even where the pattern is the caller's own: `'x\'` only fails on what begins with `x`. A scalar subquery runs
/// when it is first asked for, and fails then if it has several rows: which tells that some row got so far.
pub(super) fn postgres(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::CompoundFieldAccess { .. }
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Nested(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Exists { .. }
        | Expr::Between { .. }
        | Expr::Case { .. }
        | Expr::Collate { .. }
        | Expr::Trim { .. }
        | Expr::Tuple(_)
        | Expr::Array(_)
        | Expr::GroupingSets(_)
        | Expr::Cube(_)
        | Expr::Rollup(_)
        | Expr::UnaryOp { op: UnaryOperator::Not, expr: _ } => false,
        Expr::BinaryOp { left: _, op, right: _ } => !is_total(op),
        Expr::AnyOp { compare_op, .. } | Expr::AllOp { compare_op, .. } => !is_total(compare_op),
        Expr::Like { negated: _, any: false, expr: _, pattern, escape_char: None }
        | Expr::ILike { negated: _, any: false, expr: _, pattern, escape_char: None } => !is_whole(pattern),
        Expr::Function(function) => {
            name(function).is_none_or(|name| !functions::postgres::TOTAL.contains(&name.as_str()))
        }
        _ => true,
    }
}

/// On MySQL and MariaDB: arithmetic (`BIGINT UNSIGNED value is out of range`), patterns, JSON, subqueries of several rows,
/// and all functions but those known to give NULL or a warning. Where a statement writes, the warnings of a conversion are
/// errors, whose text has the value in it: then comparisons fail too, unless a text stands on one side.
pub(super) fn mysql(expr: &Expr, strict: bool) -> bool {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Interval(_)
        | Expr::Prefixed { .. }
        | Expr::Nested(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::Exists { .. }
        | Expr::Case { .. }
        | Expr::Collate { .. }
        | Expr::Trim { .. }
        | Expr::Position { .. }
        | Expr::Tuple(_)
        | Expr::UnaryOp { op: UnaryOperator::Not, expr: _ } => false,
        Expr::InSubquery { .. } | Expr::Substring { .. } | Expr::Extract { .. } => strict,
        Expr::InList { expr: _, list, negated: _ } => strict && !list.iter().all(is_text),
        Expr::Between { expr: _, negated: _, low, high } => strict && !(is_text(low) && is_text(high)),
        Expr::Cast { kind: _, expr: _, data_type, format: _ } => {
            strict || matches!(data_type, DataType::JSON)
        }
        Expr::Convert { data_type, .. } => strict || matches!(data_type, Some(DataType::JSON)),
        Expr::Like { negated: _, any: false, expr: _, pattern: _, escape_char } => {
            escape_char.as_deref().is_some_and(|escape| !is_one_character(escape))
        }
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::And | BinaryOperator::Or => false,
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Spaceship
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => strict && !is_text(left) && !is_text(right),
            BinaryOperator::Xor
            | BinaryOperator::BitwiseAnd
            | BinaryOperator::BitwiseOr
            | BinaryOperator::BitwiseXor
            | BinaryOperator::PGBitwiseShiftLeft
            | BinaryOperator::PGBitwiseShiftRight => strict,
            _ => true,
        },
        Expr::UnaryOp { op: UnaryOperator::BitwiseNot, expr: _ } => strict,
        Expr::Subquery(query) => !is_one_row(query),
        Expr::Function(function) => match (name(function), strict) {
            (None, _) => true,
            (Some(name), true) => !functions::mysql::TOTAL.contains(&name.as_str()),
            (Some(name), false) => ![functions::mysql::TOTAL, functions::mysql::WARNS]
                .iter()
                .any(|list| list.contains(&name.as_str())),
        },
        _ => true,
    }
}

fn is_text(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
}

/// Whether a subquery has at most one row whatever the data.
fn is_one_row(query: &Query) -> bool {
    if let Some(LimitClause::LimitOffset { limit: Some(Expr::Value(limit)), .. }) = &query.limit_clause
        && matches!(&limit.value, Value::Number(digits, false) if digits == "1")
    {
        return true;
    }
    let SetExpr::Select(select) = &*query.body else { return false };
    let GroupByExpr::Expressions(groups, _) = &select.group_by else { return false };
    let aggregate = match select.projection.as_slice() {
        [
            SelectItem::UnnamedExpr(Expr::Function(function))
            | SelectItem::ExprWithAlias { expr: Expr::Function(function), .. },
        ] => {
            function.over.is_none()
                && name(function).is_some_and(|name| functions::mysql::AGGREGATE.contains(&name.as_str()))
        }
        _ => false,
    };
    groups.is_empty() && (aggregate || select.from.is_empty())
}

/// Operators that have a result for any two values of their types.
fn is_total(operator: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
    matches!(
        operator,
        Op::Eq
            | Op::NotEq
            | Op::Lt
            | Op::LtEq
            | Op::Gt
            | Op::GtEq
            | Op::And
            | Op::Or
            | Op::AtArrow
            | Op::ArrowAt
            | Op::PGOverlap
            | Op::Question
            | Op::QuestionAnd
            | Op::QuestionPipe
    )
}

/// A pattern that does not end in the middle of an escape.
fn is_whole(pattern: &Expr) -> bool {
    matches!(pattern, Expr::Value(value) if matches!(&value.value, Value::SingleQuotedString(text) if !text.ends_with('\\')))
}

fn is_one_character(escape: &Expr) -> bool {
    matches!(escape, Expr::Value(value) if matches!(&value.value, Value::SingleQuotedString(text) if text.chars().count() == 1 && text != "'"))
}

fn name(function: &Function) -> Option<String> {
    match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => Some(name.value.to_ascii_lowercase()),
        _ => None,
    }
}

/// Whether an expression has the same value for all rows.
pub(super) fn is_constant(expr: &Expr) -> bool {
    walk(expr, &mut Constant).is_continue()
}

struct Constant;

impl Watch for Constant {
    fn expr(&mut self, expr: &Expr) -> Flow {
        let varies = match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => true,
            Expr::Function(function) => function.over.is_some() || !is_plain(&function.args),
            _ => false,
        };
        if varies { STOP } else { ON }
    }
}

fn is_plain(args: &FunctionArguments) -> bool {
    match args {
        FunctionArguments::None => true,
        FunctionArguments::Subquery(_) => false,
        FunctionArguments::List(list) => list.args.iter().all(|arg| {
            let (FunctionArg::Unnamed(arg)
            | FunctionArg::Named { arg, .. }
            | FunctionArg::ExprNamed { arg, .. }) = arg;
            matches!(arg, FunctionArgExpr::Expr(_))
        }),
    }
}
