use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use tenant_core::{
    StoreError, Timestamp,
    auth::{ActiveFactor, MfaRecord, MfaStore, PendingFactor, Tries},
};

/// Keeps second factors in memory, of people whom it is told of: for tests. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct InMemoryMfa(Arc<Mutex<HashMap<Box<str>, Kept>>>);

#[derive(Debug, Default)]
struct Kept {
    record: MfaRecord,
    /// Of the active factor, and of the one that is to be proved.
    codes: HashSet<(Box<str>, [u8; 32])>,
    tries_until: i64,
}

impl InMemoryMfa {
    /// These people, by their ids and e-mail addresses.
    pub fn with(people: impl IntoIterator<Item = (impl Into<Box<str>>, impl Into<String>)>) -> Self {
        let kept = |account: String| Kept { record: MfaRecord::new(account), ..Kept::default() };
        let people = people.into_iter().map(|(id, account)| (id.into(), kept(account.into())));
        Self(Arc::new(Mutex::new(people.collect())))
    }

    fn change<T: Default>(&self, person_id: &str, change: impl FnOnce(&mut Kept) -> T) -> T {
        self.0.lock().get_mut(person_id).map(change).unwrap_or_default()
    }
}

impl Kept {
    fn is_active(&self, factor_id: &str) -> bool {
        self.record.active.as_ref().is_some_and(|active| *active.factor_id == *factor_id)
    }

    fn forget_codes(&mut self) {
        let active = self.record.active.as_ref().map(|active| active.factor_id.clone());
        self.codes.retain(|(of, _)| Some(of) == active.as_ref());
    }

    fn activate(&mut self, factor_id: &str, step: u64, now: Timestamp) -> bool {
        let is_it = |pending: &PendingFactor| *pending.factor_id == *factor_id && pending.expires_at > now;
        let Some(PendingFactor { factor_id, secret, .. }) = self.record.pending.take_if(|own| is_it(own))
        else {
            return false;
        };
        self.record.active = Some(ActiveFactor::new(factor_id, secret, step));
        self.forget_codes();
        true
    }

    fn use_step(&mut self, factor_id: &str, step: u64) -> bool {
        match &mut self.record.active {
            Some(active) if *active.factor_id == *factor_id && active.last_step < step => {
                active.last_step = step;
                true
            }
            Some(_) | None => false,
        }
    }

    fn give_back(&mut self, is_right: bool, tries: Tries) -> bool {
        if is_right {
            self.tries_until -= micros(tries.every);
        }
        is_right
    }
}

fn micros(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[async_trait]
impl MfaStore for InMemoryMfa {
    async fn find(&self, person_id: &str) -> Result<Option<MfaRecord>, StoreError> {
        Ok(self.change(person_id, |kept| {
            let active = kept.record.active.as_ref().map(|active| active.factor_id.clone());
            let left = kept.codes.iter().filter(|(of, _)| Some(of) == active.as_ref()).count();
            let mut record = kept.record.clone();
            record.recovery_codes = u64::try_from(left).unwrap_or(u64::MAX);
            Some(record)
        }))
    }

    async fn enrol(
        &self,
        person_id: &str,
        active: Option<&str>,
        factor: &PendingFactor,
        recovery: &[[u8; 32]],
    ) -> Result<bool, StoreError> {
        Ok(self.change(person_id, |kept| {
            if kept.record.active.as_ref().map(|active| &*active.factor_id) != active {
                return false;
            }
            kept.forget_codes();
            kept.codes.extend(recovery.iter().map(|digest| (factor.factor_id.clone(), *digest)));
            kept.record.pending = Some(factor.clone());
            true
        }))
    }

    async fn try_once(
        &self,
        person_id: &str,
        tries: Tries,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (now, every) = (now.as_unix_micros(), micros(tries.every));
        let ahead = every.saturating_mul(i64::from(tries.at_once.saturating_sub(1)));
        Ok(self.change(person_id, |kept| {
            if kept.tries_until > now.saturating_add(ahead) {
                return Some(Timestamp::from_unix_micros(kept.tries_until - ahead));
            }
            kept.tries_until = kept.tries_until.max(now).saturating_add(every);
            None
        }))
    }

    async fn activate(
        &self,
        person_id: &str,
        factor_id: &str,
        step: u64,
        tries: Tries,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.change(person_id, |kept| {
            let is_right = kept.activate(factor_id, step, now);
            kept.give_back(is_right, tries)
        }))
    }

    async fn use_step(
        &self,
        person_id: &str,
        factor_id: &str,
        step: u64,
        tries: Tries,
    ) -> Result<bool, StoreError> {
        Ok(self.change(person_id, |kept| {
            let is_right = kept.use_step(factor_id, step);
            kept.give_back(is_right, tries)
        }))
    }

    async fn use_recovery(
        &self,
        person_id: &str,
        factor_id: &str,
        digest: &[u8; 32],
    ) -> Result<bool, StoreError> {
        Ok(self.change(person_id, |kept| {
            kept.is_active(factor_id) && kept.codes.remove(&(factor_id.into(), *digest))
        }))
    }

    async fn remove(&self, person_id: &str, factor_id: &str) -> Result<bool, StoreError> {
        Ok(self.change(person_id, |kept| {
            if !kept.is_active(factor_id) {
                return false;
            }
            (kept.record.active, kept.record.pending) = (None, None);
            kept.codes.clear();
            true
        }))
    }
}
