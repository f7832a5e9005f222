use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, OptionalFromRequest, Request},
    http::{HeaderMap, header::CONTENT_TYPE},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tenant::Rejection;
use tokio::time::timeout;

use super::once::Once;

/// A JSON body: at most 1 MiB, without unknown fields or such as come twice, and with errors that name field, line and column.
pub(crate) struct StrictJson<T>(pub(crate) T);

const MAX_BODY: usize = 1 << 20;
// A body that trickles in holds a connection for so long, and no longer.
const MAX_WAIT: Duration = Duration::from_secs(30);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for StrictJson<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        parse(&read(request).await?).map(Self)
    }
}

/// A body that may be left out.
impl<T: DeserializeOwned, S: Sync> OptionalFromRequest<S> for StrictJson<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Self::Rejection> {
        let bytes = read(request).await?;
        if bytes.is_empty() { Ok(None) } else { parse(&bytes).map(|body| Some(Self(body))) }
    }
}

async fn read(request: Request) -> Result<Bytes, Rejection> {
    if !is_json(request.headers()) {
        return Err(Rejection::unsupported_media_type().with_detail("the body must be application/json"));
    }
    let body = Limited::new(request.into_body(), MAX_BODY).collect();
    let body = timeout(MAX_WAIT, body).await;
    let body = body.map_err(|_| Rejection::invalid_request("the body did not arrive in time"))?;
    Ok(body.map_err(|error| unreadable(&*error))?.to_bytes())
}

// A body without a declared type is taken for what the route expects (RFC 9110, section 8.3). One that a browser may
// send across sites without asking first (a form, plain text) is not.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let essence = value.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn unreadable(error: &(dyn std::error::Error + 'static)) -> Rejection {
    if error.is::<LengthLimitError>() {
        return Rejection::body_too_large().with_detail("the body is larger than 1 MiB");
    }
    Rejection::invalid_request("the body could not be read")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Rejection> {
    reject_array(bytes)?;
    let value = read_as(bytes)?;
    // Fields of a struct come once; what is kept as it comes, and what stands in a map, would be the last of them.
    let Once = read_as(bytes)?;
    Ok(value)
}

fn read_as<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Rejection> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        invalid(error.inner(), Some(&field))
    })?;
    deserializer.end().map_err(|error| invalid(&error, None))?;
    Ok(value)
}

// serde takes an array for a struct whose fields stand in order: a body without names.
fn reject_array(bytes: &[u8]) -> Result<(), Rejection> {
    let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let (before, rest) = bytes.split_at(blanks);
    if rest.first() != Some(&b'[') {
        return Ok(());
    }
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    Err(Rejection::invalid_request("the body must be a JSON object").with_position(line, column))
}

fn invalid(error: &serde_json::Error, path: Option<&str>) -> Rejection {
    let message = error.to_string();
    let rejection = Rejection::invalid_request(message.clone()).with_position(error.line(), error.column());
    // serde reports an unknown or missing field at the object that holds it, so its name stands in the message alone.
    let named = message.split('`').nth(1).filter(|_| message.contains("field `"));
    match (path.filter(|path| *path != "."), named) {
        (None, None) => rejection,
        (None, Some(field)) => rejection.with_field(field.to_owned()),
        (Some(path), Some(field)) if !path.ends_with(field) => {
            rejection.with_field(format!("{path}.{field}"))
        }
        (Some(path), _) => rejection.with_field(path.to_owned()),
    }
}
