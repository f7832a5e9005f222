//! Signing in and out.

use axum::{
    Extension, Json,
    extract::{FromRequest, Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, ClientAddr, Rejection, RejectionKind, TenantContext, TenantId, UnixTime,
    audit::AuditOutcome,
    auth::{AuthErrorKind, NewSession, Principal, Proof, Revoked, Role, SignedIn, session_name},
    tower::{
        RequestHead, check_network, check_same_origin, cleared_session_cookie, read_session_cookie,
        session_cookie,
    },
};
use utoipa::ToSchema;

use crate::{
    callers::rejection,
    docs::{Operation, Who, operation, schemas},
    http::StrictJson,
    state::AppState,
};

/// What the document tells of both.
pub(crate) fn described() -> Vec<Operation> {
    let sign_in = operation("sign-in", "POST", "/login", "Signs in")
        .text("Who belongs to several tenants names one by header or host. Every failure is the same 401.")
        .header("X-Tenant-ID", &schemas::reference("TenantId"), "The tenant to sign in for.")
        .takes::<Credentials>()
        .gives::<Answer>(200, "Signed in.")
        .with("Set-Cookie", "The session: `__Host-session`.")
        .fails(&[401, 403, 404, 500, 503]);
    let sign_out = operation("sign-in", "POST", "/logout", "Signs out")
        .text("Ends the session and the token of the sign-in, whichever of them is shown.")
        .by(Who::SignedIn)
        .gives_nothing(204, "Signed out.")
        .with("Set-Cookie", "An empty session.");
    vec![sign_in, sign_out]
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SignIn)]
struct Answer {
    /// Where tokens are on.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    user: User,
    csrf_token: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SignedInUser)]
struct User {
    #[schema(value_type = String)]
    user_id: Box<str>,
    email: String,
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: TenantId,
    #[schema(schema_with = schemas::role)]
    role: Role,
}

/// A password takes work, by design. Who tries many at once keeps nobody else waiting.
pub(crate) const MAX_SIGN_INS_PER_ADDRESS: usize = 4;

fn too_many() -> Rejection {
    Rejection::quota_exceeded(Some(1)).with_detail("too many sign-ins at once from one address")
}

/// Every failure is the same: who tries passwords learns nothing of people, nor of tenants.
fn failed() -> ApiError {
    Rejection::new(RejectionKind::Unauthenticated).with_detail("the sign-in failed").into()
}

/// `POST /login`. It stands outside of the layer that proves callers: a stale cookie must not keep anybody out.
pub(crate) async fn sign_in(State(app): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    // Else a page of another tenant's host signs somebody in to an account of its own.
    check_same_origin(&RequestHead::from(&parts))?;
    let named = match app.callers.named.resolve(&RequestHead::from(&parts)) {
        Err(rejection) if rejection.kind() == RejectionKind::TenantMismatch => return Err(failed()),
        named => named?,
    };
    let headers = parts.headers.clone();
    let client = *parts.extensions.get::<ClientAddr>().ok_or_else(Rejection::internal)?;
    let StrictJson(shown) =
        StrictJson::<Credentials>::from_request(Request::from_parts(parts, body), &()).await?;
    let _place = app.sign_ins.enter(&client.network()).ok_or_else(too_many)?;
    let named = named.map(|claim| *claim.tenant());
    let done = enter(&app, &headers, client, &shown, named).await;
    tell(&app, named, &done).await;
    let (tenant, signed_in, role, session) = done?;
    answer(&app, &tenant, signed_in, role, &session)
}

type Entered = (TenantContext, SignedIn, Role, NewSession);

async fn enter(
    app: &AppState,
    headers: &HeaderMap,
    client: ClientAddr,
    shown: &Credentials,
    named: Option<TenantId>,
) -> Result<Entered, ApiError> {
    let signed_in = app.callers.people.sign_in(&shown.email, &shown.password).await;
    let signed_in = signed_in.map_err(|error| match error.kind() {
        AuthErrorKind::Rejected => failed(),
        _ => rejection(&error),
    })?;
    let (tenant, role) = choose(app, &signed_in, named).await?;
    check_network(&tenant, Some(client)).map_err(|_| failed())?;
    let session = begin(app, headers, &tenant, &signed_in, role).await?;
    Ok((tenant, signed_in, role, session))
}

/// Who failed is not known, and neither what they tried: a password that stands in the wrong field is one all the same.
async fn tell(app: &AppState, named: Option<TenantId>, done: &Result<Entered, ApiError>) {
    let log = &app.audit;
    match done {
        Ok((tenant, signed_in, ..)) => {
            let begun = log.event(&signed_in.person.person_id, "session.started", "session").of(*tenant.id());
            if let Err(error) = log.record(begun).await {
                tracing::error!(%error, "a sign-in is missing in the audit log");
            }
        }
        Err(_) => {
            let tenant = named.filter(|id| matches!(TenantContext::peek(&*app.configs, id), Some(Ok(_))));
            let denied = || log.event("unknown", "session.denied", "session");
            log.note_sparingly(tenant, || denied().with_outcome(AuditOutcome::Denied));
        }
    }
}

/// The tenant that was named, or the only one that there is.
async fn choose(
    app: &AppState,
    signed_in: &SignedIn,
    named: Option<TenantId>,
) -> Result<(TenantContext, Role), ApiError> {
    let id = match (named, &*signed_in.memberships) {
        (Some(id), _) => id,
        (None, [(only, _)]) => *only,
        (None, _) => return Err(failed()),
    };
    let role = signed_in.role_in(&id).ok_or_else(failed)?;
    match TenantContext::of(&*app.configs, &id).await {
        Ok(tenant) => Ok((tenant, role)),
        Err(tenant::AdmissionError::Store(error)) => Err(error.into()),
        Err(_) => Err(failed()),
    }
}

/// Another session than the browser had before, which ends: nobody can leave one there and wait.
async fn begin(
    app: &AppState,
    headers: &HeaderMap,
    tenant: &TenantContext,
    signed_in: &SignedIn,
    role: Role,
) -> Result<NewSession, ApiError> {
    if let Some(former) = shown_session(headers) {
        end(app, &former, of_the_youngest(app)).await?;
    }
    let begun = app.callers.sessions.begin(tenant, &signed_in.person.person_id, [role.as_str()]).await;
    begun.map_err(|error| rejection(&error))
}

/// The name of the session whose cookie is shown.
fn shown_session(headers: &HeaderMap) -> Option<String> {
    read_session_cookie(headers).ok().flatten().and_then(session_name)
}

/// When what began this moment ends by itself.
fn of_the_youngest(app: &AppState) -> UnixTime {
    let lifetime = app.callers.sessions.lifetime().as_secs();
    UnixTime::from_secs(app.clock.unix().as_secs().saturating_add(lifetime))
}

/// Ends what a sign-in has begun: its session, and the token of the same name, which ends by itself at this time.
async fn end(app: &AppState, name: &str, expires_at: UnixTime) -> Result<(), ApiError> {
    app.callers.sessions.end_named(name).await?;
    if let Some(revocations) = &app.callers.revocations {
        revocations.revoke(&Revoked::Token(name.into()), expires_at).await?;
    }
    Ok(())
}

fn answer(
    app: &AppState,
    tenant: &TenantContext,
    signed_in: SignedIn,
    role: Role,
    session: &NewSession,
) -> Result<Response, ApiError> {
    let lifetime = app.callers.sessions.lifetime();
    let person = signed_in.person;
    let sign = |issuer: &crate::tokens::Issuer| {
        issuer.sign(&session.name(), &person.person_id, tenant.id(), role, app.clock.unix(), lifetime)
    };
    let token = app.callers.issuer.as_ref().map(sign).transpose()?;
    let user = User { user_id: person.person_id, email: person.email, tenant_id: *tenant.id(), role };
    let answer = Answer { token, user, csrf_token: session.csrf_token().to_owned() };
    let headers = [
        (SET_COOKIE, cookie(&session_cookie(session.cookie(), lifetime))?),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Json(answer)).into_response())
}

fn cookie(text: &str) -> Result<HeaderValue, Rejection> {
    HeaderValue::from_str(text).map_err(|_| Rejection::internal())
}

/// `POST /logout`: ends the session and the token of the sign-in, whichever of them is shown.
pub(crate) async fn sign_out(
    State(app): State<AppState>,
    caller: Option<Extension<Principal>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(Extension(caller)) = caller else {
        return Err(Rejection::new(RejectionKind::Unauthenticated).into());
    };
    if let Some(session) = shown_session(&headers) {
        end(&app, &session, of_the_youngest(&app)).await?;
    }
    if caller.proof() == Proof::Token {
        let (Some(id), Some(expires_at)) = (caller.credential(), caller.expires_at()) else {
            let detail = "the token has no id (jti) by which it could be ended: it ends when it expires";
            return Err(Rejection::invalid_request(detail).into());
        };
        end(&app, id, expires_at).await?;
    }
    let headers = [
        (SET_COOKIE, cookie(&cleared_session_cookie())?),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}
