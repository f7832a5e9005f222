//! The questions about the schema (<https://dev.mysql.com/doc/refman/8.4/en/information-schema.html>). The servers
//! differ in the types of their answers: each is made a text or an integer.

use super::{Sql, sql};

pub(super) const SCHEMA: Sql = sql!("SELECT CAST(database() AS CHAR)");

pub(super) const NAMES: Sql = sql!(
    "SELECT CAST(table_name AS CHAR), CAST(table_type AS CHAR), CAST(engine AS CHAR)
    FROM information_schema.tables WHERE table_schema = database() ORDER BY table_name"
);

pub(super) const COLUMNS: Sql = sql!(
    "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(data_type AS CHAR),
        CAST(column_type AS CHAR), CAST(collation_name AS CHAR), extra LIKE '%auto_increment%'
    FROM information_schema.columns WHERE table_schema = database() ORDER BY table_name, ordinal_position"
);

/// A part of a functional key has no column; `sub_part` says that only the beginning of a value counts.
pub(super) const KEYS: Sql = sql!(
    "SELECT CAST(table_name AS CHAR), CAST(index_name AS CHAR), CAST(column_name AS CHAR), sub_part IS NOT NULL
    FROM information_schema.statistics WHERE table_schema = database() AND non_unique = 0
    ORDER BY table_name, index_name, seq_in_index"
);

/// Of this database's tables and of those elsewhere that hang on them.
pub(super) const FOREIGN_KEYS: Sql = sql!(
    "SELECT k.table_schema = database(), CAST(k.table_schema AS CHAR), CAST(k.table_name AS CHAR),
        CAST(k.constraint_name AS CHAR), k.referenced_table_schema = database(),
        CAST(k.referenced_table_schema AS CHAR), CAST(k.referenced_table_name AS CHAR),
        CAST(k.column_name AS CHAR), CAST(k.referenced_column_name AS CHAR),
        r.update_rule NOT IN ('RESTRICT', 'NO ACTION') OR r.delete_rule NOT IN ('RESTRICT', 'NO ACTION')
    FROM information_schema.key_column_usage AS k
    JOIN information_schema.referential_constraints AS r
        ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
        AND r.table_name = k.table_name
    WHERE k.referenced_table_name IS NOT NULL
        AND (k.table_schema = database() OR k.referenced_table_schema = database())
    ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position"
);

pub(super) const TRIGGERS: Sql = sql!(
    "SELECT DISTINCT CAST(event_object_table AS CHAR) FROM information_schema.triggers
    WHERE event_object_schema = database()"
);

/// Who may not make triggers is not shown those that there are. A grant's database is a pattern.
pub(super) const SEES_TRIGGERS: Sql = sql!(
    "SELECT EXISTS (
        SELECT 1 FROM information_schema.user_privileges
        WHERE privilege_type = 'TRIGGER' AND replace(grantee, '''', '') = current_user()
    ) OR EXISTS (
        SELECT 1 FROM information_schema.schema_privileges
        WHERE privilege_type = 'TRIGGER' AND replace(grantee, '''', '') = current_user()
        AND database() LIKE table_schema
    )"
);
