//! From text to plan: measure, number, parse, scope, print, read again, prove.

use std::sync::Arc;

use sqlparser::{ast::Statement, tokenizer::Token};

use crate::catalog::{Catalog, Dialect};
use crate::dialect::Rules;
use crate::lex::{Source, guard, joins, locks, measure, placeholders, strings, tail, unparsed};
use crate::limits::Limits;
use crate::plan::{Plan, StatementKind, TenantBind, Trailing};
use crate::refusal::{HINT_UNSCOPED, Refusal, RefusalKind};
use crate::scope::{Scoped, Scoper};
use crate::tree::Tree;
use crate::{reach, round_trip, verify, words};

// What a statement within the limits can need at most, with the large frames of an unoptimised build, stays below the
// first of these; where less is left, the work moves to a stack of the second size.
const ENOUGH_STACK: usize = 4 << 20;
const OWN_STACK: usize = 16 << 20;

/// Scopes a statement, on a stack that is large enough whichever thread asks: an overflow would end the process.
pub(crate) fn plan(sql: &str, catalog: &Catalog, limits: Limits) -> Result<Plan, Refusal> {
    if sql.len() > limits.bytes {
        return Err(Refusal::new(RefusalKind::TooLong, "bytes", "split the statement"));
    }
    stacker::maybe_grow(ENOUGH_STACK, OWN_STACK, || plan_here(sql, catalog, limits))
}

fn plan_here(sql: &str, catalog: &Catalog, limits: Limits) -> Result<Plan, Refusal> {
    let dialect = catalog.dialect();
    let rules = Rules::of(dialect);
    guard::text(sql, dialect)?;
    let mut source = Source::read(sql, rules)?;
    strings::single(&mut source, dialect);
    measure::measure(&source, limits)?;
    joins::check(&source, rules)?;
    first_word(&source)?;
    guard::tokens(&source, dialect)?;
    let arguments = placeholders::number(&mut source, dialect, rules)?;
    let weak = locks::weak(&source, dialect)?;
    let mut tokens = source.for_parser(dialect);
    let shares = dialect == Dialect::MySql && tail::shares(&mut tokens);
    let (mut statement, tokens) =
        round_trip::parse(tokens, rules).map_err(|refusal| unparsed::named(&source, dialect, refusal))?;
    words::check(&statement, rules)?;
    round_trip::same_tokens(&tokens, &statement, rules)?;
    let marker = rules.inline.map_or_else(|| (rules.placeholder)(arguments + 1), str::to_owned);
    let scoped = Scoper::new(catalog, &source, marker.clone()).statement(&mut statement)?;
    let (printed, read) = proved(&statement, catalog, &marker, rules)?;
    let printed = locks::said_again(spoken(printed, dialect), weak, rules)?;
    let printed = match (shares, scoped.kind) {
        (false, _) => printed,
        (true, StatementKind::Select) => format!("{printed} {}", tail::SHARES),
        (true, _) => return Err(Refusal::new(RefusalKind::Syntax, tail::SHARES, "")),
    };
    let is_one_select = !shares && reach::is_one_select(&read, catalog);
    let plan = assemble(&printed, &scoped, arguments, &marker, catalog)?;
    Ok(Plan { is_one_select, ..plan })
}

/// A scoped statement's text, and that text read again: nobody gets it without the proof, whatever the scoper did.
fn proved(
    statement: &Statement,
    catalog: &Catalog,
    marker: &str,
    rules: &'static Rules,
) -> Result<(String, Tree), Refusal> {
    let printed = statement.to_string();
    let read = round_trip::same_tree(&printed, statement, rules)?;
    verify::verify(&read, catalog, marker)?;
    Ok((printed, read))
}

/// What the parser only knows in SQLite's words, in MySQL's: they stand at the beginning, or nowhere.
fn spoken(printed: String, dialect: Dialect) -> String {
    match printed.strip_prefix("UPDATE OR IGNORE ") {
        Some(rest) if dialect == Dialect::MySql => format!("UPDATE IGNORE {rest}"),
        _ => printed,
    }
}

fn assemble(
    printed: &str,
    scoped: &Scoped,
    arguments: usize,
    marker: &str,
    catalog: &Catalog,
) -> Result<Plan, Refusal> {
    let rules = Rules::of(catalog.dialect());
    let (tenant, inlined) = match (scoped.touched, rules.inline) {
        (false, _) => (TenantBind::None, Inlined::default()),
        (true, None) => (TenantBind::Argument(arguments + 1), Inlined::default()),
        (true, Some(_)) => (TenantBind::Inline, Inlined::read(printed, marker, rules)?),
    };
    Ok(Plan {
        sql: Arc::from(printed),
        arguments,
        tenant,
        tenant_type: catalog.tenant_type(),
        statement: scoped.kind,
        writes: scoped.writes,
        returns_rows: scoped.returns_rows,
        is_one_select: false,
        given: scoped.given.clone(),
        trailing: inlined.trailing(),
        segments: inlined.segments,
    })
}

/// A text with the tenant's marker in it.
#[derive(Default)]
struct Inlined {
    /// What stands between the markers.
    segments: Vec<Box<str>>,
    /// Whether a placeholder of the caller's stands behind a marker.
    is_mixed: bool,
}

impl Inlined {
    /// Cuts the text at the tokens of the marker, never at a string that looks like it: no token of the caller's can be
    /// one.
    fn read(printed: &str, marker: &str, rules: &'static Rules) -> Result<Self, Refusal> {
        let source = Source::read(printed, rules)?;
        let (mut segments, mut is_mixed) = (Vec::new(), false);
        let mut from = 0;
        for (at, first) in source.tokens.iter().enumerate() {
            is_mixed |= from > 0 && matches!(first.token.token, Token::Placeholder(_));
            let Some(second) = source.tokens.get(at + 1) else { continue };
            if first.token.token == Token::Colon && source.text(first, second) == marker {
                segments.push(printed.get(from..first.start).unwrap_or_default().into());
                from = second.end;
            }
        }
        segments.push(printed.get(from..).unwrap_or_default().into());
        Ok(Self { segments, is_mixed })
    }

    fn trailing(&self) -> Option<Trailing> {
        let times = self.segments.len().checked_sub(1).filter(|&times| times > 0 && !self.is_mixed)?;
        Some(Trailing { sql: self.segments.join("?").into(), times })
    }
}

fn first_word(source: &Source<'_>) -> Result<(), Refusal> {
    const KNOWN: [&str; 9] =
        ["SELECT", "WITH", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE", "MERGE", "TABLE"];
    let Some(first) = source.tokens.iter().find(|lexed| lexed.token.token != Token::SemiColon) else {
        return Err(Refusal::new(RefusalKind::Syntax, "empty statement", ""));
    };
    let known = first.token.token == Token::LParen || KNOWN.iter().any(|word| first.is_word(word));
    match (&first.token.token, known) {
        (_, true) => Ok(()),
        (Token::Word(word), false) => Err(unsupported(&word.value)),
        (_, false) => Err(Refusal::new(RefusalKind::Syntax, "statement", "")),
    }
}

fn unsupported(word: &str) -> Refusal {
    const TRANSACTIONS: [&str; 7] = ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"];
    let word: String =
        word.to_ascii_uppercase().chars().take(32).filter(char::is_ascii_alphanumeric).collect();
    let hint = match TRANSACTIONS.contains(&word.as_str()) {
        true => "open transactions with begin",
        false => HINT_UNSCOPED,
    };
    Refusal::new(RefusalKind::UnsupportedStatement, word, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    #[test]
    fn what_the_scoper_left_unscoped_goes_nowhere() {
        let table = Table::owned("users").columns(["id", "name", "tenant_id"]).unique(["tenant_id", "id"]);
        let catalog = Catalog::builder(Dialect::Sqlite).table(table).build().expect("sound");
        let rules = Rules::of(Dialect::Sqlite);
        let is_proved = |sql: &str| {
            let statement = round_trip::reparse(sql, rules).expect("a statement");
            proved(&statement, &catalog, "?1", rules).is_ok()
        };
        assert!(is_proved("SELECT name FROM users WHERE \"users\".\"tenant_id\" = ?1"));
        assert!(!is_proved("SELECT name FROM users"));
        assert!(!is_proved("DELETE FROM users"));
    }
}
