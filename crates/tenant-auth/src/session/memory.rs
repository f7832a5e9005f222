use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use parking_lot::Mutex;
use tenant_core::{
    StoreError, StoreErrorKind, TenantId, Timestamp,
    auth::{SessionRecord, SessionStore},
};

/// Keeps sessions in memory: for tests, and for one process whose users sign in again when it starts. Clones share them.
///
/// Sessions that have expired are cleared away as new ones begin.
#[derive(Clone, Debug, Default)]
pub struct InMemorySessions(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    sessions: HashMap<[u8; 32], SessionRecord>,
    sweep_at: usize,
}

const FIRST_SWEEP: usize = 1_024;

impl InMemorySessions {
    /// No sessions yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().sessions.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Kept {
    /// Bounded by the sessions that have not expired.
    fn make_room(&mut self, now: Timestamp) {
        if self.sessions.len() >= self.sweep_at.max(FIRST_SWEEP) {
            self.sessions.retain(|_, session| session.expires_at > now);
            self.sweep_at = self.sessions.len() * 2;
        }
    }
}

#[async_trait]
impl SessionStore for InMemorySessions {
    async fn load(&self, digest: &[u8; 32]) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.0.lock().sessions.get(digest).cloned())
    }

    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        let mut kept = self.0.lock();
        kept.make_room(session.created_at);
        if kept.sessions.contains_key(&session.digest) {
            return Err(StoreError::new(StoreErrorKind::AlreadyExists, "the session exists already"));
        }
        kept.sessions.insert(session.digest, session.clone());
        Ok(())
    }

    async fn touch(&self, digest: &[u8; 32], seen_at: Timestamp) -> Result<(), StoreError> {
        if let Some(session) = self.0.lock().sessions.get_mut(digest) {
            session.seen_at = session.seen_at.max(seen_at);
        }
        Ok(())
    }

    async fn end(&self, digest: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(self.0.lock().sessions.remove(digest).is_some())
    }

    async fn end_all(&self, tenant: &TenantId, subject: &str) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut kept = self.0.lock();
        let is_theirs = |_: &[u8; 32], session: &mut SessionRecord| {
            session.tenant == *tenant && *session.subject == *subject
        };
        Ok(kept.sessions.extract_if(is_theirs).map(|(digest, _)| digest).collect())
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut kept = self.0.lock();
        let expired = kept.sessions.values().filter(|session| session.expires_at <= now);
        let expired =
            expired.map(|session| session.digest).take(usize::try_from(limit).unwrap_or(usize::MAX));
        let expired: Vec<[u8; 32]> = expired.collect();
        expired.iter().for_each(|digest| drop(kept.sessions.remove(digest)));
        Ok(u64::try_from(expired.len()).unwrap_or(u64::MAX))
    }
}
