//! Tokens that are not taken any more.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use tenant::{
    ApiError, Rejection, Timestamp, UnixTime,
    auth::{PeopleStore, Revoked},
};
use utoipa::ToSchema;

use crate::{docs::schemas, http::StrictJson, state::AppState};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revocation {
    #[schema(min_length = 1, max_length = 255)]
    jti: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    subject: Option<String>,
    #[schema(schema_with = schemas::moment_or_null)]
    issued_until: Option<Timestamp>,
    #[schema(schema_with = schemas::moment_or_null)]
    expires_at: Option<Timestamp>,
}

/// What lasts for ever: the store keeps a revocation until the last token that it is about has expired, which only who signed
/// it knows.
const NEVER: UnixTime = UnixTime::from_nanos(u64::MAX);

impl Revocation {
    fn revoked(&self, now: UnixTime) -> Result<Revoked, Rejection> {
        let wrong = |field, detail| Err(Rejection::invalid_request(detail).with_field(field));
        match (&self.jti, &self.subject) {
            (Some(id), None) if self.issued_until.is_none() => Ok(Revoked::Token(text("jti", id)?)),
            (Some(_), None) => wrong("issued_until", "issued_until belongs to a subject"),
            (None, Some(subject)) => {
                let until = self.issued_until.map_or(Ok(now), |until| moment("issued_until", until))?;
                Ok(Revoked::Subject { subject: text("subject", subject)?, until: until.min(now) })
            }
            (Some(_), Some(_)) | (None, None) => wrong("jti", "name either a jti or a subject"),
        }
    }

    fn forget_at(&self) -> Result<UnixTime, Rejection> {
        self.expires_at.map_or(Ok(NEVER), |end| moment("expires_at", end))
    }
}

fn text(field: &'static str, text: &str) -> Result<Box<str>, Rejection> {
    if (1..=255).contains(&text.len()) {
        return Ok(text.into());
    }
    Err(Rejection::invalid_request(format!("{field} must have 1 to 255 bytes")).with_field(field))
}

fn moment(field: &'static str, moment: Timestamp) -> Result<UnixTime, Rejection> {
    let micros = u64::try_from(moment.as_unix_micros()).ok();
    micros.and_then(|micros| micros.checked_mul(1_000)).map(UnixTime::from_nanos).ok_or_else(|| {
        Rejection::invalid_request(format!("{field} must lie between 1970 and 2554")).with_field(field)
    })
}

/// `POST /admin/revocations`: a token by its `jti`, or all of a subject that were issued up to a moment, which is now unless
/// `issued_until` says so; the sessions go with them. `expires_at` says when the last of the tokens has expired by itself.
pub(super) async fn create(
    State(app): State<AppState>,
    StrictJson(body): StrictJson<Revocation>,
) -> Result<StatusCode, ApiError> {
    let (revoked, forget_at) = (body.revoked(app.clock.unix())?, body.forget_at()?);
    let callers = &app.callers;
    match &revoked {
        Revoked::Token(id) => drop(callers.sessions.end_named(id).await?),
        // Those that began later, too: who was signed out signs in again.
        // Nobody asks for it here: a purge does, whose sessions are gone by then.
        Revoked::Tenant { .. } => {}
        Revoked::Subject { subject, until: _ } => {
            for (tenant, _) in callers.people.store().memberships(subject).await? {
                callers.sessions.end_all(&tenant, subject).await?;
            }
        }
    }
    if let Some(revocations) = &callers.revocations {
        revocations.revoke(&revoked, forget_at).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
