use sqlparser::ast::{Delete, FromTable};

use super::from::Brought;
use super::predicate::guarded;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

impl Scoper<'_> {
    pub(super) fn delete(&mut self, delete: &mut Delete) -> Result {
        if self.rules.can.joined_writes && (!delete.tables.is_empty() || delete.using.is_some()) {
            return self.joined_delete(delete);
        }
        let Delete {
            delete_token: _,
            optimizer_hints,
            tables,
            from,
            using,
            selection,
            returning,
            output,
            order_by,
            limit,
        } = delete;
        if !optimizer_hints.is_empty() || output.is_some() {
            return Err(Refusal::construct_of("DELETE clause"));
        }
        let (FromTable::WithFromKeyword(from), true) = (from, tables.is_empty()) else {
            return Err(several());
        };
        let [table] = from.as_slice() else {
            return Err(several());
        };
        let mut brought = Brought::default();
        let frames = self.frames.len();
        self.open_frame();
        self.written(table, &mut brought)?;
        if let Some(using) = using {
            self.beside_target(using)?;
            self.from(using, &mut brought)?;
        }
        self.complete_frame();
        selection.as_mut().map_or(Ok(()), |condition| self.expr(condition))?;
        self.sort(order_by)?;
        limit.as_mut().map_or(Ok(()), |limit| self.expr(limit))?;
        self.returning(returning.as_mut())?;
        self.frames.truncate(frames);
        let condition = selection
            .take()
            .map(|condition| self.behind_target(&brought.predicates, condition))
            .transpose()?;
        *selection = guarded(brought.predicates, condition, self.side());
        Ok(())
    }
}

fn several() -> Refusal {
    Refusal::new(
        RefusalKind::UnsupportedConstruct,
        "DELETE of several tables",
        "write DELETE FROM one table, and put the others into a subquery",
    )
}
