//! Whole queries: `WITH`, set operations, `VALUES`, `ORDER BY` and `LIMIT`.

use super::Maker;
use super::scope::{Scope, Type};

const DEPTH: u32 = 3;

impl Maker<'_> {
    pub(super) fn top(&mut self) -> String {
        let with = if self.random.one_in(4) { self.with() } else { String::new() };
        let types = self.types(3);
        let body = match self.random.below(12) {
            0 | 1 => self.compound(&types, 2, &Vec::new()),
            2 => self.every_column(),
            3 if !self.mysql() => self.values(&types),
            4 => self.locking(),
            6 => self.report(),
            // SQLite knows no brackets around a whole query.
            5 if !self.sqlite() => {
                let inner = self.select(&types, DEPTH, &Vec::new());
                format!("({inner})")
            }
            _ => self.select(&types, DEPTH, &Vec::new()),
        };
        with + &body
    }

    /// The types of one to `most` columns.
    pub(super) fn types(&mut self, most: u32) -> Vec<Type> {
        (0..=self.random.below(most)).map(|_| self.type_()).collect()
    }

    fn type_(&mut self) -> Type {
        match self.random.below(12) {
            0..=5 => Type::Int,
            6..=8 => Type::Text,
            9 => Type::Bool,
            10 => Type::Num,
            _ => Type::Date,
        }
    }

    /// `SELECT *` and its kin.
    fn every_column(&mut self) -> String {
        let (from, scope) = self.from(DEPTH, &Vec::new());
        let condition = self.where_(&scope, DEPTH - 1);
        let alias = self.random.choose(&scope).map(|relation| relation.alias.clone()).unwrap_or_default();
        let more = self.expression(Type::Int, &scope, 1);
        let row = match self.random.below(4) {
            0 if self.postgres() => format!("row_to_json({alias})"),
            1 if self.postgres() => alias.clone(),
            2 if self.postgres() => format!("to_jsonb({alias}) -> 'id'"),
            _ => "count(*) OVER ()".to_owned(),
        };
        let items = match self.random.below(6) {
            0 => format!("{alias}.*"),
            1 => format!("{alias}.*, {more} AS more"),
            2 => format!("{alias}.*, {alias}.*"),
            3 => row,
            _ => "*".to_owned(),
        };
        format!("SELECT {items} FROM {from}{condition}")
    }

    fn locking(&mut self) -> String {
        let source = self.table();
        let scope = vec![source.under("l")];
        let condition = self.where_(&scope, 1);
        let columns = [Type::Int, Type::Text].map(|kind| self.expression(kind, &scope, 1)).join(", ");
        let lock = match () {
            () if self.sqlite() => "",
            () if self.postgres() => self.random.pick(&[
                "FOR UPDATE",
                "FOR SHARE OF l",
                "FOR UPDATE SKIP LOCKED",
                "FOR SHARE NOWAIT",
                "FOR NO KEY UPDATE",
            ]),
            () => self.random.pick(&["FOR UPDATE", "LOCK IN SHARE MODE", "FOR UPDATE SKIP LOCKED"]),
        };
        format!("SELECT {columns} FROM {} l{condition} {lock}", source.name)
    }

    fn values(&mut self, types: &[Type]) -> String {
        let rows: Vec<String> = (0..=self.random.below(2))
            .map(|_| {
                let values: Vec<String> =
                    types.iter().map(|kind| self.expression(*kind, &Vec::new(), 2)).collect();
                format!("({})", values.join(", "))
            })
            .collect();
        format!("VALUES {}", rows.join(", "))
    }

    pub(super) fn compound(&mut self, types: &[Type], depth: u32, outer: &Scope) -> String {
        self.inside += 1;
        let sql = self.branches(types, depth, outer);
        self.inside -= 1;
        format!("{sql}{}", self.order_and_limit(types.len(), depth))
    }

    fn branches(&mut self, types: &[Type], depth: u32, outer: &Scope) -> String {
        let mut sql = self.branch(types, depth, outer);
        for _ in 0..=self.random.below(2) {
            let operator = match () {
                // MariaDB does not come to an end with some INTERSECT ALL.
                () if !self.postgres() => self.random.pick(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]),
                () => self.random.pick(&[
                    "UNION",
                    "UNION ALL",
                    "UNION DISTINCT",
                    "INTERSECT",
                    "INTERSECT ALL",
                    "EXCEPT",
                    "EXCEPT ALL",
                ]),
            };
            let right = self.branch(types, depth, outer);
            let nested = !self.sqlite() && depth > 1 && self.random.one_in(6);
            let right = if nested { format!("({})", self.compound(types, 1, outer)) } else { right };
            sql = format!("{sql} {operator} {right}");
        }
        sql
    }

    fn branch(&mut self, types: &[Type], depth: u32, outer: &Scope) -> String {
        if self.postgres() && self.random.one_in(30) && types == [Type::Int, Type::Text, Type::Int] {
            return "TABLE plans".to_owned();
        }
        if self.random.one_in(12) && !self.mysql() {
            return self.values(types);
        }
        self.plain_select(types, depth, outer)
    }

    /// All columns, in order: rows that tie are then the same.
    pub(super) fn order_and_limit(&mut self, width: usize, depth: u32) -> String {
        if !self.random.one_in(4) {
            return String::new();
        }
        let nulls = if self.mysql() { vec![""] } else { vec!["", "", " NULLS FIRST", " NULLS LAST"] };
        let columns: Vec<String> = (1..=width)
            .map(|column| {
                format!("{column}{}{}", self.random.pick(&["", " DESC", " ASC"]), self.random.pick(&nulls))
            })
            .collect();
        format!(" ORDER BY {}{}", columns.join(", "), self.limit(depth))
    }

    fn limit(&mut self, depth: u32) -> String {
        let number = 1 + self.random.below(6);
        let offset = if self.random.one_in(3) { " OFFSET 2" } else { "" };
        match self.random.below(8) {
            0 => String::new(),
            1 if self.postgres() => format!("{offset} FETCH FIRST {number} ROWS ONLY"),
            2 if self.postgres() => format!(" FETCH FIRST {number} ROWS WITH TIES"),
            3 if !self.postgres() => format!(" LIMIT 1, {number}"),
            4 if !self.mysql() && depth > 1 => {
                let (from, scope) = self.from(1, &Vec::new());
                let condition = self.where_(&scope, 0);
                format!(" LIMIT (SELECT count(*) FROM {from}{condition}){offset}")
            }
            5 => format!(" LIMIT {}{offset}", super::INTEGER),
            _ => format!(" LIMIT {number}{offset}"),
        }
    }
}
