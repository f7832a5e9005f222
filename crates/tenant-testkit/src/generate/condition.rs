//! Conditions.

use tenant_sql::Dialect;

use super::scope::{Scope, Type, join};
use super::{INTEGER, Maker, TEXT};

impl Maker<'_> {
    pub(super) fn where_(&mut self, scope: &Scope, depth: u32) -> String {
        if self.random.one_in(3) { String::new() } else { format!(" WHERE {}", self.condition(scope, depth)) }
    }

    /// Links the last relation with those before.
    pub(super) fn equality(&mut self, scope: &Scope) -> String {
        self.equality_at(scope, scope.len().saturating_sub(1))
    }

    /// Links what comes from there on with what comes before.
    pub(super) fn equality_at(&mut self, scope: &Scope, at: usize) -> String {
        let (before, after) = scope.split_at(at.min(scope.len()));
        let left = if before.is_empty() { scope.clone() } else { before.to_vec() };
        let right = after.to_vec();
        let left = self.column_or_literal(Type::Int, &left);
        format!("{left} = {}", self.column_or_literal(Type::Int, &right))
    }

    pub(super) fn comparison(&mut self, scope: &Scope) -> String {
        match self.random.below(6) {
            0 => {
                let (left, right) =
                    (self.column_or_literal(Type::Int, scope), self.column_or_literal(Type::Int, scope));
                format!("{left} {} {right}", self.random.pick(&["<", "<>", ">=", "!="]))
            }
            1 => {
                let (left, right) =
                    (self.column_or_literal(Type::Text, scope), self.column_or_literal(Type::Text, scope));
                format!("{left} = {right}")
            }
            _ => self.equality(scope),
        }
    }

    pub(super) fn condition(&mut self, scope: &Scope, depth: u32) -> String {
        match self.random.below(if depth == 0 { 16 } else { 30 }) {
            0..=3 => self.comparison(scope),
            4..=6 => self.test_of_number(scope),
            7..=9 => self.test_of_text(scope),
            10 => self.test_of_null(scope),
            // Never FALSE: SQLite loses rows of outer joins over derived tables ON FALSE.
            11 => self.column(Type::Bool, scope).unwrap_or_else(|| "2 > 1".to_owned()),
            12 => self.test_of_date(scope),
            13 => self.test_of_row(scope),
            14 => self.special(scope),
            15 => self.random.pick(&["1 = 1", "1 IS NOT NULL", "NOT FALSE", "1 <> 2"]).to_owned(),
            16 | 17 => {
                format!("{} OR {}", self.condition(scope, depth - 1), self.condition(scope, depth - 1))
            }
            18 | 19 => {
                format!("{} AND {}", self.condition(scope, depth - 1), self.condition(scope, depth - 1))
            }
            20 => format!("NOT ({})", self.condition(scope, depth - 1)),
            21 => {
                format!("({}) IS {}TRUE", self.condition(scope, depth - 1), self.random.pick(&["", "NOT "]))
            }
            22..=24 => self.exists(scope, depth),
            25 | 26 => self.in_query(scope, depth),
            27 if !self.sqlite() => self.quantified(scope, depth),
            _ => {
                let left = self.integer(scope, depth - 1);
                let right = self.scalar(Type::Int, scope, depth);
                format!("{left} {} ({right})", self.random.pick(&["=", "<=", ">"]))
            }
        }
    }

    fn test_of_number(&mut self, scope: &Scope) -> String {
        let number = self.column_or_literal(Type::Int, scope);
        match self.random.below(6) {
            0 => format!("{number} IN (1, {INTEGER}, 3)"),
            1 => format!("{number} NOT IN (2, 4)"),
            2 => format!("{number} BETWEEN 1 AND {}", self.random.below(9)),
            3 => format!("{number} NOT BETWEEN 2 AND {INTEGER}"),
            4 => format!("{number} > {INTEGER}"),
            _ => format!("{} < {}", self.integer(scope, 1), self.random.below(9)),
        }
    }

    fn test_of_text(&mut self, scope: &Scope) -> String {
        let text = self.column_or_literal(Type::Text, scope);
        let pattern = self.random.pick(&["'n%'", "'%1'", "'canary%'", "'%t3'", "'_2'", TEXT]);
        let not = self.random.pick(&["", "", "NOT "]);
        match (self.dialect, self.random.below(8)) {
            (_, 0) => format!("{text} = {TEXT}"),
            (_, 1) => format!("{text} IN ('n1', 'n2', {TEXT})"),
            (_, 2) => format!("{text} <> 't1'"),
            (Dialect::Postgres, 3) => format!("{text} {not}ILIKE {pattern}"),
            (Dialect::Postgres, 4) => format!("{text} {} '^n[12]'", self.random.pick(&["~", "!~", "~*"])),
            (Dialect::Postgres, 5) => format!("{text} SIMILAR TO 'n(1|2)'"),
            (Dialect::Postgres, 6) => {
                format!("to_tsvector('simple', {text}) @@ plainto_tsquery('simple', 'n1')")
            }
            (Dialect::MySql, 3) => format!("{text} {not}REGEXP '^n[12]'"),
            (Dialect::MySql, 4) => format!("{text} <=> {TEXT}"),
            (Dialect::Sqlite, 3) => format!("{text} {not}GLOB 'n*'"),
            (Dialect::Sqlite, 4) => format!("{text} = 'N1' COLLATE NOCASE"),
            _ => format!("{text} {not}LIKE {pattern}"),
        }
    }

    fn test_of_null(&mut self, scope: &Scope) -> String {
        let column = self.any_column(scope);
        let number = self.column_or_literal(Type::Int, scope);
        let other = self.column_or_literal(Type::Int, scope);
        match self.random.below(4) {
            0 if self.mysql() => format!("{number} <=> {other}"),
            0 => format!("{number} IS {}DISTINCT FROM {other}", self.random.pick(&["", "NOT "])),
            1 if self.sqlite() => format!("{number} IS {other}"),
            _ => format!("{column} IS {}NULL", self.random.pick(&["", "NOT "])),
        }
    }

    fn test_of_date(&mut self, scope: &Scope) -> String {
        let date = self.expression(Type::Date, scope, 0);
        match (self.dialect, self.random.below(3)) {
            (Dialect::Postgres, 0) => {
                format!("{} < TIMESTAMP '2024-03-01 00:00:00'", self.expression(Type::Time, scope, 0))
            }
            (Dialect::MySql, 0) => format!("YEAR({date}) = 2024"),
            (Dialect::Sqlite, 0) => format!("julianday({date}) > 2460000"),
            _ => format!("{date} >= '2024-02-01'"),
        }
    }

    fn test_of_row(&mut self, scope: &Scope) -> String {
        let (a, b) = (self.column_or_literal(Type::Int, scope), self.column_or_literal(Type::Text, scope));
        match self.random.below(3) {
            0 => format!("({a}, {b}) = (1, 'n1')"),
            1 if self.sqlite() => format!("({a}, {b}) IN (VALUES (1, 'n1'), (2, 'n2'))"),
            1 => format!("({a}, {b}) IN ((1, 'n1'), (2, 'n2'))"),
            _ => format!("({a}, {b}) < (4, 'n3')"),
        }
    }

    /// JSON, arrays, bits.
    fn special(&mut self, scope: &Scope) -> String {
        let number = self.column_or_literal(Type::Int, scope);
        let Some(json) = self.column(Type::Json, scope) else { return format!("{number} > 2") };
        match self.dialect {
            Dialect::Postgres => self.random.pick(&[
                "{j} @> '{\"k\": 3}'",
                "{j} ? 's'",
                "({j} ->> 'k')::int > 3",
                "{j} ->> 's' = 'n1'",
                "{n} = ANY (ARRAY[1, 2, 3])",
                "jsonb_path_exists({j}, '$.a[*] ? (@ > 1)')",
                "{j} -> 'a' ->> 0 IS NOT NULL",
            ]),
            Dialect::Sqlite => self.random.pick(&[
                "json_extract({j}, '$.k') < 4",
                "{j} -> '$.a' IS NOT NULL",
                "json_valid({j})",
                "{n} & 1",
                "{j} ->> 's' LIKE 'n%'",
            ]),
            Dialect::MySql => self.random.pick(&[
                "JSON_EXTRACT({j}, '$.k') < 4",
                "JSON_CONTAINS({j}, '2', '$.a')",
                "JSON_VALID({j})",
                "{n} & 1",
                "JSON_VALUE({j}, '$.s') LIKE 'n%'",
            ]),
        }
        .replace("{j}", &json)
        .replace("{n}", &number)
    }

    fn exists(&mut self, scope: &Scope, depth: u32) -> String {
        let not = self.random.pick(&["", "NOT "]);
        let (from, inner) = self.from(depth - 1, scope);
        let visible = join(&inner, scope);
        let item = self.random.pick(&["1", "*", "NULL"]);
        format!("{not}EXISTS (SELECT {item} FROM {from} WHERE {})", self.condition(&visible, depth - 1))
    }

    fn in_query(&mut self, scope: &Scope, depth: u32) -> String {
        let not = self.random.pick(&["", "", "NOT "]);
        let (from, inner) = self.from(depth - 1, scope);
        let condition = self.where_(&join(&inner, scope), depth - 1);
        // MariaDB takes NULL for FALSE in some comparisons of rows, and of ALL.
        let kinds: &[Type] =
            if self.random.one_in(4) && !self.mysql() { &[Type::Int, Type::Text] } else { &[Type::Int] };
        let left: Vec<String> = kinds.iter().map(|kind| self.column_or_literal(*kind, scope)).collect();
        let right: Vec<String> = kinds.iter().map(|kind| self.column_or_literal(*kind, &inner)).collect();
        let left = if kinds.len() == 1 { left.join("") } else { format!("({})", left.join(", ")) };
        format!("{left} {not}IN (SELECT {} FROM {from}{condition})", right.join(", "))
    }

    fn quantified(&mut self, scope: &Scope, depth: u32) -> String {
        let left = self.column_or_literal(Type::Int, scope);
        let (from, inner) = self.from(depth - 1, scope);
        let condition = self.where_(&join(&inner, scope), depth - 1);
        let right = self.column_or_literal(Type::Int, &inner);
        let operators: &[&str] =
            if self.mysql() { &["= ANY", ">= SOME"] } else { &["= ANY", "> ALL", "<> ALL", ">= SOME"] };
        let operator = self.random.pick(operators);
        format!("{left} {operator} (SELECT {right} FROM {from}{condition})")
    }
}
