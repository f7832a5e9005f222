//! Reading the catalog anew.

use tenant_sql::{Catalog, CatalogError};

use super::TenantDb;
use crate::{
    catalog::{Finding, Source},
    driver::TenantDatabase,
};

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Reads the catalog from the schema again; a catalog that was given stays. Call it after tables were created or
    /// changed past [`TenantDb::migrate`]: until then statements on new tables are refused.
    ///
    /// # Errors
    /// The schema can't be read, its names contradict each other, or a table lacks its policy where policies are to be
    /// obeyed. The old catalog then stays in use.
    pub async fn refresh_catalog(&self) -> Result<(), sqlx::Error> {
        let _turn = self.0.refreshing.lock().await;
        if let Source::Schema(_) = &self.0.source {
            let (catalog, findings) = read(self.pool(), &self.0.source).await?;
            self.check_walls(&catalog).await?;
            let renewed = self.0.walls.forget_all();
            self.0.rewriter.replace_catalog(catalog);
            drop(renewed);
            *self.0.findings.write() = findings;
        }
        Ok(())
    }
}

pub(super) async fn read<DB: TenantDatabase>(
    pool: &sqlx::Pool<DB>,
    source: &Source,
) -> Result<(Catalog, Vec<Finding>), sqlx::Error> {
    match source {
        Source::Given(given) => Ok((given.catalog::<DB>().map_err(contradiction)?, Vec::new())),
        Source::Schema(rules) => {
            let schema = DB::schema(pool, &rules.wanted()).await?;
            rules.catalog::<DB>(&schema).map_err(contradiction)
        }
    }
}

fn contradiction(error: CatalogError) -> sqlx::Error {
    sqlx::Error::Configuration(Box::new(error))
}
