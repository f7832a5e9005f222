use tenant_sql::Dialect;

use super::builder::OracleBuilder;
use super::judge::Oracle;

/// Starts an oracle on a small shop: tables of one tenant column and of another, keys and foreign keys that carry it, a
/// view, a shared table and a hidden one, and a column of each common type. The URL is not used on SQLite.
pub fn shop(dialect: Dialect, url: impl Into<String>) -> OracleBuilder {
    let builder = match dialect {
        Dialect::Sqlite => Oracle::sqlite(),
        Dialect::Postgres => Oracle::postgres(url),
        Dialect::MySql => Oracle::mysql(url),
    };
    builder.schema(schema(dialect)).tenant_column_of("items", "org").shared("plans")
}

fn schema(dialect: Dialect) -> String {
    let key = match dialect {
        // Byte by byte: the default collation takes `acme` for `ACME`.
        Dialect::MySql => "VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        Dialect::Postgres | Dialect::Sqlite => "TEXT",
    };
    let (text, decimal, time, json) = match dialect {
        Dialect::MySql => ("VARCHAR(64)", "DECIMAL(10, 2)", "DATETIME", "JSON"),
        Dialect::Postgres => ("TEXT", "NUMERIC(10, 2)", "TIMESTAMP", "JSONB"),
        Dialect::Sqlite => ("TEXT", "REAL", "TIMESTAMP", "JSON"),
    };
    format!(
        "CREATE TABLE users (id INTEGER NOT NULL, name {text}, email {text}, age INTEGER, active BOOLEAN, born DATE,
           created {time}, meta {json}, tenant_id {key} NOT NULL,
           PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, email));
         CREATE TABLE orders (id INTEGER NOT NULL, user_id INTEGER, total INTEGER, status {text}, placed {time},
           tenant_id {key} NOT NULL, PRIMARY KEY (tenant_id, id));
         CREATE INDEX orders_by_user ON orders (tenant_id, user_id);
         CREATE TABLE items (id INTEGER NOT NULL, order_id INTEGER, sku {text}, qty INTEGER, price {decimal},
           org {key} NOT NULL, PRIMARY KEY (org, id));
         CREATE TABLE tags (user_id INTEGER NOT NULL, tag {text} NOT NULL, weight INTEGER, tenant_id {key} NOT NULL,
           PRIMARY KEY (tenant_id, user_id, tag));
         CREATE TABLE plans (id INTEGER PRIMARY KEY, name {text}, price INTEGER);
         CREATE TABLE secrets (id INTEGER PRIMARY KEY, name {text});
         CREATE VIEW user_names AS SELECT id, name, tenant_id FROM users;"
    )
}
