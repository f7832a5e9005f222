//! Common table expressions.

use super::Maker;
use super::scope::{Source, Type};

impl Maker<'_> {
    pub(super) fn with(&mut self) -> String {
        let recursive = self.random.one_in(3);
        let mut parts = Vec::new();
        for _ in 0..=self.random.below(2) {
            parts.push(self.cte(recursive));
        }
        format!("WITH {}{} ", if recursive { "RECURSIVE " } else { "" }, parts.join(", "))
    }

    fn cte(&mut self, recursive: bool) -> String {
        let types = self.types(2);
        let columns: Vec<(String, Type)> =
            types.iter().enumerate().map(|(at, kind)| (format!("k{at}"), *kind)).collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        // Sometimes a name that hides a table.
        let free: Vec<String> = self.sources.iter().map(|source| source.name.clone()).collect();
        let shadow = self.random.choose(&free).cloned().filter(|name| !self.hidden(name));
        let name = match shadow {
            Some(name) if self.random.one_in(5) => name,
            _ => self.fresh("c"),
        };
        // PostgreSQL takes its own name for the table; the others don't agree.
        self.avoided = (!self.random.one_in(20)).then(|| name.clone());
        self.inside += 1;
        let body = if self.random.one_in(5) {
            self.compound(&types, 2, &Vec::new())
        } else {
            self.select(&types, 2, &Vec::new())
        };
        self.avoided = None;
        let body = if recursive && self.random.one_in(2) { self.recursion(&name, &columns) } else { body };
        self.inside -= 1;
        let how = if self.postgres() || (self.sqlite() && self.random.one_in(10)) {
            self.random.pick(&["", "", "", "MATERIALIZED ", "NOT MATERIALIZED "])
        } else {
            ""
        };
        let text = format!("{name} ({}) AS {how}({body})", names.join(", "));
        self.ctes.push(Source::cte(&name, columns));
        text
    }

    pub(super) fn hidden(&self, name: &str) -> bool {
        self.ctes.iter().any(|cte| cte.name == name) || self.avoided.as_deref() == Some(name)
    }

    /// Ends: its first number grows up to a bound.
    fn recursion(&mut self, name: &str, columns: &[(String, Type)]) -> String {
        let types: Vec<Type> = columns.iter().map(|(_, kind)| *kind).collect();
        let start = self.plain_select(&types, 2, &Vec::new());
        let union = self.random.pick(&["UNION", "UNION ALL"]);
        let Some(at) = types.iter().position(|kind| *kind == Type::Int) else { return start };
        let step: Vec<String> = columns
            .iter()
            .enumerate()
            .map(
                |(column, (name, _))| {
                    if column == at { format!("r.{name} + 3") } else { format!("r.{name}") }
                },
            )
            .collect();
        let bound = format!("r.k{at} > 0 AND r.k{at} < 12");
        let source = self.table();
        let more = match self.random.below(3) {
            0 => format!("{name} r WHERE {bound}"),
            1 => format!(
                "{name} r WHERE {bound} AND EXISTS (SELECT 1 FROM {} z WHERE z.{} = r.k{at})",
                source.name,
                id(&source)
            ),
            _ => format!("{name} r JOIN {} z ON z.{} = r.k{at} WHERE {bound}", source.name, id(&source)),
        };
        format!("{start} {union} SELECT {} FROM {more}", step.join(", "))
    }
}

/// A number column of the source.
pub(super) fn id(source: &Source) -> String {
    let number = source.columns.iter().find(|(_, kind)| *kind == Type::Int);
    number.map_or_else(|| "id".to_owned(), |(name, _)| name.clone())
}
