//! Random queries whose result is determined by the rows alone: no order without ORDER BY, no LIMIT over ties, no bare
//! column beside an aggregate, no subquery that may give one of several rows.

use super::random::Random;

/// A relation in scope: how to call it, and its columns.
#[derive(Clone)]
struct Relation {
    alias: String,
    numbers: Vec<String>,
    texts: Vec<String>,
}

/// A base table or CTE that can be named in `FROM`.
#[derive(Clone)]
struct Source {
    name: String,
    numbers: Vec<String>,
    texts: Vec<String>,
}

pub(super) struct Grammar<'r> {
    pub(super) random: &'r mut Random,
    ctes: Vec<Source>,
    aliases: usize,
}

pub(super) type Scope = Vec<RelationRef>;
pub(super) struct RelationRef(Relation);

pub(super) fn query(random: &mut Random) -> (String, Vec<i64>) {
    let mut grammar = Grammar::new(random);
    let sql = grammar.top();
    with_arguments(sql, random)
}

/// One value for each placeholder that made it into the text.
pub(super) fn with_arguments(sql: String, random: &mut Random) -> (String, Vec<i64>) {
    let arguments = sql.matches('?').map(|_| random.below(12) as i64).collect();
    (sql, arguments)
}

fn tables() -> Vec<Source> {
    let source = |name: &str, numbers: &[&str], texts: &[&str]| Source {
        name: name.to_owned(),
        numbers: numbers.iter().map(|name| (*name).to_owned()).collect(),
        texts: texts.iter().map(|name| (*name).to_owned()).collect(),
    };
    vec![
        source("users", &["id", "age"], &["name", "email", "tenant_id"]),
        source("orders", &["id", "user_id", "total"], &["status", "tenant_id"]),
        source("items", &["id", "order_id", "qty"], &["sku", "org"]),
        source("plans", &["id", "price"], &["name"]),
        source("user_names", &["id"], &["name", "tenant_id"]),
    ]
}

impl<'r> Grammar<'r> {
    pub(super) fn new(random: &'r mut Random) -> Self {
        Self { random, ctes: Vec::new(), aliases: 0 }
    }

    fn top(&mut self) -> String {
        let with = if self.random.one_in(4) { self.with() } else { String::new() };
        let width = 1 + self.random.below(3);
        let body = if self.random.one_in(5) {
            self.compound(width, 2)
        } else {
            self.select(Some(width), 3, &Vec::new())
        };
        format!("{with}{body}")
    }

    pub(super) fn with(&mut self) -> String {
        let mut parts = Vec::new();
        let recursive = self.random.one_in(3);
        for at in 0..=self.random.below(2) {
            let width = 1 + self.random.below(2);
            // Sometimes a name that hides a table, which the body must not use then.
            let name =
                if self.random.one_in(4) { ["plans", "items"][at].to_owned() } else { format!("c{at}") };
            let numbers: Vec<String> = (0..width).map(|column| format!("k{column}")).collect();
            let shadows = is_table(&name);
            let body = loop {
                let body = self.select(Some(width), 2, &Vec::new());
                if !shadows || !body.contains(&name) {
                    break body;
                }
            };
            let body = if recursive && self.random.one_in(2) && !shadows {
                let columns =
                    vec!["k0 + 1"; 1].into_iter().chain(vec!["k0"; width - 1]).collect::<Vec<_>>().join(", ");
                format!(
                    "{body} UNION SELECT {columns} FROM {name} WHERE k0 < (SELECT count(*) FROM orders) AND k0 > 0"
                )
            } else {
                body
            };
            parts.push(format!("{name} ({}) AS ({body})", numbers.join(", ")));
            self.ctes.push(Source { name, numbers, texts: Vec::new() });
        }
        format!("WITH {}{} ", if recursive { "RECURSIVE " } else { "" }, parts.join(", "))
    }

    fn compound(&mut self, width: usize, depth: usize) -> String {
        let mut sql = self.select_plain(width, depth);
        for _ in 0..=self.random.below(2) {
            let operator = self.random.pick(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]);
            sql = format!("{sql} {operator} {}", self.select_plain(width, depth));
        }
        format!("{sql}{}", self.order_and_limit(width))
    }

    fn select_plain(&mut self, width: usize, depth: usize) -> String {
        let (from, scope) = self.from(depth);
        let columns: Vec<String> = (0..width).map(|_| self.number(&scope, depth - 1)).collect();
        let condition = self.where_(&scope, depth - 1);
        format!("SELECT {} FROM {from}{condition}", columns.join(", "))
    }

    /// All columns, in order: rows that tie are then the same.
    fn order_and_limit(&mut self, width: usize) -> String {
        if !self.random.one_in(4) {
            return String::new();
        }
        let columns: Vec<String> = (1..=width)
            .map(|column| format!("{column}{}", self.random.pick(&["", " DESC", " ASC"])))
            .collect();
        let limit = 1 + self.random.below(6);
        let offset = if self.random.one_in(3) { " OFFSET 2" } else { "" };
        format!(" ORDER BY {} LIMIT {limit}{offset}", columns.join(", "))
    }

    /// `width`: number columns exactly (named k0, k1, ... where asked for), or anything.
    fn select(&mut self, width: Option<usize>, depth: usize, outer: &Scope) -> String {
        let (from, scope) = self.from(depth);
        let depth = depth.saturating_sub(1);
        let visible = join(&scope, outer);
        let condition = self.where_(&visible, depth);
        let width = width.unwrap_or(1);
        match self.random.below(7) {
            0 | 1 => {
                let key = self.column(&scope);
                let having = if self.random.one_in(2) {
                    format!(" HAVING {}", self.aggregate_condition(&scope, depth))
                } else {
                    String::new()
                };
                let mut columns = vec![self.aggregate(&scope, depth)];
                columns.extend((1..width).map(|_| self.aggregate(&scope, depth)));
                format!(
                    "SELECT {} FROM {from}{condition} GROUP BY {key}{having}{}",
                    columns.join(", "),
                    self.order_and_limit(width)
                )
            }
            2 => {
                let columns: Vec<String> = (0..width).map(|_| self.aggregate(&scope, depth)).collect();
                format!("SELECT {} FROM {from}{condition}", columns.join(", "))
            }
            3 => {
                let columns: Vec<String> = (0..width).map(|_| self.window(&scope)).collect();
                let window = format!("WINDOW w AS (PARTITION BY {})", self.column(&scope));
                format!(
                    "SELECT {} FROM {from}{condition} {window}{}",
                    columns.join(", "),
                    self.order_and_limit(width)
                )
            }
            _ => {
                let distinct = self.random.pick(&["", "", "DISTINCT "]);
                let columns: Vec<String> = (0..width).map(|at| self.item(&visible, depth, at)).collect();
                format!(
                    "SELECT {distinct}{} FROM {from}{condition}{}",
                    columns.join(", "),
                    self.order_and_limit(width)
                )
            }
        }
    }

    fn item(&mut self, scope: &Scope, depth: usize, at: usize) -> String {
        let expr = self.number(scope, depth);
        match self.random.below(4) {
            0 => format!("{expr} AS a{at}"),
            1 => format!("{expr} \"a {at}\""),
            _ => expr,
        }
    }

    pub(super) fn where_(&mut self, scope: &Scope, depth: usize) -> String {
        if self.random.one_in(3) { String::new() } else { format!(" WHERE {}", self.condition(scope, depth)) }
    }

    fn from(&mut self, depth: usize) -> (String, Scope) {
        let (mut sql, mut scope) = self.factor(depth);
        for _ in 0..self.random.below(3) {
            let nested = depth > 1 && self.random.one_in(8);
            let (right, more) = if nested {
                let (left, mut scope) = self.factor(1);
                let (right, more) = self.factor(1);
                scope.extend(more);
                let on = self.simple(&scope);
                (format!("({left} {} {right} ON {on})", self.random.pick(&["JOIN", "LEFT JOIN"])), scope)
            } else {
                self.factor(depth)
            };
            let both_have_id = scope.len() == 1 && more.len() == 1 && has_id(&scope) && has_id(&more);
            let choice = self.random.below(if both_have_id { 13 } else { 10 });
            scope.extend(more);
            let on = |grammar: &mut Self, scope: &Scope| {
                if grammar.random.one_in(4) {
                    grammar.condition(scope, depth.clamp(1, 2) - 1)
                } else {
                    grammar.simple(scope)
                }
            };
            sql = match choice {
                0 => format!("{sql}, {right}"),
                1 | 2 => format!("{sql} JOIN {right} ON {}", on(self, &scope)),
                3 => format!("{sql} INNER JOIN {right} ON {}", on(self, &scope)),
                4 => format!("{sql} CROSS JOIN {right}"),
                5 | 6 => format!("{sql} LEFT JOIN {right} ON {}", on(self, &scope)),
                7 => format!("{sql} LEFT OUTER JOIN {right} ON {}", on(self, &scope)),
                8 => format!("{sql} RIGHT JOIN {right} ON {}", on(self, &scope)),
                9 => format!("{sql} FULL OUTER JOIN {right} ON {}", on(self, &scope)),
                10 => format!("{sql} LEFT JOIN {right} USING (id)"),
                11 => format!("{sql} JOIN {right} USING (id)"),
                _ => format!("{sql} FULL JOIN {right} USING (id)"),
            };
        }
        (sql, scope)
    }

    fn factor(&mut self, depth: usize) -> (String, Scope) {
        self.aliases += 1;
        let alias = format!("{}{}", self.random.pick(&["t", "T", "q_"]), self.aliases);
        if depth > 1 && self.random.one_in(5) {
            let inner = self.select(Some(1), depth - 1, &Vec::new());
            let (numbers, texts) = (vec!["k0".to_owned()], Vec::new());
            let sql = format!("(WITH d (k0) AS ({inner}) SELECT k0 FROM d) AS {alias}");
            return (sql, vec![RelationRef(Relation { alias, numbers, texts })]);
        }
        let hidden: Vec<String> = self.ctes.iter().map(|cte| cte.name.clone()).collect();
        let mut sources: Vec<Source> =
            tables().into_iter().filter(|table| !hidden.contains(&table.name)).collect();
        sources.extend(self.ctes.iter().cloned());
        let source = sources[self.random.below(sources.len())].clone();
        let spelled = match self.random.below(8) {
            0 => source.name.to_uppercase(),
            1 => format!("\"{}\"", source.name),
            2 if !hidden.contains(&source.name) => format!("main.{}", source.name),
            _ => source.name.clone(),
        };
        let sql = match self.random.below(4) {
            0 => format!("{spelled} AS \"{alias}\""),
            1 => format!("{spelled} AS {alias}"),
            _ => format!("{spelled} {alias}"),
        };
        (sql, vec![RelationRef(Relation { alias, numbers: source.numbers, texts: source.texts })])
    }

    pub(super) fn column(&mut self, scope: &Scope) -> String {
        let RelationRef(relation) = &scope[self.random.below(scope.len())];
        let column = &relation.numbers[self.random.below(relation.numbers.len())];
        format!("{}.{column}", relation.alias)
    }

    fn text(&mut self, scope: &Scope) -> String {
        let texts: Vec<String> = scope
            .iter()
            .flat_map(|RelationRef(r)| r.texts.iter().map(|text| format!("{}.{text}", r.alias)))
            .collect();
        if texts.is_empty() { "'n1'".to_owned() } else { texts[self.random.below(texts.len())].clone() }
    }

    /// A number that needs no relation.
    pub(super) fn number_alone(&mut self) -> String {
        match self.random.below(4) {
            0 => "?".to_owned(),
            1 => format!("(SELECT {})", self.scalar(&Vec::new(), 2)),
            _ => self.random.below(9).to_string(),
        }
    }

    /// Takes back the CTEs.
    pub(super) fn forget(&mut self) {
        self.ctes.clear();
    }

    pub(super) fn number(&mut self, scope: &Scope, depth: usize) -> String {
        match self.random.below(if depth == 0 { 7 } else { 11 }) {
            0 => self.random.below(10).to_string(),
            1 => "?".to_owned(),
            2 => format!(
                "({} {} {})",
                self.column(scope),
                self.random.pick(&["+", "-", "*"]),
                self.column(scope)
            ),
            3 => format!("coalesce({}, {})", self.column(scope), self.random.below(5)),
            4 => format!("length({})", self.text(scope)),
            7 => format!("(SELECT {})", self.scalar(scope, depth)),
            8 => format!(
                "CASE WHEN {} THEN {} ELSE {} END",
                self.condition(scope, depth - 1),
                self.column(scope),
                self.column(scope)
            ),
            9 => format!("max({}, (SELECT {}))", self.column(scope), self.scalar(scope, depth)),
            _ => self.column(scope),
        }
    }

    /// The inside of a correlated subquery with one row.
    pub(super) fn scalar(&mut self, outer: &Scope, depth: usize) -> String {
        let (from, scope) = self.from(depth - 1);
        let visible = join(&scope, outer);
        let aggregate = self.aggregate(&scope, 0);
        format!("{aggregate} FROM {from} WHERE {}", self.condition(&visible, depth - 1))
    }

    fn aggregate(&mut self, scope: &Scope, depth: usize) -> String {
        let column = self.column(scope);
        match self.random.below(6) {
            0 => "count(*)".to_owned(),
            1 => format!("count(DISTINCT {column})"),
            2 => format!("sum({column})"),
            3 => format!("max({})", self.text(scope)),
            4 if depth > 0 => format!("count(*) FILTER (WHERE {})", self.condition(scope, depth - 1)),
            _ => format!("min({column})"),
        }
    }

    fn aggregate_condition(&mut self, scope: &Scope, depth: usize) -> String {
        let aggregate = self.aggregate(scope, 0);
        if depth > 0 && self.random.one_in(2) {
            format!("count(*) >= (SELECT {})", self.scalar(scope, depth))
        } else {
            format!("{aggregate} > {} OR count(*) > 1", self.random.below(6))
        }
    }

    fn window(&mut self, scope: &Scope) -> String {
        let (a, b, c) = (self.column(scope), self.column(scope), self.column(scope));
        match self.random.below(5) {
            0 => format!("count(*) OVER (PARTITION BY {a})"),
            1 => format!("rank() OVER (ORDER BY {a}, {b})"),
            2 => format!("sum({a}) OVER (PARTITION BY {b} ORDER BY {c})"),
            3 => format!("min({a}) OVER (ORDER BY {b} RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"),
            _ => format!("max({a}) OVER w"),
        }
    }

    /// What puts the scoper on its guard: it can fail, though it never does here.
    fn fallible(&mut self, scope: &Scope) -> String {
        match self.random.below(4) {
            0 => format!("abs({}) > 1", self.column(scope)),
            1 => format!("json_extract(json_array({}), '$[0]') < 4", self.column(scope)),
            2 => format!("{} LIKE {}", self.text(scope), self.text(scope)),
            _ => format!("json_array(1, 2, 3) ->> {} IS NOT NULL", self.column(scope)),
        }
    }

    fn simple(&mut self, scope: &Scope) -> String {
        let (left, right) = (self.column(scope), self.column(scope));
        format!("{left} {} {right}", self.random.pick(&["=", "=", "=", "<", "<>"]))
    }

    pub(super) fn condition(&mut self, scope: &Scope, depth: usize) -> String {
        match self.random.below(if depth == 0 { 14 } else { 21 }) {
            0 => "1 = 1".to_owned(),
            1 => format!("{} IS {}NULL", self.column(scope), self.random.pick(&["", "NOT "])),
            2 => format!("{} IN (1, ?, 3)", self.column(scope)),
            3 => format!("{} BETWEEN 1 AND {}", self.column(scope), self.random.below(9)),
            4 => format!("{} LIKE '{}'", self.text(scope), self.random.pick(&["n%", "%1", "canary%", "%t3"])),
            5 => format!(
                "{} {} '{}'",
                self.text(scope),
                self.random.pick(&["=", "<>", ">"]),
                self.random.pick(&["t1", "t2", "n2"])
            ),
            6 => format!("{} IS NOT DISTINCT FROM {}", self.column(scope), self.column(scope)),
            7 => format!("{} = {}", self.text(scope), self.text(scope)),
            8 | 9 => self.simple(scope),
            10 => format!("{} > {}", self.column(scope), self.random.below(9)),
            11 => format!("{} NOTNULL", self.column(scope)),
            12 => self.fallible(scope),
            13 => "1".to_owned(),
            14 => format!("{} OR {}", self.condition(scope, depth - 1), self.condition(scope, depth - 1)),
            15 => format!("{} AND {}", self.condition(scope, depth - 1), self.condition(scope, depth - 1)),
            16 => format!("NOT ({})", self.condition(scope, depth - 1)),
            17 | 18 => {
                let not = self.random.pick(&["", "NOT "]);
                let (from, inner) = self.from(depth - 1);
                let visible = join(&inner, scope);
                format!("{not}EXISTS (SELECT 1 FROM {from} WHERE {})", self.condition(&visible, depth - 1))
            }
            19 => {
                let left = self.column(scope);
                let (from, inner) = self.from(depth - 1);
                let right = self.column(&inner);
                let condition = self.where_(&join(&inner, scope), depth - 1);
                format!(
                    "{left} {}IN (SELECT {right} FROM {from}{condition})",
                    self.random.pick(&["", "NOT "])
                )
            }
            _ => {
                let left = self.column(scope);
                format!(
                    "{left} {} (SELECT {})",
                    self.random.pick(&["=", "<=", ">"]),
                    self.scalar(scope, depth)
                )
            }
        }
    }
}

/// A scope of one table under a given name, for statements that write it.
pub(super) fn scope_of(table: &str, alias: &str) -> Scope {
    let source = tables().into_iter().find(|source| source.name == table).expect("a known table");
    vec![RelationRef(Relation { alias: alias.to_owned(), numbers: source.numbers, texts: source.texts })]
}

fn is_table(name: &str) -> bool {
    tables().iter().any(|table| table.name == name)
}

fn has_id(scope: &Scope) -> bool {
    scope.iter().all(|RelationRef(relation)| relation.numbers.first().is_some_and(|column| column == "id"))
}

pub(super) fn join(inner: &Scope, outer: &Scope) -> Scope {
    inner.iter().chain(outer).map(|RelationRef(relation)| RelationRef(relation.clone())).collect()
}
