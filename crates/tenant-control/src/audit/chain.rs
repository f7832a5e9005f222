//! What seals an entry: HMAC-SHA-256 (RFC 2104) over the entry before and all of its own parts.

use std::{error::Error, fmt};

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use tenant_core::{
    TenantId,
    audit::{AuditEvent, Digest},
};

/// Seals entries.
#[derive(Clone)]
pub(super) struct Chain(hmac::Key);

/// Where no key is given, anybody can compute the seals; that somebody removed an entry shows all the same, unless all
/// behind it were sealed anew.
const NO_KEY: &[u8] = b"tenant: audit log without a key";
const SHORTEST: usize = 32;

/// A key has 32 bytes at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAuditKey;

impl Chain {
    pub(super) fn without_key() -> Self {
        Self(hmac::Key::new(HMAC_SHA256, NO_KEY))
    }

    pub(super) fn with_key(key: &[u8]) -> Result<Self, InvalidAuditKey> {
        if key.len() < SHORTEST {
            return Err(InvalidAuditKey);
        }
        Ok(Self(hmac::Key::new(HMAC_SHA256, key)))
    }

    /// Each part says how long it is, so that none can grow at its neighbour's cost; one that is not there is told from an
    /// empty one.
    pub(super) fn seal(&self, previous: &Digest, number: u64, event: &AuditEvent) -> Digest {
        let AuditEvent {
            event_id,
            time,
            tenant,
            actor,
            action,
            resource_type,
            resource_id,
            outcome,
            request_id,
        } = event;
        let mut seal = hmac::Context::with_key(&self.0);
        seal.update(previous);
        seal.update(&number.to_be_bytes());
        seal.update(&time.as_unix_micros().to_be_bytes());
        let parts = [
            Some(&**event_id),
            tenant.as_ref().map(TenantId::as_str),
            Some(&**actor),
            Some(&**action),
            Some(&**resource_type),
            resource_id.as_deref(),
            Some(outcome.as_str()),
            request_id.as_deref(),
        ];
        for part in parts {
            seal.update(&[u8::from(part.is_some())]);
            let part = part.unwrap_or("");
            seal.update(&(part.len() as u64).to_be_bytes());
            seal.update(part.as_bytes());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(seal.sign().as_ref());
        digest
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chain")
    }
}

impl fmt::Display for InvalidAuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key of the audit log has fewer than {SHORTEST} bytes")
    }
}

impl Error for InvalidAuditKey {}

#[cfg(test)]
mod tests {
    use tenant_core::{Timestamp, audit::AuditOutcome};

    use super::*;

    fn event() -> AuditEvent {
        let at = Timestamp::from_unix_micros(1);
        AuditEvent::new("id", at, "ada", "user.created", "user")
    }

    #[test]
    fn every_part_counts_and_none_grows_at_its_neighbours_cost() {
        let chain = Chain::without_key();
        let sealed = |event: &AuditEvent| chain.seal(&[0; 32], 1, event);
        let acme = TenantId::parse("acme").unwrap();
        let mut later = event();
        later.time = Timestamp::from_unix_micros(2);
        let mut shifted = event();
        (shifted.actor, shifted.action) = ("adau".into(), "ser.created".into());
        let others = [
            event().of(acme),
            event().on(""),
            event().on("user"),
            event().by_request("user"),
            event().with_outcome(AuditOutcome::Denied),
            later,
            shifted,
        ];
        for (number, other) in others.iter().enumerate() {
            assert_ne!(sealed(other), sealed(&event()), "{other:?}");
            assert!(others.iter().skip(number + 1).all(|next| sealed(next) != sealed(other)));
        }
        assert_ne!(chain.seal(&[0; 32], 2, &event()), sealed(&event()));
        assert_ne!(chain.seal(&[1; 32], 1, &event()), sealed(&event()));
        let keyed = Chain::with_key(&[7; 32]).unwrap();
        assert_ne!(keyed.seal(&[0; 32], 1, &event()), sealed(&event()));
        assert_eq!(Chain::with_key(&[7; 31]).unwrap_err(), InvalidAuditKey);
    }
}
