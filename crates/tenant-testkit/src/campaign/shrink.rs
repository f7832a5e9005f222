use tenant_sql::Dialect;

use crate::generate::Statement;
use crate::oracle::{Difference, Oracle, OracleError};

/// Statements tried for one that differs.
const TRIES: usize = 1_500;

/// Cuts a statement without arguments down to the smallest part found that still differs.
///
/// # Errors
/// Fails if a database is gone.
pub async fn shrink(oracle: &mut Oracle, sql: &str) -> Result<Option<Difference>, OracleError> {
    let mut best = None;
    let mut words = words(sql);
    let mut tries = 0;
    let mut size = words.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        let mut cut = false;
        while at < words.len() && tries < TRIES {
            let end = (at + size).min(words.len());
            let rest: Vec<String> = words.iter().take(at).chain(words.iter().skip(end)).cloned().collect();
            tries += 1;
            match differs(oracle, &rest.join(" ")).await? {
                Some(difference) => {
                    best = Some(difference);
                    words = rest;
                    cut = true;
                }
                None => at += 1.max(size / 2),
            }
        }
        // What did not go before may go now.
        size = if cut && tries < TRIES { size } else { size / 2 };
    }
    match best {
        Some(best) => Ok(Some(best)),
        None => differs(oracle, sql).await,
    }
}

async fn differs(oracle: &mut Oracle, sql: &str) -> Result<Option<Difference>, OracleError> {
    match oracle.check(sql, &[]).await {
        Ok(_) => Ok(None),
        Err(OracleError::Differs(difference)) => Ok(Some(*difference)),
        Err(other) => Err(other),
    }
}

/// The statement with its arguments as literals.
pub(super) fn without_arguments(statement: &Statement, dialect: Dialect) -> String {
    let mut sql = String::new();
    let mut next = 0;
    let mut chars = statement.sql.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        quoted ^= c == '\'';
        let sign = if dialect == Dialect::Postgres { '$' } else { '?' };
        if c != sign || quoted {
            sql.push(c);
            continue;
        }
        let mut number = String::new();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            number.push(digit);
        }
        if dialect == Dialect::Postgres && number.is_empty() {
            sql.push(c);
            continue;
        }
        let at = number.parse::<usize>().map_or(next, |number| number.saturating_sub(1));
        next += 1;
        match statement.arguments.get(at) {
            Some(value) => sql.push_str(&value.literal(dialect)),
            None => sql.push(c),
        }
    }
    sql
}

/// Words and signs; quoted parts stay whole.
fn words(sql: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quote = None;
    let mut glue = false;
    for c in sql.chars() {
        let wordly = c.is_alphanumeric() || c == '_' || c == '.';
        let joins = quote.is_some()
            || (glue
                && (wordly
                    || "<>=!|:@".contains(c)
                        && words
                            .last()
                            .is_some_and(|w| w.ends_with(['<', '>', '=', '!', '|', ':', '@', '-']))));
        match words.last_mut() {
            Some(last) if joins => last.push(c),
            _ if c.is_whitespace() => {}
            _ => words.push(c.to_string()),
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            _ => {}
        }
        glue = quote.is_some() || wordly || "<>=!|:@-".contains(c);
        if !wordly && words.last().is_some_and(|word| word.chars().all(|c| c == '-')) && words.len() > 1 {
            glue = true;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_parts_stay_whole() {
        assert_eq!(
            words("SELECT 'a b' FROM t WHERE x>=1"),
            ["SELECT", "'a b'", "FROM", "t", "WHERE", "x", ">=1"]
        );
    }

    #[test]
    fn arguments_become_literals() {
        let statement =
            Statement { sql: "SELECT ?, '?', ?".to_owned(), arguments: vec![1.into(), "x".into()] };
        assert_eq!(without_arguments(&statement, Dialect::Sqlite), "SELECT 1, '?', 'x'");
        let statement = Statement { sql: "SELECT $2, $1".to_owned(), arguments: vec![1.into(), "x".into()] };
        assert_eq!(without_arguments(&statement, Dialect::Postgres), "SELECT 'x', 1");
    }
}
