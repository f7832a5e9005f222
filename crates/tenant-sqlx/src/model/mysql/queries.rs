//! The questions (<https://dev.mysql.com/doc/refman/8.4/en/information-schema.html>).

use crate::driver::{Sql, sql};

pub(super) const VERSION: Sql = sql!("SELECT CAST(version() AS CHAR)");

pub(super) const DATABASE: Sql =
    sql!("SELECT CAST(json_object('schema', database(), 'database', database()) AS CHAR)");

/// Engines that keep no rows of their own show those of other tables, files or servers.
pub(super) const RELATIONS: Sql = sql!(
    "SELECT CAST(json_object(
        'name', t.table_name, 'engine', coalesce(t.engine, ''),
        'kind', CASE
            WHEN t.table_type = 'VIEW' THEN 'view'
            WHEN t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
                AND t.engine IN ('InnoDB', 'Aria', 'MyISAM', 'ROCKSDB', 'ndbcluster') THEN 'table'
            ELSE 'foreign' END,
        'reads_as_invoker', coalesce(v.security_type = 'INVOKER', 0), 'definition', coalesce(v.view_definition, ''),
        'check_option', coalesce(nullif(v.check_option, 'NONE'), '')
    ) AS CHAR)
    FROM information_schema.tables AS t
    LEFT JOIN information_schema.views AS v ON v.table_schema = t.table_schema AND v.table_name = t.table_name
    WHERE t.table_schema = database() ORDER BY t.table_name"
);

/// MariaDB writes the default that there is none as a word.
pub(super) const COLUMNS: Sql = sql!(
    "SELECT CAST(json_object(
        'of', table_name, 'name', column_name, 'of_type', column_type, 'is_nullable', is_nullable = 'YES',
        'default', nullif(column_default, 'NULL'), 'collation', collation_name, 'charset', character_set_name,
        'extra', coalesce(extra, ''), 'comment', column_comment,
        'is_fresh', extra LIKE '%auto_increment%' OR coalesce(column_default, '') LIKE 'uuid()'
    ) AS CHAR)
    FROM information_schema.columns WHERE table_schema = database() ORDER BY table_name, ordinal_position"
);

/// What MariaDB asks of single columns, as part of them (<https://mariadb.com/kb/en/constraint/>).
pub(super) const CHECKS: Sql = sql!(
    "SELECT CAST(json_object('of', table_name, 'name', constraint_name, 'check', check_clause) AS CHAR)
    FROM information_schema.check_constraints WHERE constraint_schema = database() AND level = 'Column'"
);

pub(super) const INDEXES: Sql = sql!(
    "SELECT CAST(json_object(
        'of', table_name, 'name', index_name, 'column', CASE WHEN sub_part IS NULL THEN column_name END,
        'is_unique', non_unique = 0, 'is_primary', index_name = 'PRIMARY', 'is_ordered', index_type = 'BTREE'
    ) AS CHAR)
    FROM information_schema.statistics WHERE table_schema = database() ORDER BY table_name, index_name, seq_in_index"
);

pub(super) const FOREIGN_KEYS: Sql = sql!(
    "SELECT CAST(json_object(
        'of', k.table_name, 'name', k.constraint_name, 'from', k.column_name, 'to', k.referenced_column_name,
        'parent', k.referenced_table_name, 'is_elsewhere', k.referenced_table_schema <> database(),
        'on_update', r.update_rule, 'on_delete', r.delete_rule
    ) AS CHAR)
    FROM information_schema.key_column_usage AS k
    JOIN information_schema.referential_constraints AS r
        ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
        AND r.table_name = k.table_name
    WHERE k.referenced_table_name IS NOT NULL AND k.table_schema = database()
    ORDER BY k.table_name, k.constraint_name, k.ordinal_position"
);

pub(super) const TRIGGERS: Sql = sql!(
    "SELECT CAST(json_object('of', event_object_table, 'name', trigger_name) AS CHAR)
    FROM information_schema.triggers WHERE event_object_schema = database() ORDER BY trigger_name"
);

pub(super) const ROUTINES: Sql = sql!(
    "SELECT CAST(json_object(
        'name', routine_name, 'kind', routine_type, 'runs_as_definer', security_type = 'DEFINER', 'is_executable', 1
    ) AS CHAR)
    FROM information_schema.routines WHERE routine_schema = database() ORDER BY routine_name"
);

pub(super) const EVENTS: Sql = sql!(
    "SELECT CAST(json_object('name', event_name) AS CHAR) FROM information_schema.events
    WHERE event_schema = database() ORDER BY event_name"
);

/// `app@%`; the name may hold the sign, the host does not.
pub(super) const ACCOUNT: Sql = sql!("SELECT CAST(current_user() AS CHAR)");
