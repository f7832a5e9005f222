use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, GroupByWithModifier, NamedWindowDefinition, NamedWindowExpr, ObjectName,
    Query, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableAlias,
    TableFactor, TableIndexHints, TableWithJoins, WildcardAdditionalOptions,
};

use super::care::Strict;
use super::frames::Columns;
use super::from::Brought;
use super::predicate::guarded;
use super::query::Role;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

impl Scoper<'_> {
    /// Leaves its frame open: `ORDER BY` belongs to the query around, and sees the same relations.
    pub(super) fn select(&mut self, select: &mut Select, role: Role) -> Result<Columns> {
        let Select {
            select_token,
            optimizer_hints,
            distinct,
            select_modifiers,
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
            value_table_mode,
            flavor,
        } = select;
        let foreign = !optimizer_hints.is_empty()
            || select_modifiers
                .as_ref()
                .is_some_and(|hints| !self.rules.can.hints || hints.sql_calc_found_rows)
            || top.is_some()
            || exclude.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || qualify.is_some()
            || value_table_mode.is_some()
            || *flavor != SelectFlavor::Standard;
        if select_modifiers.as_ref().is_some_and(|hints| hints.sql_calc_found_rows) {
            let hint = "count in a statement of its own";
            return Err(Refusal::new(RefusalKind::UnsupportedConstruct, "SQL_CALC_FOUND_ROWS", hint));
        }
        if foreign {
            return Err(Refusal::construct_of("SELECT clause"));
        }
        if into.is_some() {
            return Err(Refusal::construct_of("SELECT INTO"));
        }
        let mut brought = Brought::default();
        self.open_frame();
        self.from(from, &mut brought)?;
        self.complete_frame();
        self.distinct(distinct)?;
        self.projection(projection)?;
        let columns = self.outputs(projection);
        if role == Role::Named {
            self.label(select_token.0.span.start, projection);
        }
        selection.as_mut().map_or(Ok(()), |condition| self.expr(condition))?;
        self.group_by(group_by)?;
        if let Some(condition) = having {
            self.having_waits(condition)?;
            self.expr(condition)?;
        }
        named_window.iter_mut().try_for_each(|window| self.named_window(window))?;
        if role == Role::Compared {
            self.compare_behind(&brought.predicates, projection, group_by)?;
        }
        let condition = selection
            .take()
            .map(|condition| self.behind(&brought.predicates, condition, Strict::Nowhere))
            .transpose()?;
        *selection = guarded(brought.predicates, condition, self.side());
        Ok(columns)
    }

    fn distinct(&mut self, distinct: &mut Option<Distinct>) -> Result {
        match distinct {
            None | Some(Distinct::All | Distinct::Distinct) => Ok(()),
            Some(Distinct::On(exprs)) if self.rules.can.distinct_on => {
                exprs.iter_mut().try_for_each(|expr| self.expr(expr))
            }
            Some(Distinct::On(_)) => Err(Refusal::construct_of("DISTINCT ON")),
        }
    }

    pub(super) fn projection(&mut self, items: &mut [SelectItem]) -> Result {
        items.iter_mut().try_for_each(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, alias: _ } => self.expr(expr),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                self.qualifier(name)?;
                wildcard(options)
            }
            SelectItem::Wildcard(options) => wildcard(options),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _)
            | SelectItem::ExprWithAliases { expr: _, aliases: _ } => {
                Err(Refusal::construct_of("select item"))
            }
        })
    }

    fn group_by(&mut self, group_by: &mut GroupByExpr) -> Result {
        match group_by {
            GroupByExpr::Expressions(exprs, modifiers) => {
                let rollup = |modifier: &GroupByWithModifier| matches!(modifier, GroupByWithModifier::Rollup);
                if !modifiers.iter().all(|modifier| self.rules.can.rollup && rollup(modifier)) {
                    return Err(Refusal::construct_of("GROUP BY modifier"));
                }
                exprs.iter_mut().try_for_each(|expr| self.operand(expr, true))
            }
            GroupByExpr::All(_) => Err(Refusal::construct_of("GROUP BY ALL")),
        }
    }

    fn named_window(&mut self, window: &mut NamedWindowDefinition) -> Result {
        let NamedWindowDefinition(_, definition) = window;
        match definition {
            NamedWindowExpr::WindowSpec(spec) => self.window_spec(spec),
            NamedWindowExpr::NamedWindow(_) => Err(Refusal::construct_of("WINDOW")),
        }
    }
}

fn wildcard(options: &WildcardAdditionalOptions) -> Result {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    let plain = opt_ilike.is_none()
        && opt_exclude.is_none()
        && opt_except.is_none()
        && opt_replace.is_none()
        && opt_rename.is_none()
        && opt_alias.is_none();
    if plain { Ok(()) } else { Err(Refusal::construct_of("wildcard option")) }
}

/// `SELECT * FROM name AS alias WHERE predicate`
pub(super) fn star_of(
    name: ObjectName,
    alias: Option<TableAlias>,
    index_hints: Vec<TableIndexHints>,
    predicate: Expr,
) -> Query {
    let relation = TableFactor::Table {
        name,
        alias,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints,
    };
    plain_query(star(relation, Some(predicate)))
}

/// `SELECT * FROM (query)`
pub(super) fn all_of(query: Query) -> SetExpr {
    let subquery = Box::new(query);
    star(TableFactor::Derived { lateral: false, subquery, alias: None, sample: None }, None)
}

fn star(relation: TableFactor, selection: Option<Expr>) -> SetExpr {
    SetExpr::Select(Box::new(Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection: vec![SelectItem::Wildcard(WildcardAdditionalOptions::default())],
        exclude: None,
        into: None,
        from: vec![TableWithJoins { relation, joins: Vec::new() }],
        lateral_views: Vec::new(),
        prewhere: None,
        selection,
        connect_by: Vec::new(),
        group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }))
}

pub(super) fn plain_query(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
