//! `FOR NO KEY UPDATE` and `FOR KEY SHARE` of PostgreSQL. The parser knows the two others: it gets one of those, which locks
//! the same rows, and the text that is sent has the caller's words again, when all else is proved.

use super::Source;
use crate::catalog::Dialect;
use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};

/// A lock that the parser does not know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weak {
    NoKeyUpdate,
    KeyShare,
}

impl Weak {
    /// The lock whose words begin here, and how many there are.
    pub(super) fn at(source: &Source<'_>, at: usize) -> Option<(Self, usize)> {
        let begins = |words: &[&str]| {
            let tokens = source.tokens.get(at..).unwrap_or_default();
            tokens.len() >= words.len() && words.iter().zip(tokens).all(|(word, lexed)| lexed.is_word(word))
        };
        match () {
            () if begins(&["FOR", "NO", "KEY", "UPDATE"]) => Some((Self::NoKeyUpdate, 4)),
            () if begins(&["FOR", "KEY", "SHARE"]) => Some((Self::KeyShare, 3)),
            () => None,
        }
    }

    /// What the parser is told instead.
    pub(super) fn known(self) -> [&'static str; 2] {
        match self {
            Self::NoKeyUpdate => ["FOR", "UPDATE"],
            Self::KeyShare => ["FOR", "SHARE"],
        }
    }

    /// What stands between these words.
    fn between(self) -> &'static str {
        match self {
            Self::NoKeyUpdate => "NO KEY ",
            Self::KeyShare => "KEY ",
        }
    }
}

/// Finds the lock of a statement that the parser does not know. It must be the only lock: else the text would not tell
/// which is which.
pub(crate) fn weak(source: &Source<'_>, dialect: Dialect) -> Result<Option<Weak>, Refusal> {
    if dialect != Dialect::Postgres {
        return Ok(None);
    }
    let locks: Vec<_> = (0..source.tokens.len()).filter_map(|at| Weak::at(source, at)).collect();
    match locks.as_slice() {
        [] => Ok(None),
        [(weak, _)] if known(source).is_empty() => Ok(Some(*weak)),
        _ => {
            let hint = "lock once, or with FOR UPDATE and FOR SHARE";
            Err(Refusal::new(RefusalKind::UnsupportedConstruct, "several locking clauses", hint))
        }
    }
}

/// Says in the printed text what the caller said.
pub(crate) fn said_again(printed: String, weak: Option<Weak>, rules: &Rules) -> Result<String, Refusal> {
    let Some(weak) = weak else { return Ok(printed) };
    let source = Source::read(&printed, rules)?;
    match known(&source).as_slice() {
        [at] => {
            let (before, behind) = printed.split_at_checked(*at).unwrap_or((&printed, ""));
            Ok(format!("{before}{}{behind}", weak.between()))
        }
        _ => Err(Refusal::new(RefusalKind::RoundTrip, "locking clause", "lock with FOR UPDATE or FOR SHARE")),
    }
}

/// Where the second word of each lock stands that the parser knows.
fn known(source: &Source<'_>) -> Vec<usize> {
    let pairs = source.tokens.iter().zip(source.tokens.iter().skip(1));
    let locks = pairs.filter(|(first, second)| {
        first.is_word("FOR") && (second.is_word("UPDATE") || second.is_word("SHARE"))
    });
    locks.map(|(_, second)| second.start).collect()
}
