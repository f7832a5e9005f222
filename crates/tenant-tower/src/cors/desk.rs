//! Whether a tenant allows an origin, before anybody knows who is calling.

use std::{future::Future, pin::Pin, sync::Arc};

use http::HeaderValue;
use tenant_core::{AdmissionError, ConfigManager, TenantContext, TenantId};

use crate::{
    Claim, RequestHead, Source, TenantResolver, host,
    resolver::{Resolution, ResolveFuture},
};

/// Left in the extensions of a request that a page of an origin has sent which this tenant allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FromAllowedOrigin {
    pub(crate) tenant: TenantId,
    /// Whether the host is the tenant's, and with it the cookies of the host.
    pub(crate) has_host: bool,
}

/// Who says which tenant a request is for, and where tenants are looked up.
#[derive(Clone)]
pub(super) struct Desk {
    resolver: Arc<dyn TenantResolver>,
    waits: bool,
    configs: Arc<dyn ConfigManager>,
}

/// The tenant, where it allows the origin. Of all else (no tenant is named, there is none, it is suspended, it can't be looked up,
/// it does not allow the origin) the answer is the same, so that nobody can tell one from another.
pub(super) type Allowed = Option<FromAllowedOrigin>;

pub(super) enum Found {
    Now(Allowed),
    Later(Pin<Box<dyn Future<Output = Allowed> + Send>>),
}

impl Desk {
    pub(super) fn new(resolver: Arc<dyn TenantResolver>, configs: Arc<dyn ConfigManager>) -> Self {
        Self { waits: resolver.waits(), resolver, configs }
    }

    pub(super) fn ask(&self, head: &RequestHead<'_>, origin: &HeaderValue) -> Found {
        if host::check(head).is_err() {
            return Found::Now(None);
        }
        if self.waits {
            return self.ask_later(self.resolver.resolve_later(head), origin);
        }
        let Some(claim) = named(self.resolver.resolve(head)) else { return Found::Now(None) };
        match TenantContext::peek(&*self.configs, claim.tenant()) {
            Some(answer) => Found::Now(judge(&claim, answer, origin)),
            None => self.ask_later(Box::pin(std::future::ready(Ok(Some(claim)))), origin),
        }
    }

    #[cold]
    fn ask_later(&self, resolution: ResolveFuture, origin: &HeaderValue) -> Found {
        let (configs, origin) = (Arc::clone(&self.configs), origin.clone());
        Found::Later(Box::pin(async move {
            let claim = named(resolution.await)?;
            judge(&claim, TenantContext::of(&*configs, claim.tenant()).await, &origin)
        }))
    }
}

/// A preflight shows no credential and no header of the request that it asks for: what only that one says, names nobody here.
fn named(resolution: Resolution) -> Option<Claim> {
    resolution.ok().flatten().filter(|claim| match claim.source() {
        Source::Host | Source::Subdomain | Source::Path | Source::Query | Source::Custom(_) => true,
        Source::Principal | Source::Header | Source::Context => false,
    })
}

fn judge(claim: &Claim, answer: Result<TenantContext, AdmissionError>, origin: &HeaderValue) -> Allowed {
    let tenant = answer.ok().filter(|tenant| tenant.edge_settings().origins().allows(origin.as_bytes()))?;
    let has_host = matches!(claim.source(), Source::Host | Source::Subdomain);
    Some(FromAllowedOrigin { tenant: *tenant.id(), has_host })
}
