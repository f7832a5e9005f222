//! PostgreSQL takes `LIMIT`, `OFFSET` and `FOR UPDATE` in any order; the parser prints them in one, and knows no
//! `LOCK IN SHARE MODE`.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::is_word;

/// What may stand at the end of a query, in the order of printing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Clause {
    Limit,
    Offset,
    Fetch,
    Lock,
}

/// Brings the ends of all queries into the order in which they are printed, and leaves out `LIMIT ALL`.
pub(super) fn in_order(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    if !tokens.iter().any(|token| is_word(&token.token, "LIMIT") || is_word(&token.token, "OFFSET")) {
        return tokens;
    }
    let mut levels = vec![Level::default()];
    for (at, token) in tokens.iter().enumerate() {
        if token.token == Token::RParen && levels.len() > 1 {
            let inner = levels.pop().map(Level::finish).unwrap_or_default();
            if let Some(level) = levels.last_mut() {
                inner.into_iter().for_each(|token| level.push(token));
            }
        }
        let Some(level) = levels.last_mut() else { break };
        match clause(&tokens, at) {
            Some(clause) => level.start(clause),
            None if ends(&token.token) => level.flush(),
            None => {}
        }
        level.push(token.clone());
        if token.token == Token::LParen {
            levels.push(Level::default());
        }
    }
    let mut whole = Vec::with_capacity(tokens.len());
    for level in levels {
        whole.extend(level.finish());
    }
    whole
}

fn clause(tokens: &[TokenWithSpan], at: usize) -> Option<Clause> {
    let word =
        |ahead: usize, word: &str| tokens.get(at + ahead).is_some_and(|token| is_word(&token.token, word));
    // Names that are spelled like one of the words.
    let named = at.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|before| {
        matches!(before.token, Token::Period | Token::Comma) || is_word(&before.token, "AS")
    });
    match () {
        () if named => None,
        () if word(0, "LIMIT") => Some(Clause::Limit),
        () if word(0, "OFFSET") => Some(Clause::Offset),
        () if word(0, "FETCH") => Some(Clause::Fetch),
        () if word(0, "FOR") && (word(1, "UPDATE") || word(1, "SHARE")) => Some(Clause::Lock),
        () => None,
    }
}

fn ends(token: &Token) -> bool {
    const WORDS: [&str; 5] = ["UNION", "EXCEPT", "INTERSECT", "RETURNING", "ON"];
    *token == Token::SemiColon || WORDS.iter().any(|word| is_word(token, word))
}

/// What stands between two brackets.
#[derive(Default)]
struct Level {
    done: Vec<TokenWithSpan>,
    clauses: Vec<(Clause, Vec<TokenWithSpan>)>,
}

impl Level {
    fn push(&mut self, token: TokenWithSpan) {
        match self.clauses.last_mut() {
            Some((_, tokens)) => tokens.push(token),
            None => self.done.push(token),
        }
    }

    fn start(&mut self, clause: Clause) {
        self.clauses.push((clause, Vec::new()));
    }

    fn flush(&mut self) {
        let mut clauses = std::mem::take(&mut self.clauses);
        clauses.sort_by_key(|(clause, _)| *clause);
        for (clause, tokens) in clauses {
            let all = tokens.len() == 2 && tokens.last().is_some_and(|last| is_word(&last.token, "ALL"));
            if !(clause == Clause::Limit && all) {
                self.done.extend(tokens);
            }
        }
    }

    fn finish(mut self) -> Vec<TokenWithSpan> {
        self.flush();
        self.done
    }
}

pub(crate) const SHARES: &str = "LOCK IN SHARE MODE";

/// Takes `LOCK IN SHARE MODE` off the end of a statement: it is put there again when all else is proved.
pub(crate) fn shares(tokens: &mut Vec<TokenWithSpan>) -> bool {
    while tokens.last().is_some_and(|last| last.token == Token::SemiColon) {
        tokens.pop();
    }
    let Some(start) = tokens.len().checked_sub(4) else { return false };
    let last = tokens.get(start..).unwrap_or_default();
    let shares = SHARES.split(' ').zip(last).all(|(word, token)| is_word(&token.token, word));
    if shares {
        tokens.truncate(start);
    }
    shares
}
