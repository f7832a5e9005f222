//! News of changed configs through PostgreSQL itself, where there is no other way between instances.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{PgPool, Postgres, postgres::PgListener};
use tenant_core::{ConfigAnnouncer, ConfigChange, ConfigListener, ConfigVersion, TenantId, Timestamp};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::TenantDb;

/// Tells the other instances of changes made here, by `NOTIFY` ([PostgreSQL's
/// manual](https://www.postgresql.org/docs/current/sql-notify.html)).
///
/// It never blocks. What can't be sent at once is sent when the database is back; of more than 10 000 changes it is then
/// said that anything may have changed.
pub struct PgAnnouncer {
    queue: mpsc::Sender<ConfigChange>,
    overflow: Arc<AtomicBool>,
}

/// Hears of changes that other instances made, by `LISTEN`, and passes them on to a cache of configs.
///
/// It holds a connection of the pool until it is dropped, and connects anew by itself. `LISTEN` remembers nothing: after
/// each new connection all that is cached is doubted. A pooler between them must not share connections between
/// transactions.
pub struct PgChangeReader {
    task: JoinHandle<()>,
}

const CHANNEL: &str = "tenant_configs";
const QUEUE: usize = 10_000;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
const DEADLINE: Duration = Duration::from_secs(2);
/// A connection over which nothing came for so long is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(2);

impl PgAnnouncer {
    /// Starts telling. It ends when this value is dropped.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use]
    pub fn start(db: &TenantDb<Postgres>) -> Self {
        let (queue, changes) = mpsc::channel(QUEUE);
        let overflow = Arc::new(AtomicBool::new(false));
        tokio::spawn(send_all(db.own_pool().clone(), changes, Arc::clone(&overflow)));
        Self { queue, overflow }
    }
}

impl ConfigAnnouncer for PgAnnouncer {
    fn announce(&self, change: ConfigChange) {
        if self.queue.try_send(change).is_err() {
            self.overflow.store(true, Ordering::Release);
        }
    }
}

async fn send_all(pool: PgPool, mut changes: mpsc::Receiver<ConfigChange>, overflow: Arc<AtomicBool>) {
    while let Some(change) = changes.recv().await {
        send(&pool, &change).await;
        if overflow.swap(false, Ordering::AcqRel) {
            send(&pool, &ConfigChange::Anything).await;
        }
    }
}

/// Tries until it is sent: hearing twice does no harm.
async fn send(pool: &PgPool, change: &ConfigChange) {
    let payload = write(change);
    let mut wait = FIRST_WAIT;
    loop {
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(&payload).execute(pool);
        if matches!(timeout(DEADLINE, notify).await, Ok(Ok(_))) || pool.is_closed() {
            return;
        }
        sleep(wait).await;
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
    }
}

impl PgChangeReader {
    /// Starts reading, for `listener`.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use = "dropping a reader ends it"]
    pub fn start(db: &TenantDb<Postgres>, listener: impl ConfigListener + 'static) -> Self {
        Self { task: tokio::spawn(read_all(db.own_pool().clone(), listener)) }
    }
}

impl Drop for PgChangeReader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read_all(pool: PgPool, listener: impl ConfigListener) {
    let mut wait = FIRST_WAIT;
    while !pool.is_closed() {
        if let Ok(Ok(mut connection)) = timeout(DEADLINE, connect(&pool)).await {
            hear(&listener, ConfigChange::Anything).await;
            while let Some(change) = next(&mut connection).await {
                wait = FIRST_WAIT;
                hear(&listener, change).await;
            }
        }
        sleep(wait).await;
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
    }
}

async fn connect(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut connection = PgListener::connect_with(pool).await?;
    // What was said meanwhile is lost: that has to be known here.
    connection.eager_reconnect(false);
    connection.listen(CHANNEL).await?;
    Ok(connection)
}

/// The next change; `None` where the connection is lost.
async fn next(connection: &mut PgListener) -> Option<ConfigChange> {
    loop {
        match timeout(SILENCE, connection.try_recv()).await {
            Ok(answer) => return answer.ok().flatten().map(|told| parse(told.payload())),
            Err(_) => {
                let probe = sqlx::query("SELECT 1").execute(&mut *connection);
                timeout(DEADLINE, probe).await.ok()?.ok()?;
            }
        }
    }
}

async fn hear(listener: &impl ConfigListener, change: ConfigChange) {
    for id in listener.forget(&change) {
        // A store that fails now is asked again by whoever needs the tenant next.
        let _ = timeout(DEADLINE, listener.reload(&id)).await;
    }
}

fn write(change: &ConfigChange) -> String {
    match change {
        ConfigChange::Tenant { id, version: Some(version) } => {
            format!("{id} {} {}", version.revision, version.created_at.as_unix_micros())
        }
        ConfigChange::Tenant { id, version: None } => id.to_string(),
        // A kind of change that this version does not know how to tell: anything may have changed.
        _ => String::new(),
    }
}

fn parse(payload: &str) -> ConfigChange {
    let mut words = payload.split(' ');
    let Some(id) = words.next().and_then(|id| TenantId::parse(id).ok()) else {
        return ConfigChange::Anything;
    };
    let revision = words.next().and_then(|number| number.parse().ok());
    let created_at = words.next().and_then(|number| number.parse().ok());
    match revision.zip(created_at) {
        Some((revision, created_at)) => ConfigChange::Tenant {
            id,
            version: Some(ConfigVersion { revision, created_at: Timestamp::from_unix_micros(created_at) }),
        },
        None => ConfigChange::of(id),
    }
}

impl fmt::Debug for PgAnnouncer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgAnnouncer").finish_non_exhaustive()
    }
}

impl fmt::Debug for PgChangeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgChangeReader").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_survives_the_way_and_what_makes_no_sense_is_any_change() {
        let id = TenantId::parse("acme").unwrap();
        let version = Some(ConfigVersion { revision: 7, created_at: Timestamp::from_unix_micros(-5) });
        for change in [ConfigChange::of(id), ConfigChange::Tenant { id, version }, ConfigChange::Anything] {
            assert_eq!(parse(&write(&change)), change);
        }
        assert_eq!(parse("a/b 1 2"), ConfigChange::Anything);
    }
}
