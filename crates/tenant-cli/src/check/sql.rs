//! Files of SQL: one statement after the other.

use std::path::Path;

use sqlparser::{
    dialect::{Dialect as Tokens, MySqlDialect, PostgreSqlDialect, SQLiteDialect},
    tokenizer::{Location, Token, TokenWithSpan, Tokenizer},
};
use tenant_sql::Dialect;

use super::source::{Found, Place, Sql};

/// The statements of a file. One that can't be cut into tokens is taken as one statement, and refused as such.
pub(super) fn statements(file: &Path, text: &str, dialect: Dialect) -> Vec<Found> {
    let found = |line, column, sql: &str| Found {
        place: Place { file: file.to_owned(), line, column },
        sql: Sql::Text(sql.to_owned()),
    };
    match Tokenizer::new(&*tokens(dialect), text).with_unescape(false).tokenize_with_location() {
        Ok(tokens) => {
            split(&tokens, text).map(|(at, sql)| found(number(at.line), number(at.column), sql)).collect()
        }
        Err(_) => vec![found(1, 1, text.trim())],
    }
}

fn tokens(dialect: Dialect) -> Box<dyn Tokens> {
    match dialect {
        Dialect::Sqlite => Box::new(SQLiteDialect {}),
        Dialect::Postgres => Box::new(PostgreSqlDialect {}),
        Dialect::MySql => Box::new(MySqlDialect {}),
    }
}

/// Each statement from its first token to its semicolon, comments in front left out.
fn split<'a>(tokens: &'a [TokenWithSpan], text: &'a str) -> impl Iterator<Item = (Location, &'a str)> {
    let offsets = Offsets::of(text);
    tokens.split(|token| token.token == Token::SemiColon).filter_map(move |statement| {
        let is_content = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_) | Token::EOF);
        let first = statement.iter().find(is_content)?;
        let last = statement.iter().rfind(is_content)?;
        let sql = text.get(offsets.of_place(first.span.start)?..offsets.of_place(last.span.end)?)?;
        Some((first.span.start, sql))
    })
}

/// Where each line begins.
struct Offsets<'a> {
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Offsets<'a> {
    fn of(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, lines: std::iter::once(0).chain(breaks).collect() }
    }

    fn of_place(&self, place: Location) -> Option<usize> {
        let line = *self.lines.get(number(place.line).checked_sub(1)?)?;
        let column = number(place.column).checked_sub(1)?;
        let rest = self.text.get(line..)?;
        let within = rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
        Some(line + within)
    }
}

fn number(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, dialect: Dialect) -> Vec<(usize, usize, String)> {
        let found = statements(Path::new("a.sql"), text, dialect);
        let flat = |found: Found| match found.sql {
            Sql::Text(sql) => (found.place.line, found.place.column, sql),
            Sql::Unknown(why) => panic!("{why}"),
        };
        found.into_iter().map(flat).collect()
    }

    #[test]
    fn a_semicolon_within_a_text_or_a_comment_ends_nothing() {
        let text = "-- one; two\nSELECT ';é', 1; /* ; */\n  DELETE FROM a\n WHERE b = 'x'\n;\n;";
        let expected = [(2, 1, "SELECT ';é', 1"), (3, 3, "DELETE FROM a\n WHERE b = 'x'")];
        for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
            let found = split(text, dialect);
            let found: Vec<_> = found.iter().map(|(line, column, sql)| (*line, *column, &**sql)).collect();
            assert_eq!(found, expected, "{dialect:?}");
        }
    }

    #[test]
    fn a_body_between_dollars_is_one_token() {
        let found = split("SELECT $a$ ; $a$; SELECT 2", Dialect::Postgres);
        assert_eq!(found, [(1, 1, "SELECT $a$ ; $a$".to_owned()), (1, 19, "SELECT 2".to_owned())]);
    }

    #[test]
    fn what_is_no_sql_is_still_told_of() {
        assert_eq!(split("SELECT 'open", Dialect::Sqlite), [(1, 1, "SELECT 'open".to_owned())]);
        assert_eq!(split(" \n-- nothing\n", Dialect::Sqlite), []);
    }
}
