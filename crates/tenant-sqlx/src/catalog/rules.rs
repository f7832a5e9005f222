//! Where the catalog comes from, and what was declared about it.

use tenant_sql::{Catalog, CatalogBuilder, CatalogError, Table, TenantType};

use super::{Finding, Names, Relation, Schema, UniqueKey, judge};
use crate::driver::{TenantDatabase, Wanted};

/// The tables of the framework. No declaration opens them: they name all tenants.
const FRAMEWORK: [&str; 34] = [
    "tenants",
    "tenant_hosts",
    "tenant_host_claims",
    "tenant_host_turns",
    "tenant_stocks",
    "tenant_places",
    "tenant_moves",
    "tenant_api_keys",
    "tenant_sessions",
    "tenant_people",
    "tenant_memberships",
    "tenant_token_revocations",
    "tenant_token_revocation_turns",
    "tenant_audit",
    "tenant_audit_ends",
    "tenant_usage",
    "tenant_usage_days",
    "tenant_usage_levels",
    "tenant_usage_exports",
    "tenant_invitations",
    "tenant_projects",
    "tenant_project_members",
    "tenant_invitation_projects",
    "tenant_member_profiles",
    "tenant_webhooks",
    "tenant_webhook_events",
    "tenant_outbox",
    "tenant_deliveries",
    "tenant_second_factors",
    "tenant_recovery_codes",
    "tenant_jobs",
    "tenant_job_turns",
    "_tenant_migrations",
    "_sqlx_migrations",
];

pub(crate) fn is_framework(name: &str) -> bool {
    FRAMEWORK.iter().any(|framework| framework.eq_ignore_ascii_case(name))
}

/// Where the catalog comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Given(Given),
    Schema(Rules),
}

/// A catalog the application has put together.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) catalog: Catalog,
    pub(crate) names_schema: bool,
}

/// No schema has this name: whoever names one names another's.
const NO_SCHEMA: &str = "";

/// What was declared about the schema.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) tenant_column: String,
    pub(crate) tenant_type: TenantType,
    pub(crate) shared: Vec<String>,
    pub(crate) views: Vec<String>,
    pub(crate) trusted: Vec<String>,
    pub(crate) functions: Vec<String>,
    /// Whether statements may name the schema: there is one.
    pub(crate) names_schema: bool,
    pub(crate) table_names: Names,
    pub(crate) column_names: Names,
}

impl Rules {
    pub(crate) fn of<DB: TenantDatabase>() -> Self {
        Self {
            table_names: DB::TABLE_NAMES,
            column_names: DB::COLUMN_NAMES,
            tenant_column: "tenant_id".to_owned(),
            tenant_type: TenantType::Text,
            shared: Vec::new(),
            views: Vec::new(),
            trusted: Vec::new(),
            functions: Vec::new(),
            names_schema: true,
        }
    }
}

impl Given {
    /// The catalog, with the framework's tables hidden.
    pub(crate) fn catalog<DB: TenantDatabase>(&self) -> Result<Catalog, CatalogError> {
        let given = &self.catalog;
        let mut builder = Catalog::builder(DB::DIALECT)
            .tenant_column(given.tenant_column())
            .tenant_type(given.tenant_type())
            .unknown(given.unknown());
        if let Some(schema) = if self.names_schema { given.schema() } else { Some(NO_SCHEMA) } {
            builder = builder.schema(schema);
        }
        let tables = given.tables().filter(|table| !is_framework(table.name()));
        let builder = tables.cloned().fold(builder, CatalogBuilder::table);
        let builder = FRAMEWORK.map(Table::hidden).into_iter().fold(builder, CatalogBuilder::table);
        given.functions().fold(builder, CatalogBuilder::allow_function).build()
    }
}

impl Rules {
    pub(super) fn is_listed(&self, names: &[String], relation: &Relation) -> bool {
        names.iter().any(|name| self.table_names.same(name, &relation.name))
    }

    /// Whether two tenants can't be in each other's way by this key.
    pub(super) fn carries(&self, key: &UniqueKey) -> bool {
        key.columns.iter().any(|column| self.column_names.same(column, &self.tenant_column))
    }

    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted { tenant_column: &self.tenant_column, tenant_type: self.tenant_type, views: &self.views }
    }

    /// The catalog that the schema amounts to.
    pub(crate) fn catalog<DB: TenantDatabase>(
        &self,
        schema: &Schema,
    ) -> Result<(Catalog, Vec<Finding>), CatalogError> {
        let (tables, findings) = judge(&schema.relations, self);
        let mut builder =
            Catalog::builder(DB::DIALECT).tenant_column(&*self.tenant_column).tenant_type(self.tenant_type);
        if let Some(name) = if self.names_schema { schema.name.as_deref() } else { Some(NO_SCHEMA) } {
            builder = builder.schema(name);
        }
        let builder = tables.into_iter().fold(builder, CatalogBuilder::table);
        let builder = self.functions.iter().fold(builder, CatalogBuilder::allow_function);
        Ok((builder.build()?, findings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables that migrations of the framework make.
    fn made<DB: TenantDatabase>() -> Vec<String> {
        let migrations = [DB::tenant_migrations(), DB::place_migrations()];
        let texts = migrations.iter().flat_map(|all| all.iter()).map(|one| one.sql.as_str().to_owned());
        let text = texts.collect::<Vec<_>>().join("\n");
        let after = |mark: &str| -> Vec<String> {
            let names = text.split(mark).skip(1).filter_map(|rest| rest.split_whitespace().next());
            names.filter(|name| *name != "IF").map(str::to_owned).collect()
        };
        [after("CREATE TABLE "), after("CREATE TABLE IF NOT EXISTS ")].concat()
    }

    #[test]
    fn every_table_of_the_framework_is_hidden_from_tenants() {
        let made = [
            #[cfg(feature = "mysql")]
            made::<sqlx::MySql>(),
            #[cfg(feature = "postgres")]
            made::<sqlx::Postgres>(),
            #[cfg(feature = "sqlite")]
            made::<sqlx::Sqlite>(),
        ];
        for tables in made {
            assert!(tables.len() >= FRAMEWORK.len() - 3, "{tables:?}");
            let open: Vec<_> = tables.iter().filter(|table| !is_framework(table)).collect();
            assert!(open.is_empty(), "{open:?}");
        }
    }
}
