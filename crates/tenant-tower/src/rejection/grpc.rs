//! Rejections for gRPC callers: an HTTP 200 without a body whose headers carry the status ("Trailers-Only" in the gRPC
//! over HTTP/2 protocol).

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};

use super::Rejection;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
// The longer ones first: each starts with the next.
const TYPES: [&str; 3] = ["application/grpc-web-text", "application/grpc-web", "application/grpc"];

/// The content type to answer a gRPC caller in; `None` for anybody else.
pub(super) fn content_type(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(CONTENT_TYPE)?.as_bytes();
    let starts =
        |own: &&&str| value.get(..own.len()).is_some_and(|head| head.eq_ignore_ascii_case(own.as_bytes()));
    TYPES.iter().find(starts).map(|own| HeaderValue::from_static(own))
}

/// Writes the status and `code: detail` as the message.
pub(super) fn describe(rejection: &Rejection, headers: &mut HeaderMap) {
    let status = u16::from(rejection.kind().grpc_status());
    headers.insert(GRPC_STATUS, HeaderValue::from(status));
    let message = message(rejection);
    if let Ok(value) = HeaderValue::try_from(message) {
        headers.insert(GRPC_MESSAGE, value);
    }
}

// Percent-encoded where a byte is not printable ASCII, or is '%' (gRPC over HTTP/2, "Percent-Encoded").
fn message(rejection: &Rejection) -> String {
    let text = format!("{}: {}", rejection.code(), rejection.reason().unwrap_or(rejection.detail()));
    let mut message = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => message.push(char::from(byte)),
            _ => {
                let _ = write!(message, "%{byte:02X}");
            }
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_percent_encoded() {
        let rejection = Rejection::policy_denied("100 % gef\u{e4}hrlich\n");
        assert_eq!(message(&rejection), "policy_denied: 100 %25 gef%C3%A4hrlich%0A");
    }

    #[test]
    fn tells_the_kinds_of_grpc_apart() {
        for (sent, answered) in [
            ("application/grpc+proto", Some("application/grpc")),
            ("Application/GRPC", Some("application/grpc")),
            ("application/grpc-web+proto", Some("application/grpc-web")),
            ("application/json", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(sent));
            assert_eq!(content_type(&headers).as_ref().map(|v| v.to_str().unwrap()), answered);
        }
    }
}
