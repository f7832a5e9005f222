//! Window functions.

use super::Maker;
use super::scope::{Scope, Type};

impl Maker<'_> {
    pub(super) fn window(&mut self, kind: Type, scope: &Scope, depth: u32) -> String {
        if kind != Type::Int {
            return match (kind, self.random.below(3)) {
                (Type::Text | Type::Date | Type::Num, 0 | 1) => {
                    let value = self.column_or_literal(kind, scope);
                    let over = self.partition(scope, depth);
                    format!("{}({value}) OVER ({over})", self.random.pick(&["min", "max"]))
                }
                _ => self.expression(kind, scope, depth),
            };
        }
        let (a, b, c) =
            (self.any_column(scope), self.any_column(scope), self.column_or_literal(Type::Int, scope));
        match self.random.below(11) {
            0 => format!("count(*) OVER ({})", self.partition(scope, depth)),
            1 => format!("{}() OVER (ORDER BY {a}, {b})", self.random.pick(&["rank", "dense_rank"])),
            2 => format!("count({c}) OVER (PARTITION BY {a} ORDER BY {b})"),
            3 => format!("min({c}) OVER (ORDER BY {b} RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"),
            4 => format!("max({c}) OVER w"),
            5 => format!("row_number() OVER (ORDER BY {})", self.total(scope)),
            6 => {
                let order = self.total(scope);
                format!(
                    "{}({c}) OVER (ORDER BY {order})",
                    self.random.pick(&["lag", "lead", "first_value", "last_value"])
                )
            }
            7 => {
                let order = self.total(scope);
                let frame = self.random.pick(&[
                    "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
                    "ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING",
                    "ROWS 2 PRECEDING",
                ]);
                format!("max({c}) OVER (PARTITION BY {a} ORDER BY {order} {frame})")
            }
            8 if !self.mysql() => {
                let exclude = if self.random.one_in(40) { " EXCLUDE CURRENT ROW" } else { "" };
                format!("count(*) OVER (ORDER BY {a} GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING{exclude})")
            }
            9 if !self.mysql() => {
                format!(
                    "count(*) FILTER (WHERE {}) OVER (PARTITION BY {a})",
                    self.condition(scope, depth.min(1))
                )
            }
            10 if self.postgres() => format!("count({c}) OVER (w ORDER BY {b})"),
            _ => format!("ntile(3) OVER (ORDER BY {})", self.total(scope)),
        }
    }

    fn partition(&mut self, scope: &Scope, depth: u32) -> String {
        match self.random.below(4) {
            0 => String::new(),
            1 if depth > 0 => format!("PARTITION BY ({})", self.scalar(Type::Int, scope, depth)),
            _ => format!("PARTITION BY {}", self.any_column(scope)),
        }
    }

    /// An order without ties: the ids of all relations in scope, or what is like them.
    fn total(&mut self, scope: &Scope) -> String {
        let columns: Vec<String> = scope
            .iter()
            .flat_map(|relation| {
                let columns =
                    relation.columns.iter().filter(|(_, kind)| matches!(kind, Type::Int | Type::Text));
                columns.take(4).map(|(name, _)| format!("{}.{name}", relation.alias))
            })
            .collect();
        if columns.is_empty() { "1".to_owned() } else { columns.join(", ") }
    }
}
