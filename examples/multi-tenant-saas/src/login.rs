//! Signing in and out.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::{FromRequest, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, ClientAddr, Rejection, RejectionKind, TenantContext, TenantId, UnixTime,
    audit::AuditOutcome,
    auth::{
        AuthErrorKind, MfaError, MfaErrorKind, NewSession, PeopleStore, Person, Principal, Proof, Revoked,
        Role, SignedIn, session_name,
    },
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
        .gives::<Answer<'_, User<'_>>>(200, "Signed in.")
        .naming::<User<'_>>()
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
    /// Of the second factor, where the person has one.
    code: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SignIn)]
struct Answer<'a, U> {
    /// Where tokens are on.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    user: &'a U,
    csrf_token: &'a str,
    /// The tenant serves them when they have a second factor, and not before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mfa_enrolment_required: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SignedInUser)]
struct User<'a> {
    user_id: &'a str,
    email: &'a str,
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: &'a TenantId,
    #[schema(schema_with = schemas::role)]
    role: Role,
}

/// A password takes work, by design. Who tries many at once keeps nobody else waiting.
pub(crate) const MAX_SIGN_INS_PER_ADDRESS: usize = 4;

pub(crate) fn too_many() -> Rejection {
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
    let entered = done?;
    let Entered { tenant, person, role, .. } = &entered;
    let user = User { user_id: &person.person_id, email: &person.email, tenant_id: tenant.id(), role: *role };
    entered.answer(&app, &user)
}

/// Somebody who is signed in.
pub(crate) struct Entered {
    tenant: TenantContext,
    person: Person,
    role: Role,
    session: NewSession,
}

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
    // Last: to be asked for it tells that all else was right.
    let is_proved = second_factor(app, &tenant, &signed_in.person, shown.code.as_deref()).await?;
    enter_as(app, headers, tenant, signed_in.person, role, is_proved).await
}

/// Whether they have shown one; somebody who has none has shown none.
async fn second_factor(
    app: &AppState,
    tenant: &TenantContext,
    person: &Person,
    code: Option<&str>,
) -> Result<bool, ApiError> {
    let checked = app.callers.mfa.check(&person.person_id, code).await;
    checked.map_err(|error| {
        // Somebody knows the password.
        let denied = || app.audit.event(&person.person_id, "mfa.denied", "mfa").of(*tenant.id());
        app.audit.note_sparingly(Some(*tenant.id()), || denied().with_outcome(AuditOutcome::Denied));
        match error.kind() {
            MfaErrorKind::Wrong => failed(),
            _ => unproved(&error),
        }
    })
}

/// A second factor that was not proved, once it is known who is calling.
pub(crate) fn unproved(error: &MfaError) -> ApiError {
    let rejection = match (error.kind(), error.cause()) {
        (MfaErrorKind::Required, _) => Rejection::new(RejectionKind::MfaRequired),
        (MfaErrorKind::Wrong, _) => Rejection::new(RejectionKind::Unauthenticated),
        (MfaErrorKind::TooMany, _) => Rejection::quota_exceeded(error.retry_after().map(whole_seconds)),
        (MfaErrorKind::NotEnrolled | MfaErrorKind::Nobody, _) => Rejection::not_found(),
        (_, Some(cause)) => return cause.clone().into(),
        (_, None) => Rejection::new(RejectionKind::StoreUnavailable),
    };
    rejection.with_detail(error.to_string()).into()
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Who failed is not known, and neither what they tried: a password that stands in the wrong field is one all the same.
async fn tell(app: &AppState, named: Option<TenantId>, done: &Result<Entered, ApiError>) {
    let log = &app.audit;
    match done {
        Ok(Entered { tenant, person, .. }) => {
            let begun = log.event(&person.person_id, "session.started", "session").of(*tenant.id());
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

/// Signs somebody in who was just proved. It is another session than the browser had before, which ends: nobody can leave one there
/// and wait.
pub(crate) async fn enter_as(
    app: &AppState,
    headers: &HeaderMap,
    tenant: TenantContext,
    person: Person,
    role: Role,
    is_proved: bool,
) -> Result<Entered, ApiError> {
    if let Some(former) = shown_session(headers) {
        end(app, &former, of_the_youngest(app)).await?;
    }
    let session = begin(app, &tenant, &person.person_id, role, is_proved).await?;
    Ok(Entered { tenant, person, role, session })
}

/// A session of somebody who was just proved, by a second factor too or without one.
pub(crate) async fn begin(
    app: &AppState,
    tenant: &TenantContext,
    person_id: &str,
    role: Role,
    is_proved: bool,
) -> Result<NewSession, ApiError> {
    let (sessions, roles) = (&app.callers.sessions, [role.as_str()]);
    let begun = match is_proved {
        true => sessions.begin_with_second_factor(tenant, person_id, roles).await,
        false => sessions.begin(tenant, person_id, roles).await,
    };
    let session = begun.map_err(|error| rejection(&error))?;
    // Who took the role away since it was read may have looked for sessions before there was this one.
    let current = app.callers.people.store().memberships(person_id).await?;
    if !current.contains(&(*tenant.id(), role)) {
        end(app, &session.name(), of_the_youngest(app)).await?;
        return Err(failed());
    }
    Ok(session)
}

/// The name of the session whose cookie is shown.
fn shown_session(headers: &HeaderMap) -> Option<String> {
    read_session_cookie(headers).ok().flatten().and_then(session_name)
}

/// When what began this moment ends by itself.
pub(crate) fn of_the_youngest(app: &AppState) -> UnixTime {
    let lifetime = app.callers.sessions.lifetime().as_secs();
    UnixTime::from_secs(app.clock.unix().as_secs().saturating_add(lifetime))
}

/// Ends what a sign-in has begun: its session, and the token of the same name, which ends by itself at this time.
pub(crate) async fn end(app: &AppState, name: &str, expires_at: UnixTime) -> Result<(), ApiError> {
    app.callers.sessions.end_named(name).await?;
    if let Some(revocations) = &app.callers.revocations {
        revocations.revoke(&Revoked::Token(name.into()), expires_at).await?;
    }
    Ok(())
}

impl Entered {
    /// The answer that signs them in, which says this of them.
    pub(crate) fn answer(&self, app: &AppState, user: &impl Serialize) -> Result<Response, ApiError> {
        let Self { tenant, session, .. } = self;
        let answer = Answer {
            token: token(app, session)?,
            user,
            csrf_token: session.csrf_token(),
            mfa_enrolment_required: tenant.edge_settings().requires_mfa() && !session.record().second_factor,
        };
        Ok((handing_out(app, session)?, Json(answer)).into_response())
    }
}

/// The token of a session's sign-in, where tokens are on.
pub(crate) fn token(app: &AppState, session: &NewSession) -> Result<Option<String>, Rejection> {
    app.callers.issuer.as_ref().map(|issuer| issuer.sign(session)).transpose()
}

/// The headers of an answer that begins a session.
pub(crate) fn handing_out(
    app: &AppState,
    session: &NewSession,
) -> Result<[(HeaderName, HeaderValue); 2], Rejection> {
    let lifetime = app.callers.sessions.lifetime();
    Ok([
        (SET_COOKIE, cookie(&session_cookie(session.cookie(), lifetime))?),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ])
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
