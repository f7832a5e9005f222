//! Where the tenants are, and how the answer is told.

use std::{env, io::Write, path::PathBuf, process::ExitCode};

use clap::Args;

use super::{
    api::Api,
    asked::{Answer, Asked},
    store, text,
};
use crate::Error;

/// A database, or a server.
#[derive(Args)]
pub(crate) struct Target {
    /// The database with the table `tenants`, as `postgres://…`, `mysql://…` or `sqlite:…` (default: the variable
    /// `DATABASE_URL`, which keeps a password out of the list of processes).
    #[arg(long, value_name = "URL", conflicts_with = "api")]
    database_url: Option<String>,
    /// A running server instead, as `https://…`, or `http://` on this machine. The operator's token is the variable
    /// `ADMIN_TOKEN`.
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// A file with the key that the database's audit log is sealed with, byte for byte, where it was given one.
    #[arg(long, value_name = "FILE", conflicts_with = "api")]
    key_file: Option<PathBuf>,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Target {
    pub(super) fn run(&self, asked: &Asked) -> Result<ExitCode, Error> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::output)?;
        match runtime.block_on(self.ask(asked))? {
            Answer::Done(value) => {
                let text = if self.json { text::json(&value) } else { text::plain(asked, &value) };
                std::io::stdout().lock().write_all(text.as_bytes()).map_err(Error::output)?;
                Ok(ExitCode::SUCCESS)
            }
            Answer::Refused(why) => {
                eprintln!("tenant: {why}");
                Ok(ExitCode::FAILURE)
            }
        }
    }

    async fn ask(&self, asked: &Asked) -> Result<Answer, Error> {
        if let Some(url) = &self.api {
            return Api::open(url, env::var("ADMIN_TOKEN").ok())?.ask(asked).await;
        }
        let url = self.database_url.clone().or_else(|| env::var("DATABASE_URL").ok());
        let url =
            url.ok_or_else(|| Error::new("neither --api nor --database-url is given, nor DATABASE_URL"))?;
        store::ask(&url, self.key_file.as_deref(), asked).await
    }
}
