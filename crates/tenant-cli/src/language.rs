use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Deserialize;
use tenant_sql::{Catalog, CatalogDeclaration, Dialect, Rewriter};

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

#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DialectName {
    Sqlite,
    Postgres,
    #[serde(alias = "mariadb")]
    #[value(alias = "mariadb")]
    Mysql,
}

impl From<DialectName> for Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Sqlite => Self::Sqlite,
            DialectName::Postgres => Self::Postgres,
            DialectName::Mysql => Self::MySql,
        }
    }
}

impl Language {
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect.into()
    }

    pub(crate) fn catalog(&self) -> Result<CatalogDeclaration, Error> {
        self.catalog.as_deref().map_or(Ok(CatalogDeclaration::default()), read)
    }

    pub(crate) fn rewriter(&self) -> Result<Rewriter, Error> {
        catalog_of(self.catalog()?, self.dialect()).map(Rewriter::new)
    }
}

/// A catalog file.
pub(crate) fn read(path: &Path) -> Result<CatalogDeclaration, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::catalog(path, &error))?;
    toml::from_str(&text).map_err(|error| Error::catalog(path, &error))
}

pub(crate) fn catalog_of(declaration: CatalogDeclaration, dialect: Dialect) -> Result<Catalog, Error> {
    declaration.into_catalog(dialect).map_err(|error| Error::new(error.to_string()))
}
