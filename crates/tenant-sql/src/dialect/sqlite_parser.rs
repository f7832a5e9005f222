use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{Dialect, Precedence, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::tree;

/// The parser's SQLite, and what it lacks: `a IS b`, `NOT GLOB`, `<<`, an alias for the target of `INSERT`.
#[derive(Debug)]
pub(super) struct SqliteParser;

const BASE: SQLiteDialect = SQLiteDialect {};

impl Dialect for SqliteParser {
    fn dialect(&self) -> std::any::TypeId {
        BASE.dialect()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        BASE.is_delimited_identifier_start(ch)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        BASE.identifier_quote_style(identifier)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        BASE.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        BASE.is_identifier_part(ch)
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_in_empty_list(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn supports_dollar_placeholder(&self) -> bool {
        true
    }

    fn supports_notnull_operator(&self) -> bool {
        true
    }

    fn supports_comma_separated_trim(&self) -> bool {
        true
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }

    fn supports_insert_table_alias(&self) -> bool {
        true
    }

    fn parse_statement(&self, parser: &mut Parser<'_>) -> Option<Result<Statement, ParserError>> {
        BASE.parse_statement(parser)
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        negated(parser).map(|_| Ok(self.prec_value(Precedence::Like)))
    }

    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        expr: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        let Some((words, operator)) = negated(parser).or_else(|| is(parser)) else {
            return BASE.parse_infix(parser, expr, precedence);
        };
        (0..words).for_each(|_| drop(parser.next_token()));
        tree::infix(parser, expr, operator, precedence)
    }
}

fn keyword(parser: &Parser<'_>, at: usize) -> Keyword {
    match &parser.peek_nth_token_ref(at).token {
        Token::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

fn negated(parser: &Parser<'_>) -> Option<(usize, &'static str)> {
    match (keyword(parser, 0), keyword(parser, 1)) {
        (Keyword::NOT, Keyword::GLOB) => Some((2, "NOT GLOB")),
        (Keyword::NOT, Keyword::REGEXP) => Some((2, "NOT REGEXP")),
        _ => None,
    }
}

/// `IS` between two expressions; the forms the parser knows by itself are left to it.
fn is(parser: &Parser<'_>) -> Option<(usize, &'static str)> {
    let own = |at| {
        matches!(
            keyword(parser, at),
            Keyword::NULL
                | Keyword::TRUE
                | Keyword::FALSE
                | Keyword::UNKNOWN
                | Keyword::DISTINCT
                | Keyword::JSON
        )
    };
    match (keyword(parser, 0), keyword(parser, 1)) {
        (Keyword::IS, Keyword::NOT) if !own(2) => Some((2, "IS NOT")),
        (Keyword::IS, next) if next != Keyword::NOT && !own(1) => Some((1, "IS")),
        _ => None,
    }
}
