//! The questions about the schema (<https://www.postgresql.org/docs/current/catalogs.html>).

use super::{Sql, sql};

/// The relations of the current schema, and those elsewhere that a change of their rows may reach.
macro_rules! reached {
    () => {
        "WITH RECURSIVE edges (parent, child) AS (
            SELECT confrelid, conrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'
            UNION SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits
        ), reached (oid) AS (
            SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            UNION SELECT edges.child FROM edges JOIN reached ON reached.oid = edges.parent
        ) "
    };
}

/// Whether the view `c` reads with the rights of who reads it: an option that is spelled as any truth value is
/// (<https://www.postgresql.org/docs/current/sql-createview.html>).
macro_rules! reads_as_invoker {
    () => {
        "EXISTS (
            SELECT FROM pg_catalog.pg_options_to_table(c.reloptions) AS o
            WHERE o.option_name = 'security_invoker' AND o.option_value::boolean
        )"
    };
}

pub(crate) use reads_as_invoker;

/// The system's tables are guessed to be far larger than they are: the server would take a second to compile a question
/// that it answers in milliseconds.
pub(crate) const NOT_COMPILED: Sql = sql!("SET LOCAL jit = off");

pub(super) const SCHEMA: Sql = sql!("SELECT current_schema()::text");

pub(super) const NAMES: Sql = sql!(
    reached!(),
    "SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text, n.nspname = current_schema()
    FROM reached JOIN pg_catalog.pg_class AS c USING (oid)
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
);

/// The type is that of a domain's base, and stands with its schema unless it is built in.
pub(super) const COLUMNS: Sql = sql!(
    reached!(),
    "SELECT a.attrelid::int8, a.attname::text,
        CASE WHEN n.nspname <> 'pg_catalog' THEN n.nspname || '.' ELSE '' END || t.typname,
        coalesce(c.collisdeterministic, true),
        a.attidentity <> '' OR coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
            ~ '^(nextval\\(''.*''::regclass\\)|gen_random_uuid\\(\\)|uuidv[47]\\(\\))$'
    FROM reached JOIN pg_catalog.pg_attribute AS a ON a.attrelid = reached.oid
    JOIN pg_catalog.pg_type AS own ON own.oid = a.atttypid
    JOIN pg_catalog.pg_type AS t ON t.oid = CASE own.typtype WHEN 'd' THEN own.typbasetype ELSE own.oid END
    JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = a.attcollation
    LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = ''
    WHERE a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum"
);

/// Of an exclusion constraint only columns that must differ to be no conflict are columns of a key.
pub(super) const KEYS: Sql = sql!(
    reached!(),
    "SELECT i.indrelid::int8, i.indexrelid::int8,
        i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND NOT i.indisexclusion,
        CASE WHEN coalesce(o.oprname = '=', true) THEN a.attname::text END, coalesce(c.collisdeterministic, true)
    FROM reached JOIN pg_catalog.pg_index AS i ON i.indrelid = reached.oid AND (i.indisunique OR i.indisexclusion)
    CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS k (at)
    LEFT JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.at] AND i.indkey[k.at] <> 0
    LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = i.indcollation[k.at]
    LEFT JOIN pg_catalog.pg_constraint AS x
        ON x.conindid = i.indexrelid AND x.conrelid = i.indrelid AND x.contype IN ('x', 'p', 'u')
    LEFT JOIN pg_catalog.pg_operator AS o ON o.oid = x.conexclop[k.at + 1]
    ORDER BY i.indrelid, i.indexrelid, k.at"
);

/// Whether the key ties the tenant to the tenant, and whether a change of the parent changes the child.
pub(super) const FOREIGN_KEYS: Sql = sql!(
    reached!(),
    "SELECT f.conrelid::int8, f.confrelid::int8,
        EXISTS (
            SELECT FROM unnest(f.conkey, f.confkey) AS k (child, parent)
            JOIN pg_catalog.pg_attribute AS c ON c.attrelid = f.conrelid AND c.attnum = k.child
            JOIN pg_catalog.pg_attribute AS p ON p.attrelid = f.confrelid AND p.attnum = k.parent
            WHERE c.attname::text = ? AND p.attname = c.attname
        ),
        f.confupdtype IN ('c', 'n', 'd') OR f.confdeltype IN ('c', 'n', 'd')
    FROM reached JOIN pg_catalog.pg_constraint AS f ON f.conrelid = reached.oid AND f.contype = 'f'"
);

pub(super) const CHILDREN: Sql = sql!(
    reached!(),
    "SELECT i.inhparent::int8, i.inhrelid::int8
    FROM reached JOIN pg_catalog.pg_inherits AS i ON i.inhparent = reached.oid"
);

/// Triggers and rules. Those that are internal keep the foreign keys; one that is disabled can be enabled.
pub(super) const TRIGGERS: Sql = sql!(
    reached!(),
    "SELECT reached.oid::int8 FROM reached
    WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = reached.oid AND NOT tgisinternal)
    OR EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE ev_class = reached.oid AND rulename <> '_RETURN')"
);

/// Functions and operators of the application in defaults, generated columns, constraints (also those of domains),
/// indexes and partition keys. Objects from 16384 on are not built in; the functions of these extensions compute
/// from their arguments alone, or draw at random.
pub(super) const FUNCTIONS: Sql = sql!(
    reached!(),
    "SELECT DISTINCT reached.oid::int8
    FROM pg_catalog.pg_depend AS d
    LEFT JOIN pg_catalog.pg_attrdef AS e ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND e.oid = d.objid
    LEFT JOIN pg_catalog.pg_constraint AS c ON d.classid = 'pg_catalog.pg_constraint'::regclass AND c.oid = d.objid
    LEFT JOIN pg_catalog.pg_attribute AS a ON c.contypid <> 0 AND a.atttypid = c.contypid
    LEFT JOIN pg_catalog.pg_index AS i ON d.classid = 'pg_catalog.pg_class'::regclass AND i.indexrelid = d.objid
    JOIN reached ON reached.oid = coalesce(
        e.adrelid, nullif(c.conrelid, 0), a.attrelid, i.indrelid,
        CASE d.classid WHEN 'pg_catalog.pg_class'::regclass THEN d.objid END
    )
    WHERE d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
    AND d.refobjid >= 16384
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS m JOIN pg_catalog.pg_extension AS x ON x.oid = m.refobjid
        WHERE m.classid = d.refclassid AND m.objid = d.refobjid AND m.deptype = 'e'
        AND x.extname IN ('uuid-ossp', 'pgcrypto', 'citext', 'pg_trgm', 'unaccent', 'hstore', 'ltree',
            'fuzzystrmatch', 'btree_gin', 'btree_gist', 'vector')
    )"
);
