use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    Assignment, AssignmentTarget, Ident, Insert, InsertAliases, MysqlInsertPriority, ObjectName,
    ObjectNamePart, OnInsert, Parens, Query, SetExpr, TableAliasWithoutColumns, TableObject, Values,
};

use super::names::Target;
use super::query::Role;
use super::select::plain_query;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};
use crate::table::Table;

impl Scoper<'_> {
    pub(super) fn insert(&mut self, insert: &mut Insert) -> Result {
        let Insert {
            insert_token: _,
            optimizer_hints,
            or,
            ignore,
            into: _,
            table,
            table_alias,
            columns,
            overwrite,
            source,
            assignments,
            partitioned,
            after_columns,
            has_table_keyword,
            on,
            returning,
            output,
            replace_into,
            priority,
            insert_alias,
            settings,
            format_clause,
            multi_table_insert_type,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause,
        } = insert;
        let foreign = !optimizer_hints.is_empty()
            || *overwrite
            || (!assignments.is_empty() && !self.rules.can.insert_set)
            || partitioned.is_some()
            || !after_columns.is_empty()
            || *has_table_keyword
            || output.is_some()
            || matches!(priority, Some(MysqlInsertPriority::Delayed))
            || settings.is_some()
            || format_clause.is_some()
            || multi_table_insert_type.is_some()
            || !multi_table_into_clauses.is_empty()
            || !multi_table_when_clauses.is_empty()
            || multi_table_else_clause.is_some();
        let alien = (or.is_some() && !self.rules.can.insert_or) || (*replace_into && !self.rules.can.replace);
        if foreign || alien {
            return Err(Refusal::construct_of("INSERT clause"));
        }
        let TableObject::TableName(name) = table else {
            return Err(Refusal::construct_of("target"));
        };
        let target = self.target(name)?;
        if !assignments.is_empty() {
            *source = Some(Box::new(set_to_values(columns, source.is_some(), std::mem::take(assignments))?));
        }
        let alias = match table_alias {
            Some(TableAliasWithoutColumns { explicit: _, alias })
                if self.rules.table(alias) == "excluded" =>
            {
                return Err(Refusal::new(RefusalKind::Ambiguous, "excluded", "choose another alias"));
            }
            Some(TableAliasWithoutColumns { explicit: _, alias }) => self.rules.table(alias),
            None => target.name.clone(),
        };
        match source {
            Some(source) => {
                self.query(source, Role::Values)?;
                self.fill(columns, &mut source.body, &target)?;
            }
            None if columns.is_empty() && self.rules.can.default_values => {
                columns.push(self.tenant_name(&target));
                let row = Parens {
                    opening_token: AttachedToken::empty(),
                    content: vec![self.tenant()],
                    closing_token: AttachedToken::empty(),
                };
                let values = Values { explicit_row: false, value_keyword: false, rows: vec![row] };
                *source = Some(Box::new(plain_query(SetExpr::Values(values))));
            }
            None => return Err(Refusal::construct_of("INSERT without values")),
        }
        if let Some(alias) = insert_alias {
            self.row_alias(alias, &target, columns.len(), on.as_ref())?;
        }
        let written = self.folded(columns)?;
        let is_written = |column: &str| written.iter().any(|written| written == column);
        self.conflict_rule(or.as_ref(), &target, &is_written)?;
        // IGNORE would make a warning of what fails for another tenant's key.
        if *ignore && self.raises {
            return Err(Refusal::construct_of("expression for the tenant column, with IGNORE"));
        }
        if *replace_into || *ignore {
            self.all_keys_carry_tenant(&target, &is_written)?;
        }
        let frames = self.frames.len();
        self.open_frame();
        self.complete_frame();
        let stored = self.stored_columns(&target.name, target.table.as_ref());
        self.show(&alias, stored.clone());
        self.show("excluded", stored);
        on.as_mut().map_or(Ok(()), |on| self.upsert(on, &target, &alias, &is_written))?;
        self.returning(returning.as_mut())?;
        self.frames.truncate(frames);
        Ok(())
    }

    /// `VALUES (...) AS new (a, b)`: as many aliases as columns, so that the tenant's needs one too.
    fn row_alias(
        &mut self,
        alias: &mut InsertAliases,
        target: &Target,
        width: usize,
        on: Option<&OnInsert>,
    ) -> Result {
        let InsertAliases { row_alias, col_aliases } = alias;
        let [ObjectNamePart::Identifier(name)] = row_alias.0.as_slice() else {
            return Err(Refusal::construct_of("alias of VALUES"));
        };
        let own = self.rules.may_be_same(&self.rules.table(name), &target.exposed);
        if own || !matches!(on, Some(OnInsert::DuplicateKeyUpdate(_))) {
            return Err(Refusal::construct_of("alias of VALUES"));
        }
        if let Some(aliases) = col_aliases.as_mut().filter(|aliases| !aliases.is_empty())
            && aliases.len() + 1 == width
        {
            let fresh = self.fresh()?;
            aliases.push(Ident::with_quote(self.rules.quote, fresh));
        }
        Ok(())
    }

    /// Makes the tenant's value stand in its column in each row.
    pub(super) fn fill(
        &mut self,
        columns: &mut Vec<ObjectName>,
        body: &mut SetExpr,
        target: &Target,
    ) -> Result {
        // `INSERT INTO t VALUES ()` gives no column a value.
        if columns.is_empty() && !(self.rules.can.insert_set && self.width(body) == Some(0)) {
            *columns = self.implied(body, target)?;
        }
        let folded = self.folded(columns)?;
        let tenant_column = (self.rules.fold_column)(&target.tenant_column, true);
        let mut given =
            folded.iter().enumerate().filter(|(_, name)| **name == tenant_column).map(|(at, _)| at);
        if folded.iter().any(|name| *name != tenant_column && self.is_tenant_column(name, target)) {
            let hint = "spell the tenant column as the database does, or leave it out";
            return Err(Refusal::new(RefusalKind::Ambiguous, "tenant column of INSERT", hint));
        }
        match (given.next(), given.next()) {
            (None, _) => {
                columns.push(self.tenant_name(target));
                self.append_tenant(body, folded.len())
            }
            (Some(at), None) => self.check_given(body, at, folded.len()),
            (Some(_), Some(_)) => Err(Refusal::construct_of("repeated column")),
        }
    }

    /// The columns an `INSERT` without a list means: as many as the table has, with or without the tenant's.
    fn implied(&self, body: &SetExpr, target: &Target) -> Result<Vec<ObjectName>> {
        let known = target.table.as_ref().map(Table::column_names).unwrap_or_default();
        let unclear = |hint| Err(Refusal::new(RefusalKind::Ambiguous, "INSERT without columns", hint));
        let (false, Some(width)) = (known.is_empty(), self.width(body)) else {
            return unclear("list the columns in the statement, or in the catalog");
        };
        let stored = |name: &String| (self.rules.fold_column)(name, true);
        let all =
            known.iter().filter(|name| width == known.len() || !self.is_tenant_column(&stored(name), target));
        let columns: Vec<ObjectName> = all.map(|name| self.quoted(name)).collect();
        match columns.len() == width {
            true => Ok(columns),
            false => unclear("give as many values as the table has columns, or list the columns"),
        }
    }

    fn folded(&self, columns: &[ObjectName]) -> Result<Vec<String>> {
        let folded =
            columns.iter().map(|column| self.column_name(column).map(|column| self.rules.column(column)));
        let folded = folded.collect::<Result<Vec<_>>>()?;
        let unclear =
            self.catalog.dialect() == crate::Dialect::MySql && !folded.iter().all(|name| name.is_ascii());
        if unclear { Err(Refusal::construct_of("column name")) } else { Ok(folded) }
    }

    fn tenant_name(&self, target: &Target) -> ObjectName {
        self.quoted(&target.tenant_column)
    }

    fn quoted(&self, column: &str) -> ObjectName {
        ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote(self.rules.quote, column))])
    }
}

/// `SET a = 1, b = 2` as columns and values: MySQL reads both the same way.
fn set_to_values(
    columns: &mut Vec<ObjectName>,
    has_source: bool,
    assignments: Vec<Assignment>,
) -> Result<Query> {
    let odd = || Refusal::construct_of("INSERT ... SET");
    if has_source || !columns.is_empty() {
        return Err(odd());
    }
    let mut row = Vec::with_capacity(assignments.len());
    for Assignment { target, value } in assignments {
        let AssignmentTarget::ColumnName(column) = target else { return Err(odd()) };
        columns.push(column);
        row.push(value);
    }
    let row =
        Parens { opening_token: AttachedToken::empty(), content: row, closing_token: AttachedToken::empty() };
    Ok(plain_query(SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: vec![row] })))
}
