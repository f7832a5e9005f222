//! Aggregates.

use tenant_sql::Dialect;

use super::Maker;
use super::scope::{Scope, Type};

impl Maker<'_> {
    /// Of one group; what it gives does not depend on the order of its rows.
    pub(super) fn aggregate(&mut self, kind: Type, scope: &Scope, depth: u32) -> String {
        let value = match kind {
            Type::Int => self.count(scope),
            Type::Num => self.mean(scope),
            Type::Text => self.gathered(scope),
            Type::Bool => self.judged(scope),
            Type::Date | Type::Time => {
                let column = self.column_or_literal(kind, scope);
                format!("{}({column})", self.random.pick(&["min", "max"]))
            }
            Type::Json => "NULL".to_owned(),
        };
        let plain = value.ends_with(')')
            && !value.starts_with("array_to_string")
            && !value.contains("WITHIN")
            && !value.contains('>');
        if depth > 0 && plain && !self.mysql() && self.random.one_in(5) {
            return format!("{value} FILTER (WHERE {})", self.condition(scope, depth - 1));
        }
        value
    }

    fn count(&mut self, scope: &Scope) -> String {
        let column = self.column_or_literal(Type::Int, scope);
        match self.random.below(8) {
            0 | 1 => "count(*)".to_owned(),
            2 => format!("count(DISTINCT {column})"),
            3 => format!("count({})", self.any_column(scope)),
            4 => format!("max({column})"),
            5 if !self.postgres() => format!("sum({column})"),
            _ => format!("min({column})"),
        }
    }

    fn mean(&mut self, scope: &Scope) -> String {
        let column = self.column_or_literal(Type::Num, scope);
        let number = self.column_or_literal(Type::Int, scope);
        match self.random.below(5) {
            0 => format!("avg({number})"),
            1 => format!("min({column})"),
            2 if self.postgres() => format!("percentile_disc(0.5) WITHIN GROUP (ORDER BY {column})"),
            3 => format!("sum(DISTINCT {column})"),
            _ => format!("sum({column})"),
        }
    }

    fn gathered(&mut self, scope: &Scope) -> String {
        let text = self.column_or_literal(Type::Text, scope);
        let number = self.column_or_literal(Type::Int, scope);
        match (self.dialect, self.random.below(6)) {
            (Dialect::Postgres, 0) => format!("string_agg({text}, ',' ORDER BY {text})"),
            (Dialect::Postgres, 1) => format!("string_agg(DISTINCT {text}, '+')"),
            (Dialect::Postgres, 2) => format!("json_agg({number} ORDER BY {number})::text"),
            (Dialect::Postgres, 3) => format!("array_to_string(array_agg({text} ORDER BY {text} DESC), '/')"),
            (Dialect::MySql, 0) => format!("GROUP_CONCAT({text} ORDER BY {text} SEPARATOR '+')"),
            (Dialect::MySql, 1) => format!("GROUP_CONCAT(DISTINCT {number} ORDER BY {number} DESC)"),
            (Dialect::Sqlite, 0) => format!("group_concat({text}, '+' ORDER BY {text})"),
            (Dialect::Sqlite, 1) => format!("group_concat(DISTINCT {text} ORDER BY {text})"),
            (Dialect::Sqlite, 2) => format!("json_group_array({number} ORDER BY {number})"),
            _ => format!("{}({text})", self.random.pick(&["min", "max"])),
        }
    }

    fn judged(&mut self, scope: &Scope) -> String {
        let flag = self.column_or_literal(Type::Bool, scope);
        match self.postgres() {
            true => format!("{}({flag})", self.random.pick(&["bool_and", "bool_or", "every"])),
            false => format!("max({flag})"),
        }
    }

    pub(super) fn aggregate_condition(&mut self, scope: &Scope, depth: u32) -> String {
        let number = self.count(scope);
        match self.random.below(3) {
            0 if depth > 0 => format!("count(*) >= ({})", self.scalar(Type::Int, &Vec::new(), depth)),
            1 => format!("{number} > {} OR count(*) > 1", self.random.below(6)),
            _ => format!("{number} IS NOT NULL"),
        }
    }
}
