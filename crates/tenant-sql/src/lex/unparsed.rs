//! What the parser cannot read, by name: a refusal that says more than that the statement cannot be parsed.

use super::Source;
use crate::catalog::Dialect;
use crate::refusal::{Refusal, RefusalKind};

struct Known {
    dialect: Dialect,
    words: &'static [&'static str],
    construct: &'static str,
    hint: &'static str,
}

const KNOWN: [Known; 2] = [
    Known {
        dialect: Dialect::MySql,
        words: &["UPDATE", "IGNORE"],
        construct: "UPDATE IGNORE",
        hint: "leave out the rows that would conflict by a condition",
    },
    Known {
        dialect: Dialect::MySql,
        words: &["LOCK", "IN", "SHARE", "MODE"],
        construct: "LOCK IN SHARE MODE",
        hint: "lock at the end of the whole statement",
    },
];

/// Names the first known construct of a statement that was not parsed.
pub(crate) fn named(source: &Source<'_>, dialect: Dialect, refusal: Refusal) -> Refusal {
    if refusal.kind() != RefusalKind::Syntax {
        return refusal;
    }
    for at in 0..source.tokens.len() {
        for known in KNOWN.iter().filter(|known| known.dialect == dialect) {
            let rest = source.tokens.get(at..).unwrap_or_default();
            let fits = rest.len() >= known.words.len();
            if fits && known.words.iter().zip(rest).all(|(word, lexed)| lexed.is_word(word)) {
                return Refusal::new(RefusalKind::UnsupportedConstruct, known.construct, known.hint);
            }
        }
    }
    refusal
}
