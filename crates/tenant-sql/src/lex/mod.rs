//! The caller's text as tokens: measured and checked before anything is parsed.

pub(crate) mod guard;
pub(crate) mod joins;
pub(crate) mod labels;
pub(crate) mod locks;
pub(crate) mod measure;
mod normal;
pub(crate) mod placeholders;
pub(crate) mod strings;
pub(crate) mod tail;
pub(crate) mod unparsed;

use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError, Whitespace};

use crate::catalog::Dialect;
use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};

/// A token that is not blank, and the bytes of the text it stands for.
pub(crate) struct Lexed {
    pub(crate) token: TokenWithSpan,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Lexed {
    pub(crate) fn is_word(&self, word: &str) -> bool {
        is_word(&self.token.token, word)
    }
}

pub(crate) fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

/// The caller's text and its tokens.
pub(crate) struct Source<'a> {
    pub(crate) sql: &'a str,
    pub(crate) tokens: Vec<Lexed>,
}

impl<'a> Source<'a> {
    pub(crate) fn read(sql: &'a str, rules: &Rules) -> Result<Self, Refusal> {
        let tokens = tokenize(sql, rules).map_err(|error| unreadable(&error))?;
        let mut cursor = Cursor::new(sql);
        let mut kept = Vec::with_capacity(tokens.len() / 2);
        for token in tokens {
            let start = cursor.byte_at(token.span.start);
            let end = cursor.byte_at(token.span.end);
            match &token.token {
                Token::Whitespace(blank) => guard::blank(blank, sql.get(start..end).unwrap_or_default())?,
                _ => kept.push(Lexed { token, start, end }),
            }
        }
        Ok(Self { sql, tokens: kept })
    }

    /// The tokens for the parser.
    pub(crate) fn for_parser(&self, dialect: Dialect) -> Vec<TokenWithSpan> {
        normal::tokens(self, dialect)
    }

    pub(crate) fn text(&self, first: &Lexed, last: &Lexed) -> &'a str {
        self.sql.get(first.start..last.end).unwrap_or_default()
    }
}

/// Reads tokens with literals left as they stand: an unescaped literal is printed back with its quotes opened.
pub(crate) fn tokenize(sql: &str, rules: &Rules) -> Result<Vec<TokenWithSpan>, TokenizerError> {
    let dialect = (rules.parser)();
    Tokenizer::new(dialect.as_ref(), sql).with_unescape(false).tokenize_with_location()
}

fn unreadable(error: &TokenizerError) -> Refusal {
    let Location { line, column } = error.location;
    Refusal::new(RefusalKind::Syntax, "token", "").at(line, column)
}

pub(crate) fn is_comment(blank: &Whitespace) -> bool {
    matches!(blank, Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_))
}

/// Turns the tokenizer's lines and columns into bytes, in one pass over the text.
struct Cursor<'a> {
    rest: std::str::CharIndices<'a>,
    line: u64,
    column: u64,
    byte: usize,
}

impl<'a> Cursor<'a> {
    fn new(sql: &'a str) -> Self {
        Self { rest: sql.char_indices(), line: 1, column: 1, byte: 0 }
    }

    fn byte_at(&mut self, to: Location) -> usize {
        while (self.line, self.column) < (to.line, to.column) {
            let Some((at, c)) = self.rest.next() else { break };
            self.byte = at + c.len_utf8();
            (self.line, self.column) =
                if c == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.byte
    }
}
