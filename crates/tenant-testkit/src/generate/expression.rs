//! Expressions by their type.

use super::scope::{Scope, Type, join};
use super::{INTEGER, Maker, TEXT};

impl Maker<'_> {
    pub(super) fn expression(&mut self, kind: Type, scope: &Scope, depth: u32) -> String {
        if depth > 0 && self.random.one_in(6) {
            return self.either(kind, scope, depth);
        }
        match kind {
            Type::Int => self.integer(scope, depth),
            Type::Num => self.decimal(scope, depth),
            Type::Text => self.text(scope, depth),
            Type::Bool => self.boolean(scope, depth),
            Type::Date => self.date(scope),
            Type::Time => self.time(scope),
            Type::Json => self.json(scope),
        }
    }

    /// A column of this type, if one is in sight.
    pub(super) fn column(&mut self, kind: Type, scope: &Scope) -> Option<String> {
        let all: Vec<(usize, usize)> = scope
            .iter()
            .enumerate()
            .flat_map(|(r, relation)| {
                let columns = relation.columns.iter().enumerate();
                columns.filter(|(_, (_, other))| *other == kind).map(move |(c, _)| (r, c))
            })
            .collect();
        let (r, c) = self.random.choose(&all).copied()?;
        let relation = scope.get(r)?;
        let (name, _) = relation.columns.get(c)?;
        Some(self.qualified(&relation.alias, name))
    }

    fn qualified(&mut self, alias: &str, name: &str) -> String {
        match self.random.below(12) {
            0 if self.mysql() => format!("`{alias}`.`{name}`"),
            0 if self.postgres() => format!("{}.\"{name}\"", alias.to_lowercase()),
            0 => format!("\"{alias}\".{name}"),
            1 if !self.mysql() => format!("{}.{}", alias.to_uppercase(), name.to_uppercase()),
            _ => format!("{alias}.{name}"),
        }
    }

    /// Any column that can be compared, grouped and ordered by.
    pub(super) fn any_column(&mut self, scope: &Scope) -> String {
        let kind = match self.random.below(6) {
            0 => Type::Text,
            1 => Type::Bool,
            2 => Type::Date,
            _ => Type::Int,
        };
        let column = self.column(kind, scope).or_else(|| self.column(Type::Int, scope));
        let column = column.or_else(|| self.column(Type::Text, scope));
        column.unwrap_or_else(|| "NULL".to_owned())
    }

    fn literal(&mut self, kind: Type) -> String {
        match kind {
            Type::Int => self.random.below(10).to_string(),
            Type::Num => self.random.pick(&["1.5", "0.25", "3.75"]).to_owned(),
            Type::Text => self.random.pick(&["'n1'", "'n2'", "'t1'", "'it''s'", "''", "'a\"b'"]).to_owned(),
            Type::Bool => self.random.pick(&["TRUE", "FALSE"]).to_owned(),
            Type::Date if self.sqlite() => "'2024-02-13'".to_owned(),
            Type::Date => self.random.pick(&["DATE '2024-02-13'", "CAST('2024-01-12' AS DATE)"]).to_owned(),
            Type::Time if self.sqlite() => "'2024-02-13 02:30:00'".to_owned(),
            Type::Time => "TIMESTAMP '2024-02-13 02:30:00'".to_owned(),
            Type::Json => r#"'{"k": 1}'"#.to_owned(),
        }
    }

    pub(super) fn column_or_literal(&mut self, kind: Type, scope: &Scope) -> String {
        match self.column(kind, scope) {
            Some(column) => column,
            None => self.literal(kind),
        }
    }

    /// What is built alike for every type.
    fn either(&mut self, kind: Type, scope: &Scope, depth: u32) -> String {
        let less = depth - 1;
        match self.random.below(8) {
            0 => {
                let (then, other) = (self.expression(kind, scope, less), self.expression(kind, scope, less));
                format!("CASE WHEN {} THEN {then} ELSE {other} END", self.condition(scope, less))
            }
            1 => {
                let (on, then) =
                    (self.column_or_literal(Type::Int, scope), self.expression(kind, scope, less));
                format!(
                    "CASE {on} WHEN 1 THEN {then} WHEN 2 THEN {} END",
                    self.column_or_literal(kind, scope)
                )
            }
            2 => {
                let (left, right) = (self.expression(kind, scope, less), self.column_or_literal(kind, scope));
                format!("coalesce({left}, {right})")
            }
            3 => {
                let (left, right) = (self.expression(kind, scope, less), self.column_or_literal(kind, scope));
                format!("nullif({left}, {right})")
            }
            4 if matches!(kind, Type::Int | Type::Text) => {
                let (left, right) = (self.expression(kind, scope, less), self.column_or_literal(kind, scope));
                match self.sqlite() {
                    true => format!("{}({left}, {right})", self.random.pick(&["min", "max"])),
                    false => format!("{}({left}, {right})", self.random.pick(&["least", "greatest"])),
                }
            }
            5 if kind == Type::Bool => self.boolean(scope, depth),
            _ => format!("({})", self.scalar(kind, scope, depth)),
        }
    }

    /// A correlated subquery that gives one row.
    pub(super) fn scalar(&mut self, kind: Type, outer: &Scope, depth: u32) -> String {
        let (from, scope) = self.from(depth - 1, outer);
        let visible = join(&scope, outer);
        let value = self.aggregate(kind, &scope, 0);
        format!("SELECT {value} FROM {from} WHERE {}", self.condition(&visible, depth - 1))
    }

    fn boolean(&mut self, scope: &Scope, depth: u32) -> String {
        match self.random.below(4) {
            0 => format!("({})", self.condition(scope, depth)),
            1 => self.literal(Type::Bool),
            _ => self.column_or_literal(Type::Bool, scope),
        }
    }

    fn date(&mut self, scope: &Scope) -> String {
        let date = self.column_or_literal(Type::Date, scope);
        match (self.dialect, self.random.below(8)) {
            (tenant_sql::Dialect::Postgres, 0) => format!("({date} + 1)"),
            (tenant_sql::Dialect::Postgres, 1) => {
                format!("{}::date", self.column_or_literal(Type::Time, scope))
            }
            (tenant_sql::Dialect::MySql, 0) => format!("DATE_ADD({date}, INTERVAL 1 DAY)"),
            (tenant_sql::Dialect::MySql, 1) => format!("{date} + INTERVAL 1 MONTH"),
            (tenant_sql::Dialect::Sqlite, 0) => format!("date({date}, '+1 day')"),
            _ => date,
        }
    }

    fn time(&mut self, scope: &Scope) -> String {
        let time = self.column_or_literal(Type::Time, scope);
        match (self.dialect, self.random.below(6)) {
            (tenant_sql::Dialect::Postgres, 0) => format!("date_trunc('month', {time})"),
            (tenant_sql::Dialect::Postgres, 1) => format!("({time} + interval '1 day')"),
            (tenant_sql::Dialect::MySql, 0) => format!("DATE_SUB({time}, INTERVAL 2 HOUR)"),
            (tenant_sql::Dialect::Sqlite, 0) => format!("datetime({time}, '-1 hour')"),
            _ => time,
        }
    }

    fn json(&mut self, scope: &Scope) -> String {
        let json = self.column(Type::Json, scope);
        match (self.dialect, json) {
            (tenant_sql::Dialect::Postgres, Some(json)) => {
                let path = self.random.pick(&["", " -> 'a'", " #> '{a,0}'", " || '{\"x\": 1}'"]);
                format!("({json}{path})")
            }
            (tenant_sql::Dialect::Postgres, None) => "'{\"k\": 1}'::jsonb".to_owned(),
            (_, Some(json)) => json,
            (_, None) => self.literal(Type::Json),
        }
    }

    pub(super) fn placeholder_of(&mut self, kind: Type) -> String {
        match kind {
            Type::Text => TEXT.to_owned(),
            _ => INTEGER.to_owned(),
        }
    }
}
