//! `tenant ddl`: the migration from what there is to what the catalog wants.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use sqlx::Pool;
use tenant_sql::{Catalog, Dialect};
use tenant_sqlx::{
    Inspect, Model,
    ddl::{self, Ddl, Phase},
};

use crate::{
    Error,
    database::{Database, Task},
    format,
    language::{self, DialectName},
};

/// With a database, what it lacks; without one, everything that the catalog tells of. Nothing is changed.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    database: Database,
    /// The database's SQL, where no database is asked.
    #[arg(long, value_enum)]
    dialect: Option<DialectName>,
    /// Whose the rows are that have no tenant yet.
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// The role of the application (PostgreSQL). Without one, policies are for all.
    #[arg(long)]
    role: Option<String>,
    /// The role of what works for all tenants: migrations, the control plane, lookups before a sign-in (PostgreSQL).
    #[arg(long, value_name = "ROLE")]
    system_role: Option<String>,
    /// The setting that holds the tenant of a transaction (PostgreSQL).
    #[arg(long, default_value = "app.current_tenant_id", value_name = "NAME")]
    setting: String,
    /// Prints one part of the migration.
    #[arg(long, value_enum)]
    phase: Option<PhaseName>,
    /// Distributes the tables over a Citus cluster, too (PostgreSQL).
    #[arg(long)]
    citus: bool,
    /// Prints a VSchema of Vitess instead (MySQL).
    #[arg(long, conflicts_with_all = ["citus", "phase"])]
    vitess: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PhaseName {
    /// While the application of before still runs.
    Expand,
    /// Once every instance says which tenant it works for.
    Contract,
}

/// What there is, with the catalog that is meant for it.
type Found = (Model, Catalog);

struct Look<'a>(Option<&'a str>);

impl Task for Look<'_> {
    type Outcome = Found;

    async fn run<DB: Inspect>(&self, pool: &Pool<DB>, catalog: &Catalog) -> Result<Found, sqlx::Error> {
        let model = match self.0 {
            Some(role) => Model::read_for(pool, catalog, role).await?,
            None => Model::read(pool, catalog).await?,
        };
        Ok((model, catalog.clone()))
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let (model, catalog) = arguments.found()?;
    if arguments.vitess {
        format::print(&ddl::vschema(&model, &catalog))?;
        return Ok(ExitCode::SUCCESS);
    }
    let migration = arguments.ddl().migration(&model, &catalog);
    let migration = migration.map_err(|error| Error::new(error.to_string()))?;
    let migration = match arguments.phase {
        Some(PhaseName::Expand) => migration.only(Phase::Expand),
        Some(PhaseName::Contract) => migration.only(Phase::Contract),
        None => migration,
    };
    format::print(&migration.to_string())?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn found(&self) -> Result<Found, Error> {
        let declaration = self.database.declaration()?;
        let declaration = declaration.ok_or_else(|| Error::new("--catalog is required"))?;
        let named = self.dialect.map(Dialect::from);
        // Who names a dialect and no database does not mean the one that some variable names.
        let url = if named.is_some() { self.database.given_url() } else { self.database.url() };
        match (url, named) {
            (Some(url), _) => self.database.run(&url, &Look(self.role.as_deref())),
            (None, Some(dialect)) => {
                let catalog = language::catalog_of(declaration, dialect)?;
                Ok((Model::of(&catalog), catalog))
            }
            (None, None) => Err(Error::new("--database-url or --dialect is required")),
        }
    }

    fn ddl(&self) -> Ddl {
        let mut ddl = Ddl::new().setting(&self.setting);
        if let Some(role) = &self.role {
            ddl = ddl.role(role);
        }
        if let Some(role) = &self.system_role {
            ddl = ddl.system_role(role);
        }
        if let Some(tenant) = &self.tenant {
            ddl = ddl.tenant(tenant);
        }
        if self.citus { ddl.citus() } else { ddl }
    }
}
