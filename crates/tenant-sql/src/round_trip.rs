//! What is sent is what was analysed: the printed text must read as the tree, and the tree as the caller's text.

use sqlparser::ast::{Expr, Statement};
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::dialect::Rules;
use crate::lex::{is_word, tokenize};
use crate::refusal::{Refusal, RefusalKind};
use crate::tree::{Tree, same_shape};

/// The parser counts calls, of which a bracket costs several; our own limit on the tokens comes first.
const RECURSION: usize = 400;

/// Reads a statement, and gives the tokens back.
pub(crate) fn parse(
    tokens: Vec<TokenWithSpan>,
    rules: &Rules,
) -> Result<(Tree, Vec<TokenWithSpan>), Refusal> {
    let dialect = (rules.parser)();
    let options = ParserOptions::new().with_unescape(false);
    let parser = Parser::new(dialect.as_ref()).with_options(options).with_recursion_limit(RECURSION);
    let mut parser = parser.with_tokens_with_locations(tokens);
    match Tree::only(&mut parser).map_err(|_| syntax())? {
        Ok(tree) => Ok((tree, parser.into_tokens())),
        Err(0) => Err(Refusal::new(RefusalKind::Syntax, "empty statement", "")),
        Err(_) => {
            Err(Refusal::new(RefusalKind::UnsupportedStatement, "several statements", "send them one by one"))
        }
    }
}

/// Reads an expression of our own.
pub(crate) fn expression(text: &str, rules: &Rules) -> Result<Expr, Refusal> {
    let dialect = (rules.parser)();
    let options = ParserOptions::new().with_unescape(false);
    let parser = Parser::new(dialect.as_ref()).with_options(options).try_with_sql(text);
    parser.and_then(|mut parser| parser.parse_expr()).map_err(|_| syntax())
}

pub(crate) fn reparse(printed: &str, rules: &Rules) -> Result<Tree, Refusal> {
    let tokens = tokenize(printed, rules).map_err(|_| changed("token"))?;
    parse(tokens, rules).map(|(tree, _)| tree).map_err(|_| changed("printed text"))
}

/// Requires the printed text to read as the same tree, and returns what was read.
pub(crate) fn same_tree(printed: &str, statement: &Statement, rules: &Rules) -> Result<Tree, Refusal> {
    let read = reparse(printed, rules)?;
    match read.to_string() == printed && same_shape(&read, statement) {
        true => Ok(read),
        false => Err(changed("tree")),
    }
}

/// Requires the unscoped tree to print as the tokens it was read from: what the parser misread, or dropped, shows here.
pub(crate) fn same_tokens(
    source: &[TokenWithSpan],
    statement: &Statement,
    rules: &Rules,
) -> Result<(), Refusal> {
    let printed = tokenize(&statement.to_string(), rules).map_err(|_| changed("token"))?;
    // Almost always they are the same one by one, and no token has to be written out.
    if alike(source, &printed) {
        return Ok(());
    }
    let source = source.iter().map(|token| &token.token).flat_map(canonical);
    let printed = printed.iter().map(|token| &token.token).flat_map(canonical);
    match source.eq(printed) {
        true => Ok(()),
        false => Err(changed("text")),
    }
}

/// Whether both are canonically the same, token by token; `false` says nothing.
fn alike(source: &[TokenWithSpan], printed: &[TokenWithSpan]) -> bool {
    let same = |left: &Token, right: &Token| match (left, right) {
        (Token::Word(left), Token::Word(right)) => {
            left.quote_style == right.quote_style
                && match left.quote_style {
                    None => left.value.eq_ignore_ascii_case(&right.value),
                    Some(_) => left.value == right.value,
                }
        }
        (left, right) => left == right,
    };
    let mut source = told(source);
    let mut printed = told(printed);
    loop {
        match (source.next(), printed.next()) {
            (None, None) => return true,
            (Some(left), Some(right)) if same(left, right) => {}
            _ => return false,
        }
    }
}

fn told(tokens: &[TokenWithSpan]) -> impl Iterator<Item = &Token> {
    tokens.iter().map(|token| &token.token).filter(|token| is_told(token))
}

/// `FULL OUTER JOIN` is printed as `FULL JOIN`; neither `AS` nor `OUTER` can be a name.
fn is_told(token: &Token) -> bool {
    !matches!(token, Token::Whitespace(_) | Token::SemiColon | Token::EOF)
        && !is_word(token, "AS")
        && !is_word(token, "OUTER")
}

fn canonical(token: &Token) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match token {
        _ if !is_told(token) => Vec::new(),
        _ if is_word(token, "NOTNULL") => words(&["IS", "NOT", "NULL"]),
        Token::DoubleEq => words(&["="]),
        Token::Word(word) if word.quote_style.is_none() => vec![word.value.to_ascii_uppercase()],
        other => vec![other.to_string()],
    }
}

fn syntax() -> Refusal {
    Refusal::new(RefusalKind::Syntax, "statement", "")
}

fn changed(construct: &'static str) -> Refusal {
    Refusal::new(
        RefusalKind::RoundTrip,
        construct,
        "write it in the common form, or run it unscoped with a reason",
    )
}
