//! One `SELECT`: plain, distinct, grouped, aggregated or with windows.

use super::Maker;
use super::scope::{Scope, Type, join};

impl Maker<'_> {
    pub(super) fn plain_select(&mut self, types: &[Type], depth: u32, outer: &Scope) -> String {
        let (from, scope) = self.from(depth, outer);
        let visible = join(&scope, outer);
        let columns: Vec<String> =
            types.iter().map(|kind| self.expression(*kind, &visible, depth.saturating_sub(1))).collect();
        let condition = self.where_(&visible, depth.saturating_sub(1));
        format!("SELECT {} FROM {from}{condition}", columns.join(", "))
    }

    pub(super) fn select(&mut self, types: &[Type], depth: u32, outer: &Scope) -> String {
        let (from, scope) = self.from(depth, outer);
        let depth = depth.saturating_sub(1);
        let visible = join(&scope, outer);
        let condition = self.where_(&visible, depth);
        let head = format!("FROM {from}{condition}");
        match self.random.below(9) {
            0 | 1 => self.grouped(types, &head, &scope, depth),
            2 => {
                let columns: Vec<String> =
                    types.iter().map(|kind| self.aggregate(*kind, &scope, depth)).collect();
                format!("SELECT {} {head}", columns.join(", "))
            }
            3 | 4 => self.windowed(types, &head, &scope, depth),
            5 if self.postgres() => self.distinct_on(types, &head, &scope),
            _ => {
                let distinct = self.random.pick(&["", "", "", "DISTINCT "]);
                let columns = self.items(types, &visible, depth);
                format!("SELECT {distinct}{columns} {head}{}", self.order_and_limit(types.len(), depth))
            }
        }
    }

    fn items(&mut self, types: &[Type], scope: &Scope, depth: u32) -> String {
        let items: Vec<String> = types
            .iter()
            .enumerate()
            .map(|(at, kind)| {
                let value = self.expression(*kind, scope, depth);
                let quote = if self.mysql() { '`' } else { '"' };
                match self.random.below(5) {
                    0 => format!("{value} AS a{at}"),
                    1 => format!("{value} {quote}a {at}{quote}"),
                    _ => value,
                }
            })
            .collect();
        items.join(", ")
    }

    fn grouped(&mut self, types: &[Type], head: &str, scope: &Scope, depth: u32) -> String {
        let keys: Vec<String> = (0..=self.random.below(2)).map(|_| self.any_column(scope)).collect();
        let group = self.group(&keys);
        let having = match self.random.below(4) {
            0 => format!(" HAVING {}", self.aggregate_condition(scope, depth)),
            _ => String::new(),
        };
        let columns: Vec<String> = types.iter().map(|kind| self.aggregate(*kind, scope, depth)).collect();
        let order = self.order_and_limit(types.len(), depth);
        format!("SELECT {} {head} GROUP BY {group}{having}{order}", columns.join(", "))
    }

    /// The keys beside the aggregates.
    pub(super) fn report(&mut self) -> String {
        let (from, scope) = self.from(2, &Vec::new());
        let condition = self.where_(&scope, 1);
        let keys: Vec<String> = (0..=self.random.below(2)).map(|_| self.any_column(&scope)).collect();
        let (number, text) = (self.aggregate(Type::Int, &scope, 1), self.aggregate(Type::Text, &scope, 0));
        let group = self.group(&keys);
        let having = format!(" HAVING {}", self.aggregate_condition(&scope, 1));
        let having = if self.random.one_in(3) { having } else { String::new() };
        format!(
            "SELECT {}, {number} AS n, {text} FROM {from}{condition} GROUP BY {group}{having}",
            keys.join(", ")
        )
    }

    fn group(&mut self, keys: &[String]) -> String {
        let all = keys.join(", ");
        let first = keys.first().cloned().unwrap_or_default();
        match self.random.below(8) {
            0 if self.postgres() => format!("GROUPING SETS (({all}), ({first}), ())"),
            1 if self.postgres() => format!("ROLLUP ({all})"),
            2 if self.postgres() => format!("CUBE ({all})"),
            3 if self.postgres() => format!("{all}, ROLLUP ({first})"),
            0 | 1 if self.mysql() => format!("{all} WITH ROLLUP"),
            4 if self.sqlite() => format!("{first} IS NULL, {all}"),
            _ => all,
        }
    }

    fn windowed(&mut self, types: &[Type], head: &str, scope: &Scope, depth: u32) -> String {
        let columns: Vec<String> = types.iter().map(|kind| self.window(*kind, scope, depth)).collect();
        let window =
            match columns.iter().any(|column| column.contains("OVER w") || column.contains("OVER (w")) {
                true => format!(" WINDOW w AS (PARTITION BY {})", self.any_column(scope)),
                false => String::new(),
            };
        format!("SELECT {} {head}{window}{}", columns.join(", "), self.order_and_limit(types.len(), depth))
    }

    /// Ordered by all that is shown, the key first, so that the first row of a group is a certain one.
    fn distinct_on(&mut self, types: &[Type], head: &str, scope: &Scope) -> String {
        let key = self.any_column(scope);
        let columns: Vec<String> = types.iter().map(|kind| self.expression(*kind, scope, 0)).collect();
        let order: Vec<String> = (2..=columns.len() + 1).map(|at| at.to_string()).collect();
        format!(
            "SELECT DISTINCT ON ({key}) {key}, {} {head} ORDER BY {key}, {}",
            columns.join(", "),
            order.join(", ")
        )
    }
}
