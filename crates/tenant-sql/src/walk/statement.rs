use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, Delete, DoUpdate, FromTable, Insert, InsertAliases, Merge,
    MergeAction, MergeClause, MergeInsertExpr, MergeInsertKind, MergeUpdateExpr, MergeUpdateKind, OnConflict,
    OnConflictAction, OnInsert, Statement, TableAliasWithoutColumns, TableObject, Update,
    UpdateTableFromKind,
};

use super::relation::named;
use super::{Flow, ON, Part, Watch, only};

impl Part for Statement {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        watch.statement(self)?;
        match self {
            Statement::Query(query) => query.walk(watch),
            Statement::Insert(insert) => insert.walk(watch),
            Statement::Update(update) => update.walk(watch),
            Statement::Delete(delete) => delete.walk(watch),
            Statement::Merge(merge) => merge.walk(watch),
            _ => watch.unknown(),
        }
    }
}

impl Part for Insert {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Insert {
            insert_token: _,
            optimizer_hints,
            or: _,
            ignore: _,
            into: _,
            table,
            table_alias,
            columns,
            overwrite: _,
            source,
            assignments,
            partitioned,
            after_columns,
            has_table_keyword: _,
            on,
            returning,
            output,
            replace_into: _,
            priority: _,
            insert_alias,
            settings,
            format_clause,
            multi_table_insert_type,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause,
        } = self;
        let known = optimizer_hints.is_empty()
            && partitioned.is_none()
            && after_columns.is_empty()
            && output.is_none()
            && settings.is_none()
            && format_clause.is_none()
            && multi_table_insert_type.is_none()
            && multi_table_into_clauses.is_empty()
            && multi_table_when_clauses.is_empty()
            && multi_table_else_clause.is_none();
        only(known, watch)?;
        match table {
            TableObject::TableName(name) => named(name, watch)?,
            TableObject::TableFunction(_) | TableObject::TableQuery(_) => watch.unknown()?,
        }
        if let Some(TableAliasWithoutColumns { explicit: _, alias }) = table_alias {
            alias.walk(watch)?;
        }
        columns.walk(watch)?;
        source.walk(watch)?;
        assignments.walk(watch)?;
        on.walk(watch)?;
        returning.walk(watch)?;
        let Some(InsertAliases { row_alias, col_aliases }) = insert_alias else { return ON };
        row_alias.walk(watch)?;
        col_aliases.walk(watch)
    }
}

impl Part for OnInsert {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            OnInsert::DuplicateKeyUpdate(assignments) => assignments.walk(watch),
            OnInsert::OnConflict(OnConflict { conflict_target, action }) => {
                match conflict_target {
                    None => {}
                    Some(ConflictTarget::Columns(columns)) => columns.walk(watch)?,
                    Some(ConflictTarget::OnConstraint(name)) => name.walk(watch)?,
                }
                let OnConflictAction::DoUpdate(DoUpdate { assignments, selection }) = action else {
                    return ON;
                };
                assignments.walk(watch)?;
                selection.walk(watch)
            }
            _ => watch.unknown(),
        }
    }
}

impl Part for Assignment {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Assignment { target, value } = self;
        match target {
            AssignmentTarget::ColumnName(name) => name.walk(watch)?,
            AssignmentTarget::Tuple(names) => names.walk(watch)?,
        }
        value.walk(watch)
    }
}

impl Part for Update {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Update {
            update_token: _,
            optimizer_hints,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or: _,
            order_by,
            limit,
        } = self;
        only(optimizer_hints.is_empty() && output.is_none(), watch)?;
        table.walk(watch)?;
        assignments.walk(watch)?;
        match from {
            None => {}
            Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => {
                from.walk(watch)?;
            }
        }
        selection.walk(watch)?;
        returning.walk(watch)?;
        order_by.walk(watch)?;
        limit.walk(watch)
    }
}

impl Part for Delete {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
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
        } = self;
        only(optimizer_hints.is_empty() && output.is_none(), watch)?;
        tables.walk(watch)?;
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = from;
        from.walk(watch)?;
        using.walk(watch)?;
        selection.walk(watch)?;
        returning.walk(watch)?;
        order_by.walk(watch)?;
        limit.walk(watch)
    }
}

impl Part for Merge {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Merge { merge_token: _, optimizer_hints, into: _, table, source, on, clauses, output } = self;
        only(optimizer_hints.is_empty() && output.is_none(), watch)?;
        table.walk(watch)?;
        source.walk(watch)?;
        on.walk(watch)?;
        clauses.walk(watch)
    }
}

impl Part for MergeClause {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let MergeClause { when_token: _, clause_kind: _, predicate, action } = self;
        predicate.walk(watch)?;
        match action {
            MergeAction::Insert(insert) => insert.walk(watch),
            MergeAction::Update(update) => update.walk(watch),
            MergeAction::Delete { delete_token: _ }
            | MergeAction::DoNothing { do_token: _, nothing_token: _ } => ON,
        }
    }
}

impl Part for MergeInsertExpr {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let MergeInsertExpr { insert_token: _, columns, kind_token: _, kind, insert_predicate } = self;
        columns.walk(watch)?;
        match kind {
            MergeInsertKind::Values(values) => values.walk(watch)?,
            MergeInsertKind::Row | MergeInsertKind::Wildcard => watch.unknown()?,
        }
        insert_predicate.walk(watch)
    }
}

impl Part for MergeUpdateExpr {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let MergeUpdateExpr { update_token: _, kind, update_predicate, delete_predicate } = self;
        match kind {
            MergeUpdateKind::Set(assignments) => assignments.walk(watch)?,
            _ => watch.unknown()?,
        }
        update_predicate.walk(watch)?;
        delete_predicate.walk(watch)
    }
}
