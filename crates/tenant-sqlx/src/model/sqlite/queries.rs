//! The questions (<https://www.sqlite.org/pragma.html>).

use crate::driver::{Sql, sql};

/// `3.46.1` as 3046001.
pub(super) const DATABASE: Sql = sql!(
    "WITH parts (minor) AS (
        SELECT substr(sqlite_version(), 3)
    )
    SELECT json_object(
        'version', 3000000 + CAST(minor AS INTEGER) * 1000 + CAST(substr(minor, instr(minor, '.') + 1) AS INTEGER),
        'enforces_foreign_keys', json(CASE (SELECT foreign_keys FROM pragma_foreign_keys) WHEN 1 THEN 'true' ELSE 'false' END)
    ) FROM parts"
);

pub(super) const RELATIONS: Sql = sql!(
    "SELECT json_object(
        'name', t.name, 'kind', CASE t.type WHEN 'table' THEN 'table' WHEN 'view' THEN 'view' ELSE 'foreign' END,
        'definition', coalesce(s.sql, '')
    )
    FROM pragma_table_list AS t LEFT JOIN main.sqlite_schema AS s ON s.name = t.name AND s.type IN ('table', 'view')
    WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.type <> 'shadow'
    ORDER BY t.name"
);

/// An integer that is the primary key, without an index of its own, is the rowid.
pub(super) const COLUMNS: Sql = sql!(
    "SELECT json_object(
        'of', t.name, 'name', c.name, 'of_type', c.type, 'is_nullable', NOT c.\"notnull\", 'default', c.dflt_value,
        'is_computed', c.hidden IN (2, 3),
        'is_fresh', c.pk = 1 AND upper(c.type) = 'INTEGER' AND NOT t.wr
            AND (SELECT count(*) FROM pragma_table_info(t.name, 'main') WHERE pk > 0) = 1
            AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name, 'main') WHERE origin = 'pk')
    )
    FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name, 'main') AS c
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY t.name, c.cid"
);

pub(super) const INDEXES: Sql = sql!(
    "SELECT json_object(
        'of', t.name, 'name', i.name, 'column', c.name, 'collation', c.coll,
        'is_unique', i.\"unique\", 'is_primary', i.origin = 'pk', 'is_partial', i.partial, 'is_ordered', 1,
        'constraint', CASE WHEN i.origin <> 'c' THEN i.name END,
        'rest', s.sql
    )
    FROM pragma_table_list AS t
    JOIN pragma_index_list(t.name, 'main') AS i
    JOIN pragma_index_xinfo(i.name, 'main') AS c
    LEFT JOIN main.sqlite_schema AS s ON s.name = i.name AND s.type = 'index'
    WHERE t.schema = 'main' AND t.type = 'table' AND c.key AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY t.name, i.name, c.seqno"
);

pub(super) const FOREIGN_KEYS: Sql = sql!(
    "SELECT json_object(
        'of', t.name, 'name', t.name || '#' || f.id, 'from', f.\"from\", 'to', f.\"to\", 'parent', f.\"table\",
        'on_update', f.on_update, 'on_delete', f.on_delete
    )
    FROM pragma_table_list AS t JOIN pragma_foreign_key_list(t.name, 'main') AS f
    WHERE t.schema = 'main' AND t.type = 'table'
    ORDER BY t.name, f.id, f.seq"
);

pub(super) const TRIGGERS: Sql = sql!(
    "SELECT json_object('of', t.name, 'name', s.name, 'definition', s.sql)
    FROM main.sqlite_schema AS s JOIN pragma_table_list AS t ON t.name = s.tbl_name COLLATE NOCASE
    WHERE s.type = 'trigger' AND t.schema = 'main' ORDER BY s.name"
);

pub(super) const BROKEN: Sql = sql!("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check ORDER BY 1");
