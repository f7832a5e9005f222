//! Asking Redis, but not for long, and not when it does not answer.

use std::{sync::Arc, time::Duration};

use redis::{Cmd, Value};
use tokio::time::{sleep, timeout};

use crate::{Redis, RedisError, RedisErrorKind, breaker::Breaker, script::Script};

/// Asks Redis with a deadline, behind a circuit breaker.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    redis: Redis,
    deadline: Duration,
    breakers: Arc<[Breaker]>,
}

/// A cluster's nodes fail one by one, and each has ranges of slots: tenants of one that answers are not to be slowed down
/// by those of one that does not.
const RANGES: u16 = 64;
const SLOTS: u16 = 16_384;
/// How often a server that does not answer is asked whether it does.
const PROBE_EVERY: Duration = Duration::from_millis(200);
/// After so many probes without an answer the connection is taken for lost.
const PATIENCE: u32 = 5;

impl Caller {
    pub(crate) fn new(redis: Redis, deadline: Duration) -> Self {
        let count = if redis.is_cluster() { RANGES } else { 1 };
        Self { redis, deadline, breakers: (0..count).map(|_| Breaker::default()).collect() }
    }

    pub(crate) const fn redis(&self) -> &Redis {
        &self.redis
    }

    pub(crate) const fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(crate) fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    /// Whether who asks for this key would not be answered.
    pub(crate) fn is_broken(&self, key: &str) -> bool {
        self.breakers.get(self.range(key)).is_some_and(Breaker::is_open)
    }

    /// Sends a command about a key.
    pub(crate) async fn send(&self, key: &str, command: &Cmd) -> Result<Value, RedisError> {
        self.guarded(key, self.redis.send(command)).await
    }

    /// Runs a script; `fill` adds the number of keys, the keys and the arguments.
    pub(crate) async fn run(
        &self,
        key: &str,
        script: &Script,
        fill: impl Fn(&mut Cmd) + Send,
    ) -> Result<Value, RedisError> {
        let mut by_hash = script.by_hash();
        fill(&mut by_hash);
        let call = async {
            match self.redis.send(&by_hash).await {
                Err(error) if error.kind() == RedisErrorKind::NoScript => {
                    let mut by_text = script.by_text();
                    fill(&mut by_text);
                    self.redis.send(&by_text).await
                }
                answer => answer,
            }
        };
        self.guarded(key, call).await
    }

    /// Waits for an answer about a key, but not for long, and not where none is to be expected.
    pub(crate) async fn guarded<T>(
        &self,
        key: &str,
        call: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, RedisError> {
        let range = self.range(key);
        let Some(breaker) = self.breakers.get(range) else { return Err(RedisError::broken()) };
        if breaker.is_open() {
            return Err(RedisError::broken());
        }
        let answer = timeout(self.deadline, call).await.unwrap_or_else(|_| Err(RedisError::deadline()));
        match &answer {
            Ok(_) => breaker.succeeded(),
            // The server is there: what it refuses one tenant is no reason not to ask for another.
            Err(error) if error.kind() == RedisErrorKind::Refused => breaker.succeeded(),
            Err(error) => {
                if error.kind() == RedisErrorKind::Demoted {
                    // Another one took over, which may be found under the same address.
                    self.redis.reconnect();
                }
                if breaker.failed() {
                    self.probe(range, key.to_owned());
                }
            }
        }
        answer
    }

    /// Asks until there is an answer, and closes the breaker then.
    fn probe(&self, range: usize, key: String) {
        let (redis, breakers) = (self.redis.clone(), Arc::downgrade(&self.breakers));
        tokio::spawn(async move {
            let mut tries = 0_u32;
            // Nobody is left to close a breaker for: then this ends, too.
            while breakers.strong_count() > 0 {
                sleep(PROBE_EVERY).await;
                let mut command = Cmd::new();
                command.arg("EXISTS").arg(&key);
                if let Ok(Ok(_)) = timeout(PROBE_EVERY, redis.send(&command)).await {
                    break;
                }
                tries += 1;
                if tries.is_multiple_of(PATIENCE) {
                    redis.reconnect();
                }
            }
            if let Some(breaker) = breakers.upgrade().as_deref().and_then(|all| all.get(range)) {
                breaker.close();
            }
        });
    }

    /// How many ranges there are whose nodes may fail one by one.
    pub(crate) fn ranges(&self) -> usize {
        self.breakers.len()
    }

    /// The range of a key.
    pub(crate) fn range(&self, key: &str) -> usize {
        match self.breakers.len() {
            1 => 0,
            _ => usize::from(slot(key) / (SLOTS / RANGES)),
        }
    }
}

/// The slot of one of our keys, which all have a hash tag.
pub(crate) fn slot(key: &str) -> u16 {
    let tag = key.split(['{', '}']).nth(1).unwrap_or(key);
    crc16::State::<crc16::XMODEM>::calculate(tag.as_bytes()) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_that_of_the_hash_tag() {
        // As CLUSTER KEYSLOT of Redis 7.0.15 says.
        assert_eq!(slot("a:{123456789}:q"), 12_739);
        assert_eq!(slot("b:{123456789}:c:0:{x}"), 12_739);
    }
}
