//! Names and values as SQL writes them.

use tenant_sql::Dialect;

/// A name that stands for itself, whatever it holds.
pub(crate) fn quoted(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Postgres | Dialect::Sqlite if is_plain(name) => name.to_owned(),
        Dialect::Postgres | Dialect::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        Dialect::MySql => format!("`{}`", name.replace('`', "``")),
    }
}

pub(crate) fn quoted_all<S: AsRef<str>>(dialect: Dialect, names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| quoted(dialect, name.as_ref())).collect();
    names.join(", ")
}

/// A text in quotes. A backslash is a character like others but on MySQL.
pub(crate) fn literal(dialect: Dialect, text: &str) -> String {
    let text = text.replace('\'', "''");
    match dialect {
        Dialect::MySql => format!("'{}'", text.replace('\\', "\\\\")),
        Dialect::Postgres | Dialect::Sqlite => format!("'{text}'"),
    }
}

/// Whether a name needs no quotes. One that is a word of the grammar does.
fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !WORDS.contains(&name)
}

/// Words that one of PostgreSQL and SQLite reserves
/// (<https://www.postgresql.org/docs/current/sql-keywords-appendix.html>, <https://www.sqlite.org/lang_keywords.html>).
#[rustfmt::skip]
const WORDS: [&str; 183] = [
    "abort", "action", "add", "after", "all", "alter", "always", "analyse", "analyze", "and", "any", "array", "as",
    "asc", "asymmetric", "attach", "authorization", "autoincrement", "before", "begin", "between", "binary", "both",
    "by", "cascade", "case", "cast", "check", "collate", "collation", "column", "commit", "concurrently", "conflict",
    "constraint", "create", "cross", "current", "current_catalog", "current_date", "current_role", "current_schema",
    "current_time", "current_timestamp", "current_user", "database", "default", "deferrable", "deferred", "delete",
    "desc", "detach", "distinct", "do", "drop", "each", "else", "end", "escape", "except", "exclude", "exclusive",
    "exists", "explain", "fail", "false", "fetch", "filter", "first", "following", "for", "foreign", "freeze", "from",
    "full", "generated", "glob", "grant", "group", "groups", "having", "if", "ignore", "ilike", "immediate", "in",
    "index", "indexed", "initially", "inner", "insert", "instead", "intersect", "into", "is", "isnull", "join", "key",
    "last", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp", "match", "materialized",
    "natural", "no", "not", "nothing", "notnull", "null", "nulls", "of", "offset", "on", "only", "or", "order",
    "others", "outer", "over", "overlaps", "partition", "placing", "plan", "pragma", "preceding", "primary", "query",
    "raise", "range", "recursive", "references", "regexp", "reindex", "release", "rename", "replace", "restrict",
    "returning", "right", "rollback", "row", "rows", "savepoint", "select", "session_user", "set", "similar", "some",
    "symmetric", "system_user", "table", "tablesample", "temp", "temporary", "then", "ties", "to", "trailing",
    "transaction", "trigger", "true", "unbounded", "union", "unique", "update", "user", "using", "vacuum", "values",
    "variadic", "verbose", "view", "virtual", "when", "where", "window", "with", "without",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_would_mean_something_else() {
        for (name, expected) in [
            ("users", "users"),
            ("user", "\"user\""),
            ("order", "\"order\""),
            ("Users", "\"Users\""),
            ("a b", "\"a b\""),
            ("a\"b", "\"a\"\"b\""),
            ("1a", "\"1a\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(Dialect::Postgres, name), expected);
        }
        assert_eq!(quoted(Dialect::MySql, "a`b"), "`a``b`");
        assert_eq!(literal(Dialect::MySql, r"it's \"), r"'it''s \\'");
        assert_eq!(literal(Dialect::Sqlite, r"it's \"), r"'it''s \'");
    }
}
