//! `tenant tenants create`.

use clap::Args;
use tenant_core::{TenantConfig, TenantId};

use super::{Target, asked::Asked, tenant_id};
use crate::Error;

#[derive(Args)]
pub(super) struct Create {
    /// The tenant's id.
    #[arg(value_name = "ID", value_parser = tenant_id)]
    id: TenantId,
    /// The name shown to people; the id unless given.
    #[arg(long)]
    name: Option<String>,
    /// The plan it is on.
    #[arg(long)]
    plan: Option<String>,
    /// At most so many requests a minute.
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<u64>,
    /// At most so many tokens a minute.
    #[arg(long, value_name = "N")]
    tokens_per_minute: Option<u64>,
    /// A host that leads to it; may be given several times.
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    #[command(flatten)]
    target: Target,
}

impl Create {
    pub(super) const fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn asked(&self) -> Result<Asked, Error> {
        let mut config =
            TenantConfig::builder(self.id).plan(self.plan.clone()).hosts(self.hosts.iter().cloned());
        if let Some(name) = &self.name {
            config = config.name(name);
        }
        if let Some(limit) = self.requests_per_minute {
            config = config.requests_per_minute(limit);
        }
        if let Some(limit) = self.tokens_per_minute {
            config = config.tokens_per_minute(limit);
        }
        let config = config.build().map_err(|error| Error::new(error.to_string()))?;
        Ok(Asked::Create(Box::new(config)))
    }
}
