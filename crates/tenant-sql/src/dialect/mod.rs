//! What each database understands by a name, an operator, a function. One file per database.

mod fallible;
mod functions;
pub(crate) mod mysql;
mod mysql_parser;
mod postgres;
mod sqlite;
mod sqlite_parser;

use std::fmt;

use sqlparser::ast::{BinaryOperator, Expr, Ident, UnaryOperator, Value};

use crate::catalog::Dialect;
use crate::tenant::TenantType;

/// What the scoper and the verifier ask about a database. Data and pure functions only.
pub(crate) struct Rules {
    pub(crate) parser: fn() -> Box<dyn sqlparser::dialect::Dialect>,
    /// The quote of the identifiers we write ourselves.
    pub(crate) quote: char,
    /// Words that cannot be names unless quoted: the parser takes some of them for aliases, the database does not.
    pub(crate) reserved: &'static [&'static str],
    /// Columns that exist without being declared.
    pub(crate) system_columns: &'static [&'static str],
    /// Variables of the server that say nothing of what is in it, or of what was run before, in lower case.
    pub(crate) variables: &'static [&'static str],
    /// Functions known to be pure, in lower case.
    pub(crate) functions: &'static [&'static [&'static str]],
    /// Functions that make one value of the rows of a group.
    pub(crate) aggregates: &'static [&'static str],
    /// Pure functions that stand in `FROM`.
    pub(crate) table_functions: &'static [&'static str],
    /// Whether an expression, without those in it, can fail on the values of a row; strictly, where comparing values of
    /// two types fails as well.
    pub(crate) fails: fn(&Expr, bool) -> bool,
    /// Whether an expression, with those in it, has nothing to do with any row.
    pub(crate) harmless: fn(&Expr) -> bool,
    pub(crate) binary: fn(&BinaryOperator) -> bool,
    pub(crate) unary: fn(&UnaryOperator) -> bool,
    pub(crate) literal: fn(&Value) -> bool,
    /// Relations that belong to the database itself, by folded name.
    pub(crate) internal: fn(&str) -> bool,
    pub(crate) default_schema: Option<&'static str>,
    pub(crate) fold_table: fn(&str, bool) -> String,
    pub(crate) fold_column: fn(&str, bool) -> String,
    /// The placeholder of this number.
    pub(crate) placeholder: fn(usize) -> String,
    /// An expression of the tenant's type that fails when it is evaluated, and not before.
    pub(crate) raise: Option<fn(TenantType) -> String>,
    /// How the tenant stands in the text, where it is not an argument.
    pub(crate) inline: Option<&'static str>,
    pub(crate) max_arguments: usize,
    pub(crate) can: Features,
}

/// What a database's grammar has beyond the common part.
#[derive(Clone, Copy)]
pub(crate) struct Features {
    pub(crate) distinct_on: bool,
    pub(crate) lateral: bool,
    pub(crate) fetch: bool,
    pub(crate) locks: bool,
    pub(crate) rollup: bool,
    pub(crate) array: bool,
    pub(crate) typed_string: bool,
    pub(crate) interval: bool,
    pub(crate) tuple_columns: bool,
    /// `UPDATE a JOIN b SET ...`, `DELETE a FROM a JOIN b`
    pub(crate) joined_writes: bool,
    /// `UPDATE t SET t.a = 1`
    pub(crate) qualified_set: bool,
    pub(crate) dml_in_cte: bool,
    pub(crate) on_conflict: bool,
    pub(crate) on_duplicate_key: bool,
    pub(crate) insert_or: bool,
    /// `INSERT ... SET`, and values for no column at all.
    pub(crate) insert_set: bool,
    /// `SELECT STRAIGHT_JOIN`, `USE INDEX`
    pub(crate) hints: bool,
    pub(crate) merge: bool,
    /// `CONVERT(x, type)`
    pub(crate) convert: bool,
    pub(crate) replace: bool,
    pub(crate) default_values: bool,
    pub(crate) returning: bool,
    /// Result columns without an alias are named after their text.
    pub(crate) labels: bool,
    pub(crate) alias_columns: bool,
    /// `u.f` calls the function `f` if `u` has no such column.
    pub(crate) call_by_field: bool,
    /// A JOIN needs no ON, and what follows it is joined to all that stands before.
    pub(crate) joins_without_on: bool,
    /// Conditions may be tried on rows that other conditions exclude, and fail there.
    pub(crate) tries_conditions: bool,
    /// `OFFSET 0` and `AS MATERIALIZED` keep a subquery apart; else a limit that is none does.
    pub(crate) materialized: bool,
    /// The limit that is none; it does not hold for a union, only for its members.
    pub(crate) limits_members: bool,
    /// A constant that a column equals replaces the column everywhere, so that a guard with it would be no guard; `<=>`
    /// is not seen through.
    pub(crate) null_safe: bool,
    /// Queries within statements that write are strict.
    pub(crate) strict_writes: bool,
    /// Conditions of `HAVING` without an aggregate become conditions of `WHERE`.
    pub(crate) moves_having: bool,
    /// A CTE can be cited in the elements of a `WITH` inside the query it belongs to. On MariaDB the name is the base
    /// table's there.
    pub(crate) outer_ctes_in_with: bool,
    /// In a subquery, conditions of an outer join that read columns of the query around and no others may not hold.
    pub(crate) forgets_outer_conditions: bool,
    /// A subquery in `FROM` must not be merged with a query of several window functions: MariaDB 10.11 ends, and takes all
    /// tenants with it.
    pub(crate) windows_stand_apart: bool,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rules")
    }
}

impl Rules {
    pub(crate) fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::Sqlite => &sqlite::RULES,
            Dialect::Postgres => &postgres::RULES,
            Dialect::MySql => &mysql::RULES,
        }
    }

    pub(crate) fn table(&self, ident: &Ident) -> String {
        (self.fold_table)(&ident.value, ident.quote_style.is_some())
    }

    pub(crate) fn column(&self, ident: &Ident) -> String {
        (self.fold_column)(&ident.value, ident.quote_style.is_some())
    }

    /// Names that some setting or platform could take for one another.
    pub(crate) fn may_be_same(&self, left: &str, right: &str) -> bool {
        left.to_lowercase() == right.to_lowercase()
    }

    pub(crate) fn is_reserved(&self, word: &str) -> bool {
        self.reserved.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
    }

    /// `FROM DUAL` is no relation; unquoted, the word is reserved.
    pub(crate) fn is_dual(&self, table: &Ident) -> bool {
        self.can.hints && table.quote_style.is_none() && table.value.eq_ignore_ascii_case("dual")
    }

    pub(crate) fn is_system_column(&self, folded: &str) -> bool {
        self.system_columns.contains(&folded)
    }

    /// `@@version`, where it may be read. Quoted, it would be a column.
    pub(crate) fn is_variable(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| variable.eq_ignore_ascii_case(name))
    }

    pub(crate) fn is_pure(&self, function: &str) -> bool {
        self.functions.iter().any(|list| list.contains(&function))
    }
}

/// The key of a relation whose stored name this is.
pub(crate) fn stored(dialect: Dialect, name: &str) -> String {
    (Rules::of(dialect).fold_table)(name, true)
}

/// The key of a column whose stored name this is.
pub(crate) fn stored_column(dialect: Dialect, name: &str) -> String {
    (Rules::of(dialect).fold_column)(name, true)
}
