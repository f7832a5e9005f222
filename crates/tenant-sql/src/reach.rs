//! How far a locking clause at the end of a text reaches.

use sqlparser::ast::{ObjectName, ObjectNamePart, Query, SetExpr, Statement};

use crate::catalog::Catalog;
use crate::dialect::Rules;
use crate::table::Table;
use crate::walk::{Flow, ON, STOP, Watch, walk};

/// Whether all that is read is read by one `SELECT`, from tables and with no lock of its own. A lock there reaches no
/// table of a subquery (<https://dev.mysql.com/doc/refman/8.4/en/innodb-locking-reads.html>).
pub(crate) fn is_one_select(statement: &Statement, catalog: &Catalog) -> bool {
    let Statement::Query(query) = statement else { return false };
    let plain = query.locks.is_empty() && matches!(*query.body, SetExpr::Select(_));
    plain && walk(&**query, &mut Reach { catalog, queries: 0 }).is_continue()
}

struct Reach<'a> {
    catalog: &'a Catalog,
    queries: usize,
}

impl Watch for Reach<'_> {
    fn query(&mut self, _query: &Query) -> Flow {
        self.queries += 1;
        if self.queries == 1 { ON } else { STOP }
    }

    /// A view may read in a subquery of its own.
    fn relation(&mut self, name: &ObjectName) -> Flow {
        let Some(ObjectNamePart::Identifier(name)) = name.0.last() else { return STOP };
        let name = Rules::of(self.catalog.dialect()).table(name);
        match self.catalog.lookup(&name).is_some_and(Table::is_view) {
            true => STOP,
            false => ON,
        }
    }
}
