use sqlparser::ast::{Query, Select, SetExpr, With};

use super::{Proof, Verifier, unproved};

impl Verifier<'_> {
    pub(super) fn query(&mut self, query: &Query) -> Proof {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators,
        } = query
        else {
            return Err(unproved("query clause"));
        };
        self.seen.queries += 1;
        if !pipe_operators.is_empty() {
            return Err(unproved("query clause"));
        }
        let outside = self.ctes.len();
        with.as_ref().map_or(Ok(()), |with| self.with(with))?;
        self.body(body)?;
        self.inside(order_by)?;
        self.inside(limit_clause)?;
        self.inside(fetch)?;
        self.inside(locks)?;
        self.ctes.truncate(outside);
        Ok(())
    }

    fn with(&mut self, with: &With) -> Proof {
        let first = self.ctes.len();
        let names = with.cte_tables.iter().map(|cte| (self.rules.table(&cte.alias.name), false));
        let names: Vec<_> = names.collect();
        let outside = self.hidden_outside(first);
        self.ctes.extend(names);
        for (at, cte) in with.cte_tables.iter().enumerate() {
            self.usable(first + at, with.recursive);
            self.query(&cte.query)?;
            self.note_copies(cte);
            self.usable(first + at, true);
        }
        outside.into_iter().enumerate().for_each(|(at, usable)| self.usable(at, usable));
        Ok(())
    }

    /// MariaDB does not see the CTEs around in the elements of a `WITH`: a name there is the base table's.
    fn hidden_outside(&mut self, first: usize) -> Vec<bool> {
        if self.rules.can.outer_ctes_in_with {
            return Vec::new();
        }
        let before = self.ctes.iter().map(|(_, usable)| *usable).collect();
        (0..first).for_each(|at| self.usable(at, false));
        before
    }

    fn usable(&mut self, at: usize, usable: bool) {
        if let Some((_, now)) = self.ctes.get_mut(at) {
            *now = usable;
        }
    }

    fn body(&mut self, body: &SetExpr) -> Proof {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
                self.body(left)?;
                self.body(right)
            }
            SetExpr::Values(values) => self.inside(values),
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => {
                self.statement(statement)
            }
            SetExpr::Merge(_) | SetExpr::Table(_) => Err(unproved("query body")),
        }
    }

    fn select(&mut self, select: &Select) -> Proof {
        let Select {
            select_token: _,
            optimizer_hints: _,
            distinct,
            select_modifiers,
            top: None,
            top_before_distinct: _,
            projection,
            exclude: None,
            into: None,
            from,
            lateral_views,
            prewhere: None,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify: None,
            window_before_qualify: _,
            value_table_mode: None,
            flavor: _,
        } = select
        else {
            return Err(unproved("SELECT clause"));
        };
        let rest =
            lateral_views.len() + connect_by.len() + cluster_by.len() + distribute_by.len() + sort_by.len();
        let counts = select_modifiers.as_ref().is_some_and(|hints| hints.sql_calc_found_rows);
        if rest > 0 || counts {
            return Err(unproved("SELECT clause"));
        }
        self.seen.selects += 1;
        let bound = self.bound(selection.as_ref());
        self.relations(from, &bound, Vec::new())?;
        self.hangs_on_nothing_around(from)?;
        self.inside(distinct)?;
        self.inside(projection)?;
        self.inside(selection)?;
        self.inside(group_by)?;
        self.inside(having)?;
        self.inside(named_window)
    }
}
