//! What is sent, and signed as the Standard Webhooks specification (1.0.0, "Signature scheme") has it.

use std::fmt::Write as _;

use aws_lc_rs::{
    hmac::{self, HMAC_SHA256},
    rand,
};
use data_encoding::BASE64;
use serde_json::Value;
use tenant_core::{
    StoreError,
    webhooks::{OutboxEvent, WebhookSecret},
};

const PREFIX: &str = "whsec_";
const BYTES: usize = 32;

/// 256 random bits.
pub(super) fn new_secret() -> Result<WebhookSecret, StoreError> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| StoreError::unavailable("the system has no random numbers"))?;
    Ok(WebhookSecret::new(format!("{PREFIX}{}", BASE64.encode(&bytes))))
}

/// The header's value; `None` where the secret is none.
pub(super) fn signature(secret: &WebhookSecret, id: &str, timestamp: u64, body: &str) -> Option<String> {
    let key = BASE64.decode(secret.expose().strip_prefix(PREFIX)?.as_bytes()).ok()?;
    let mut signed = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, &key));
    signed.update(format!("{id}.{timestamp}.").as_bytes());
    signed.update(body.as_bytes());
    Some(format!("v1,{}", BASE64.encode(signed.sign().as_ref())))
}

/// The same bytes in all tries.
pub(super) fn body(event: &OutboxEvent) -> String {
    let OutboxEvent { id, kind, tenant, created_at, data } = event;
    let mut moment = String::new();
    // A moment that can't be written is none.
    let moment = match write!(moment, "{created_at}") {
        Ok(()) => Value::from(moment),
        Err(_) => Value::Null,
    };
    let [id, kind, tenant] = [&**id, &**kind, tenant.as_str()].map(Value::from);
    format!(r#"{{"id":{id},"type":{kind},"tenant_id":{tenant},"created_at":{moment},"data":{data}}}"#)
}

#[cfg(test)]
mod tests {
    use tenant_core::{TenantId, Timestamp};

    use super::*;

    /// As the specification's own libraries test it.
    #[test]
    fn what_is_signed_is_signed_as_by_others() {
        let secret = WebhookSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let signed = signature(&secret, id, 1_614_265_330, body);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        for (id, timestamp, body) in [("msg", 1_614_265_330, body), (id, 1, body), (id, 1_614_265_330, "{}")]
        {
            assert_ne!(signature(&secret, id, timestamp, body), signed);
        }
        for wrong in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_*", ""] {
            assert_eq!(signature(&WebhookSecret::new(wrong), id, 1, body), None);
        }
    }

    #[test]
    fn secrets_have_256_bits_and_differ() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(one, other);
        let bytes = BASE64.decode(one.expose().strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
        assert_eq!(bytes.len(), 32);
    }

    #[test]
    fn the_body_is_json_whatever_is_told() {
        let acme = TenantId::parse("acme").unwrap();
        let at = Timestamp::from_unix_micros(1_700_000_000_000_000);
        let event = OutboxEvent::new("msg_1", "user.created", acme, at, &["\"}\u{0}\u{fc}"]).unwrap();
        assert_eq!(
            body(&event),
            r#"{"id":"msg_1","type":"user.created","tenant_id":"acme","created_at":"2023-11-14T22:13:20Z","data":["\"}\u0000ü"]}"#
        );
        let never = OutboxEvent { created_at: Timestamp::from_unix_micros(i64::MAX), ..event };
        assert!(serde_json::from_str::<Value>(&body(&never)).unwrap()["created_at"].is_null());
    }
}
