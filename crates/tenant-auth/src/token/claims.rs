//! The claims of a token whose signature holds (RFC 7519, section 4).

use std::time::Duration;

use tenant_core::{
    TenantId, UnixTime,
    auth::{AuthError, Principal, PrincipalBuilder, Proof, Scopes},
};

use super::json::{Json, Members};

/// The longest name that is taken: of a subject, a token, a role.
const LONGEST_NAME: usize = 255;

/// 9999-12-31: nothing that is meant lies behind it.
const LAST_SECOND: u64 = 253_402_300_799;

/// Clocks of two machines never agree to the millisecond, and claims are whole seconds: nobody is refused for having a token
/// of this very second.
const JUST_NOW: Duration = Duration::from_secs(1);

/// What claims are held against.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    pub(super) issuer: Option<Box<str>>,
    pub(super) audience: Option<Box<str>>,
    pub(super) leeway: Duration,
}

/// Who claims speak of, and when they end.
pub(super) struct Claimed {
    pub(super) principal: Principal,
    pub(super) until: UnixTime,
}

impl Expected {
    pub(super) fn read(&self, claims: &Members, now: UnixTime) -> Result<Claimed, AuthError> {
        self.check_issuer(claims)?;
        self.check_audience(claims)?;
        let until = self.end(claims, now)?;
        let issued_at = self.begin(claims, now)?;
        let subject =
            claims.get("sub").and_then(name).ok_or(AuthError::rejected("the token has no subject"))?;
        let mut principal = Principal::builder(subject, Proof::Token).expires_at(until);
        if let Some(moment) = issued_at {
            principal = principal.issued_at(moment);
        }
        if has_second_factor(claims) {
            principal = principal.second_factor();
        }
        let principal = with_scopes(with_id(with_tenants(principal, claims)?, claims)?, claims)?.build();
        Ok(Claimed { principal, until })
    }

    /// RFC 7519, section 4.1.1; RFC 8725, section 3.8.
    fn check_issuer(&self, claims: &Members) -> Result<(), AuthError> {
        let issuer = match claims.get("iss") {
            None => None,
            Some(Json::Text(issuer)) => Some(issuer),
            Some(_) => return Err(AuthError::rejected("the token's issuer is malformed")),
        };
        match &self.issuer {
            Some(own) if issuer != Some(own) => {
                Err(AuthError::rejected("the token is of another issuer, or of none"))
            }
            _ => Ok(()),
        }
    }

    /// RFC 7519, section 4.1.3; RFC 8725, section 3.9.
    fn check_audience(&self, claims: &Members) -> Result<(), AuthError> {
        let audience = match claims.get("aud") {
            None => Vec::new(),
            Some(Json::Text(audience)) => vec![&**audience],
            Some(list) => list.texts().ok_or(AuthError::rejected("the token's audience is malformed"))?,
        };
        match &self.audience {
            Some(own) if !audience.contains(&&**own) => {
                Err(AuthError::rejected("the token is for others, or for nobody"))
            }
            _ => Ok(()),
        }
    }

    /// When the token ends, which lies ahead (RFC 7519, section 4.1.4).
    fn end(&self, claims: &Members, now: UnixTime) -> Result<UnixTime, AuthError> {
        let Some(end) = moment(claims, "exp")? else {
            return Err(AuthError::rejected("the token has no end"));
        };
        let until = after(end, self.leeway);
        if until > now { Ok(until) } else { Err(AuthError::rejected("the token has expired")) }
    }

    /// When the token was issued, where it says so; neither that (RFC 7519, section 4.1.6) nor its beginning (section 4.1.5)
    /// lies ahead. A token issued ahead of time would escape the revocation of all that were issued so far.
    fn begin(&self, claims: &Members, now: UnixTime) -> Result<Option<UnixTime>, AuthError> {
        let latest = after(now, self.leeway.max(JUST_NOW));
        let issued_at = moment(claims, "iat")?;
        match [issued_at, moment(claims, "nbf")?].into_iter().flatten().any(|moment| moment > latest) {
            true => Err(AuthError::rejected("the token is not valid yet")),
            false => Ok(issued_at),
        }
    }
}

/// A moment in whole seconds. A fraction (RFC 7519, section 2 allows one) is refused: it says nothing here, and readers differ
/// in what they make of `1e99`.
fn moment(claims: &Members, name: &str) -> Result<Option<UnixTime>, AuthError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Integer(seconds)) if *seconds <= LAST_SECOND => Ok(Some(UnixTime::from_secs(*seconds))),
        Some(_) => Err(AuthError::rejected("a moment in the token is no whole number of seconds")),
    }
}

pub(super) fn after(moment: UnixTime, duration: Duration) -> UnixTime {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    UnixTime::from_nanos(moment.as_nanos().saturating_add(nanos))
}

/// A text that names something: not empty, not long, nothing in it that a log or a C library would trip over.
fn name(value: &Json) -> Option<&str> {
    value.text().filter(|text| is_name(text))
}

fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn with_tenants(principal: PrincipalBuilder, claims: &Members) -> Result<PrincipalBuilder, AuthError> {
    let roles = claims.get("roles").map_or(Ok(Vec::new()), roles)?;
    match (claims.get("tenant_id"), claims.get("tenants")) {
        (Some(tenant), None) => Ok(principal.membership(tenant_id(tenant.text())?, roles)),
        (None, Some(tenants)) => with_several(principal, tenants),
        (None, None) => Err(AuthError::rejected("the token names no tenant")),
        (Some(_), Some(_)) => Err(AuthError::rejected("the token names its tenant twice")),
    }
}

fn with_several(mut principal: PrincipalBuilder, tenants: &Json) -> Result<PrincipalBuilder, AuthError> {
    let malformed = AuthError::rejected("the token's tenants are malformed");
    let Some(tenants) = tenants.object().filter(|tenants| !tenants.is_empty()) else { return Err(malformed) };
    for (id, names) in tenants {
        principal = principal.membership(tenant_id(Some(id))?, roles(names)?);
    }
    Ok(principal)
}

fn tenant_id(text: Option<&str>) -> Result<TenantId, AuthError> {
    text.and_then(|text| TenantId::parse(text).ok())
        .ok_or(AuthError::rejected("the token's tenant is no tenant's id"))
}

fn roles(value: &Json) -> Result<Vec<&str>, AuthError> {
    value
        .texts()
        .filter(|names| names.iter().all(|text| is_name(text)))
        .ok_or(AuthError::rejected("the token's roles are malformed"))
}

/// `mfa` among the methods by which the subject was proved (RFC 8176, section 2). Who says nothing that can be read has shown
/// none.
fn has_second_factor(claims: &Members) -> bool {
    claims.get("amr").and_then(Json::texts).is_some_and(|methods| methods.contains(&"mfa"))
}

fn with_id(principal: PrincipalBuilder, claims: &Members) -> Result<PrincipalBuilder, AuthError> {
    match claims.get("jti") {
        None => Ok(principal),
        Some(id) => match name(id) {
            Some(id) => Ok(principal.credential(id)),
            None => Err(AuthError::rejected("the token's id is malformed")),
        },
    }
}

fn with_scopes(principal: PrincipalBuilder, claims: &Members) -> Result<PrincipalBuilder, AuthError> {
    let Some(scope) = claims.get("scope") else { return Ok(principal) };
    match scope.text().map(str::parse::<Scopes>) {
        Some(Ok(scopes)) => Ok(principal.scopes(scopes)),
        _ => Err(AuthError::rejected("the token's scopes are malformed")),
    }
}
