//! Row-level security, the third opinion.

use super::databases::Databases;
use super::error::OracleError;
use super::link::Link;
use super::schema::Schema;
use super::value::Value;

impl Databases {
    /// Puts row-level security before the shared tables, and opens a connection that is subject to it. There the tenant
    /// column has a default, too; everywhere else the default is NULL, which the column refuses.
    pub(super) async fn secure(
        &self,
        link: &mut Link,
        schema: &Schema,
        address: &str,
    ) -> Result<Link, OracleError> {
        let doing = || OracleError::setup("row-level security");
        let role = format!("oracle_{}_role", std::process::id());
        let mut sql = format!(
            "DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; \
             GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};"
        );
        let kind = match self.tenant() {
            Value::Int(_) => "bigint",
            Value::Uuid(_) => "uuid",
            _ => "text",
        };
        let now = format!("nullif(current_setting('tenant.oracle', true), '')::{kind}");
        for relation in &schema.relations {
            let name = &relation.name;
            match &relation.tenant {
                _ if relation.view => sql.push_str(&format!("ALTER VIEW \"{name}\" SET (security_invoker = true);")),
                Some(column) => sql.push_str(&format!(
                    "ALTER TABLE \"{name}\" ENABLE ROW LEVEL SECURITY, ALTER COLUMN \"{column}\" SET DEFAULT {now}; \
                     CREATE POLICY tenant ON \"{name}\" USING (\"{column}\" = {now});"
                )),
                None => {}
            }
        }
        link.batch(&sql).await.map_err(doing())?;
        let mut secured = Link::open(self.dialect, address).await.map_err(doing())?;
        let tenant = match self.tenant() {
            Value::Text(text) => text.clone(),
            other => other.literal(self.dialect).trim_matches('\'').to_owned(),
        };
        let tenant = Value::Text(tenant).literal(self.dialect);
        secured.set(&format!("SET tenant.oracle = {tenant}; SET ROLE {role}")).await.map_err(doing())?;
        Ok(secured)
    }
}
