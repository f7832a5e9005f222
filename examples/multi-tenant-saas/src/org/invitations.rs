//! Who is to come, and who comes.

use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenant::{
    ApiError, ClientAddr, Rejection, TenantContext, Timestamp,
    auth::Role,
    control::{Acceptance, InvitationToken, NewInvitation},
    organisations::Profile,
    tower::{RequestHead, check_network, check_same_origin},
};

use super::{
    caller::{Acting, Manager},
    members::MemberView,
    problem::problem,
};
use crate::{
    http::StrictJson,
    login::{self, too_many, unproved},
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    email: String,
    role: Role,
    #[serde(default)]
    projects: Vec<Box<str>>,
}

#[derive(Serialize)]
struct View<'a> {
    invitation_id: &'a str,
    email: &'a str,
    role: Role,
    projects: &'a [Box<str>],
    expires_at: Timestamp,
}

pub(super) async fn create(
    Manager(acting): Manager,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<New>,
) -> Result<Response, ApiError> {
    let Acting { tenant, actor, .. } = &acting;
    let new = NewInvitation { email: new.email, role: new.role, projects: new.projects };
    let made = app.organisations.invite(tenant, actor, new).await;
    let made = made.map_err(|error| problem(&app, &error, tenant, "users"))?;
    let told = json!({ "invitation_id": made.invitation_id });
    app.outgoing.tell(tenant, "invitation.created", told).await;
    let view = View {
        invitation_id: &made.invitation_id,
        email: &made.email,
        role: made.role,
        projects: &made.projects,
        expires_at: made.expires_at,
    };
    let location = format!("/organizations/{}/users/{}", tenant.id(), made.invitation_id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(view)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    token: String,
    password: String,
    first_name: Option<String>,
    last_name: Option<String>,
    username: Option<String>,
}

/// Who has come in, and is not signed in.
#[derive(Serialize)]
struct Joined<'a> {
    user: MemberView<'a>,
    mfa_required: bool,
}

/// `POST /invitations/accept`: whoever has the token comes in, and is signed in.
pub(super) async fn accept(State(app): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    check_same_origin(&RequestHead::from(&parts))?;
    let headers = parts.headers.clone();
    let client = *parts.extensions.get::<ClientAddr>().ok_or_else(Rejection::internal)?;
    let StrictJson(accepted) =
        StrictJson::<Accepted>::from_request(Request::from_parts(parts, body), &()).await?;
    // A password takes work, as it does at the sign-in.
    let _place = app.sign_ins.enter(&client.network()).ok_or_else(too_many)?;
    let (tenant, token) = meant(&app, &accepted.token).await?;
    check_network(&tenant, Some(client))?;
    let Accepted { token: _, password, first_name, last_name, username } = accepted;
    let acceptance = Acceptance { password, profile: Profile { first_name, last_name, username } };
    let people = &app.callers.people;
    let joined = app.organisations.accept(people, &tenant, &token, &acceptance).await;
    let (person, role) = joined.map_err(|error| problem(&app, &error, &tenant, "users"))?;
    let event = app.audit.event(&person.person_id, "invitation.accepted", "user").of(*tenant.id());
    if let Err(error) = app.audit.record(event.on(&*person.person_id)).await {
        tracing::error!(%error, "an accepted invitation is missing in the audit log");
    }
    let told = json!({ "user_id": person.person_id });
    app.outgoing.tell(&tenant, "invitation.accepted", told).await;
    let member = app.organisations.member(&tenant, &person.person_id).await;
    let member = member.map_err(|error| problem(&app, &error, &tenant, "users"))?;
    // The mail and the password are one factor: who has two shows the other one at the sign-in.
    let standing = app.callers.mfa.standing(&person.person_id).await.map_err(|error| unproved(&error))?;
    if standing.is_active {
        let user = MemberView::from(&member);
        return Ok(Json(Joined { user, mfa_required: true }).into_response());
    }
    let entered = login::enter_as(&app, &headers, tenant, person, role, false).await?;
    entered.answer(&app, &MemberView::from(&member))
}

/// Whose invitation it is. Of a tenant that nobody may come into there is none.
async fn meant(app: &AppState, token: &str) -> Result<(TenantContext, InvitationToken), ApiError> {
    let missing = || Rejection::not_found().with_detail("there is no such invitation");
    let token = InvitationToken::parse(token).ok_or_else(missing)?;
    match TenantContext::of(&*app.configs, token.tenant()).await {
        Ok(tenant) => Ok((tenant, token)),
        Err(tenant::AdmissionError::Store(error)) => Err(error.into()),
        Err(_) => Err(missing().into()),
    }
}
