//! The caller's own text of each item in a select list: what an unaliased column is called by SQLite and MySQL.

use sqlparser::tokenizer::{Location, Token};

use super::tail::SHARES;
use super::{Lexed, Source};

/// Returns the text of each item of the list that starts behind the word at `start` (`SELECT`), or of the last
/// `RETURNING` outside all brackets.
pub(crate) fn select_items<'a>(source: &Source<'a>, start: Location) -> Option<Vec<&'a str>> {
    let at = source.tokens.binary_search_by_key(&start, |lexed| lexed.token.span.start).ok()?;
    let mut items = source.tokens.get(at + 1..)?;
    while let Some((_, rest)) =
        items.split_first().filter(|(first, _)| MODIFIERS.iter().any(|word| first.is_word(word)))
    {
        items = rest;
    }
    Some(split(source, items))
}

pub(crate) fn returning_items<'a>(source: &Source<'a>) -> Option<Vec<&'a str>> {
    let at = source.tokens.iter().rposition(|lexed| lexed.is_word("RETURNING"))?;
    Some(split(source, source.tokens.get(at + 1..)?))
}

const MODIFIERS: [&str; 8] = [
    "DISTINCT",
    "ALL",
    "HIGH_PRIORITY",
    "STRAIGHT_JOIN",
    "SQL_SMALL_RESULT",
    "SQL_BIG_RESULT",
    "SQL_BUFFER_RESULT",
    "SQL_NO_CACHE",
];

fn split<'a>(source: &Source<'a>, tokens: &[Lexed]) -> Vec<&'a str> {
    let mut items = Vec::new();
    let (mut first, mut last, mut depth) = (None, None, 0_usize);
    for (at, lexed) in tokens.iter().enumerate() {
        let token = &lexed.token.token;
        match token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket if depth == 0 => break,
            Token::RParen | Token::RBracket => depth -= 1,
            Token::Comma if depth == 0 => {
                items.extend(text(source, first.take(), last.take()));
                continue;
            }
            // A name, elsewhere.
            _ if depth == 0 && shares(tokens.get(at..).unwrap_or_default()) => break,
            // `a IS DISTINCT FROM b`
            _ if depth == 0 && ends(lexed) && !last.is_some_and(|last: &Lexed| last.is_word("DISTINCT")) => {
                break;
            }
            _ => {}
        }
        first = first.or(Some(lexed));
        last = Some(lexed);
    }
    items.extend(text(source, first, last));
    items
}

fn text<'a>(source: &Source<'a>, first: Option<&Lexed>, last: Option<&Lexed>) -> Option<&'a str> {
    Some(source.text(first?, last?))
}

fn shares(tokens: &[Lexed]) -> bool {
    let words = SHARES.split(' ');
    tokens.len() >= words.clone().count() && words.zip(tokens).all(|(word, lexed)| lexed.is_word(word))
}

fn ends(lexed: &Lexed) -> bool {
    const WORDS: [&str; 13] = [
        "FROM",
        "WHERE",
        "GROUP",
        "HAVING",
        "WINDOW",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "ORDER",
        "LIMIT",
        "ON",
        "FOR",
        "RETURNING",
    ];
    lexed.token.token == Token::SemiColon || WORDS.iter().any(|word| lexed.is_word(word))
}
