//! How deep the tree of a text can get, told from its tokens.

use sqlparser::tokenizer::Token;

use super::{Source, is_word};
use crate::limits::Limits;
use crate::refusal::{Refusal, RefusalKind};

/// What an opened bracket adds to the depth of the tree, in operators.
const NESTING: usize = 3;

/// What it adds if there is a join in it: a join is walked down to through the table, the join and the list of joins.
const NESTED_JOIN: usize = 9;

/// Each `SELECT` is a scope of its own, and costs what all the names around it cost.
const MOST_SELECTS: usize = 500;

/// What stands before `IN` in `position(a IN b)` is parsed a second time where there is no `IN`: each level doubles that.
const NESTED_POSITIONS: usize = 4;

/// What a statement in a statement adds: `INSERT INTO a INSERT INTO b ...` nests without brackets.
const STATEMENT: usize = 20;

/// A bracket that is still open. Operators chain from the last comma on; set operators from the bracket on.
#[derive(Default)]
struct Level {
    operators: usize,
    sets: usize,
    inner: usize,
    deepest: usize,
    joins: bool,
    /// The bracket is that of `position(...)`.
    position: bool,
}

impl Level {
    fn comma(&mut self) {
        self.deepest = self.deepest.max(self.operators + self.inner);
        (self.operators, self.inner) = (0, 0);
    }

    fn depth(mut self) -> usize {
        self.comma();
        self.deepest + self.sets
    }

    /// What the bracket adds to the depth around it.
    fn nested(self) -> usize {
        let own = if self.joins { NESTED_JOIN } else { NESTING };
        self.depth() + own
    }
}

pub(crate) fn measure(source: &Source<'_>, limits: Limits) -> Result<(), Refusal> {
    if source.tokens.len() > limits.tokens {
        return Err(Refusal::new(RefusalKind::TooLong, "tokens", "split the statement"));
    }
    let selects = source.tokens.iter().filter(|lexed| lexed.is_word("SELECT")).count();
    if selects > MOST_SELECTS {
        return Err(Refusal::new(RefusalKind::TooLong, "SELECT", "split the statement"));
    }
    let mut open: Vec<Level> = Vec::new();
    let mut level = Level::default();
    let mut before = &Token::SemiColon;
    let mut positions = 0_usize;
    for (lexed, next) in source.tokens.iter().zip(source.tokens.iter().skip(1).map(Some).chain([None])) {
        let token = &lexed.token.token;
        if is_word(token, "NOT") && !ends(before) && next.is_some_and(|next| next.is_word("IN")) {
            return Err(Refusal::new(RefusalKind::Syntax, "NOT IN", "say what is not in it"));
        }
        if opens(token) {
            let position = *token == Token::LParen && is_word(before, "POSITION");
            positions += usize::from(position);
            open.push(std::mem::replace(&mut level, Level { position, ..Level::default() }));
        } else if closes(token) {
            positions -= usize::from(level.position);
            let depth = std::mem::take(&mut level).nested();
            level = open.pop().unwrap_or_default();
            level.inner = level.inner.max(depth);
            // `int[][][]`: each pair wraps the type before it.
            level.operators += usize::from(*token == Token::RBracket);
        }
        count(&mut level, token);
        if open.len() > limits.depth || positions > NESTED_POSITIONS {
            return Err(too_deep("nesting"));
        }
        before = token;
        if level.operators + level.sets + level.inner > limits.chain {
            return Err(too_deep("operators in one chain"));
        }
    }
    // Brackets left open are a syntax error, which the parser reports after having walked down to it.
    let left: usize = open.into_iter().map(Level::nested).sum();
    match left + level.depth() > limits.chain {
        true => Err(too_deep("operators in one chain")),
        false => Ok(()),
    }
}

fn too_deep(construct: &'static str) -> Refusal {
    Refusal::new(RefusalKind::TooDeep, construct, "use IN, VALUES or a CTE, or split the statement")
}

/// Whether an expression can end here. Behind anything else the parser takes `NOT IN (...)` for several things in turn, and
/// what is in the brackets with it: each level doubles the time.
fn ends(token: &Token) -> bool {
    const BEFORE_AN_EXPRESSION: &[&str] = &[
        "SELECT",
        "WHERE",
        "AND",
        "OR",
        "XOR",
        "NOT",
        "ON",
        "HAVING",
        "WHEN",
        "THEN",
        "ELSE",
        "CASE",
        "IN",
        "BY",
        "LIKE",
        "BETWEEN",
        "IS",
        "SET",
        "VALUES",
        "RETURNING",
        "DISTINCT",
        "ALL",
        "ANY",
        "SOME",
        "EXISTS",
        "LIMIT",
        "OFFSET",
        "FROM",
        "USING",
        "AS",
        "FILTER",
        "OVER",
        "ESCAPE",
        "DIV",
        "MOD",
        "ILIKE",
        "REGEXP",
        "RLIKE",
        "SIMILAR",
        "TO",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "INTERVAL",
    ];
    match token {
        Token::Word(word) => word.quote_style.is_some() || !listed(BEFORE_AN_EXPRESSION, &word.value),
        Token::LParen | Token::LBracket | Token::LBrace | Token::Comma | Token::SemiColon | Token::Period => {
            false
        }
        Token::RParen | Token::RBracket | Token::RBrace | Token::Number(..) | Token::Placeholder(_) => true,
        Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::DollarQuotedString(_) => true,
        Token::NationalStringLiteral(_) | Token::EscapedStringLiteral(_) | Token::HexStringLiteral(_) => true,
        _ => false,
    }
}

fn opens(token: &Token) -> bool {
    matches!(token, Token::LParen | Token::LBracket | Token::LBrace) || is_word(token, "CASE")
}

fn closes(token: &Token) -> bool {
    matches!(token, Token::RParen | Token::RBracket | Token::RBrace) || is_word(token, "END")
}

fn count(level: &mut Level, token: &Token) {
    match token {
        Token::Comma => level.comma(),
        Token::Word(word) if word.quote_style.is_some() => {}
        Token::Word(word) if word.value.eq_ignore_ascii_case("INSERT") => level.sets += STATEMENT,
        Token::Word(word) if word.value.eq_ignore_ascii_case("JOIN") => level.joins = true,
        Token::Word(word) if listed(SETS, &word.value) => level.sets += 1,
        Token::Word(word) if listed(OPERATORS, &word.value) => level.operators += 1,
        Token::Word(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DollarQuotedString(_)
        | Token::HexStringLiteral(_)
        | Token::Placeholder(_)
        | Token::LParen
        | Token::RParen
        | Token::RBracket
        | Token::Period
        | Token::SemiColon => {}
        // Everything else may be an operator.
        _ => level.operators += 1,
    }
}

fn listed(words: &[&str], word: &str) -> bool {
    words.iter().any(|listed| listed.eq_ignore_ascii_case(word))
}

const SETS: &[&str] = &["UNION", "EXCEPT", "INTERSECT", "MINUS"];

/// Words that put one more node on top of what stands before or after them.
const OPERATORS: &[&str] = &[
    "AND",
    "OR",
    "XOR",
    "NOT",
    "IS",
    "IN",
    "LIKE",
    "ILIKE",
    "GLOB",
    "REGEXP",
    "RLIKE",
    "MATCH",
    "SIMILAR",
    "BETWEEN",
    "COLLATE",
    "ISNULL",
    "NOTNULL",
    "DIV",
    "MOD",
    "AT",
    "OVERLAPS",
    "OPERATOR",
    "BINARY",
    "INTERVAL",
    "PRIOR",
    "MEMBER",
    "EXPLAIN",
    "DESCRIBE",
    "PIVOT",
    "UNPIVOT",
    "MATCH_RECOGNIZE",
    "TABLESAMPLE",
    "ARRAY",
    "ALL",
    "ANY",
    "SOME",
    "EXISTS",
    "CONNECT_BY_ROOT",
    "LAMBDA",
];
