use sqlparser::ast::{
    AccessExpr, Array, CaseWhen, CastFormat, CeilFloorKind, DataType, Expr, Interval, MemberOf, ObjectName,
    ObjectNamePart, Query, Subscript, TypedString, UnaryOperator,
};

use super::query::Role;
use super::rows::is_row;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

impl Scoper<'_> {
    pub(super) fn exprs(&mut self, exprs: &mut [Expr]) -> Result {
        exprs.iter_mut().try_for_each(|expr| self.expr(expr))
    }

    fn both(&mut self, left: &mut Expr, right: &mut Expr) -> Result {
        self.expr(left)?;
        self.expr(right)
    }

    fn maybe(&mut self, expr: Option<&mut Box<Expr>>) -> Result {
        expr.map_or(Ok(()), |expr| self.expr(expr))
    }

    fn subquery(&mut self, query: &mut Query) -> Result {
        self.query(query, Role::Values).map(drop)
    }

    pub(super) fn expr(&mut self, expr: &mut Expr) -> Result {
        match expr {
            Expr::Identifier(name) => self.value(name),
            Expr::CompoundIdentifier(parts) => self.qualified(parts),
            Expr::Value(value) => match (self.rules.literal)(&value.value) {
                true => Ok(()),
                false => Err(Refusal::construct_of("literal")),
            },
            // `o IS NULL`: whether a join found no row.
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => match &**inner {
                Expr::Identifier(name) => self.column(name),
                _ => self.operand(inner, true),
            },
            Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::Nested(inner) => self.expr(inner),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.compared(left, right)
            }
            Expr::BinaryOp { left, op, right } => match (self.rules.binary)(op) {
                true => self.compared(left, right),
                false => Err(Refusal::construct_of("operator")),
            },
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::InList { expr, list, negated: _ } => self.listed(expr, list),
            Expr::InSubquery { expr, subquery, negated: _ } => {
                self.operand(expr, true)?;
                self.query(subquery, Role::Compared).map(drop)
            }
            Expr::Exists { subquery, negated: _ } | Expr::Subquery(subquery) => self.subquery(subquery),
            Expr::Between { expr, negated: _, low, high } => {
                let rows = is_row(expr) && is_row(low) && is_row(high);
                self.operand(expr, rows)?;
                self.operand(low, rows)?;
                self.operand(high, rows)
            }
            Expr::Like { negated: _, any, expr, pattern, escape_char }
            | Expr::ILike { negated: _, any, expr, pattern, escape_char } => {
                if *any {
                    return Err(Refusal::construct_of("LIKE ANY"));
                }
                self.both(expr, pattern)?;
                self.maybe(escape_char.as_mut())
            }
            Expr::SimilarTo { negated: _, expr, pattern, escape_char } => {
                self.both(expr, pattern)?;
                self.maybe(escape_char.as_mut())
            }
            Expr::RLike { negated: _, expr, pattern, regexp: _ } => self.both(expr, pattern),
            Expr::AnyOp { left, compare_op, right, is_some: _ } | Expr::AllOp { left, compare_op, right } => {
                match ((self.rules.binary)(compare_op), &mut **right) {
                    (true, Expr::Subquery(query)) => {
                        self.operand(left, true)?;
                        self.query(query, Role::Compared).map(drop)
                    }
                    (true, right) => self.both(left, right),
                    (false, _) => Err(Refusal::construct_of("operator")),
                }
            }
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.maybe(operand.as_mut())?;
                conditions
                    .iter_mut()
                    .try_for_each(|CaseWhen { condition, result }| self.both(condition, result))?;
                self.maybe(else_result.as_mut())
            }
            Expr::Cast { kind: _, expr, data_type, format } => {
                self.cast(data_type, format.as_ref())?;
                self.expr(expr)
            }
            Expr::Convert { is_try: false, expr, data_type, charset, target_before_value: false, styles }
                if self.rules.can.convert && styles.is_empty() =>
            {
                data_type.as_ref().map_or(Ok(()), |data_type| self.cast(data_type, None))?;
                charset.as_ref().map_or(Ok(()), |charset| self.collation(charset))?;
                self.expr(expr)
            }
            Expr::MemberOf(MemberOf { value, array }) if self.rules.can.convert => self.both(value, array),
            Expr::Prefixed { prefix, value } if self.rules.can.convert => {
                const CHARSETS: [&str; 4] = ["_utf8mb4", "_utf8", "_binary", "_latin1"];
                let known = CHARSETS.iter().any(|charset| charset.eq_ignore_ascii_case(&prefix.value));
                match known && matches!(**value, Expr::Value(_)) {
                    true => self.expr(value),
                    false => Err(Refusal::construct_of("prefixed string")),
                }
            }
            Expr::Collate { expr, collation } => {
                self.collation(collation)?;
                self.expr(expr)
            }
            Expr::Function(function) => self.function(function),
            Expr::Tuple(columns) => self.row(columns),
            Expr::AtTimeZone { timestamp, time_zone } => self.both(timestamp, time_zone),
            Expr::Extract { field: _, syntax: _, expr } => self.expr(expr),
            Expr::Ceil { expr, field } | Expr::Floor { expr, field } => match field {
                CeilFloorKind::DateTimeField(sqlparser::ast::DateTimeField::NoDateTime) => self.expr(expr),
                CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_) => {
                    Err(Refusal::construct_of("CEIL"))
                }
            },
            Expr::Position { expr, r#in } => self.both(expr, r#in),
            Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                self.expr(expr)?;
                self.maybe(substring_from.as_mut())?;
                self.maybe(substring_for.as_mut())
            }
            Expr::Trim { trim_where: _, trim_what, expr, trim_characters } => {
                self.maybe(trim_what.as_mut())?;
                self.expr(expr)?;
                trim_characters.as_mut().map_or(Ok(()), |exprs| self.exprs(exprs))
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                self.both(expr, overlay_what)?;
                self.expr(overlay_from)?;
                self.maybe(overlay_for.as_mut())
            }
            Expr::TypedString(TypedString { data_type, value: _, uses_odbc_syntax }) => {
                if !self.rules.can.typed_string || *uses_odbc_syntax {
                    return Err(Refusal::construct_of("typed string"));
                }
                self.cast(data_type, None)
            }
            Expr::Interval(interval) => self.interval(interval),
            Expr::Array(Array { elem, named: _ }) => match self.rules.can.array {
                true => self.exprs(elem),
                false => Err(Refusal::construct_of("array")),
            },
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.expr(root)?;
                access_chain.iter_mut().try_for_each(|access| self.access(access))
            }
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                match self.rules.can.distinct_on {
                    true => sets.iter_mut().try_for_each(|set| self.exprs(set)),
                    false => Err(Refusal::construct_of("grouping sets")),
                }
            }
            // A score weighs how many rows of the whole table have the word, and only rows above a score match; in boolean
            // mode InnoDB still fails where all rows that match are too many (`innodb_ft_result_cache_limit`).
            Expr::MatchAgainst { columns: _, match_value: _, opt_search_modifier: _ } => Err(odd(
                "MATCH ... AGAINST",
                "search unscoped: its scores and limits count the rows of all tenants",
            )),
            _ => Err(Refusal::construct_of("expression")),
        }
    }

    /// `- -1` is printed as a comment.
    fn unary(&mut self, operator: UnaryOperator, operand: &mut Expr) -> Result {
        let sign = matches!(operand, Expr::UnaryOp { op, expr: _ } if *op != UnaryOperator::Not);
        if !(self.rules.unary)(&operator) || (sign && operator != UnaryOperator::Not) {
            return Err(Refusal::construct_of("operator"));
        }
        self.expr(operand)
    }

    fn interval(&mut self, interval: &mut Interval) -> Result {
        let Interval { value, leading_field: _, leading_precision, last_field, fractional_seconds_precision } =
            interval;
        let odd =
            leading_precision.is_some() || last_field.is_some() || fractional_seconds_precision.is_some();
        if !self.rules.can.interval || odd {
            return Err(Refusal::construct_of("INTERVAL"));
        }
        self.expr(value)
    }

    fn access(&mut self, access: &mut AccessExpr) -> Result {
        match access {
            AccessExpr::Subscript(Subscript::Index { index }) if self.rules.can.array => self.expr(index),
            AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride: None })
                if self.rules.can.array =>
            {
                lower_bound.as_mut().map_or(Ok(()), |bound| self.expr(bound))?;
                upper_bound.as_mut().map_or(Ok(()), |bound| self.expr(bound))
            }
            AccessExpr::Subscript(_) | AccessExpr::Dot(_) => Err(Refusal::construct_of("field access")),
        }
    }

    /// `'users'::regclass` and its like read the database's own catalog.
    fn cast(&self, data_type: &DataType, format: Option<&CastFormat>) -> Result {
        const CATALOG: [&str; 12] = [
            "oid",
            "regclass",
            "regcollation",
            "regconfig",
            "regdictionary",
            "regnamespace",
            "regoper",
            "regoperator",
            "regproc",
            "regprocedure",
            "regrole",
            "regtype",
        ];
        let name = data_type.to_string().to_ascii_lowercase();
        let reads =
            name.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| CATALOG.contains(&word));
        match format.is_some() || reads {
            true => Err(Refusal::construct_of("CAST")),
            false => Ok(()),
        }
    }

    fn collation(&self, collation: &ObjectName) -> Result {
        let ObjectName(parts) = collation;
        match parts.as_slice() {
            [ObjectNamePart::Identifier(_)] => Ok(()),
            _ => Err(Refusal::construct_of("COLLATE")),
        }
    }
}

pub(super) fn odd(construct: &'static str, hint: &'static str) -> Refusal {
    Refusal::new(RefusalKind::UnsupportedConstruct, construct, hint)
}
