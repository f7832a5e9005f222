//! Names that the database would not take for names.

use sqlparser::ast::{Ident, Statement};

use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};
use crate::walk::{Flow, ON, STOP, Watch, walk};

/// Refuses unquoted reserved words in the place of names: `a ISNULL` is read as an alias, `ONLY t` as a table.
pub(crate) fn check(statement: &Statement, rules: &'static Rules) -> Result<(), Refusal> {
    let mut words = Words { rules, refusal: None };
    let _ = walk(statement, &mut words);
    words.refusal.map_or(Ok(()), Err)
}

struct Words {
    rules: &'static Rules,
    refusal: Option<Refusal>,
}

impl Watch for Words {
    /// Refused by the scoper, which names it.
    fn unknown(&mut self) -> Flow {
        ON
    }

    fn ident(&mut self, ident: &Ident) -> Flow {
        if ident.quote_style.is_some() || !self.rules.is_reserved(&ident.value) {
            return ON;
        }
        let word = ident.value.to_ascii_uppercase();
        let refusal = Refusal::new(RefusalKind::UnsupportedConstruct, word, "quote it if it is a name");
        self.refusal = Some(refusal.at(ident.span.start.line, ident.span.start.column));
        STOP
    }
}
