use sqlparser::ast::{
    Cte, Distinct, Fetch, GroupByExpr, GroupByWithModifier, LimitClause, LockClause, NamedWindowDefinition,
    NamedWindowExpr, Offset, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort, Parens, Query,
    Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Values, WildcardAdditionalOptions, With,
};

use super::{Flow, ON, Part, Watch, only};

impl Part for Query {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = self;
        watch.query(self)?;
        with.walk(watch)?;
        body.walk(watch)?;
        order_by.walk(watch)?;
        limit_clause.walk(watch)?;
        fetch.walk(watch)?;
        locks.walk(watch)?;
        let known = for_clause.is_none()
            && settings.is_none()
            && format_clause.is_none()
            && pipe_operators.is_empty();
        only(known, watch)?;
        watch.query_ends();
        ON
    }
}

impl Part for With {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let With { with_token: _, recursive: _, cte_tables } = self;
        cte_tables.walk(watch)
    }
}

impl Part for Cte {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Cte { alias, query, from, materialized: _, closing_paren_token: _ } = self;
        alias.walk(watch)?;
        query.walk(watch)?;
        from.walk(watch)
    }
}

impl Part for SetExpr {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            SetExpr::Select(select) => select.walk(watch),
            SetExpr::Query(query) => query.walk(watch),
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
                watch.set()?;
                left.walk(watch)?;
                right.walk(watch)?;
                watch.set_ends();
                ON
            }
            SetExpr::Values(values) => values.walk(watch),
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => {
                statement.walk(watch)
            }
            SetExpr::Merge(_) | SetExpr::Table(_) => watch.unknown(),
        }
    }
}

impl Part for Values {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Values { explicit_row: _, value_keyword: _, rows } = self;
        rows.iter().try_for_each(|row| {
            let Parens { opening_token: _, content, closing_token: _ } = row;
            content.walk(watch)
        })
    }
}

impl Part for Select {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers: _,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode: _,
            flavor: _,
        } = self;
        watch.select(self)?;
        let known = optimizer_hints.is_empty()
            && top.is_none()
            && exclude.is_none()
            && into.is_none()
            && lateral_views.is_empty()
            && prewhere.is_none()
            && connect_by.is_empty()
            && cluster_by.is_empty()
            && distribute_by.is_empty()
            && sort_by.is_empty()
            && qualify.is_none();
        only(known, watch)?;
        distinct.walk(watch)?;
        projection.walk(watch)?;
        from.walk(watch)?;
        selection.walk(watch)?;
        group_by.walk(watch)?;
        having.walk(watch)?;
        named_window.walk(watch)
    }
}

impl Part for Distinct {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            Distinct::All | Distinct::Distinct => ON,
            Distinct::On(exprs) => exprs.walk(watch),
        }
    }
}

impl Part for SelectItem {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            SelectItem::UnnamedExpr(expr) => expr.walk(watch),
            SelectItem::ExprWithAlias { expr, alias } => {
                expr.walk(watch)?;
                alias.walk(watch)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                name.walk(watch)?;
                options.walk(watch)
            }
            SelectItem::Wildcard(options) => options.walk(watch),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _)
            | SelectItem::ExprWithAliases { expr: _, aliases: _ } => watch.unknown(),
        }
    }
}

impl Part for WildcardAdditionalOptions {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let WildcardAdditionalOptions {
            wildcard_token: _,
            opt_ilike,
            opt_exclude,
            opt_except,
            opt_replace,
            opt_rename,
            opt_alias,
        } = self;
        let known = opt_ilike.is_none()
            && opt_exclude.is_none()
            && opt_except.is_none()
            && opt_replace.is_none()
            && opt_rename.is_none()
            && opt_alias.is_none();
        only(known, watch)
    }
}

impl Part for GroupByExpr {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            GroupByExpr::Expressions(exprs, modifiers) => {
                exprs.walk(watch)?;
                let sets =
                    |modifier: &GroupByWithModifier| matches!(modifier, GroupByWithModifier::GroupingSets(_));
                only(!modifiers.iter().any(sets), watch)
            }
            GroupByExpr::All(_) => watch.unknown(),
        }
    }
}

impl Part for NamedWindowDefinition {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let NamedWindowDefinition(name, definition) = self;
        name.walk(watch)?;
        match definition {
            NamedWindowExpr::NamedWindow(name) => name.walk(watch),
            NamedWindowExpr::WindowSpec(spec) => spec.walk(watch),
        }
    }
}

impl Part for OrderBy {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let OrderBy { kind, interpolate } = self;
        match kind {
            OrderByKind::Expressions(exprs) => exprs.walk(watch)?,
            OrderByKind::All(_) => watch.unknown()?,
        }
        only(interpolate.is_none(), watch)
    }
}

impl Part for OrderByExpr {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let OrderByExpr { expr, options, with_fill } = self;
        let OrderByOptions { sort, nulls_first: _ } = options;
        expr.walk(watch)?;
        only(with_fill.is_none() && !matches!(sort, Some(OrderBySort::Using(_))), watch)
    }
}

impl Part for LimitClause {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            LimitClause::LimitOffset { limit, offset, limit_by } => {
                limit.walk(watch)?;
                if let Some(Offset { value, rows: _ }) = offset {
                    value.walk(watch)?;
                }
                limit_by.walk(watch)
            }
            LimitClause::OffsetCommaLimit { offset, limit } => {
                offset.walk(watch)?;
                limit.walk(watch)
            }
        }
    }
}

impl Part for Fetch {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Fetch { with_ties: _, percent: _, quantity } = self;
        quantity.walk(watch)
    }
}

impl Part for LockClause {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let LockClause { lock_type: _, of, nonblock: _ } = self;
        of.walk(watch)
    }
}
