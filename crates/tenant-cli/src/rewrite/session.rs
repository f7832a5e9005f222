use serde_json::Value;
use tenant_core::TenantId;
use tenant_sql::{CatalogDeclaration, Dialect, Plan, Rewriter, TenantBind, TenantType, TenantValue};
use uuid::Uuid;

use crate::Error;

use super::{
    answer::{Answer, Bind, Problem},
    line::Line,
};

/// What holds from line to line: dialect, catalog and tenant.
pub(super) struct Session {
    dialect: Dialect,
    declaration: CatalogDeclaration,
    rewriter: Rewriter,
    tenant: Option<String>,
}

/// A statement, scoped.
struct Scoped {
    sql: String,
    binds: Vec<Bind>,
}

impl Session {
    pub(super) fn new(
        dialect: Dialect,
        declaration: CatalogDeclaration,
        tenant: Option<String>,
    ) -> Result<Self, Error> {
        let rewriter = rewriter(dialect, &declaration).map_err(Error::new)?;
        Ok(Self { dialect, declaration, rewriter, tenant })
    }

    /// The answer to a line that is a statement. A refusal is an answer; a missing tenant ends the command.
    pub(super) fn answer_text(&self, sql: &str) -> Result<String, Error> {
        let tenant = self.tenant.as_deref().ok_or_else(|| Error::new("--tenant is required"))?;
        match self.scope(sql, tenant) {
            Ok(scoped) => Ok(format!("{}{}", one_line(&scoped.sql), comment(&scoped.binds))),
            Err(problem) => Ok(format!("-- refused ({}): {}", problem.kind, problem.message)),
        }
    }

    /// The answer to a line of JSON. Whatever is wrong with the line is an answer too.
    pub(super) fn answer_json(&mut self, line: &str) -> String {
        let (id, outcome) = match serde_json::from_str::<Line>(line) {
            Ok(line) => (line.id.clone(), self.answer_line(line)),
            Err(error) => (id_of(line), Err(Problem::new("request", error.to_string()))),
        };
        let answer = match outcome {
            Ok(Scoped { sql, binds }) => {
                Answer { id, ok: true, sql: Some(sql), binds: Some(binds), error: None }
            }
            Err(problem) => Answer { id, ok: false, sql: None, binds: None, error: Some(problem) },
        };
        serde_json::to_string(&answer).unwrap_or_default()
    }

    fn answer_line(&mut self, line: Line) -> Result<Scoped, Problem> {
        let Line { id: _, sql, tenant, dialect, catalog } = line;
        if dialect.is_some() || catalog.is_some() {
            self.change(dialect.map_or(self.dialect, Into::into), catalog)?;
        }
        let Some(sql) = sql else { return Err(Problem::new("request", "the line holds no sql")) };
        let tenant = tenant.or_else(|| self.tenant.clone());
        let tenant =
            tenant.ok_or_else(|| Problem::new("request", "neither the line nor --tenant names a tenant"))?;
        self.scope(&sql, &tenant)
    }

    /// Both hold from here on, also where the line's own statement is refused.
    fn change(&mut self, dialect: Dialect, catalog: Option<CatalogDeclaration>) -> Result<(), Problem> {
        let declaration = catalog.unwrap_or_else(|| self.declaration.clone());
        self.rewriter = rewriter(dialect, &declaration).map_err(|error| Problem::new("catalog", error))?;
        (self.dialect, self.declaration) = (dialect, declaration);
        Ok(())
    }

    fn scope(&self, sql: &str, tenant: &str) -> Result<Scoped, Problem> {
        let id = TenantId::parse(tenant).map_err(|error| Problem::new("tenant", error.to_string()))?;
        let plan = self.rewriter.rewrite(sql)?;
        let value = value(self.rewriter.catalog().tenant_type(), id.as_str())?;
        plan.check_tenant(&value)?;
        let sql = plan.sql_for(&value)?;
        Ok(Scoped { sql, binds: binds(&plan, tenant) })
    }
}

fn rewriter(dialect: Dialect, declaration: &CatalogDeclaration) -> Result<Rewriter, String> {
    let catalog = declaration.clone().into_catalog(dialect).map_err(|error| error.to_string())?;
    Ok(Rewriter::new(catalog))
}

/// The tenant as the column's type wants it.
fn value(tenant_type: TenantType, tenant: &str) -> Result<TenantValue<'_>, Problem> {
    let wrong = |what: &str| {
        Problem::new("tenant", format!("the catalog's tenant type is {what}, the tenant is none"))
    };
    match tenant_type {
        TenantType::Text => Ok(TenantValue::Text(tenant)),
        TenantType::Integer => tenant.parse().map(TenantValue::Integer).map_err(|_| wrong("integer")),
        TenantType::Uuid => {
            Uuid::parse_str(tenant).map(|id| TenantValue::Uuid(id.as_u128())).map_err(|_| wrong("uuid"))
        }
    }
}

fn binds(plan: &Plan, tenant: &str) -> Vec<Bind> {
    let arguments = (1..=plan.arguments()).map(Bind::Arg);
    let bound = match plan.tenant() {
        TenantBind::Argument(_) => Some(Bind::Tenant(tenant.to_owned())),
        TenantBind::Inline | TenantBind::None => None,
    };
    arguments.chain(bound).collect()
}

/// The id of a line that is JSON but no request, so that its sender knows which one failed.
fn id_of(line: &str) -> Value {
    let value: Value = serde_json::from_str(line).unwrap_or_default();
    value.get("id").cloned().unwrap_or_default()
}

fn one_line(sql: &str) -> String {
    sql.replace(['\r', '\n'], " ")
}

fn comment(binds: &[Bind]) -> String {
    let words: Vec<String> = binds
        .iter()
        .map(|bind| match bind {
            Bind::Arg(number) => format!("argument {number}"),
            Bind::Tenant(tenant) => format!("tenant {tenant}"),
        })
        .collect();
    if words.is_empty() { String::new() } else { format!(" -- binds: {}", words.join(", ")) }
}
