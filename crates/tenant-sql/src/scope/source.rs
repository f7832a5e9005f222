//! The rows an `INSERT` brings, and the tenant's value in them.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, Expr, Ident, ObjectName, ObjectNamePart, SelectItem,
    SetExpr, Value,
};

use super::predicate::nested;
use super::{Result, Scoper};
use crate::catalog::Dialect;
use crate::plan::GivenTenant;
use crate::refusal::{Refusal, RefusalKind};
use crate::round_trip;
use crate::tenant::TenantType;

impl Scoper<'_> {
    pub(super) fn append_tenant(&mut self, body: &mut SetExpr, width: usize) -> Result {
        match body {
            SetExpr::Select(select) => {
                let tenant = self.tenant();
                select.projection.push(SelectItem::UnnamedExpr(tenant));
                Ok(())
            }
            SetExpr::Values(values) => {
                for row in &mut values.rows {
                    if row.content.len() != width {
                        return Err(uneven());
                    }
                    let tenant = self.tenant();
                    row.content.push(tenant);
                }
                Ok(())
            }
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
                self.append_tenant(left, width)?;
                self.append_tenant(right, width)
            }
            SetExpr::Query(query) => self.append_tenant(&mut query.body, width),
            _ => Err(Refusal::construct_of("source of INSERT")),
        }
    }

    /// Replaces what the caller gives for the tenant column, at `at` of `width`, by what cannot be another tenant.
    pub(super) fn check_given(&mut self, body: &mut SetExpr, at: usize, width: usize) -> Result {
        match body {
            SetExpr::Select(select) => {
                let items = &mut select.projection;
                let plain = items.len() == width
                    && items.iter().all(|item| {
                        matches!(
                            item,
                            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { expr: _, alias: _ }
                        )
                    });
                match items.get_mut(at) {
                    Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, alias: _ })
                        if plain =>
                    {
                        self.check_value(expr)
                    }
                    _ => Err(leave_out("column count, or a wildcard, beside the tenant column")),
                }
            }
            SetExpr::Values(values) => values.rows.iter_mut().try_for_each(|row| {
                let fits = row.content.len() == width;
                match row.content.get_mut(at) {
                    Some(expr) if fits => self.check_value(expr),
                    _ => Err(uneven()),
                }
            }),
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
                self.check_given(left, at, width)?;
                self.check_given(right, at, width)
            }
            SetExpr::Query(query) => self.check_given(&mut query.body, at, width),
            _ => Err(Refusal::construct_of("source of INSERT")),
        }
    }

    fn check_value(&mut self, expr: &mut Expr) -> Result {
        let mut inner = &*expr;
        while let Expr::Nested(deeper) = inner {
            inner = deeper;
        }
        let given = match inner {
            Expr::Value(value) => self.literal_tenant(&value.value)?,
            _ => None,
        };
        match given {
            Some(given) => {
                self.given.push(given);
                *expr = self.tenant();
            }
            None => {
                let raise = self.raise()?.ok_or_else(|| leave_out("expression for the tenant column"))?;
                let own = std::mem::replace(expr, Expr::Value(Value::Null.with_empty_span()));
                *expr = self.or_raise(own, raise);
                self.raises = true;
            }
        }
        Ok(())
    }

    /// `None`: only the database will know.
    fn literal_tenant(&self, value: &Value) -> Result<Option<GivenTenant>> {
        let foreign =
            || Refusal::new(RefusalKind::ForeignTenantLiteral, "INSERT", "leave the tenant column out");
        match (value, self.catalog.tenant_type()) {
            (Value::Placeholder(_), _) => Ok(None),
            (Value::SingleQuotedString(text), TenantType::Text | TenantType::Uuid)
                if !text.contains(['\'', '\\']) =>
            {
                Ok(Some(GivenTenant::Text(text.clone())))
            }
            (Value::Number(digits, false), TenantType::Integer) => {
                digits.parse().map(|number| Some(GivenTenant::Integer(number))).map_err(|_| foreign())
            }
            _ => Err(foreign()),
        }
    }

    /// `CASE WHEN (expr) COLLATE BINARY = ?N THEN ?N ELSE json('another tenant') END`
    fn or_raise(&mut self, expr: Expr, raise: Expr) -> Expr {
        let mut given = nested(expr);
        let integer = self.catalog.tenant_type() == TenantType::Integer;
        if self.catalog.dialect() == Dialect::MySql && !integer {
            // Collations would take `ACME` for `acme`.
            given = Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(given),
                data_type: DataType::Binary(None),
                format: None,
            };
        }
        if self.catalog.dialect() == Dialect::Sqlite {
            let binary = ObjectName(vec![ObjectNamePart::Identifier(Ident::new("BINARY"))]);
            given = Expr::Collate { expr: Box::new(given), collation: binary };
        }
        let condition =
            Expr::BinaryOp { left: Box::new(given), op: BinaryOperator::Eq, right: Box::new(self.tenant()) };
        Expr::Case {
            case_token: AttachedToken::empty(),
            end_token: AttachedToken::empty(),
            operand: None,
            conditions: vec![CaseWhen { condition, result: self.tenant() }],
            else_result: Some(Box::new(raise)),
        }
    }

    /// What fails if it is reached, before anything is written.
    fn raise(&self) -> Result<Option<Expr>> {
        let Some(raise) = self.rules.raise else { return Ok(None) };
        round_trip::expression(&raise(self.catalog.tenant_type()), self.rules).map(Some)
    }

    /// How many columns a source has, if the text tells.
    pub(super) fn width(&self, body: &SetExpr) -> Option<usize> {
        match body {
            SetExpr::Select(select) => {
                let plain = |item: &SelectItem| {
                    matches!(
                        item,
                        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { expr: _, alias: _ }
                    )
                };
                select.projection.iter().all(plain).then_some(select.projection.len())
            }
            SetExpr::Values(values) => {
                let width = values.rows.first()?.content.len();
                values.rows.iter().all(|row| row.content.len() == width).then_some(width)
            }
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
                self.width(left).filter(|width| self.width(right) == Some(*width))
            }
            SetExpr::Query(query) => self.width(&query.body),
            _ => None,
        }
    }
}

fn leave_out(construct: &'static str) -> Refusal {
    Refusal::new(RefusalKind::UnsupportedConstruct, construct, "leave the tenant column out: it is filled in")
}

fn uneven() -> Refusal {
    Refusal::new(RefusalKind::Syntax, "VALUES", "give one value per column")
}
