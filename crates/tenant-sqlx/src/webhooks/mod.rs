//! Webhooks, in the database of the tenants' configs.

mod claims;
mod put;
mod statements;

use async_trait::async_trait;
use tenant_core::{
    StoreError, StoreErrorKind, TenantContext, TenantId, Timestamp,
    webhooks::{
        Claim, Claimed, DueDelivery, OutboxEvent, OutboxStore, Settled, Told, Webhook, WebhookKept,
        WebhookSecret, WebhookStore,
    },
};

use self::statements::{
    ADD_WANTED, ADD_WEBHOOK, AGAIN, COUNT, DELIVERED, DELIVERIES_OF, DELIVERIES_TO, EVENTS_OF,
    FORGET_DELIVERIES, FORGET_EVENT, GIVE_UP, LIST, OLD, REMOVE_WANTED, REMOVE_WEBHOOK, TAKE_TURN, WANTED_OF,
    WEBHOOKS_OF,
};
use crate::{
    ScopedTransaction, TenantDb,
    driver::{Cell, TenantDatabase},
    own::{Own, again, fetch, is_exact, row::Row, run, taken},
};

/// Keeps webhooks and what is still to be told to them in the tables `tenant_webhooks`, `tenant_webhook_events`, `tenant_outbox` and
/// `tenant_deliveries` of [`TenantDb::migrate_tenants`].
///
/// A delivery that is settled is gone; its event stays until it is [forgotten](OutboxStore::forget), so that it is not told twice.
///
/// # What it does not protect against
/// Who reads the database reads the secrets: what signs can't be kept as a digest. Keep the database's files and backups as a secret.
#[derive(Debug)]
pub struct DbWebhooks<DB: TenantDatabase> {
    own: Own<DB>,
    most_waiting: u32,
}

/// So many deliveries of a tenant wait.
const MOST_WAITING: u32 = 10_000;
const LONGEST_URL: usize = 2_048;
const LONGEST_SECRET: usize = 128;
const MOST_EVENTS: usize = 100;
/// So many events are forgotten in one transaction: nobody waits for long behind them.
const AT_ONCE: u32 = 200;

impl<DB: TenantDatabase> DbWebhooks<DB> {
    /// Those of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self { own: Own::of(db), most_waiting: MOST_WAITING }
    }

    /// Lets so many deliveries of each tenant wait, 10 000 by default and one at least; events that come then are left out.
    #[must_use]
    pub fn most_waiting(self, most_waiting: u32) -> Self {
        Self { most_waiting, ..self }
    }

    /// Keeps an event as a part of what it tells of: both are committed, or neither is. Otherwise it is as
    /// [`OutboxStore::put`] has it.
    ///
    /// The transaction has to be one of the database that holds the outbox, and what it runs as has to be allowed to read
    /// `tenant_webhook_events`, and to read and add to `tenant_outbox` and `tenant_deliveries`, where that is another role than the
    /// one that migrates.
    ///
    /// # Errors
    /// The event is another tenant's, or can't be kept; the tenant lives in another place than the outbox; somebody else is putting
    /// an event of this id; or the database failed. On PostgreSQL nothing of the transaction is kept after a failure of the database.
    ///
    /// # Example
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// async fn pay(
    ///     db: &tenant_sqlx::TenantDb<sqlx::Sqlite>,
    ///     webhooks: &tenant_sqlx::DbWebhooks<sqlx::Sqlite>,
    ///     tenant: &tenant_core::TenantContext,
    ///     paid: &tenant_core::webhooks::OutboxEvent,
    /// ) -> sqlx::Result<()> {
    ///     let mut tx = db.begin(tenant).await?;
    ///     sqlx::query("UPDATE invoices SET paid = TRUE WHERE id = ?").bind(7).execute(&mut tx).await?;
    ///     webhooks.put_within(&mut tx, paid).await?;
    ///     tx.commit().await
    /// }
    /// ```
    pub async fn put_within(
        &self,
        tx: &mut ScopedTransaction<'_, DB>,
        event: &OutboxEvent,
    ) -> Result<Told, sqlx::Error> {
        put::put_within(tx, event, self.most_waiting).await
    }

    async fn try_create(
        &self,
        tenant: &TenantContext,
        webhook: &Webhook,
        secret: &WebhookSecret,
        most: u32,
    ) -> Result<WebhookKept, StoreError> {
        let (mut tx, _turn) = self.own.begin().await?;
        if run::<DB>(&mut tx, TAKE_TURN, vec![of(tenant)]).await? == 0 {
            return Err(StoreError::new(StoreErrorKind::NotFound, "the tenant is not active"));
        }
        let counted = fetch::<DB>(&mut tx, COUNT, vec![of(tenant)]).await?;
        if Row::new(counted.into_iter().next().unwrap_or_default()).integer()? >= i64::from(most) {
            return Ok(WebhookKept::TooMany);
        }
        let Webhook { webhook_id, url, events, created_at, .. } = webhook;
        let id = || Cell::from(&**webhook_id);
        let cells = vec![
            of(tenant),
            id(),
            (**url).into(),
            secret.expose().into(),
            created_at.as_unix_micros().into(),
        ];
        let added = DB::execute(&mut tx, ADD_WEBHOOK, cells).await;
        added.map_err(|error| taken(error, StoreErrorKind::AlreadyExists, "the webhook exists already"))?;
        for (place, event) in (0_i64..).zip(events) {
            run::<DB>(&mut tx, ADD_WANTED, vec![of(tenant), (**event).into(), id(), place.into()]).await?;
        }
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(WebhookKept::Kept)
    }

    async fn try_delete(&self, tenant: &TenantContext, webhook_id: &str) -> Result<bool, StoreError> {
        let (mut tx, _turn) = self.own.begin().await?;
        let which = || vec![of(tenant), webhook_id.into()];
        let removed = run::<DB>(&mut tx, REMOVE_WEBHOOK, which()).await?;
        run::<DB>(&mut tx, REMOVE_WANTED, which()).await?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(removed > 0)
    }

    async fn forget_some(&self, older_than: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let (mut tx, _turn) = self.own.begin().await?;
        let mut gone = 0;
        let old = vec![older_than.as_unix_micros().into(), i64::from(limit).into()];
        for which in fetch::<DB>(&mut tx, OLD, old).await? {
            run::<DB>(&mut tx, FORGET_DELIVERIES, which.clone()).await?;
            run::<DB>(&mut tx, FORGET_EVENT, which).await?;
            gone += 1;
        }
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(gone)
    }
}

/// The first of each statement's values, always.
fn of(tenant: &TenantContext) -> Cell {
    tenant.id().as_str().into()
}

fn check(webhook: &Webhook, secret: &WebhookSecret) -> Result<(), StoreError> {
    let Webhook { webhook_id, url, events, .. } = webhook;
    let is_plain = |text: &str, longest| {
        (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let is_unique = |(at, event): (usize, &str)| events.iter().skip(at + 1).all(|other| **other != *event);
    let is_kept = is_plain(webhook_id, OutboxEvent::MAX_NAME)
        && is_plain(url, LONGEST_URL)
        && is_plain(secret.expose(), LONGEST_SECRET)
        && (1..=MOST_EVENTS).contains(&events.len())
        && events.iter().all(|event| is_plain(event, OutboxEvent::MAX_NAME))
        && events.iter().map(|event| &**event).enumerate().all(is_unique);
    match is_kept {
        true => Ok(()),
        false => Err(StoreError::new(StoreErrorKind::Invalid, "a part of the webhook can't be kept")),
    }
}

/// Webhooks, from rows of one event each.
fn read(rows: Vec<Vec<Cell>>) -> Result<Vec<Webhook>, StoreError> {
    let mut webhooks = Vec::<Webhook>::new();
    for cells in rows {
        let mut row = Row::new(cells);
        let (id, url, created_at, event) = (row.text()?, row.text()?, row.moment()?, row.text()?.into());
        match webhooks.last_mut() {
            Some(last) if *last.webhook_id == *id => last.events.push(event),
            Some(_) | None => webhooks.push(Webhook::new(id, url, vec![event], created_at)),
        }
    }
    Ok(webhooks)
}

#[async_trait]
impl<DB: TenantDatabase> WebhookStore for DbWebhooks<DB> {
    async fn create(
        &self,
        tenant: &TenantContext,
        webhook: &Webhook,
        secret: &WebhookSecret,
        most: u32,
    ) -> Result<WebhookKept, StoreError> {
        check(webhook, secret)?;
        again::<DB, _, _, _>(|| self.try_create(tenant, webhook, secret, most)).await
    }

    async fn list(&self, tenant: &TenantContext) -> Result<Vec<Webhook>, StoreError> {
        read(self.own.read(LIST, vec![of(tenant)]).await?)
    }

    async fn delete(&self, tenant: &TenantContext, webhook_id: &str) -> Result<bool, StoreError> {
        if !is_exact(webhook_id) {
            return Ok(false);
        }
        let was_there = again::<DB, _, _, _>(|| self.try_delete(tenant, webhook_id)).await?;
        // Also of one that is gone already: whoever deleted it may have been killed here.
        self.own.remove((DELIVERIES_TO, &[of(tenant), webhook_id.into()]), DELIVERED, u32::MAX).await?;
        Ok(was_there)
    }
}

#[async_trait]
impl<DB: TenantDatabase> OutboxStore for DbWebhooks<DB> {
    async fn put(&self, tenant: &TenantContext, events: &[OutboxEvent]) -> Result<Told, StoreError> {
        put::put(&self.own, tenant, events, self.most_waiting).await
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Claimed, StoreError> {
        claims::claim(&self.own, claim).await
    }

    async fn settle(&self, delivery: &DueDelivery, settled: Settled) -> Result<bool, StoreError> {
        let DueDelivery { event, webhook_id, url: _, secret: _, tries } = delivery;
        let mut cells: Vec<Cell> =
            vec![event.tenant.as_str().into(), (*event.id).into(), (**webhook_id).into()];
        let sql = match settled {
            Settled::Delivered => DELIVERED,
            Settled::GivenUp => GIVE_UP,
            Settled::Again(at) => {
                cells.insert(0, at.as_unix_micros().into());
                AGAIN
            }
        };
        if settled != Settled::Delivered {
            cells.push(i64::from(*tries).into());
        }
        Ok(self.own.write(sql, cells).await? > 0)
    }

    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let (mut left, mut all) = (limit, 0);
        while left > 0 {
            let some = left.min(AT_ONCE);
            let gone = again::<DB, _, _, _>(|| self.forget_some(older_than, some)).await?;
            all += u64::from(gone);
            left -= some;
            if gone < some {
                break;
            }
        }
        Ok(all)
    }

    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError> {
        let own: [Cell; 1] = [tenant.as_str().into()];
        // Webhooks first: nothing is told from then on, nor kept to be told.
        self.own.remove((WEBHOOKS_OF, &own), REMOVE_WEBHOOK, u32::MAX).await?;
        self.own.remove((WANTED_OF, &own), REMOVE_WANTED, u32::MAX).await?;
        self.own.remove((DELIVERIES_OF, &own), DELIVERED, u32::MAX).await?;
        self.own.remove((EVENTS_OF, &own), FORGET_EVENT, u32::MAX).await?;
        Ok(())
    }
}
