//! Rows as literals: numbers as they are, texts and bytes as hexadecimal digits.

use crate::driver::{
    moving::{Holds, Moving},
    sql,
};

pub(super) const MOVING: Moving = Moving {
    // A zero in a column that counts by itself stays one
    // (<https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html#sqlmode_no_auto_value_on_zero>).
    session: &["SET foreign_key_checks = 0", "SET sql_mode = concat(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')"],
    columns: "SELECT c.table_name, c.column_name, c.data_type, 'no' FROM information_schema.columns c \
        JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
        WHERE c.table_schema = database() AND t.table_type = 'BASE TABLE' \
        AND (c.generation_expression IS NULL OR c.generation_expression = '') \
        ORDER BY c.table_name, c.ordinal_position",
    keys: "SELECT table_name, column_name FROM information_schema.key_column_usage \
        WHERE table_schema = database() AND constraint_name = 'PRIMARY' ORDER BY table_name, ordinal_position",
    links: "SELECT table_name, referenced_table_name FROM information_schema.referential_constraints \
        WHERE constraint_schema = database()",
    literal,
    name: |name| format!("`{}`", name.replace('`', "``")),
    text: |text| format!("_utf8mb4 x'{}'", crate::fleet::hex(text.as_bytes())),
    uuid: |bits| format!("x'{bits:032x}'"),
    overriding: "",
    checks_links: false,
    sequence: None,
    holds: Some(Holds {
        shared: sql!("SELECT tenant_id FROM tenant_moves WHERE tenant_id = ? LOCK IN SHARE MODE"),
        alone: sql!("SELECT tenant_id FROM tenant_moves WHERE tenant_id = ? FOR UPDATE"),
        mover: sql!(
            "SELECT CAST(get_lock(concat('tenant_mover_', md5(concat(database(), ' ', ?))), 0) AS SIGNED)"
        ),
        patience: "SET innodb_lock_wait_timeout = 10",
    }),
};

fn literal(column: &str, kind: &str) -> String {
    let written = match kind.to_ascii_lowercase().as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "year" | "bit" => {
            format!("CONCAT({column} + 0)")
        }
        // Of the shorter type fewer digits are written than it takes to read it back.
        "float" | "double" => format!("CONCAT(CAST({column} AS DOUBLE))"),
        "tinyblob" | "blob" | "mediumblob" | "longblob" | "binary" | "varbinary" | "geometry" | "point"
        | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
        | "geometrycollection" => format!("CONCAT('x''', HEX({column}), '''')"),
        _ => format!("CONCAT('_utf8mb4 x''', HEX(CONVERT(CAST({column} AS CHAR) USING utf8mb4)), '''')"),
    };
    format!("coalesce({written}, 'NULL')")
}
