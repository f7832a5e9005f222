use sqlparser::ast::{WindowFrame, WindowFrameBound, WindowSpec};

use super::{Result, Scoper};

impl Scoper<'_> {
    pub(super) fn window_spec(&mut self, spec: &mut WindowSpec) -> Result {
        let WindowSpec { window_name: _, partition_by, order_by, window_frame } = spec;
        self.exprs(partition_by)?;
        self.sort(order_by)?;
        let Some(WindowFrame { units: _, start_bound, end_bound }) = window_frame else {
            return Ok(());
        };
        self.bound(start_bound)?;
        end_bound.as_mut().map_or(Ok(()), |bound| self.bound(bound))
    }

    fn bound(&mut self, bound: &mut WindowFrameBound) -> Result {
        match bound {
            WindowFrameBound::CurrentRow => Ok(()),
            WindowFrameBound::Preceding(expr) | WindowFrameBound::Following(expr) => {
                expr.as_mut().map_or(Ok(()), |expr| self.expr(expr))
            }
        }
    }
}
