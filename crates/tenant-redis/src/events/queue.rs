//! What waits to be sent, of each tenant so much.

use std::collections::{HashMap, VecDeque};

use tenant_core::{TenantId, events::Envelope};

/// The tenants take turns, whatever each of them has.
#[derive(Default)]
pub(super) struct Queue {
    own: HashMap<TenantId, Own>,
    turns: VecDeque<TenantId>,
    /// There were more tenants than have a place: anybody may have missed something.
    pub(super) doubts: bool,
}

#[derive(Default)]
struct Own {
    texts: VecDeque<String>,
    bytes: usize,
    lost: u64,
    /// As the last one that was lost, to tell of it.
    missed: Option<Envelope>,
}

pub(super) const MOST_EVENTS: usize = 256;
const MOST_BYTES: usize = 64 * 1024;
const MOST_TENANTS: usize = 1_000;
/// What is sent at once.
pub(super) const AT_ONCE: usize = 64;
const BYTES_AT_ONCE: usize = 64 * 1024;

impl Queue {
    pub(super) fn add(&mut self, envelope: &Envelope) {
        let tenant = *envelope.tenant();
        if !self.own.contains_key(&tenant) {
            if self.own.len() >= MOST_TENANTS {
                self.doubts = true;
                return;
            }
            self.turns.push_back(tenant);
        }
        self.own.entry(tenant).or_default().add(envelope);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && !self.doubts
    }

    /// Some of each, in turn.
    pub(super) fn take(&mut self) -> Vec<String> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < AT_ONCE
            && bytes < BYTES_AT_ONCE
            && let Some(tenant) = self.turns.pop_front()
        {
            let Some(text) = self.own.get_mut(&tenant).and_then(Own::take) else {
                self.own.remove(&tenant);
                continue;
            };
            bytes += text.len();
            taken.push(text);
            self.turns.push_back(tenant);
        }
        taken
    }
}

impl Own {
    fn add(&mut self, envelope: &Envelope) {
        let text = envelope.to_text();
        self.bytes += text.len();
        self.texts.push_back(text);
        while self.texts.len() > MOST_EVENTS || self.bytes > MOST_BYTES {
            let Some(oldest) = self.texts.pop_front() else { return };
            self.bytes -= oldest.len();
            self.lost += 1;
            self.missed = Some(envelope.clone());
        }
    }

    fn take(&mut self) -> Option<String> {
        if let Some(missed) = self.missed.take() {
            return Some(missed.missed(Some(std::mem::take(&mut self.lost))).to_text());
        }
        let text = self.texts.pop_front()?;
        self.bytes -= text.len();
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(tenant: &str, data: &str) -> Envelope {
        let data = serde_json::to_string(data).unwrap();
        let text = serde_json::json!({ "tenant": tenant, "created_at": 1, "event": ["a", data] });
        Envelope::parse(&text.to_string()).unwrap()
    }

    fn all(queue: &mut Queue) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let taken = queue.take();
            if taken.is_empty() {
                return all;
            }
            all.extend(taken);
        }
    }

    #[test]
    fn a_tenants_burst_costs_that_tenant_alone_and_others_have_their_turn() {
        let mut queue = Queue::default();
        for number in 0..10_000 {
            queue.add(&envelope("acme", &number.to_string()));
        }
        queue.add(&envelope("globex", "1"));
        let first = queue.take();
        assert!(first[0].contains("\"missed\":9744") && first[0].contains("acme"), "{}", first[0]);
        assert!(first[1].contains("globex"), "{}", first[1]);
        assert_eq!(first.len(), AT_ONCE);
        assert_eq!(all(&mut queue).len(), MOST_EVENTS + 2 - AT_ONCE);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_waits_is_bounded_in_bytes_and_in_tenants() {
        let mut queue = Queue::default();
        let large = "x".repeat(8_000);
        for _ in 0..100 {
            queue.add(&envelope("acme", &large));
        }
        let bytes: usize = all(&mut queue).iter().map(String::len).sum();
        assert!(bytes <= MOST_BYTES + 200, "{bytes}");
        for number in 0..=MOST_TENANTS {
            queue.add(&envelope(&format!("t{number}"), "1"));
        }
        assert!(queue.doubts);
        assert_eq!(all(&mut queue).len(), MOST_TENANTS);
    }
}
