//! Rows that make a leak seen: the same keys for each tenant, nearly the same values, and one row of values that only
//! this tenant has.

use tenant_sql::Dialect;

use super::schema::{Column, Kind, Relation};
use super::value::Value;

/// Rows of each table and tenant, the canary not counted.
const ROWS: usize = 8;

/// What stands in every text column of the tenant's last row.
pub(super) fn canary(tenant: usize) -> String {
    format!("canary-t{}", tenant + 1)
}

/// The statements that fill a table for one tenant (`None`: a table that all tenants share).
pub(super) fn rows(relation: &Relation, tenant: Option<(usize, &Value)>, dialect: Dialect) -> Vec<String> {
    let columns: Vec<&Column> =
        relation.columns.iter().filter(|column| !column.computed && column.kind != Kind::Other).collect();
    let quote = if dialect == Dialect::MySql { '`' } else { '"' };
    let names: Vec<String> = columns.iter().map(|column| format!("{quote}{}{quote}", column.name)).collect();
    let last = if tenant.is_some() { ROWS + 1 } else { ROWS };
    (0..last)
        .map(|row| {
            let maker = Maker { relation, tenant, row, dialect };
            let values: Vec<String> =
                columns.iter().map(|column| maker.value(column).literal(dialect)).collect();
            format!(
                "INSERT INTO {quote}{}{quote} ({}) VALUES ({})",
                relation.name,
                names.join(", "),
                values.join(", ")
            )
        })
        .collect()
}

struct Maker<'m> {
    relation: &'m Relation,
    tenant: Option<(usize, &'m Value)>,
    row: usize,
    dialect: Dialect,
}

impl Maker<'_> {
    fn value(&self, column: &Column) -> Value {
        if let (Some((_, tenant)), Some(name)) = (self.tenant, &self.relation.tenant)
            && *name == column.name
        {
            return tenant.clone();
        }
        if let Some(unique) = self.unique(column) {
            return unique;
        }
        let salt = self.salt();
        let at = self.position(column);
        if column.nullable && (self.row * 3 + salt + at).is_multiple_of(6) {
            return Value::Null;
        }
        self.plain(column.kind, at, salt)
    }

    /// Parts of a unique key count up; every tenant counts the same, unless the key is without the tenant.
    fn unique(&self, column: &Column) -> Option<Value> {
        let mut keys = self.relation.unique.iter().filter(|key| key.contains(&column.name));
        let first = keys.next()?;
        let all: Vec<&Vec<String>> = std::iter::once(first).chain(keys).collect();
        // In a key of several columns the first that is not the tenant counts, unless it refers to something.
        let counts = all.iter().any(|key| {
            let rest = || key.iter().filter(|name| Some(*name) != self.relation.tenant.as_ref());
            rest().next() == Some(&column.name) && (rest().count() == 1 || !self.refers(&column.name))
        });
        if !counts {
            return None;
        }
        let alone =
            all.iter().any(|key| !self.relation.tenant.as_ref().is_some_and(|tenant| key.contains(tenant)));
        let base = if alone && self.tenant.is_some() { 1000 * self.salt() } else { 0 };
        let canary = if self.is_canary() && base == 0 { 80 + self.salt() } else { 0 };
        Some(self.counted(column.kind, base + canary + self.row + 1))
    }

    fn counted(&self, kind: Kind, number: usize) -> Value {
        let number_i64 = i64::try_from(number).unwrap_or_default();
        match (kind, self.tenant) {
            (Kind::Text, Some((tenant, _))) if self.is_canary() => canary(tenant).into(),
            (Kind::Text, _) => format!("e{number}").into(),
            (Kind::Uuid, _) => Value::Uuid(number as u128),
            (Kind::Bytes, _) => Value::Bytes(number_i64.to_be_bytes().to_vec()),
            (Kind::Date, _) => format!("2024-{:02}-{:02}", 1 + number / 28 % 12, 1 + number % 28).into(),
            (_, _) => Value::Int(number_i64),
        }
    }

    fn refers(&self, column: &str) -> bool {
        self.relation.foreign.iter().any(|(columns, _, _)| columns.iter().any(|name| name == column))
    }

    fn plain(&self, kind: Kind, at: usize, salt: usize) -> Value {
        let (row, canary_row) = (self.row, self.is_canary());
        let small = i64::try_from((row * 5 + salt * 3 + at) % 7 + 1).unwrap_or_default();
        match kind {
            // A canary number would refer to nothing, so it is kept out of columns that are named like references.
            Kind::Int if canary_row && at.is_multiple_of(2) => {
                Value::Int(small + 1000 * i64::try_from(salt).unwrap_or_default())
            }
            Kind::Int => Value::Int(small),
            Kind::Decimal if self.dialect == Dialect::Sqlite => Value::Float(small as f64 + 0.5),
            Kind::Decimal => Value::Float(small as f64 * 1.25),
            Kind::Bool => Value::Bool(small % 2 == 0),
            Kind::Text => match self.tenant {
                Some((tenant, _)) if canary_row => canary(tenant).into(),
                _ => format!("n{}", (row + salt + at) % 5).into(),
            },
            Kind::Date => format!("2024-0{}-1{}", 1 + small % 3, small).into(),
            Kind::Time => format!("2024-0{}-1{small} 0{small}:30:00", 1 + small % 3).into(),
            Kind::Json => {
                format!(r#"{{"k": {small}, "s": "n{}", "a": [{small}, 2]}}"#, (row + salt) % 5).into()
            }
            Kind::Uuid => Value::Uuid(small.unsigned_abs().into()),
            Kind::Bytes => Value::Bytes(vec![u8::try_from(small).unwrap_or_default()]),
            Kind::Other => Value::Null,
        }
    }

    fn is_canary(&self) -> bool {
        self.tenant.is_some() && self.row == ROWS
    }

    fn salt(&self) -> usize {
        self.tenant.map_or(0, |(tenant, _)| tenant + 1)
    }

    fn position(&self, column: &Column) -> usize {
        self.relation.columns.iter().position(|other| other.name == column.name).unwrap_or_default()
    }
}
