//! Rows as texts, the way a dump has them
//! (<https://www.postgresql.org/docs/current/app-pgdump.html>).

use crate::driver::{
    moving::{Holds, Moving, hyphenated, quoted_name, quoted_text},
    sql,
};

pub(super) const MOVING: Moving = Moving {
    session: &[
        "SET datestyle = 'ISO'",
        "SET intervalstyle = 'postgres'",
        "SET extra_float_digits = 3",
        "SET bytea_output = 'hex'",
        "SET lc_monetary = 'C'",
    ],
    columns: "SELECT c.relname::text, a.attname::text, 'plain', \
        CASE WHEN pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NULL THEN 'no' ELSE 'yes' END \
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
        WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
        AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.relname, a.attnum",
    keys: "SELECT c.relname::text, a.attname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
        CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) \
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum \
        WHERE i.indisprimary AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
        ORDER BY c.relname, k.place",
    links: "SELECT c.relname::text, p.relname::text FROM pg_constraint f \
        JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid \
        WHERE f.contype = 'f' AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())",
    literal: |column, _| format!("quote_nullable({column}::text)"),
    name: quoted_name,
    text: quoted_text,
    uuid: |bits| quoted_text(&hyphenated(bits)),
    overriding: "OVERRIDING SYSTEM VALUE ",
    checks_links: true,
    sequence: Some(|table, column| {
        format!(
            "SELECT pg_get_serial_sequence({}, {})",
            quoted_text(&quoted_name(table)),
            quoted_text(column)
        )
    }),
    // Who waits for an advisory lock is not overtaken by those who come later; a row's lock may be shared by ever new ones.
    holds: Some(Holds {
        shared: sql!("SELECT pg_advisory_xact_lock_shared(hashtextextended(concat('tenant_move ', ?), 0))"),
        alone: sql!("SELECT pg_advisory_xact_lock(hashtextextended(concat('tenant_move ', ?), 0))"),
        mover: sql!("SELECT pg_try_advisory_lock(hashtextextended(concat('tenant_mover ', ?), 0))"),
        patience: "SET lock_timeout = '10s'",
    }),
};
