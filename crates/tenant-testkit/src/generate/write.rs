//! Statements that change rows, but for `INSERT … VALUES`.

use tenant_sql::Dialect;

use super::Maker;
use super::scope::{Scope, Source, Type, join};

impl Maker<'_> {
    pub(super) fn write(&mut self) -> String {
        let kind = self.random.below(40);
        if kind == 39 && self.postgres() {
            let target = self.table();
            return self.merge(&target);
        }
        if (36..39).contains(&kind) && self.postgres() {
            let target = self.table();
            return self.write_in_cte(&target);
        }
        let with = if self.random.one_in(8) && !self.mysql() { self.with() } else { String::new() };
        let target = self.table();
        let body = match kind % 13 {
            0..=3 => self.insert(&target),
            4 | 5 => self.insert_select(&target),
            6..=8 => self.update(&target),
            9 if self.mysql() => self.update_join(&target),
            10 if self.mysql() => self.delete_join(&target),
            9 | 10 => self.update(&target),
            11 => self.delete_using(&target),
            _ => self.delete(&target),
        };
        format!("{with}{body}")
    }

    /// A number column and a text column that may be set.
    pub(super) fn settable(target: &Source, kind: Type) -> String {
        let key = target.key();
        let columns = target.columns.iter().filter(|(name, other)| {
            *other == kind && !key.contains(name) && Some(name) != target.tenant.as_ref() && name != "email"
        });
        columns.map(|(name, _)| name.clone()).next().unwrap_or_else(|| "nothing".to_owned())
    }

    pub(super) fn returning(&mut self, target: &Source, name: &str) -> String {
        let number = Self::settable(target, Type::Int);
        let other = if target.name == "items" { "users" } else { "items" };
        match self.random.below(6) {
            0 => " RETURNING *".to_owned(),
            1 => format!(" RETURNING {number}, {number}+1, {number} + 1 AS n"),
            2 if !self.mysql() => format!(" RETURNING {number}, (SELECT count(*) FROM {other})"),
            3 if self.postgres() => format!(" RETURNING {name}.*"),
            _ => String::new(),
        }
    }

    fn insert_select(&mut self, target: &Source) -> String {
        let (number, key) = (Self::settable(target, Type::Int), target.key());
        let source = self.table();
        let scope = vec![source.under("s")];
        let value = self.expression(Type::Int, &scope, 2);
        let condition = self.condition(&scope, 2);
        let shift = 20 + 10 * self.random.below(4);
        let id = super::with::id(&source);
        let keys: Vec<String> =
            key.iter().map(|name| self.key_value(target, name, &format!("s.{id} + {shift}"))).collect();
        let (given, tenant) = match (&target.tenant, &source.tenant, self.random.one_in(3)) {
            (Some(to), Some(from), true) => (format!(", s.{from}"), format!(", {to}")),
            _ => (String::new(), String::new()),
        };
        let verb = match self.dialect {
            Dialect::Sqlite => self.random.pick(&["INSERT", "INSERT", "INSERT OR IGNORE", "REPLACE"]),
            Dialect::MySql => self.random.pick(&["INSERT", "INSERT", "INSERT IGNORE", "REPLACE"]),
            Dialect::Postgres => "INSERT",
        };
        let returning = if self.mysql() { String::new() } else { self.returning(target, &target.name) };
        let conflict = if verb == "INSERT" { self.conflict(target) } else { String::new() };
        format!(
            "{verb} INTO {} ({}, {number}{tenant}) SELECT {}, {value}{given} FROM {} s WHERE {condition}{conflict}{returning}",
            target.name,
            key.join(", "),
            keys.join(", "),
            source.name
        )
    }

    fn assignments(&mut self, target: &Source, prefix: &str, scope: &Scope) -> String {
        let (number, text) = (Self::settable(target, Type::Int), Self::settable(target, Type::Text));
        let value = self.expression(Type::Int, scope, 2);
        // SQLite shows the target half written, in the order of whatever index it goes by.
        let own = value.to_lowercase().split("from").skip(1).any(|rest| rest.contains(&target.name));
        let value = if self.sqlite() && own { "7".to_owned() } else { value };
        match self.random.below(6) {
            0 if text != "nothing" => {
                let words = self.expression(Type::Text, scope, 1);
                // Of several tables MySQL promises no order: <https://dev.mysql.com/doc/refman/8.4/en/update.html>.
                let ordered = prefix.is_empty();
                let value = if ordered || !value.contains(&text) { value } else { "7".to_owned() };
                let words = if ordered || !words.contains(&number) { words } else { "'u'".to_owned() };
                format!("{prefix}{number} = {value}, {prefix}{text} = {words}")
            }
            1 if !self.mysql() && text != "nothing" => format!("({number}, {text}) = ({value}, 'u')"),
            2 if !self.mysql() && text != "nothing" => {
                format!("({number}, {text}) = (SELECT count(*), max(status) FROM orders)")
            }
            3 => format!("{prefix}{number} = {prefix}{number} + 1"),
            4 if target.key() == ["id"] => format!("{prefix}id = {prefix}id + 1000"),
            _ => format!("{prefix}{number} = {value}"),
        }
    }

    fn update(&mut self, target: &Source) -> String {
        let alias = self.random.one_in(2);
        let name = if alias { "w" } else { &target.name };
        let said = if alias { format!("{} AS w", target.name) } else { target.name.clone() };
        let own = vec![target.under(name)];
        // At most one row of FROM for each row of the target, or which of them wins is left open.
        let other = self.table();
        let (from, link, visible) = match (self.random.below(3), self.mysql()) {
            (0, false) => self.other_relation(target, name, &other, &own),
            _ => (String::new(), String::new(), own),
        };
        let assigned = self.assignments(target, "", &visible);
        let condition = self.condition(&visible, 2);
        let verb = match self.dialect {
            Dialect::Sqlite => {
                self.random.pick(&["UPDATE", "UPDATE", "UPDATE OR IGNORE", "UPDATE OR REPLACE"])
            }
            Dialect::MySql => self.random.pick(&["UPDATE", "UPDATE", "UPDATE IGNORE"]),
            Dialect::Postgres => "UPDATE",
        };
        let returning =
            if self.mysql() || !from.is_empty() { String::new() } else { self.returning(target, name) };
        let end = if self.mysql() && self.random.one_in(6) {
            format!(" ORDER BY {} LIMIT 2", target.key().join(", "))
        } else {
            returning
        };
        format!("{verb} {said} SET {assigned}{from} WHERE {link}({condition}){end}")
    }

    fn other_relation(
        &mut self,
        target: &Source,
        name: &str,
        other: &Source,
        own: &Scope,
    ) -> (String, String, Scope) {
        let (key, there) = (super::with::id(target), super::with::id(other));
        let mut visible = join(own, &vec![other.under("f")]);
        let from = match self.random.below(3) {
            0 => {
                let more = self.table();
                let id = super::with::id(&more);
                visible.push(more.under("g"));
                format!(" FROM {} f LEFT JOIN {} g ON g.{id} = f.{there}", other.name, more.name)
            }
            1 => format!(" FROM (SELECT * FROM {} WHERE {there} < 5) AS f", other.name),
            _ => format!(" FROM {} AS f", other.name),
        };
        (from, format!("f.{there} = {name}.{key} AND "), visible)
    }

    fn update_join(&mut self, target: &Source) -> String {
        let other = self.table();
        let (key, there) = (super::with::id(target), super::with::id(&other));
        let scope = vec![target.under("w"), other.under("f")];
        let kind = self.random.pick(&["JOIN", "LEFT JOIN", "INNER JOIN"]);
        let assigned = self.assignments(target, "w.", &scope);
        let condition = self.condition(&scope, 1);
        match self.random.below(3) {
            0 => format!(
                "UPDATE {} w, {} f SET {assigned} WHERE f.{there} = w.{key} AND ({condition})",
                target.name, other.name
            ),
            _ => format!(
                "UPDATE {} w {kind} {} f ON f.{there} = w.{key} SET {assigned} WHERE {condition}",
                target.name, other.name
            ),
        }
    }

    fn delete_join(&mut self, target: &Source) -> String {
        let other = self.table();
        let (key, there) = (super::with::id(target), super::with::id(&other));
        let scope = vec![target.under("w"), other.under("f")];
        let condition = self.condition(&scope, 1);
        let kind = self.random.pick(&["JOIN", "LEFT JOIN"]);
        format!(
            "DELETE w FROM {} w {kind} {} f ON f.{there} = w.{key} WHERE {condition}",
            target.name, other.name
        )
    }

    fn delete(&mut self, target: &Source) -> String {
        let alias = self.random.one_in(2) && !self.mysql();
        let (said, name) = match alias {
            true => (format!("{} AS w", target.name), "w"),
            false => (target.name.clone(), target.name.as_str()),
        };
        let condition = self.where_(&vec![target.under(name)], 2);
        let end = if self.mysql() && self.random.one_in(6) {
            format!(" ORDER BY {} LIMIT 2", target.key().join(", "))
        } else {
            self.returning(target, name)
        };
        format!("DELETE FROM {said}{condition}{end}")
    }

    fn delete_using(&mut self, target: &Source) -> String {
        if self.sqlite() {
            return self.delete(target);
        }
        let other = self.table();
        let (key, there) = (super::with::id(target), super::with::id(&other));
        let scope = vec![target.under("w"), other.under("f")];
        let condition = self.condition(&scope, 1);
        let link = format!("f.{there} = w.{key} AND ({condition})");
        match self.postgres() {
            true => format!("DELETE FROM {} w USING {} f WHERE {link}", target.name, other.name),
            false => format!("DELETE FROM w USING {} w, {} f WHERE {link}", target.name, other.name),
        }
    }

    fn merge(&mut self, target: &Source) -> String {
        let source = self.table();
        let (key, there) = (super::with::id(target), super::with::id(&source));
        let number = Self::settable(target, Type::Int);
        let scope = vec![target.under("w"), source.under("s")];
        let more = self.comparison(&scope);
        let value = self.expression(Type::Int, &scope, 1);
        let matched = self.random.pick(&["UPDATE", "DELETE", "NOTHING"]);
        let action = match matched {
            "UPDATE" => format!("UPDATE SET {number} = {value}"),
            "DELETE" => "DELETE".to_owned(),
            _ => "DO NOTHING".to_owned(),
        };
        let values: Vec<String> = target
            .key()
            .iter()
            .map(|name| self.key_value(target, name, &format!("s.{there} + 200")))
            .collect();
        let insert = format!("INSERT ({}) VALUES ({})", target.key().join(", "), values.join(", "));
        format!(
            "MERGE INTO {} w USING {} s ON s.{there} = w.{key} WHEN MATCHED AND {more} THEN {action} WHEN NOT MATCHED THEN {insert}",
            target.name, source.name
        )
    }

    fn write_in_cte(&mut self, target: &Source) -> String {
        let number = Self::settable(target, Type::Int);
        let scope = vec![target.under(&target.name)];
        let condition = self.condition(&scope, 1);
        let body = match self.random.below(3) {
            0 => format!("DELETE FROM {} WHERE {condition} RETURNING *", target.name),
            1 => format!("UPDATE {} SET {number} = 5 WHERE {condition} RETURNING *", target.name),
            _ => {
                let keys: Vec<String> =
                    target.key().iter().map(|name| self.key_value(target, name, "777")).collect();
                format!(
                    "INSERT INTO {} ({}) VALUES ({}) RETURNING *",
                    target.name,
                    target.key().join(", "),
                    keys.join(", ")
                )
            }
        };
        let other = self.table();
        let tail = match self.random.below(3) {
            0 => format!("SELECT count(*), max({number}) FROM changed"),
            1 => format!(
                "SELECT changed.{number}, {}.* FROM changed, {} WHERE changed.{number} = 3",
                other.name, other.name
            ),
            _ => format!("SELECT {number} FROM changed WHERE {number} IS NOT NULL"),
        };
        format!("WITH changed AS ({body}) {tail}")
    }
}
