//! What is written into the audit log: every request that changes something, and what the edges tell of.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    RequestExt,
    extract::{MatchedPath, RawPathParams, Request, State},
    http::{StatusCode, header::LOCATION},
    middleware::Next,
    response::Response,
};
use sqlx::Sqlite;
use tenant::{
    Clock, DbAudit, TenantContext, TenantDb, TenantHooks, TenantId, TraceId,
    audit::{AuditEvent, AuditOutcome},
    auth::Principal,
    control::{AuditHooks, AuditLog},
    hooks::{BypassEvent, CredentialEvent, CrossTenantAttempt},
};

use crate::{admin::original, org::Operator};

/// What a request does that succeeds, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// What is done.
    pub name: &'static str,
    /// To what.
    pub resource: &'static str,
}

macro_rules! actions {
    ($($method:ident $path:literal => $name:literal $resource:literal;)*) => {
        /// Every request that changes something.
        pub const ACTIONS: &[Action] = &[
            $(Action { method: stringify!($method), path: $path, name: $name, resource: $resource }),*
        ];
    };
}

actions! {
    POST "/api/users" => "user.created" "user";
    DELETE "/api/users/{id}" => "user.deleted" "user";
    POST "/api/workflows" => "workflow.created" "workflow";
    DELETE "/api/workflows/{id}" => "workflow.deleted" "workflow";
    POST "/api/workflows/{id}/execute" => "execution.started" "execution";
    POST "/api/api-keys" => "api_key.created" "api_key";
    DELETE "/api/api-keys/{id}" => "api_key.revoked" "api_key";
    POST "/api/hosts" => "host.claimed" "host";
    DELETE "/api/hosts/{host}" => "host.removed" "host";
    POST "/api/hosts/{host}/verify" => "host.verified" "host";
    POST "/api/me/mfa" => "mfa.begun" "mfa";
    POST "/api/me/mfa/verify" => "mfa.activated" "mfa";
    DELETE "/api/me/mfa" => "mfa.removed" "mfa";
    POST "/organizations" => "organisation.created" "organisation";
    PUT "/organizations/{id}/settings" => "organisation.settings_changed" "organisation";
    PUT "/organizations/{id}/plan" => "organisation.plan_changed" "organisation";
    POST "/organizations/{id}/invitations" => "invitation.created" "invitation";
    PUT "/organizations/{id}/users/{user_id}" => "member.changed" "user";
    DELETE "/organizations/{id}/users/{user_id}" => "member.removed" "user";
    POST "/organizations/{id}/projects" => "project.created" "project";
    PUT "/organizations/{id}/projects/{project_id}" => "project.changed" "project";
    DELETE "/organizations/{id}/projects/{project_id}" => "project.deleted" "project";
    POST "/organizations/{id}/api-keys" => "api_key.created" "api_key";
    DELETE "/organizations/{id}/api-keys/{key_id}" => "api_key.revoked" "api_key";
    POST "/organizations/{id}/webhooks" => "webhook.created" "webhook";
    DELETE "/organizations/{id}/webhooks/{webhook_id}" => "webhook.deleted" "webhook";
    POST "/logout" => "session.ended" "session";
    POST "/admin/tenants" => "tenant.created" "tenant";
    PUT "/admin/tenants/{id}" => "tenant.replaced" "tenant";
    DELETE "/admin/tenants/{id}" => "tenant.deleted" "tenant";
    PUT "/admin/tenants/{id}/quota" => "tenant.quota_set" "tenant";
    PUT "/admin/tenants/{id}/quotas" => "tenant.quota_set" "tenant";
    POST "/admin/tenants/{id}/suspend" => "tenant.suspended" "tenant";
    POST "/admin/tenants/{id}/activate" => "tenant.activated" "tenant";
    POST "/admin/tenants/{id}/hosts" => "tenant.hosts_added" "tenant";
    PUT "/admin/tenants/{id}/hosts" => "tenant.hosts_replaced" "tenant";
    DELETE "/admin/tenants/{id}/hosts/{host}" => "tenant.host_removed" "host";
    POST "/admin/tenants/{id}/boosts" => "tenant.boosted" "boost";
    DELETE "/admin/tenants/{id}/boosts/{name}" => "tenant.boost_ended" "boost";
    POST "/admin/tenants/{id}/members" => "tenant.member_added" "tenant";
    POST "/admin/tenants/import" => "tenant.import_requested" "job";
    POST "/admin/tenants/{id}/clone" => "tenant.clone_requested" "job";
    POST "/admin/tenants/{id}/export" => "tenant.export_requested" "job";
    POST "/admin/tenants/{id}/purge" => "tenant.purge_requested" "job";
    POST "/admin/revocations" => "credentials.revoked" "credential";
}

const CLEARED_EVERY: Duration = Duration::from_secs(60 * 60);
const A_DAY: u64 = 24 * 60 * 60;

/// The log of a database.
pub(crate) fn open(db: &TenantDb<Sqlite>, clock: &Arc<dyn Clock>) -> AuditLog {
    AuditLog::builder(Arc::new(DbAudit::new(db))).clock(Arc::clone(clock)).start()
}

/// Forgets what is older than so many days, now and then.
pub(crate) async fn forget(log: AuditLog, days: u64) {
    loop {
        if let Err(error) = log.forget_older_than(Duration::from_secs(days.saturating_mul(A_DAY))).await {
            tracing::warn!(%error, "old entries of the audit log could not be forgotten");
        }
        tokio::time::sleep(CLEARED_EVERY).await;
    }
}

/// Records what a request has changed before it is answered, and notes what it was not allowed to.
pub(crate) async fn record(State(log): State<AuditLog>, mut request: Request, next: Next) -> Response {
    let Some(action) = action_of(&request) else { return next.run(request).await };
    let parameters = request.extract_parts::<RawPathParams>().await.ok();
    let named = parameters.iter().flatten().map(|(_, value)| value.to_owned()).collect();
    let event = Told::of(&log, action, &request, named);
    let response = next.run(request).await;
    let also = response.extensions().get::<AlsoAbout>().map(|also| also.0);
    if let Some(event) = event.answered(&response) {
        let twin = also.map(|tenant| twin(&log, action, &event, tenant));
        tell(&log, event).await;
        if let Some(twin) = twin {
            tell(&log, twin).await;
        }
    }
    response
}

/// Says of a response that another tenant's log tells of it, too.
#[derive(Clone, Copy)]
pub(crate) struct AlsoAbout(pub(crate) TenantId);

fn twin(log: &AuditLog, action: &'static Action, event: &AuditEvent, tenant: TenantId) -> AuditEvent {
    let mut twin = log.event(&event.actor, action.name, action.resource);
    twin.tenant = Some(tenant);
    (twin.resource_id, twin.request_id) = (event.resource_id.clone(), event.request_id.clone());
    twin.with_outcome(event.outcome)
}

/// Most requests only read, and are not looked up.
fn action_of(request: &Request) -> Option<&'static Action> {
    let method = Some(request.method()).filter(|method| !method.is_safe())?.as_str();
    let path = original(request.extensions().get::<MatchedPath>()?.as_str());
    ACTIONS.iter().find(|action| action.method == method && action.path == path)
}

/// What is known of a request before it is answered.
struct Told {
    event: AuditEvent,
    /// Whether the path, or what was made, says which tenant it is about.
    names_the_tenant: bool,
    named: Vec<String>,
}

impl Told {
    fn of(log: &AuditLog, action: &'static Action, request: &Request, named: Vec<String>) -> Self {
        let is_admin = action.path.starts_with("/admin/");
        let is_of_the_operator = is_admin || request.extensions().get::<Operator>().is_some();
        let caller = request.extensions().get::<Principal>();
        let actor = if is_of_the_operator { "admin" } else { caller.map_or("unknown", Principal::subject) };
        let mut event = log.event(actor, action.name, action.resource);
        event.tenant = tenant_of(request, caller);
        event.request_id = TraceId::of(request.headers()).map(|trace| trace.as_str().into());
        let names_the_tenant = is_admin || action.path.starts_with("/organizations");
        Self { event, names_the_tenant, named }
    }

    fn answered(mut self, response: &Response) -> Option<AuditEvent> {
        let outcome = match response.status() {
            status if status.is_success() => AuditOutcome::Success,
            StatusCode::FORBIDDEN => AuditOutcome::Denied,
            status if status.is_server_error() => AuditOutcome::Failure,
            // Nothing happened that anybody may not try: whoever tries often does not fill the log.
            _ => return None,
        };
        let made = response.headers().get(LOCATION).and_then(|made| made.to_str().ok()?.rsplit('/').next());
        let resource = made.or(self.named.last().map(String::as_str));
        self.event.resource_id = resource.map(|id| id.chars().take(255).collect());
        if self.names_the_tenant && outcome == AuditOutcome::Success {
            let tenant = self.named.first().map(String::as_str).or(made);
            self.event.tenant = tenant.and_then(|id| TenantId::parse(id).ok());
        }
        Some(self.event.with_outcome(outcome))
    }
}

async fn tell(log: &AuditLog, event: AuditEvent) {
    match event.outcome {
        AuditOutcome::Success => {
            if let Err(error) = log.record(event).await {
                tracing::error!(%error, "a change is missing in the audit log");
            }
        }
        AuditOutcome::Denied | AuditOutcome::Failure => log.note_sparingly(event.tenant, || event),
    }
}

fn tenant_of(request: &Request, caller: Option<&Principal>) -> Option<TenantId> {
    let resolved = request.extensions().get::<TenantContext>().map(|tenant| *tenant.id());
    let only = || match caller?.memberships() {
        [only] => Some(*only.tenant()),
        _ => None,
    };
    resolved.or_else(only)
}

/// Hears of what happens as soon as there is a log: the database, which it is in, tells of things itself.
#[derive(Default)]
pub(crate) struct Ear(OnceLock<AuditHooks>);

impl Ear {
    pub(crate) fn listen(&self, log: &AuditLog) {
        let _ = self.0.set(AuditHooks::new(log.clone()));
    }
}

impl TenantHooks for Ear {
    fn on_credential(&self, event: &CredentialEvent<'_>) {
        if let Some(hooks) = self.0.get() {
            hooks.on_credential(event);
        }
    }

    fn on_cross_tenant_attempt(&self, event: &CrossTenantAttempt<'_>) {
        if let Some(hooks) = self.0.get() {
            hooks.on_cross_tenant_attempt(event);
        }
    }

    fn on_bypass(&self, event: &BypassEvent<'_>) {
        // A batch of requests each second, which changes nothing that is a tenant's.
        if let Some(hooks) = self.0.get().filter(|_| event.actor != "analytics") {
            hooks.on_bypass(event);
        }
    }
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ear").finish_non_exhaustive()
    }
}
