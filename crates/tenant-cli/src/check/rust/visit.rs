use std::path::Path;

use proc_macro2::{Span, TokenStream};
use syn::{
    Block, Expr, ExprCall, ExprMethodCall, File, LitStr, Macro, Token,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::argument::{self, Constants};
use crate::check::source::{Found, Place, Sql};

/// Collects the statements of a file.
pub(super) struct Statements<'a> {
    file: &'a Path,
    constants: Constants<'a>,
    found: Vec<Found>,
}

// sqlx's macros, by what stands in front of the statement.
const MACROS: [&str; 4] = ["query", "query_unchecked", "query_scalar", "query_scalar_unchecked"];
const TYPED_MACROS: [&str; 2] = ["query_as", "query_as_unchecked"];
const FILE_MACROS: [&str; 4] =
    ["query_file", "query_file_unchecked", "query_file_scalar", "query_file_scalar_unchecked"];
const TYPED_FILE_MACROS: [&str; 2] = ["query_file_as", "query_file_as_unchecked"];
const FUNCTIONS: [&str; 7] =
    ["query", "query_as", "query_scalar", "query_with", "query_as_with", "query_scalar_with", "raw_sql"];
const METHODS: [&str; 9] = [
    "execute",
    "execute_many",
    "fetch",
    "fetch_all",
    "fetch_many",
    "fetch_one",
    "fetch_optional",
    "prepare",
    "prepare_with",
];

impl<'a> Statements<'a> {
    pub(super) fn of(file: &'a Path, tree: &'a File) -> Vec<Found> {
        let mut statements = Self { file, constants: Constants::of(tree), found: Vec::new() };
        statements.visit_file(tree);
        statements.found
    }

    fn add(&mut self, at: Span, sql: Sql) {
        let start = at.start();
        let place = Place { file: self.file.to_owned(), line: start.line, column: start.column + 1 };
        self.found.push(Found { place, sql });
    }

    fn read(&self, expr: &Expr) -> Sql {
        argument::sql(expr, &self.constants, self.file)
    }

    /// `query!("…", …)` and `query_as!(Type, "…", …)`.
    fn macro_with_text(&mut self, tokens: &TokenStream, is_typed: bool) {
        let parsed = (|input: ParseStream<'_>| {
            skip_type(input, is_typed)?;
            let statement: Expr = input.parse()?;
            Ok((statement, rest(input)?))
        })
        .parse2(tokens.clone());
        match parsed {
            Ok((statement, rest)) => {
                self.add(statement.span(), self.read(&statement));
                self.within(rest);
            }
            Err(_) => self.add(tokens.span(), Sql::Unknown("the macro's arguments can't be read")),
        }
    }

    /// `query_file!("path", …)`.
    fn macro_with_file(&mut self, tokens: &TokenStream, is_typed: bool) {
        let parsed = (|input: ParseStream<'_>| {
            skip_type(input, is_typed)?;
            let path: LitStr = input.parse()?;
            Ok((path, rest(input)?))
        })
        .parse2(tokens.clone());
        match parsed {
            Ok((path, rest)) => {
                self.add(path.span(), argument::of_query_file(&path, self.file));
                self.within(rest);
            }
            Err(_) => self.add(tokens.span(), Sql::Unknown("the macro's arguments can't be read")),
        }
    }

    /// Looks into what a macro was given, where that is expressions or statements.
    fn within(&mut self, tokens: TokenStream) {
        let expressions = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
        if let Ok(expressions) = expressions {
            expressions.iter().for_each(|inner| self.visit_expr(inner));
        } else if let Ok(statements) = Block::parse_within.parse2(tokens) {
            statements.iter().for_each(|inner| self.visit_stmt(inner));
        }
    }

    fn call(&mut self, call: &ExprCall) {
        let Expr::Path(function) = &*call.func else { return };
        let Some(argument) = call.args.first() else { return };
        let names: Vec<String> = function.path.segments.iter().map(|part| part.ident.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.as_slice() {
            [.., "QueryBuilder", "new" | "with_arguments"] => {
                self.add(argument.span(), Sql::Unknown("a QueryBuilder puts it together at run time"));
            }
            [.., "sqlx", name] if FUNCTIONS.contains(name) => self.add(argument.span(), self.read(argument)),
            // Without `sqlx::` it may be anybody's: taken for a statement only if it reads like one.
            [name] if FUNCTIONS.contains(name) => self.add_if_sql(argument),
            _ => {}
        }
    }

    fn add_if_sql(&mut self, argument: &Expr) {
        if let Sql::Text(text) = self.read(argument)
            && reads_like_sql(&text)
        {
            self.add(argument.span(), Sql::Text(text));
        }
    }
}

impl<'ast> Visit<'ast> for Statements<'_> {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        self.call(call);
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if METHODS.iter().any(|method| call.method == method)
            && let Some(argument) = call.args.first()
        {
            self.add_if_sql(argument);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        let names: Vec<String> = mac.path.segments.iter().map(|part| part.ident.to_string()).collect();
        let name = match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [name] | ["sqlx", name] => (*name).to_owned(),
            _ => String::new(),
        };
        let is = |names: &[&str]| names.contains(&name.as_str());
        match () {
            () if is(&MACROS) => self.macro_with_text(&mac.tokens, false),
            () if is(&TYPED_MACROS) => self.macro_with_text(&mac.tokens, true),
            () if is(&FILE_MACROS) => self.macro_with_file(&mac.tokens, false),
            () if is(&TYPED_FILE_MACROS) => self.macro_with_file(&mac.tokens, true),
            () => self.within(mac.tokens.clone()),
        }
    }
}

fn skip_type(input: ParseStream<'_>, is_typed: bool) -> syn::Result<()> {
    if is_typed {
        input.parse::<syn::Type>()?;
        input.parse::<Token![,]>()?;
    }
    Ok(())
}

/// What follows the statement: its arguments.
fn rest(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    if input.is_empty() {
        return Ok(TokenStream::new());
    }
    input.parse::<Token![,]>()?;
    input.parse()
}

fn reads_like_sql(text: &str) -> bool {
    const VERBS: [&str; 9] =
        ["select", "insert", "update", "delete", "with", "replace", "merge", "values", "table"];
    let verb = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let verb = verb.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    text.contains(char::is_whitespace) && VERBS.iter().any(|known| known.eq_ignore_ascii_case(verb))
}
