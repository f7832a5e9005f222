//! Reads a database's own catalog. `tenant-sqlx` does so for services; the oracle needs kinds of values and foreign keys
//! to fill tables, and shall not believe the code whose work it judges.

mod mysql;
mod postgres;
mod sqlite;

use tenant_sql::Dialect;

use super::link::Link;
use super::schema::{Column, Kind, Relation, Schema};

/// The parts of what each query below returns, one relation, column or key per line, are parted by this character.
const PART: char = '\u{1f}';

struct Queries {
    /// name, `1` if it is a view
    relations: &'static str,
    /// relation, name, type, `1` if nullable, `1` if computed
    columns: &'static str,
    /// relation, name of the key, column; the primary key's name sorts first
    unique: &'static str,
    /// relation, name of the key, column, other relation, other column
    foreign: &'static str,
}

pub(super) async fn schema(
    link: &mut Link,
    dialect: Dialect,
    tenant_column: &str,
) -> Result<Schema, sqlx::Error> {
    let queries = match dialect {
        Dialect::Sqlite => sqlite::QUERIES,
        Dialect::Postgres => postgres::QUERIES,
        Dialect::MySql => mysql::QUERIES,
    };
    let mut schema = Schema::default();
    for line in link.texts(queries.relations).await? {
        let [name, view] = parts(&line);
        schema.relations.push(Relation::new(name, view == "1"));
    }
    for line in link.texts(queries.columns).await? {
        let [relation, name, kind, nullable, computed] = parts(&line);
        let column =
            Column { name, kind: kind_of(&kind), nullable: nullable == "1", computed: computed == "1" };
        if let Some(relation) = find(&mut schema, &relation) {
            relation.columns.push(column);
        }
    }
    keys(&mut schema, &link.texts(queries.unique).await?);
    foreign_keys(&mut schema, &link.texts(queries.foreign).await?);
    for relation in &mut schema.relations {
        let column = relation.columns.iter().find(|column| column.name.eq_ignore_ascii_case(tenant_column));
        relation.tenant = column.map(|column| column.name.clone());
    }
    Ok(schema)
}

fn keys(schema: &mut Schema, lines: &[String]) {
    let mut last = None;
    for line in lines {
        let [relation, key, column] = parts(line);
        let Some(found) = find(schema, &relation) else { continue };
        let same = last.replace((relation.clone(), key.clone())) == Some((relation, key));
        match found.unique.last_mut() {
            Some(columns) if same => columns.push(column),
            _ => found.unique.push(vec![column]),
        }
    }
}

fn foreign_keys(schema: &mut Schema, lines: &[String]) {
    let mut last = None;
    for line in lines {
        let [relation, key, column, other, other_column] = parts(line);
        let Some(found) = find(schema, &relation) else { continue };
        let same = last.replace((relation.clone(), key.clone())) == Some((relation, key));
        match found.foreign.last_mut() {
            Some((columns, _, others)) if same => {
                columns.push(column);
                others.push(other_column);
            }
            _ => found.foreign.push((vec![column], other, vec![other_column])),
        }
    }
}

fn find<'s>(schema: &'s mut Schema, name: &str) -> Option<&'s mut Relation> {
    schema.relations.iter_mut().find(|relation| relation.name == name)
}

fn parts<const N: usize>(line: &str) -> [String; N] {
    let mut parts = line.split(PART);
    std::array::from_fn(|_| parts.next().unwrap_or_default().to_owned())
}

/// By the words in the type's name, as SQLite goes about it (<https://www.sqlite.org/datatype3.html>).
fn kind_of(name: &str) -> Kind {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if has(&["[]", "array", "interval", "range", "enum", "set("]) => Kind::Other,
        () if has(&["bool", "tinyint(1)"]) => Kind::Bool,
        () if has(&["json", "longtext"]) => Kind::Json,
        () if has(&["uuid"]) => Kind::Uuid,
        () if has(&["timestamp", "datetime"]) => Kind::Time,
        () if name == "date" => Kind::Date,
        () if has(&["point", "time"]) => Kind::Other,
        () if has(&["int", "serial"]) => Kind::Int,
        () if has(&["char", "text", "clob", "citext"]) => Kind::Text,
        () if has(&["blob", "bytea", "binary"]) => Kind::Bytes,
        () if has(&["real", "floa", "doub", "num", "dec", "money"]) => Kind::Decimal,
        () => Kind::Other,
    }
}
