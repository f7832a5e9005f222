//! The second wall. Reads the printed text again and proves, for each relation in each scope, that a conjunct binds its
//! tenant column to the tenant at a place that filters it.
//!
//! It shares no judgement with the scoper. What it proved is counted, and must be all that a walk over the tree finds.

mod around;
mod census;
mod clause;
mod copies;
mod fields;
mod insert;
mod keys;
mod merge;
mod names;
mod query;
mod relations;
mod write;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use sqlparser::ast::{Query, Statement};

use crate::catalog::Catalog;
use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};
use crate::walk::{Flow, ON, Part, STOP, Watch, walk};

type Proof<T = ()> = Result<T, Refusal>;

/// Proves that a statement reads and writes rows of the tenant only, whose placeholder is `marker`. It must be what was
/// read out of the printed text, never the tree that was printed.
pub(crate) fn verify(statement: &Statement, catalog: &Catalog, marker: &str) -> Proof {
    let rules = Rules::of(catalog.dialect());
    let mut verifier = Verifier {
        catalog,
        rules,
        marker,
        ctes: Vec::new(),
        copies: HashMap::new(),
        subqueries: 0,
        seen: census::Count::default(),
        raising: false,
    };
    verifier.statement(statement)?;
    fields::check(statement, &verifier)?;
    census::compare(statement, &verifier)
}

/// A fault of the scoper, or an attack on it: either way nothing reaches the database.
fn unproved(what: &'static str) -> Refusal {
    Refusal::new(
        RefusalKind::UnsupportedConstruct,
        what,
        "the scope could not be proved: rewrite the statement",
    )
}

struct Verifier<'a> {
    catalog: &'a Catalog,
    rules: &'static Rules,
    marker: &'a str,
    /// Names given by the `WITH` clauses around, and whether they can be used yet.
    ctes: Vec<(String, bool)>,
    /// What is known of their columns, wherever they were defined.
    copies: HashMap<String, copies::Held>,
    /// How many expressions with a query in them are around.
    subqueries: usize,
    seen: census::Count,
    /// The tenant of a row is what fails if it is another's.
    raising: bool,
}

impl Verifier<'_> {
    /// Proves every query inside a part of the tree that is not one itself.
    fn inside(&mut self, part: &dyn Part) -> Proof {
        let mut inside = Inside { verifier: self, depth: 0, refusal: None };
        let _ = walk(part, &mut inside);
        inside.refusal.map_or(Ok(()), Err)
    }

    fn statement(&mut self, statement: &Statement) -> Proof {
        self.seen.statements += 1;
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Merge(merge) => self.merge(merge),
            _ => Err(unproved("statement")),
        }
    }
}

struct Inside<'v, 'a> {
    verifier: &'v mut Verifier<'a>,
    depth: usize,
    refusal: Option<Refusal>,
}

impl Watch for Inside<'_, '_> {
    fn query(&mut self, query: &Query) -> Flow {
        if self.depth == 0 {
            self.verifier.subqueries += 1;
            let proof = self.verifier.query(query);
            self.verifier.subqueries -= 1;
            if let Err(refusal) = proof {
                self.refusal = Some(refusal);
                return STOP;
            }
        }
        self.depth += 1;
        ON
    }

    fn query_ends(&mut self) {
        self.depth -= 1;
    }

    fn unknown(&mut self) -> Flow {
        self.refusal = Some(unproved("part of the statement"));
        STOP
    }
}
