use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tenant_sql::{CatalogDeclaration, Dialect, Rewriter};

use crate::Error;

/// Which SQL is spoken, about which relations.
#[derive(Args)]
pub(crate) struct Language {
    /// The database whose SQL is spoken.
    #[arg(long, value_enum)]
    dialect: DialectName,
    /// The catalog, a TOML file. Without one no relation is known.
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DialectName {
    Sqlite,
    Postgres,
    #[value(alias = "mariadb")]
    Mysql,
}

impl Language {
    pub(crate) const fn dialect(&self) -> Dialect {
        match self.dialect {
            DialectName::Sqlite => Dialect::Sqlite,
            DialectName::Postgres => Dialect::Postgres,
            DialectName::Mysql => Dialect::MySql,
        }
    }

    pub(crate) fn catalog(&self) -> Result<CatalogDeclaration, Error> {
        let Some(path) = &self.catalog else { return Ok(CatalogDeclaration::default()) };
        let text = std::fs::read_to_string(path).map_err(|error| Error::catalog(path, &error))?;
        toml::from_str(&text).map_err(|error| Error::catalog(path, &error))
    }

    pub(crate) fn rewriter(&self) -> Result<Rewriter, Error> {
        let catalog = self.catalog()?.into_catalog(self.dialect());
        catalog.map(Rewriter::new).map_err(|error| Error::new(error.to_string()))
    }
}
