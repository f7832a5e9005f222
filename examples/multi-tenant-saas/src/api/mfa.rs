//! The caller's own second factor. It is a person's, whatever they belong to: no tenant sees another's by it.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, Rejection, Require, Tenant, UnixTime,
    auth::{NewSession, PeopleStore, Principal, Proof, Role},
};

use crate::{
    http::StrictJson,
    login::{begin, end, handing_out, of_the_youngest, token, unproved},
    state::AppState,
};

/// A code of the factor that is active, where there is one.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    code: Option<String>,
}

/// A code of the factor that was begun with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct First {
    code: String,
}

#[derive(Serialize)]
struct Standing {
    active: bool,
    required: bool,
    recovery_codes_left: u64,
}

#[derive(Serialize)]
struct Begun<'a> {
    otpauth_url: &'a str,
    recovery_codes: &'a [String],
}

/// What the caller goes on with.
#[derive(Serialize)]
struct Renewed<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    csrf_token: &'a str,
}

/// Who has somebody's cookie does not have their password: they are not to enrol for them, and lock them out.
const FRESH: Duration = Duration::from_secs(15 * 60);

const NO_STORE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));

pub(super) async fn show(
    tenant: Tenant,
    caller: Require,
    State(app): State<AppState>,
) -> Result<Response, ApiError> {
    let standing = app.callers.mfa.standing(person(&app, &caller)?).await;
    let standing = standing.map_err(|error| unproved(&error))?;
    let standing = Standing {
        active: standing.is_active,
        required: tenant.edge_settings().requires_mfa(),
        recovery_codes_left: standing.recovery_codes,
    };
    Ok(([NO_STORE], Json(standing)).into_response())
}

pub(super) async fn enrol(
    _tenant: Tenant,
    caller: Require,
    State(app): State<AppState>,
    shown: Option<StrictJson<Shown>>,
) -> Result<Response, ApiError> {
    let (mfa, person) = (&app.callers.mfa, person(&app, &caller)?);
    let standing = mfa.standing(person).await.map_err(|error| unproved(&error))?;
    if !standing.is_active {
        check_fresh(&caller, app.clock.unix())?;
    }
    let code = shown.and_then(|StrictJson(shown)| shown.code);
    let begun = mfa.enrol(person, code.as_deref()).await.map_err(|error| unproved(&error))?;
    let begun = Begun { otpauth_url: begun.otpauth_url(), recovery_codes: begun.recovery_codes() };
    Ok(([NO_STORE], Json(begun)).into_response())
}

/// Whoever has shown the factor to work has shown it: they go on in another session, which knows that.
pub(super) async fn confirm(
    tenant: Tenant,
    caller: Require,
    State(app): State<AppState>,
    StrictJson(shown): StrictJson<First>,
) -> Result<Response, ApiError> {
    let person = person(&app, &caller)?;
    let role = role_in(&app, &tenant, person).await?;
    app.callers.mfa.confirm(person, &shown.code).await.map_err(|error| unproved(&error))?;
    let session = renew(&app, &tenant, &caller, role).await?;
    let token = token(&app, &session)?;
    let renewed = Renewed { active: true, token, csrf_token: session.csrf_token() };
    Ok((handing_out(&app, &session)?, Json(renewed)).into_response())
}

pub(super) async fn remove(
    tenant: Tenant,
    caller: Require,
    State(app): State<AppState>,
    shown: Option<StrictJson<Shown>>,
) -> Result<StatusCode, ApiError> {
    let (mfa, person) = (&app.callers.mfa, person(&app, &caller)?);
    mfa.standing(person).await.map_err(|error| unproved(&error))?;
    if tenant.edge_settings().requires_mfa() {
        return Err(Rejection::policy_denied("the tenant requires a second factor").into());
    }
    let code = shown.and_then(|StrictJson(shown)| shown.code);
    mfa.remove(person, code.as_deref()).await.map_err(|error| unproved(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody who signs in here. Subjects of tokens that others issue are others' names.
fn person<'a>(app: &AppState, caller: &'a Principal) -> Result<&'a str, Rejection> {
    let signs_in_here = match caller.proof() {
        Proof::Session => true,
        Proof::Token => app.callers.issuer.is_some(),
        _ => false,
    };
    match caller.scopes() {
        None if signs_in_here => Ok(caller.subject()),
        None => {
            Err(Rejection::forbidden().with_detail("who does not sign in here has no second factor here"))
        }
        Some(_) => {
            Err(Rejection::forbidden().with_detail("a credential with scopes can't manage second factors"))
        }
    }
}

fn check_fresh(caller: &Principal, now: UnixTime) -> Result<(), Rejection> {
    let age = |issued: UnixTime| Duration::from_nanos(now.as_nanos().saturating_sub(issued.as_nanos()));
    match caller.issued_at().map(age) {
        Some(age) if age < FRESH => Ok(()),
        Some(_) | None => {
            let detail = "signing in was more than 15 minutes ago: sign in again, and begin then";
            Err(Rejection::forbidden().with_detail(detail))
        }
    }
}

/// What they are by now: who was demoted or has left does not go on as what they were.
async fn role_in(app: &AppState, tenant: &Tenant, person: &str) -> Result<Role, ApiError> {
    let memberships = app.callers.people.store().memberships(person).await?;
    let own = memberships.into_iter().find(|(of, _)| of == tenant.id());
    let missing = || Rejection::not_found().with_detail("the caller is no member of the tenant");
    Ok(own.map(|(_, role)| role).ok_or_else(missing)?)
}

/// What was shown ends, with what belongs to it.
async fn renew(
    app: &AppState,
    tenant: &Tenant,
    caller: &Principal,
    role: Role,
) -> Result<NewSession, ApiError> {
    if let Some(name) = caller.credential() {
        let expires_at = caller.expires_at().unwrap_or_else(|| of_the_youngest(app));
        end(app, name, expires_at).await?;
    }
    begin(app, tenant, caller.subject(), role, true).await
}
