//! When keys were used last, until it is written down.

use std::collections::HashMap;

use parking_lot::Mutex;
use tenant_core::Timestamp;

use super::format::KeyId;

/// Uses that wait to be written.
pub(super) struct Uses(Mutex<HashMap<KeyId, Timestamp>>);

/// More keys than this wait for nothing: a use that is not noted is noted the next time.
const MOST: usize = 100_000;

impl Uses {
    pub(super) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    pub(super) fn note(&self, key: KeyId, at: Timestamp) {
        let mut waiting = self.0.lock();
        if waiting.len() < MOST || waiting.contains_key(&key) {
            let latest = waiting.entry(key).or_insert(at);
            *latest = at.max(*latest);
        }
    }

    pub(super) fn take(&self) -> Vec<(Box<str>, Timestamp)> {
        let waiting = std::mem::take(&mut *self.0.lock());
        let text = |key: KeyId| key.map(char::from).iter().collect::<String>().into_boxed_str();
        waiting.into_iter().map(|(key, at)| (text(key), at)).collect()
    }
}
