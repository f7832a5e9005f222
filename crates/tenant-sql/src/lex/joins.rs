//! Joins that nest without parentheses.

use sqlparser::tokenizer::Token;

use super::{Lexed, Source};
use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};

/// Refuses `a JOIN b JOIN c ON x ON y`: the parser walks down one join for each that waits for its `ON`, which no bracket
/// announces. `CROSS` and `NATURAL` joins wait for none.
pub(crate) fn check(source: &Source<'_>, rules: &Rules) -> Result<(), Refusal> {
    join_of_nothing(source)?;
    if rules.can.joins_without_on {
        return Ok(());
    }
    let mut open: Vec<bool> = Vec::new();
    let mut waits = false;
    for (at, lexed) in source.tokens.iter().enumerate() {
        match &lexed.token.token {
            Token::LParen => open.push(std::mem::take(&mut waits)),
            Token::RParen => waits = open.pop().unwrap_or_default(),
            Token::Comma => waits = false,
            _ if is_join(lexed) && !is_unconditional(source, at) => {
                if waits {
                    return Err(nested(lexed));
                }
                waits = true;
            }
            _ if ends(lexed) && !is_name(source, at) => waits = false,
            _ => {}
        }
    }
    Ok(())
}

/// Refuses `a CROSS JOIN CROSS JOIN ...`: with no table between them the parser walks down from one to the next.
fn join_of_nothing(source: &Source<'_>) -> Result<(), Refusal> {
    const JOINS: [&str; 5] = ["CROSS", "NATURAL", "INNER", "JOIN", "STRAIGHT_JOIN"];
    let pairs = source.tokens.iter().zip(source.tokens.iter().skip(1));
    for (here, next) in pairs.filter(|(here, _)| is_join(here)) {
        if next.token.token == Token::Comma || JOINS.iter().any(|word| next.is_word(word)) {
            return Err(nested(here));
        }
    }
    Ok(())
}

fn is_join(lexed: &Lexed) -> bool {
    lexed.is_word("JOIN") || lexed.is_word("STRAIGHT_JOIN")
}

fn ends(lexed: &Lexed) -> bool {
    ["ON", "USING", "FROM", "WHERE"].iter().any(|word| lexed.is_word(word))
}

fn is_unconditional(source: &Source<'_>, at: usize) -> bool {
    const BETWEEN: [&str; 5] = ["LEFT", "RIGHT", "FULL", "INNER", "OUTER"];
    let word = |back: usize| Some((at.checked_sub(back)?, source.tokens.get(at.checked_sub(back)?)?));
    let first = (1..=3).map_while(word).find(|(_, lexed)| !BETWEEN.iter().any(|word| lexed.is_word(word)));
    first.is_some_and(|(at, first)| {
        (first.is_word("CROSS") || first.is_word("NATURAL")) && !is_name(source, at)
    })
}

/// `users AS on`: where the parser takes any word for a name.
fn is_name(source: &Source<'_>, at: usize) -> bool {
    const BEFORE: [&str; 7] = ["AS", "JOIN", "STRAIGHT_JOIN", "LATERAL", "ONLY", "FROM", "OF"];
    let Some(before) = at.checked_sub(1).and_then(|before| source.tokens.get(before)) else { return false };
    matches!(before.token.token, Token::Period | Token::Comma)
        || BEFORE.iter().any(|word| before.is_word(word))
}

fn nested(lexed: &Lexed) -> Refusal {
    let start = lexed.token.span.start;
    let hint = "put the inner join into parentheses, or give each JOIN its ON";
    Refusal::new(RefusalKind::UnsupportedConstruct, "join without ON", hint).at(start.line, start.column)
}
