use sqlparser::ast::{
    AccessExpr, Array, ArrayElemTypeDef, CaseWhen, CeilFloorKind, DataType, DateTimeField, Expr, Ident,
    Interval, MemberOf, ObjectName, ObjectNamePart, Subscript, TypedString, ValueWithSpan,
};

use super::{Flow, ON, Part, Watch, only};

impl Part for Ident {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        watch.ident(self)
    }
}

impl Part for ObjectName {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let ObjectName(parts) = self;
        parts.iter().try_for_each(|part| match part {
            ObjectNamePart::Identifier(name) => name.walk(watch),
            ObjectNamePart::Function(_) => watch.unknown(),
        })
    }
}

impl Part for ValueWithSpan {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        watch.value(self)
    }
}

impl Part for Expr {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        watch.expr(self)?;
        inside(self, watch)?;
        watch.expr_ends();
        ON
    }
}

fn both(left: &Expr, right: &Expr, watch: &mut dyn Watch) -> Flow {
    left.walk(watch)?;
    right.walk(watch)
}

fn inside(expr: &Expr, watch: &mut dyn Watch) -> Flow {
    match expr {
        Expr::Identifier(name) => name.walk(watch),
        Expr::CompoundIdentifier(parts) => parts.walk(watch),
        Expr::CompoundFieldAccess { root, access_chain } => {
            root.walk(watch)?;
            access_chain.walk(watch)
        }
        Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotUnknown(inner)
        | Expr::UnaryOp { op: _, expr: inner }
        | Expr::Nested(inner) => inner.walk(watch),
        Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right)
        | Expr::BinaryOp { left, op: _, right }
        | Expr::AnyOp { left, compare_op: _, right, is_some: _ }
        | Expr::AllOp { left, compare_op: _, right }
        | Expr::RLike { negated: _, expr: left, pattern: right, regexp: _ }
        | Expr::AtTimeZone { timestamp: left, time_zone: right }
        | Expr::Position { expr: left, r#in: right } => both(left, right, watch),
        Expr::InList { expr, list, negated: _ } => {
            expr.walk(watch)?;
            list.walk(watch)
        }
        Expr::InSubquery { expr, subquery, negated: _ } => {
            expr.walk(watch)?;
            subquery.walk(watch)
        }
        Expr::Exists { subquery, negated: _ } | Expr::Subquery(subquery) => subquery.walk(watch),
        Expr::Between { expr, negated: _, low, high } => {
            expr.walk(watch)?;
            both(low, high, watch)
        }
        Expr::Like { negated: _, any: _, expr, pattern, escape_char }
        | Expr::ILike { negated: _, any: _, expr, pattern, escape_char }
        | Expr::SimilarTo { negated: _, expr, pattern, escape_char } => {
            both(expr, pattern, watch)?;
            escape_char.walk(watch)
        }
        Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
            operand.walk(watch)?;
            conditions.walk(watch)?;
            else_result.walk(watch)
        }
        Expr::Cast { kind: _, expr, data_type, format } => {
            expr.walk(watch)?;
            data_type.walk(watch)?;
            only(format.is_none(), watch)
        }
        Expr::Convert { is_try: _, expr, data_type, charset, target_before_value: _, styles } => {
            expr.walk(watch)?;
            data_type.walk(watch)?;
            charset.walk(watch)?;
            styles.walk(watch)
        }
        Expr::MemberOf(MemberOf { value, array }) => both(value, array, watch),
        Expr::Prefixed { prefix, value } => {
            prefix.walk(watch)?;
            value.walk(watch)
        }
        Expr::Collate { expr, collation } => {
            expr.walk(watch)?;
            collation.walk(watch)
        }
        Expr::Extract { field, syntax: _, expr } => {
            field.walk(watch)?;
            expr.walk(watch)
        }
        Expr::Ceil { expr, field } | Expr::Floor { expr, field } => {
            expr.walk(watch)?;
            match field {
                CeilFloorKind::DateTimeField(field) => field.walk(watch),
                CeilFloorKind::Scale(scale) => scale.walk(watch),
            }
        }
        Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
            expr.walk(watch)?;
            substring_from.walk(watch)?;
            substring_for.walk(watch)
        }
        Expr::Trim { trim_where: _, trim_what, expr, trim_characters } => {
            trim_what.walk(watch)?;
            expr.walk(watch)?;
            trim_characters.walk(watch)
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            both(expr, overlay_what, watch)?;
            overlay_from.walk(watch)?;
            overlay_for.walk(watch)
        }
        Expr::Value(value) => value.walk(watch),
        Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: _ }) => {
            data_type.walk(watch)?;
            value.walk(watch)
        }
        Expr::Function(function) => function.walk(watch),
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => sets.walk(watch),
        Expr::Tuple(exprs) | Expr::Array(Array { elem: exprs, named: _ }) => exprs.walk(watch),
        Expr::Interval(interval) => interval.walk(watch),
        _ => watch.unknown(),
    }
}

impl Part for CaseWhen {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let CaseWhen { condition, result } = self;
        both(condition, result, watch)
    }
}

impl Part for AccessExpr {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            AccessExpr::Dot(expr) => expr.walk(watch),
            AccessExpr::Subscript(Subscript::Index { index }) => index.walk(watch),
            AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                lower_bound.walk(watch)?;
                upper_bound.walk(watch)?;
                stride.walk(watch)
            }
        }
    }
}

impl Part for Interval {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Interval {
            value,
            leading_field,
            leading_precision: _,
            last_field,
            fractional_seconds_precision: _,
        } = self;
        value.walk(watch)?;
        leading_field.walk(watch)?;
        last_field.walk(watch)
    }
}

impl Part for DateTimeField {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            DateTimeField::Week(Some(name)) | DateTimeField::Custom(name) => name.walk(watch),
            _ => ON,
        }
    }
}

impl Part for DataType {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        use ArrayElemTypeDef as Elements;
        match self {
            DataType::Custom(name, _) => name.walk(watch),
            DataType::Array(Elements::None) => ON,
            DataType::Array(
                Elements::AngleBracket(elements)
                | Elements::SquareBracket(elements, _)
                | Elements::Parenthesis(elements)
                | Elements::Qualified(elements, _),
            ) => elements.walk(watch),
            // Definitions of columns have expressions in them, and so may what is invented next.
            plain => only(is_plain(plain), watch),
        }
    }
}

fn is_plain(data_type: &DataType) -> bool {
    let text = data_type.to_string().to_ascii_uppercase();
    let queries = ["SELECT", "VALUES", "TABLE"].iter().any(|word| text.contains(word));
    let composed = matches!(
        data_type,
        DataType::Table(_)
            | DataType::NamedTable { .. }
            | DataType::Map(..)
            | DataType::Tuple(_)
            | DataType::Nested(_)
            | DataType::Enum(..)
            | DataType::Set(_)
            | DataType::Struct(..)
            | DataType::Union(_)
            | DataType::Nullable(_)
            | DataType::LowCardinality(_)
    );
    !queries && !composed
}
