use tenant_sql::Dialect;

/// Statements that are mutated: those of the corpus, and traps.
pub(super) fn of(dialect: Dialect) -> Vec<String> {
    let file = match dialect {
        Dialect::Sqlite => include_str!("../../corpus/fuzz/sqlite.sql"),
        Dialect::Postgres => include_str!("../../corpus/fuzz/postgres.sql"),
        Dialect::MySql => include_str!("../../corpus/fuzz/mysql.sql"),
    };
    let traps = include_str!("../../corpus/fuzz/traps.sql");
    file.lines().chain(traps.lines()).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
