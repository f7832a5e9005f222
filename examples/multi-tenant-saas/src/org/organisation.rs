//! An organisation itself.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, ConfigStore, NextPlan, Rejection, StoreErrorKind, TenantConfig, TenantContext, TenantId,
    TenantStatus, Timestamp,
    auth::{Person, Principal, Proof, Role},
    control::NewInvitation,
    organisations::Actor,
    tower::{ClientAddr, check_network, check_second_factor},
};

use super::{
    caller::{Acting, Operator},
    problem::problem,
    settings::SettingsView,
};
use crate::{
    http::{StrictJson, check_name},
    state::AppState,
};

#[derive(Serialize)]
pub(super) struct OrganisationView<'a> {
    id: &'a TenantId,
    name: &'a str,
    slug: &'a str,
    plan: Option<&'a str>,
    status: TenantStatus,
    trial_ends_at: Option<Timestamp>,
    next_plan: Option<&'a NextPlan>,
    settings: SettingsView,
    created_at: Timestamp,
}

impl<'a> From<&'a TenantConfig> for OrganisationView<'a> {
    fn from(config: &'a TenantConfig) -> Self {
        Self {
            id: &config.tenant_id,
            name: &config.name,
            slug: config.tenant_id.as_str(),
            plan: config.plan.as_deref(),
            status: config.status,
            trial_ends_at: config.trial_ends_at,
            next_plan: config.next_plan.as_ref(),
            settings: SettingsView::of(config),
            created_at: config.created_at,
        }
    }
}

pub(super) async fn show(acting: Acting) -> Response {
    Json(OrganisationView::from(acting.tenant.config())).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
    slug: String,
    id: Option<String>,
    owner_email: Option<String>,
    plan: Option<String>,
}

impl New {
    /// The slug is the tenant's id: what is unique is unique once.
    fn id(&self) -> Result<TenantId, Rejection> {
        let wrong = |field, detail| Err(Rejection::invalid_request(detail).with_field(field));
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.id.as_ref().is_some_and(|id| *id != self.slug) {
            return wrong("id", "id is the slug: leave it out");
        }
        match TenantId::parse(&self.slug) {
            Ok(id) if self.slug.bytes().all(is_plain) => Ok(id),
            _ => wrong("slug", "slug must be 1 to 63 of [a-z0-9-], the first and the last of [a-z0-9]"),
        }
    }

    fn into_config(self, app: &AppState) -> Result<TenantConfig, Rejection> {
        check_name(&self.name)?;
        let id = self.id()?;
        let mut config = TenantConfig::builder(id).name(self.name);
        if let Some(name) = self.plan {
            let unknown =
                || Rejection::invalid_request("plan must be one of the plans there are").with_field("plan");
            let offer = app.offers.get(&name).ok_or_else(unknown)?;
            config = config.plan(Some(offer.name.clone())).trial_ends_at(super::plan::trial_of(app, offer));
        }
        config.build().map_err(|error| Rejection::invalid_request(error.to_string()))
    }
}

/// `POST /organizations`: by the operator, who has an owner invited, or by somebody who becomes the owner at once.
pub(super) async fn create(
    State(app): State<AppState>,
    operator: Option<Extension<Operator>>,
    caller: Option<Extension<Principal>>,
    client: Option<Extension<ClientAddr>>,
    StrictJson(new): StrictJson<New>,
) -> Result<Response, ApiError> {
    match (operator, caller) {
        (Some(_), _) => by_operator(&app, new).await,
        (None, Some(Extension(caller))) => {
            by_person(&app, &caller, client.map(|Extension(client)| client), new).await
        }
        (None, None) => Err(Rejection::new(tenant::RejectionKind::Unauthenticated).into()),
    }
}

async fn by_operator(app: &AppState, mut new: New) -> Result<Response, ApiError> {
    let email = new.owner_email.take();
    let email =
        email.ok_or_else(|| Rejection::invalid_request("the owner is missing").with_field("owner_email"))?;
    let tenant = found(app, new).await?;
    let invitation = NewInvitation { email, role: Role::Owner, projects: Vec::new() };
    let invited = app.organisations.invite(&tenant, &Actor::Operator, invitation).await;
    if let Err(error) = invited {
        undo(app, &tenant).await;
        return Err(problem(app, &error, &tenant, "users"));
    }
    Ok(answer(&tenant))
}

/// To each person. Several that come at once may find room together.
const MOST_OWNED: usize = 20;

async fn by_person(
    app: &AppState,
    caller: &Principal,
    client: Option<ClientAddr>,
    mut new: New,
) -> Result<Response, ApiError> {
    let person = person(app, caller, client).await?;
    let theirs =
        |email: &String| tenant::auth::normalize_email(email).is_some_and(|email| email == person.email);
    if !new.owner_email.take().as_ref().is_none_or(theirs) {
        let detail = "the owner is who is signed in: leave owner_email out";
        return Err(Rejection::invalid_request(detail).with_field("owner_email").into());
    }
    let people = app.callers.people.store();
    let owned = tenant::auth::PeopleStore::memberships(people, &person.person_id).await?;
    if owned.iter().filter(|(_, role)| *role == Role::Owner).count() >= MOST_OWNED {
        let detail = format!("you own {MOST_OWNED} organisations, which is the most");
        return Err(Rejection::quota_exceeded(None).with_detail(detail).into());
    }
    let tenant = found(app, new).await?;
    let joined = tenant::auth::PeopleStore::join(people, &tenant, &person, Role::Owner).await;
    if !matches!(joined, Ok(true)) {
        undo(app, &tenant).await;
        joined?;
        return Err(Rejection::conflict().with_detail("somebody came with the same address").into());
    }
    Ok(answer(&tenant))
}

/// Who is signed in: neither a key, nor a token of somebody who is no member anywhere. It takes an organisation of theirs that
/// would serve them: this route is none of any organisation's, so that nobody else asks.
async fn person(app: &AppState, caller: &Principal, client: Option<ClientAddr>) -> Result<Person, ApiError> {
    let nobody =
        || Rejection::forbidden().with_detail("an organisation is made by somebody who has signed in");
    if !matches!(caller.proof(), Proof::Session | Proof::Token) || caller.scopes().is_some() {
        return Err(nobody().into());
    }
    let mut denied = None;
    for membership in caller.memberships() {
        let Ok(tenant) = TenantContext::of(&*app.configs, membership.tenant()).await else { continue };
        if let Err(rejection) = serves(app, &tenant, caller, client) {
            denied = Some(rejection);
            continue;
        }
        let Ok(member) = app.organisations.member(&tenant, caller.subject()).await else { continue };
        let found =
            tenant::auth::PeopleStore::find_by_email(app.callers.people.store(), &member.email).await?;
        if let Some((person, _)) = found.filter(|(person, _)| *person.person_id == *caller.subject()) {
            return Ok(person);
        }
    }
    Err(denied.unwrap_or_else(nobody).into())
}

/// Whether an organisation's settings admit a caller, as on its own routes.
fn serves(
    app: &AppState,
    tenant: &TenantContext,
    caller: &Principal,
    client: Option<ClientAddr>,
) -> Result<(), Rejection> {
    check_network(tenant, client)?;
    check_second_factor(tenant, Some(caller))?;
    match tenant.edge_settings().session_timeout() {
        Some(timeout) if !timeout.admits(caller, app.clock.unix()) => {
            Err(Rejection::new(tenant::RejectionKind::Unauthenticated))
        }
        Some(_) | None => Ok(()),
    }
}

async fn found(app: &AppState, new: New) -> Result<TenantContext, ApiError> {
    let config = new.into_config(app)?;
    let (id, configs) = (config.tenant_id, Arc::clone(&app.configs));
    let created = app.hosts.change(async move { configs.create(config).await }).await;
    created.map_err(|error| match error.kind() {
        StoreErrorKind::AlreadyExists => {
            Rejection::conflict().with_detail("the slug is taken").with_field("slug").into()
        }
        _ => ApiError::from(error),
    })?;
    Ok(TenantContext::of(&*app.configs, &id).await.map_err(Rejection::from)?)
}

/// Nobody could ever come in.
async fn undo(app: &AppState, tenant: &TenantContext) {
    let (id, configs) = (*tenant.id(), Arc::clone(&app.configs));
    if let Err(error) = app.hosts.delete(id, async move { configs.delete(&id).await }).await {
        tracing::error!(%error, "an organisation that nobody owns could not be deleted");
    }
}

fn answer(tenant: &TenantContext) -> Response {
    let location = format!("/organizations/{}", tenant.id());
    let view = OrganisationView::from(tenant.config());
    (StatusCode::CREATED, [(LOCATION, location)], Json(view)).into_response()
}
