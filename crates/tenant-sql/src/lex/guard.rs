//! What the tree cannot represent, or represents as something else, is refused while it is still a token.

use sqlparser::tokenizer::{Token, Whitespace};

use super::{Lexed, Source, is_comment};
use crate::catalog::Dialect;
use crate::refusal::{Refusal, RefusalKind};

/// The parser takes every Unicode blank for a blank; the databases take most of them for letters.
pub(super) fn blank(blank: &Whitespace, text: &str) -> Result<(), Refusal> {
    if is_comment(blank) || text.chars().all(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')) {
        return Ok(());
    }
    Err(Refusal::new(RefusalKind::Syntax, "blank", "separate words by ASCII spaces"))
}

/// A zero byte ends the statement for drivers written in C; an executable comment is code.
pub(crate) fn text(sql: &str, dialect: Dialect) -> Result<(), Refusal> {
    if sql.contains('\0') {
        return Err(Refusal::new(RefusalKind::Syntax, "zero byte", "bind the value"));
    }
    let executable = sql.contains("/*!") || sql.contains("/*M!") || sql.contains("/*+");
    if dialect == Dialect::MySql && executable {
        return Err(Refusal::construct_of("executable comment"));
    }
    Ok(())
}

pub(crate) fn tokens(source: &Source<'_>, dialect: Dialect) -> Result<(), Refusal> {
    let mut before: Option<&Lexed> = None;
    for lexed in &source.tokens {
        let start = lexed.token.span.start;
        let text = source.sql.get(lexed.start..lexed.end).unwrap_or_default();
        let glued = before.is_some_and(|before| before.end == lexed.start && sticks(before, lexed));
        let joined = dialect != Dialect::Sqlite && before.is_some_and(|before| both_strings(before, lexed));
        // What SQLite's form says is said by `UPDATE IGNORE` there.
        let foreign = dialect == Dialect::MySql
            && lexed.is_word("OR")
            && before.is_some_and(|before| before.is_word("UPDATE"));
        let checked = if foreign {
            Err(syntax("UPDATE OR"))
        } else if joined {
            Err(Refusal::construct_of("adjacent strings"))
        } else if glued {
            Err(syntax("words without a space"))
        } else {
            token(&lexed.token.token, text, dialect)
        };
        checked.map_err(|refusal| refusal.at(start.line, start.column))?;
        before = Some(lexed);
    }
    Ok(())
}

fn syntax(construct: &'static str) -> Refusal {
    Refusal::new(RefusalKind::Syntax, construct, "")
}

/// `1a` and `?1a` are one faulty word to the database, and two words to the parser.
fn sticks(left: &Lexed, right: &Lexed) -> bool {
    let wordy = |token: &Token| matches!(token, Token::Word(_) | Token::Number(..) | Token::Placeholder(_));
    wordy(&left.token.token) && wordy(&right.token.token)
}

/// One string to the database, a string and an alias to the parser.
fn both_strings(left: &Lexed, right: &Lexed) -> bool {
    let string =
        |token: &Token| matches!(token, Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_));
    string(&left.token.token) && string(&right.token.token)
}

fn token(token: &Token, text: &str, dialect: Dialect) -> Result<(), Refusal> {
    match token {
        // `0x1F` would be printed as the blob `X'1F'`, which it is on MySQL; on SQLite it becomes a decimal number.
        Token::HexStringLiteral(digits) if text.starts_with('0') => {
            let known = match dialect {
                Dialect::Sqlite => text.starts_with("0x") && i64::from_str_radix(digits, 16).is_ok(),
                Dialect::MySql => {
                    text.starts_with("0x") && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
                }
                Dialect::Postgres => false,
            };
            let hint = "write it in decimal, or bind it";
            let refusal = || Refusal::new(RefusalKind::UnsupportedConstruct, "hexadecimal number", hint);
            if known { Ok(()) } else { Err(refusal()) }
        }
        Token::HexStringLiteral(_) if dialect == Dialect::Postgres => {
            Err(Refusal::construct_of("bit string"))
        }
        Token::HexStringLiteral(digits)
            if digits.len() % 2 == 1 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) =>
        {
            Err(syntax("blob"))
        }
        Token::Word(word) if word.quote_style.is_some() => name(&word.value),
        Token::Number(_, true) | Token::Backslash | Token::Char(_) | Token::LBrace | Token::RBrace => {
            Err(syntax("token"))
        }
        Token::EscapedStringLiteral(value) if dialect == Dialect::Postgres && !value.contains('\\') => Ok(()),
        Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_) => {
            Err(Refusal::new(RefusalKind::UnsupportedConstruct, "prefixed string", "bind the value"))
        }
        Token::Assignment => Err(Refusal::construct_of(":=")),
        _ => Ok(()),
    }
}

/// A quote inside a name gives one name two spellings, in the text and in the tree.
fn name(value: &str) -> Result<(), Refusal> {
    let odd = |c: char| c.is_control() || matches!(c, '"' | '\'' | '`' | '[' | ']' | '\\');
    match value.is_empty() || value.contains(odd) {
        true => Err(Refusal::construct_of("quote inside a name")),
        false => Ok(()),
    }
}
