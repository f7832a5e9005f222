//! `FROM`: joins of every kind over tables, CTEs, derived tables and functions.

use super::Maker;
use super::scope::{Relation, Scope, Source, Type, join};

impl Maker<'_> {
    /// A list of chains of joins. A condition sees its own chain, and what is around the query.
    pub(super) fn from(&mut self, depth: u32, outer: &Scope) -> (String, Scope) {
        let mut before = Scope::new();
        let mut parts = Vec::new();
        let parts_wanted = if self.random.one_in(4) { 2 } else { 1 };
        for _ in 0..parts_wanted {
            let (sql, scope) = self.chain(depth, &before, outer);
            parts.push(sql);
            before.extend(scope);
        }
        (parts.join(", "), before)
    }

    fn chain(&mut self, depth: u32, before: &Scope, outer: &Scope) -> (String, Scope) {
        let (mut sql, mut scope) = self.factor(depth, &join(before, outer));
        let joins = self.random.below(if depth > 1 { 3 } else { 2 });
        for _ in 0..joins {
            let (right, more) = if depth > 1 && self.random.one_in(8) {
                self.nested(outer)
            } else {
                self.factor(depth.min(2), &join(&join(&scope, before), outer))
            };
            let both = scope.len() == 1 && more.len() == 1;
            let common = if both { common(&scope, &more) } else { Vec::new() };
            let split = scope.len();
            scope.extend(more);
            sql = match common.is_empty() || !self.random.one_in(4) {
                true => self.join_on((&sql, &right, split), &scope, depth, outer),
                false => self.join_using(&sql, &right, &common),
            };
        }
        (sql, scope)
    }

    fn join_on(
        &mut self,
        (left, right, split): (&str, &str, usize),
        scope: &Scope,
        depth: u32,
        outer: &Scope,
    ) -> String {
        let kind = match self.random.below(12) {
            0..=2 => "JOIN",
            3 => "INNER JOIN",
            4 => return format!("{left} CROSS JOIN {right}"),
            5 | 6 => "LEFT JOIN",
            7 => "LEFT OUTER JOIN",
            8 | 9 => "RIGHT JOIN",
            10 if self.mysql() => "STRAIGHT_JOIN",
            _ if self.mysql() => "LEFT JOIN",
            10 => "FULL JOIN",
            _ => "FULL OUTER JOIN",
        };
        // SQLite loses rows of RIGHT and FULL JOIN where it flattens the query they are in.
        let flattened = self.sqlite() && self.inside > 0;
        let kind =
            if flattened && !kind.ends_with("INNER JOIN") && kind != "JOIN" { "LEFT JOIN" } else { kind };
        // PostgreSQL merges or hashes a FULL JOIN: other conditions it refuses.
        let plain = kind.starts_with("FULL") && self.postgres();
        let equal = self.equality_at(scope, split);
        let columns = equal.split(" = ").all(|side| side.contains('.'));
        let kind = if plain && !columns { "LEFT JOIN" } else { kind };
        let on = match () {
            () if plain => equal,
            () if self.random.one_in(4) => self.condition(&join(scope, outer), depth.clamp(1, 2) - 1),
            () => self.comparison(scope),
        };
        format!("{left} {kind} {right} ON {on}")
    }

    fn join_using(&mut self, left: &str, right: &str, common: &[String]) -> String {
        let kinds: &[&str] = match () {
            () if self.sqlite() && self.inside > 0 => &["", "LEFT "],
            () if self.mysql() => &["", "LEFT ", "RIGHT "],
            () => &["", "LEFT ", "RIGHT ", "FULL "],
        };
        let kind = self.random.pick(kinds);
        if self.random.one_in(3) {
            return format!("{left} NATURAL {kind}JOIN {right}");
        }
        let some: Vec<&String> = common.iter().filter(|_| self.random.one_in(2)).collect();
        let columns = if some.is_empty() { common.first().into_iter().collect() } else { some };
        let columns: Vec<&str> = columns.into_iter().map(String::as_str).collect();
        format!("{left} {kind}JOIN {right} USING ({})", columns.join(", "))
    }

    fn nested(&mut self, outer: &Scope) -> (String, Scope) {
        let (left, mut scope) = self.factor(1, outer);
        let (right, more) = self.factor(1, outer);
        scope.extend(more);
        let on = self.comparison(&scope);
        (
            format!("({left} {} {right} ON {on})", self.random.pick(&["JOIN", "LEFT JOIN", "INNER JOIN"])),
            scope,
        )
    }

    fn factor(&mut self, depth: u32, before: &Scope) -> (String, Scope) {
        match self.random.below(if depth > 1 { 14 } else { 9 }) {
            8 => self.function(before),
            9 | 10 => self.derived(depth),
            11 if self.postgres() => self.lateral(depth, before),
            12 if self.postgres() => self.values_table(),
            _ => self.named(),
        }
    }

    /// A base table, for statements that write.
    pub(super) fn table(&mut self) -> Source {
        let hidden: Vec<String> = self.ctes.iter().map(|cte| cte.name.clone()).collect();
        let owned: Vec<Source> = self
            .sources
            .iter()
            .filter(|source| source.tenant.is_some() && !source.view && !hidden.contains(&source.name))
            .cloned()
            .collect();
        self.random
            .choose(&owned)
            .or(self.sources.first())
            .cloned()
            .unwrap_or_else(|| Source::cte("nothing", Vec::new()))
    }

    fn named(&mut self) -> (String, Scope) {
        let mut sources: Vec<Source> =
            self.sources.iter().filter(|source| !self.hidden(&source.name)).cloned().collect();
        for cte in &self.ctes {
            // Twice: a CTE that nobody reads is no test.
            sources.extend([cte.clone(), cte.clone()]);
        }
        let Some(source) = self.random.choose(&sources).cloned() else {
            return ("nothing".to_owned(), Vec::new());
        };
        let spelled = self.spelled(&source);
        if self.random.one_in(8) && self.names == 0 {
            self.names += 1;
            return (spelled, vec![source.under(&source.name)]);
        }
        let prefix = if self.mysql() { "t" } else { self.random.pick(&["t", "T", "q_"]) };
        let alias = self.fresh(prefix);
        let said = match self.random.below(4) {
            0 if self.mysql() => format!("{spelled} AS `{alias}`"),
            0 if self.postgres() => format!("{spelled} AS \"{}\"", alias.to_lowercase()),
            0 => format!("{spelled} AS \"{alias}\""),
            1 => format!("{spelled} AS {alias}"),
            _ => format!("{spelled} {alias}"),
        };
        if self.postgres() && self.random.one_in(200) {
            return renamed(&said, &alias, &source);
        }
        (said, vec![source.under(&alias)])
    }

    fn spelled(&mut self, source: &Source) -> String {
        let name = &source.name;
        match self.random.below(10) {
            0 if !self.mysql() => name.to_uppercase(),
            1 if self.mysql() => format!("`{name}`"),
            1 => format!("\"{name}\""),
            2 if !source.cte && self.sqlite() => format!("main.{name}"),
            2 if !source.cte && self.postgres() => format!("public.{name}"),
            3 if !source.cte && self.postgres() && self.random.one_in(20) => format!("ONLY {name}"),
            4 if self.sqlite() => format!("[{name}]"),
            _ => name.clone(),
        }
    }

    fn derived(&mut self, depth: u32) -> (String, Scope) {
        let types = self.types(2);
        self.inside += 1;
        let inner = match self.random.below(4) {
            0 => self.compound(&types, depth - 1, &Vec::new()),
            _ => self.select(&types, depth - 1, &Vec::new()),
        };
        self.inside -= 1;
        let alias = self.fresh("d");
        let columns: Vec<(String, Type)> =
            types.iter().enumerate().map(|(at, kind)| (format!("k{at}"), *kind)).collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        let sql = match self.dialect {
            tenant_sql::Dialect::Postgres => format!("({inner}) AS {alias} ({names})"),
            // Below a WITH of its own a CTE from around would be refused; the first member names the columns.
            tenant_sql::Dialect::MySql if !self.ctes.is_empty() || self.random.one_in(2) => {
                let none = names.replace("k", "NULL AS k");
                format!("(SELECT {none} FROM plans WHERE FALSE UNION ALL ({inner})) AS {alias}")
            }
            _ => format!("(WITH w ({names}) AS ({inner}) SELECT {names} FROM w) AS {alias}"),
        };
        (sql, vec![Relation { alias, columns }])
    }

    fn lateral(&mut self, depth: u32, before: &Scope) -> (String, Scope) {
        let inner = self.select(&[Type::Int], depth - 1, before);
        let alias = self.fresh("x");
        let columns = vec![("k0".to_owned(), Type::Int)];
        (format!("LATERAL ({inner}) AS {alias} (k0)"), vec![Relation { alias, columns }])
    }

    fn values_table(&mut self) -> (String, Scope) {
        let alias = self.fresh("v");
        let columns = vec![("a".to_owned(), Type::Int), ("b".to_owned(), Type::Text)];
        let sql = format!("(VALUES (1, 'n1'), (2, 'n2'), (NULL, 't1')) AS {alias} (a, b)");
        (sql, vec![Relation { alias, columns }])
    }

    fn function(&mut self, before: &Scope) -> (String, Scope) {
        let alias = self.fresh("f");
        let json = self.column(Type::Json, before);
        let (sql, column) = match (self.dialect, self.random.below(4)) {
            (tenant_sql::Dialect::Postgres, 0) => {
                (format!("generate_series(1, 3) AS {alias} (n)"), ("n", Type::Int))
            }
            (tenant_sql::Dialect::Postgres, 1) => {
                (format!("unnest(ARRAY['n1', 'n2', 'canary']) AS {alias} (s)"), ("s", Type::Text))
            }
            (tenant_sql::Dialect::Postgres, _) => match json {
                Some(json) => (format!("jsonb_each_text({json}) AS {alias} (k, v)"), ("k", Type::Text)),
                None => (format!("jsonb_array_elements_text('[1, 2]') AS {alias} (s)"), ("s", Type::Text)),
            },
            (tenant_sql::Dialect::Sqlite, 0) => match json {
                Some(json) => (format!("json_each({json}) AS {alias}"), ("key", Type::Text)),
                None => (format!("json_each('[3, 4]') AS {alias}"), ("value", Type::Int)),
            },
            (tenant_sql::Dialect::Sqlite, 1) => {
                (format!("json_each('[1, 2]') AS {alias}"), ("value", Type::Int))
            }
            _ => return self.named(),
        };
        (sql, vec![Relation { alias, columns: vec![(column.0.to_owned(), column.1)] }])
    }
}

/// Other names for the columns, which PostgreSQL takes behind an alias.
fn renamed(said: &str, alias: &str, source: &Source) -> (String, Scope) {
    let columns: Vec<(String, Type)> =
        source.columns.iter().enumerate().map(|(at, (_, kind))| (format!("z{at}"), *kind)).collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    (format!("{said} ({})", names.join(", ")), vec![Relation { alias: alias.to_owned(), columns }])
}

fn common(left: &Scope, right: &Scope) -> Vec<String> {
    let columns =
        |scope: &Scope| -> Vec<(String, Type)> { scope.iter().flat_map(|r| r.columns.clone()).collect() };
    let there = columns(right);
    columns(left).into_iter().filter(|column| there.contains(column)).map(|(name, _)| name).collect()
}
