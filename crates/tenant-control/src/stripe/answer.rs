//! What Stripe says to an event.

use std::time::Duration;

use http::{StatusCode, header, response::Parts};
use serde::Deserialize;

use crate::exports::{ExportFailure, ExportFailureKind};

/// An answer, as far as it was read.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: StatusCode,
    retry_after: Option<Duration>,
    code: Option<String>,
    is_there_already: bool,
}

/// <https://docs.stripe.com/api/errors>. All else may quote what was sent.
#[derive(Deserialize)]
struct Body {
    error: Problem,
}

#[derive(Deserialize)]
struct Problem {
    code: Option<String>,
    param: Option<String>,
    message: Option<String>,
}

impl Answer {
    pub(super) fn of(parts: &Parts) -> Self {
        Self {
            status: parts.status,
            retry_after: parts
                .headers
                .get(header::RETRY_AFTER)
                .and_then(|value| seconds(value.to_str().ok()?)),
            code: None,
            is_there_already: false,
        }
    }

    pub(super) fn with(mut self, body: &[u8], identifier: &str) -> Self {
        let Ok(Body { error: Problem { code, param, message } }) = serde_json::from_slice(body) else {
            return self;
        };
        // With a new idempotency key an event that is there is refused: by a code that is documented, or without one.
        let says_so = |message: &str| message.contains("already exists") && message.contains(identifier);
        self.is_there_already = self.status == StatusCode::BAD_REQUEST
            && (code.as_deref() == Some("duplicate_meter_event") || message.as_deref().is_some_and(says_so));
        self.code = named(code, param);
        self
    }

    pub(super) fn verdict(&self) -> Result<(), ExportFailure> {
        let kind = match self.status.as_u16() {
            200..=299 => return Ok(()),
            _ if self.is_there_already => return Ok(()),
            401 | 403 => ExportFailureKind::Denied,
            429 => ExportFailureKind::Busy,
            // Somebody else has sent the same and has no answer yet; or what was sent was cut off.
            408 | 409 | 425 => ExportFailureKind::Unanswered,
            500..=599 => ExportFailureKind::Failed,
            _ => ExportFailureKind::Refused,
        };
        let status = self.status.as_u16();
        let code = match &self.code {
            Some(code) => format!("{status} {code}"),
            None => status.to_string(),
        };
        Err(ExportFailure::new(kind).retry_after(self.retry_after).code(code))
    }
}

/// In seconds: Stripe gives no dates.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

/// What is no name is not repeated: it may be anything.
fn named(code: Option<String>, param: Option<String>) -> Option<String> {
    let is_name = |text: &String| {
        let is_byte =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_[].".contains(&byte);
        (1..=64).contains(&text.len()) && text.bytes().all(is_byte)
    };
    let names: Vec<String> = [code, param].into_iter().flatten().filter(is_name).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;

    fn answer(status: u16, body: &str) -> Result<(), String> {
        let (parts, ()) = Response::builder().status(status).body(()).unwrap().into_parts();
        let answer = Answer::of(&parts).with(body.as_bytes(), "abc");
        answer.verdict().map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_is_there_already_was_taken_and_nothing_else_that_is_refused_was() {
        let there = |message: &str| format!(r#"{{"error":{{"message":"{message}"}}}}"#);
        assert_eq!(answer(400, r#"{"error":{"code":"duplicate_meter_event"}}"#), Ok(()));
        assert_eq!(answer(400, &there("An event already exists with identifier abc.")), Ok(()));
        for (status, body) in [
            (400, there("An event already exists with identifier xyz.")),
            (400, there("No such meter for abc")),
            (409, there("An event already exists with identifier abc.")),
            (500, r#"{"error":{"code":"duplicate_meter_event"}}"#.to_owned()),
        ] {
            assert!(answer(status, &body).is_err(), "{status} {body}");
        }
    }

    #[test]
    fn what_it_is_called_is_told_and_nothing_that_was_sent_is() {
        let body = r#"{"error":{"code":"resource_missing","param":"payload[stripe_customer_id]","message":"cus_1"}}"#;
        let told = "it was refused (400 resource_missing payload[stripe_customer_id])";
        assert_eq!(answer(400, body), Err(told.to_owned()));
        for body in [r#"{"error":{"code":"Sk_live_1"}}"#, "no json", "", r#"{"error":7}"#, "\u{0}"] {
            assert_eq!(answer(404, body), Err("it was refused (404)".to_owned()), "{body}");
        }
    }
}
