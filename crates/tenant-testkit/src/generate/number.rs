//! Numbers.

use tenant_sql::Dialect;

use super::scope::{Scope, Type};
use super::{INTEGER, Maker};

impl Maker<'_> {
    pub(super) fn integer(&mut self, scope: &Scope, depth: u32) -> String {
        let column = self.column_or_literal(Type::Int, scope);
        match self.random.below(if depth == 0 { 9 } else { 14 }) {
            0 => self.random.below(10).to_string(),
            1 => INTEGER.to_owned(),
            2 | 9 => {
                let other = self.column_or_literal(Type::Int, scope);
                format!("({column} {} {other})", self.random.pick(&["+", "-", "*"]))
            }
            3 => {
                let text = self.text(scope, 0);
                let function = if self.mysql() { "char_length" } else { "length" };
                format!("{function}({text})")
            }
            4 => self.unary(&column),
            10 => self.part_of_date(scope),
            11 => self.part_of_json(scope),
            12 => self.cast(scope),
            13 => self.divided(&column, scope),
            _ => column,
        }
    }

    fn unary(&mut self, column: &str) -> String {
        match self.random.below(4) {
            0 => format!("- {column}"),
            1 => format!("abs({column})"),
            2 if !self.mysql() => format!("({column} | 4)"),
            _ => format!("(1 - -{column})"),
        }
    }

    fn divided(&mut self, column: &str, scope: &Scope) -> String {
        let other = self.column_or_literal(Type::Int, scope);
        match self.random.below(4) {
            // Can fail on PostgreSQL, on one side as on the other.
            0 => format!("({column} / {other})"),
            1 => format!("({column} % nullif({other}, 0))"),
            2 if self.mysql() => format!("({column} DIV nullif({other}, 0))"),
            _ if self.mysql() => format!("mod({column}, 3)"),
            _ => format!("({column} / nullif({other}, 0))"),
        }
    }

    fn part_of_date(&mut self, scope: &Scope) -> String {
        let date = self.column_or_literal(Type::Date, scope);
        match self.dialect {
            Dialect::Postgres => {
                let part = self.random.pick(&["year", "month", "day", "dow"]);
                format!("extract({part} FROM {date})::int")
            }
            Dialect::MySql => match self.random.below(3) {
                0 => format!("EXTRACT(MONTH FROM {date})"),
                1 => format!("DATEDIFF({date}, '2024-01-01')"),
                _ => format!("MONTH({date})"),
            },
            Dialect::Sqlite => format!("CAST(strftime('%d', {date}) AS INTEGER)"),
        }
    }

    fn part_of_json(&mut self, scope: &Scope) -> String {
        let Some(json) = self.column(Type::Json, scope) else { return "7".to_owned() };
        match self.dialect {
            Dialect::Postgres => match self.random.below(3) {
                0 => format!("({json} ->> 'k')::int"),
                1 => format!("jsonb_array_length({json} -> 'a')"),
                _ => format!("({json} #>> '{{a,0}}')::int"),
            },
            Dialect::Sqlite => match self.random.below(3) {
                0 => format!("{json} ->> 'k'"),
                1 => format!("json_extract({json}, '$.k')"),
                _ => format!("json_array_length({json}, '$.a')"),
            },
            Dialect::MySql => match self.random.below(3) {
                0 => format!("JSON_VALUE({json}, '$.k') + 0"),
                1 => format!("JSON_LENGTH({json}, '$.a')"),
                _ => format!("CAST(JSON_EXTRACT({json}, '$.k') AS SIGNED)"),
            },
        }
    }

    fn cast(&mut self, scope: &Scope) -> String {
        let number = self.column_or_literal(Type::Num, scope);
        let flag = self.column_or_literal(Type::Bool, scope);
        match self.dialect {
            Dialect::Postgres => match self.random.below(4) {
                0 => format!("{number}::int"),
                1 => format!("CAST({number} AS bigint)"),
                2 => format!("{flag}::int"),
                _ => format!("floor({number})::integer"),
            },
            Dialect::Sqlite => format!("CAST({number} AS INTEGER)"),
            Dialect::MySql => match self.random.below(3) {
                0 => format!("CAST({number} AS SIGNED)"),
                1 => format!("CONVERT({number}, UNSIGNED)"),
                _ => format!("FLOOR({number})"),
            },
        }
    }

    pub(super) fn decimal(&mut self, scope: &Scope, depth: u32) -> String {
        let number = self.column_or_literal(Type::Num, scope);
        match self.random.below(6) {
            0 => format!("round({number}, 1)"),
            1 if depth > 0 => format!("({number} * {})", self.integer(scope, depth - 1)),
            2 => format!("({number} + 0.5)"),
            3 if self.postgres() => format!("({number})::numeric(12, 3)"),
            4 if !self.sqlite() => {
                format!("CAST({} AS DECIMAL(12, 2))", self.column_or_literal(Type::Int, scope))
            }
            _ => number,
        }
    }
}
