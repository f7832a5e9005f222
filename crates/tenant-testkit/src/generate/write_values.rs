//! `INSERT … VALUES` and what happens on a conflict.

use tenant_sql::Dialect;

use super::Maker;
use super::scope::{Source, Type};

impl Maker<'_> {
    pub(super) fn insert(&mut self, target: &Source) -> String {
        let (number, key) = (Self::settable(target, Type::Int), target.key());
        let given = self.random.one_in(4);
        let rows: Vec<String> = (0..=self.random.below(3)).map(|_| self.row(target, given)).collect();
        let mut columns = key;
        columns.push(number);
        columns.extend(target.tenant.clone().filter(|_| given));
        let verb = match self.dialect {
            Dialect::Sqlite => {
                self.random.pick(&["INSERT", "INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE", "REPLACE"])
            }
            Dialect::MySql => self.random.pick(&["INSERT", "INSERT", "INSERT IGNORE", "REPLACE"]),
            Dialect::Postgres => "INSERT",
        };
        let conflict = if verb == "INSERT" { self.conflict(target) } else { String::new() };
        let returning = self.returning(target, &target.name);
        format!(
            "{verb} INTO {} ({}) VALUES {}{conflict}{returning}",
            target.name,
            columns.join(", "),
            rows.join(", ")
        )
    }

    fn row(&mut self, target: &Source, given: bool) -> String {
        // Some that are there already, some that are not.
        let id = if self.random.one_in(2) { 1 + self.random.below(10) } else { 60 + self.random.below(30) };
        let mut values: Vec<String> =
            target.key().iter().map(|name| self.key_value(target, name, &id.to_string())).collect();
        values.push(match self.random.below(5) {
            0 => self.placeholder_of(Type::Int),
            1 => self.value_of_others(target),
            2 => "NULL".to_owned(),
            3 if !self.sqlite() => "DEFAULT".to_owned(),
            _ => self.random.below(9).to_string(),
        });
        if given {
            let others: &[&str] = if self.mysql() {
                &["'t2'", "('t2')", "concat('t', '2')"]
            } else {
                &["'t2'", "('t2')", "'t' || '2'"]
            };
            values.push(self.random.pick(others).to_owned());
        }
        format!("({})", values.join(", "))
    }

    /// Never of the target itself: MySQL shows it half written.
    fn value_of_others(&mut self, target: &Source) -> String {
        let value = self.scalar(Type::Int, &Vec::new(), 2);
        let lower = value.to_lowercase();
        let views = self.sources.iter().filter(|source| source.view);
        let own = lower.contains(&target.name) || views.into_iter().any(|view| lower.contains(&view.name));
        if own { "5".to_owned() } else { format!("({value})") }
    }

    /// A key's part: a number, or a text made of it.
    pub(super) fn key_value(&mut self, target: &Source, name: &str, number: &str) -> String {
        let kind = target.columns.iter().find(|(other, _)| other == name).map(|(_, kind)| *kind);
        match (kind, self.dialect) {
            (Some(Type::Text), Dialect::Postgres) => format!("'k' || ({number})"),
            (Some(Type::Text), Dialect::MySql) => format!("concat('k', {number})"),
            (Some(Type::Text), Dialect::Sqlite) => format!("'k' || ({number})"),
            _ => number.to_owned(),
        }
    }

    pub(super) fn conflict(&mut self, target: &Source) -> String {
        let (number, table) = (Self::settable(target, Type::Int), &target.name);
        let mut key = target.key();
        if let Some(tenant) = target.tenant.clone() {
            let at = if self.random.one_in(2) { 0 } else { key.len() };
            key.insert(at, tenant);
        }
        let without = target.key().join(", ");
        let key = key.join(", ");
        if self.mysql() {
            return match self.random.below(4) {
                0 => format!(" ON DUPLICATE KEY UPDATE {number} = VALUES({number})"),
                1 => format!(" ON DUPLICATE KEY UPDATE {number} = {table}.{number} + 1"),
                _ => String::new(),
            };
        }
        match self.random.below(8) {
            0 => " ON CONFLICT DO NOTHING".to_owned(),
            1 => format!(" ON CONFLICT ({key}) DO NOTHING"),
            2 => {
                format!(" ON CONFLICT ({key}) DO UPDATE SET {number} = excluded.{number} + {table}.{number}")
            }
            3 => {
                let condition = self.condition(&vec![target.under(table)], 2);
                format!(" ON CONFLICT ({key}) DO UPDATE SET {number} = excluded.{number} WHERE {condition}")
            }
            4 => format!(" ON CONFLICT ({without}) DO UPDATE SET {number} = excluded.{number}"),
            _ => String::new(),
        }
    }
}
