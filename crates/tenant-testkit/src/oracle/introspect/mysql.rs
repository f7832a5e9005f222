use super::Queries;

// MariaDB's JSON is `longtext` with a check.
pub(super) const QUERIES: Queries = Queries {
    relations: "SELECT CONVERT(CONCAT(table_name, CHAR(31), table_type = 'VIEW') USING utf8mb4) \
                FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_type, table_name",
    columns: "SELECT CONVERT(CONCAT(table_name, CHAR(31), column_name, CHAR(31), \
                column_type, \
                CHAR(31), is_nullable = 'YES', CHAR(31), extra LIKE '%GENERATED%') USING utf8mb4) \
              FROM information_schema.columns c WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position",
    unique: "SELECT CONVERT(CONCAT(table_name, CHAR(31), index_name, CHAR(31), column_name) USING utf8mb4) \
             FROM information_schema.statistics WHERE table_schema = DATABASE() AND NOT non_unique \
             ORDER BY table_name, index_name <> 'PRIMARY', index_name, seq_in_index",
    foreign: "SELECT CONVERT(CONCAT(table_name, CHAR(31), constraint_name, CHAR(31), column_name, CHAR(31), \
                referenced_table_name, CHAR(31), referenced_column_name) USING utf8mb4) \
              FROM information_schema.key_column_usage WHERE table_schema = DATABASE() \
                AND referenced_table_name IS NOT NULL ORDER BY table_name, constraint_name, ordinal_position",
};
