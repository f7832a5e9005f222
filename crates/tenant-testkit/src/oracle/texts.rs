//! What a text tells of itself.

use tenant_sql::{Plan, StatementKind};

/// A query may write, too: on PostgreSQL a `WITH` can hold any statement that writes.
pub(super) fn writes(plan: &Plan, sql: &str) -> bool {
    let word =
        |word: &str| matches!(word.to_ascii_uppercase().as_str(), "INSERT" | "UPDATE" | "DELETE" | "MERGE");
    plan.statement() != StatementKind::Select
        || sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(word)
}

/// Whether the order of the rows means something: `ORDER BY` stands outside of all brackets.
pub(super) fn ordered(sql: &str) -> bool {
    let mut depth = 0;
    let mut outside = String::new();
    for c in sql.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            c if depth == 0 => outside.push(c.to_ascii_uppercase()),
            _ => {}
        }
    }
    let words: Vec<&str> = outside.split_whitespace().collect();
    words.windows(2).any(|pair| pair == ["ORDER", "BY"])
}
