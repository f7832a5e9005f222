use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{Dialect, MySqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};

/// The parser's MySQL, with `XOR` where the database has it: it binds closer than `OR` and looser than `AND`
/// (<https://dev.mysql.com/doc/refman/8.4/en/operator-precedence.html>), not closer than `=`.
#[derive(Debug)]
pub(super) struct MySqlParser;

const BASE: MySqlDialect = MySqlDialect {};

impl Dialect for MySqlParser {
    fn dialect(&self) -> std::any::TypeId {
        BASE.dialect()
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        let [and, or] = [Precedence::And, Precedence::Or].map(|known| BASE.prec_value(known));
        match precedence {
            Precedence::Xor => or.midpoint(and),
            other => BASE.prec_value(other),
        }
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

    fn is_table_factor_alias(&self, explicit: bool, keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        BASE.is_table_factor_alias(explicit, keyword, parser)
    }

    fn parse_statement(&self, parser: &mut Parser<'_>) -> Option<Result<Statement, ParserError>> {
        BASE.parse_statement(parser)
    }

    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        expr: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        BASE.parse_infix(parser, expr, precedence)
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        BASE.supports_string_literal_backslash_escape()
    }

    fn supports_string_literal_concatenation(&self) -> bool {
        BASE.supports_string_literal_concatenation()
    }

    fn ignores_wildcard_escapes(&self) -> bool {
        BASE.ignores_wildcard_escapes()
    }

    fn supports_numeric_prefix(&self) -> bool {
        BASE.supports_numeric_prefix()
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        BASE.supports_bitwise_shift_operators()
    }

    fn supports_multiline_comment_hints(&self) -> bool {
        BASE.supports_multiline_comment_hints()
    }

    fn require_interval_qualifier(&self) -> bool {
        BASE.require_interval_qualifier()
    }

    fn supports_limit_comma(&self) -> bool {
        BASE.supports_limit_comma()
    }

    fn supports_insert_set(&self) -> bool {
        BASE.supports_insert_set()
    }

    fn supports_table_hints(&self) -> bool {
        BASE.supports_table_hints()
    }

    fn requires_single_line_comment_whitespace(&self) -> bool {
        BASE.requires_single_line_comment_whitespace()
    }

    fn supports_match_against(&self) -> bool {
        BASE.supports_match_against()
    }

    fn supports_select_modifiers(&self) -> bool {
        BASE.supports_select_modifiers()
    }

    fn supports_update_order_by(&self) -> bool {
        BASE.supports_update_order_by()
    }

    fn supports_data_type_signed_suffix(&self) -> bool {
        BASE.supports_data_type_signed_suffix()
    }

    fn supports_cross_join_constraint(&self) -> bool {
        BASE.supports_cross_join_constraint()
    }

    fn supports_double_ampersand_operator(&self) -> bool {
        BASE.supports_double_ampersand_operator()
    }

    fn supports_binary_kw_as_cast(&self) -> bool {
        BASE.supports_binary_kw_as_cast()
    }

    fn supports_comment_optimizer_hint(&self) -> bool {
        BASE.supports_comment_optimizer_hint()
    }

    fn supports_group_by_with_modifier(&self) -> bool {
        BASE.supports_group_by_with_modifier()
    }

    fn supports_left_associative_joins_without_parens(&self) -> bool {
        BASE.supports_left_associative_joins_without_parens()
    }
}
