use sqlparser::ast::{
    BinaryOperator, CaseWhen, ConflictTarget, DoUpdate, Expr, Insert, OnConflict, OnConflictAction, OnInsert,
    SelectItem, SetExpr, SqliteOnConflict, TableObject, Values,
};

use super::{Proof, Verifier, unproved};
use crate::catalog::Dialect;
use crate::table::Table;

impl Verifier<'_> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Proof {
        let Insert {
            insert_token: _,
            optimizer_hints: _,
            or,
            ignore,
            into: _,
            table: TableObject::TableName(name),
            table_alias,
            columns,
            overwrite: false,
            source: Some(source),
            assignments,
            partitioned: None,
            after_columns: _,
            has_table_keyword: _,
            on,
            returning,
            output: None,
            replace_into,
            priority: _,
            insert_alias,
            settings: None,
            format_clause: None,
            multi_table_insert_type: None,
            multi_table_into_clauses: _,
            multi_table_when_clauses: _,
            multi_table_else_clause: None,
        } = insert
        else {
            return Err(unproved("INSERT clause"));
        };
        if !assignments.is_empty() || (insert_alias.is_some() && self.catalog.dialect() != Dialect::MySql) {
            return Err(unproved("INSERT clause"));
        }
        let (table, tenant_column) = self.target(name)?;
        let columns = columns.iter().map(|column| self.written(column)).collect::<Proof<Vec<_>>>()?;
        self.query(source)?;
        let from_end = self.columns_after(&columns, &tenant_column)?;
        self.raising = false;
        self.rows(&source.body, from_end, columns.len())?;
        if self.raising && *ignore {
            return Err(unproved("expression for the tenant column, with IGNORE"));
        }
        let drops = matches!(
            or,
            Some(SqliteOnConflict::Ignore | SqliteOnConflict::Replace | SqliteOnConflict::Rollback)
        );
        if drops || *ignore || *replace_into {
            self.all_keys(table, &tenant_column, Some(&columns))?;
        }
        if let Some(on) = on {
            let alias = table_alias.as_ref().map(|alias| self.rules.table(&alias.alias));
            let alias = alias.map_or_else(|| self.bare(name), Ok)?;
            if alias == "excluded" {
                return Err(unproved("alias"));
            }
            self.conflict(on, table, &tenant_column, &alias, &columns)?;
        }
        self.inside(on)?;
        self.inside(returning)
    }

    /// How many columns follow the tenant's, which must be listed once.
    pub(super) fn columns_after(&self, columns: &[String], tenant_column: &str) -> Proof<usize> {
        let stored = (self.rules.fold_column)(tenant_column, true);
        let tenant_column = tenant_column.to_lowercase();
        let mut places =
            columns.iter().rev().enumerate().filter(|(_, column)| column.to_lowercase() == tenant_column);
        match (places.next(), places.next()) {
            (Some((from_end, column)), None) if *column == stored => Ok(from_end),
            _ => Err(unproved("tenant column of INSERT")),
        }
    }

    /// Counts from the end, because wildcards before the tenant's value have no known width; the database refuses a row
    /// that is not as long as the list.
    fn rows(&mut self, body: &SetExpr, from_end: usize, width: usize) -> Proof {
        match body {
            SetExpr::Select(select) => {
                let mut after = select.projection.iter().rev().take(from_end + 1);
                let plain = after.all(|item| {
                    matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. })
                });
                let given = select.projection.iter().rev().nth(from_end);
                match given {
                    Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, alias: _ })
                        if plain =>
                    {
                        self.cell(expr)
                    }
                    _ => Err(unproved("tenant of INSERT")),
                }
            }
            SetExpr::Values(values) => self.cells(values, from_end, width),
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
                self.rows(left, from_end, width)?;
                self.rows(right, from_end, width)
            }
            SetExpr::Query(query) => self.rows(&query.body, from_end, width),
            _ => Err(unproved("source of INSERT")),
        }
    }

    pub(super) fn cells(&mut self, values: &Values, from_end: usize, width: usize) -> Proof {
        values.rows.iter().try_for_each(|row| {
            let given = row.content.iter().rev().nth(from_end).filter(|_| row.content.len() == width);
            given.map_or_else(|| Err(unproved("tenant of INSERT")), |expr| self.cell(expr))
        })
    }

    /// The tenant itself, or what is either the tenant or an error.
    fn cell(&mut self, expr: &Expr) -> Proof {
        if self.is_marker(expr) {
            self.seen.markers += 1;
            return Ok(());
        }
        let Expr::Case { case_token: _, end_token: _, operand: None, conditions, else_result: Some(fails) } =
            expr
        else {
            return Err(unproved("tenant of INSERT"));
        };
        let ([CaseWhen { condition, result }], true) =
            (conditions.as_slice(), raises(fails, self.catalog.dialect()))
        else {
            return Err(unproved("tenant of INSERT"));
        };
        let Expr::BinaryOp { left: _, op: BinaryOperator::Eq, right } = condition else {
            return Err(unproved("tenant of INSERT"));
        };
        match self.is_marker(right) && self.is_marker(result) {
            true => {
                self.seen.markers += 2;
                self.raising = true;
                Ok(())
            }
            false => Err(unproved("tenant of INSERT")),
        }
    }

    fn conflict(
        &mut self,
        on: &OnInsert,
        table: Option<&Table>,
        tenant_column: &str,
        alias: &str,
        columns: &[String],
    ) -> Proof {
        match on {
            OnInsert::DuplicateKeyUpdate(assignments) => {
                self.all_keys(table, tenant_column, Some(columns))?;
                self.assigned_to(assignments, tenant_column, alias)
            }
            OnInsert::OnConflict(OnConflict { conflict_target, action }) => {
                match conflict_target {
                    None | Some(ConflictTarget::OnConstraint(_)) => {
                        self.all_keys(table, tenant_column, Some(columns))?;
                    }
                    Some(ConflictTarget::Columns(key)) => {
                        let key: Vec<String> = key.iter().map(|column| self.rules.column(column)).collect();
                        self.tenant_key(table, tenant_column, &key)?;
                    }
                }
                let OnConflictAction::DoUpdate(DoUpdate { assignments, selection }) = action else {
                    return Ok(());
                };
                self.assigned(assignments, tenant_column)?;
                match self.bound(selection.as_ref()).has(alias, tenant_column) {
                    true => Ok(()),
                    false => Err(unproved("DO UPDATE without its predicate")),
                }
            }
            _ => Err(unproved("upsert")),
        }
    }
}

/// Whether this is what the database cannot evaluate: no JSON on SQLite, no number on PostgreSQL.
fn raises(expr: &Expr, dialect: Dialect) -> bool {
    let text = expr.to_string();
    let inner = "CAST(concat('another tenant') AS BIGINT)";
    match dialect {
        Dialect::Sqlite => text == "json('another tenant')",
        Dialect::Postgres => {
            text == inner
                || text == format!("CAST({inner} AS TEXT)")
                || text == format!("CAST(CAST({inner} AS TEXT) AS UUID)")
        }
        Dialect::MySql => text == "(SELECT 1 UNION SELECT 2)",
    }
}
