//! Giving deliveries to who tells them.
//!
//! Tenants are found one after the other by a look into an index, and of each only as many deliveries are read as may be given: what
//! one tenant has waiting costs no other one anything.

use tenant_core::{
    StoreError, TenantId, Timestamp,
    webhooks::{Claim, Claimed, DueDelivery, OutboxEvent, WebhookSecret},
};

use super::statements::{DUE, EVENT, LEASE, NEXT_TENANT, WEBHOOKS};
use crate::{
    driver::{Cell, TenantDatabase},
    own::{
        Own, again, fetch,
        row::{Row, corrupt},
        run,
    },
};

/// So many tenants are looked at in one claim.
const TENANTS: usize = 200;

/// A delivery that is due.
struct Due {
    webhook_id: String,
    url: String,
    secret: String,
    event_id: String,
    tries: u32,
    next_try_at: Timestamp,
    /// How many are under way to this webhook, with those before it.
    load: u64,
}

pub(super) async fn claim<DB: TenantDatabase>(
    own: &Own<DB>,
    claim: &Claim<'_>,
) -> Result<Claimed, StoreError> {
    let (mut claimed, mut last) = (Claimed::default(), claim.after);
    let mut place = last.map_or(String::new(), |tenant| tenant.to_string());
    for _ in 0..TENANTS {
        let left = claim.most.saturating_sub(count(&claimed.deliveries));
        if left == 0 {
            break;
        }
        let row = own.read(NEXT_TENANT, vec![place.into()]).await?.into_iter().next();
        let Some(mut row) = row.map(Row::new) else { return Ok(claimed) };
        place = row.text()?;
        // What somebody left there that is no tenant's keeps nobody from what comes behind.
        let Ok(tenant) = TenantId::parse(&place) else { continue };
        last = Some(tenant);
        if row.moment()? <= claim.now {
            claimed.deliveries.extend(of_tenant(own, claim, tenant, left).await?);
        }
    }
    claimed.next = last;
    Ok(claimed)
}

fn count<T>(deliveries: &[T]) -> u32 {
    u32::try_from(deliveries.len()).unwrap_or(u32::MAX)
}

async fn of_tenant<DB: TenantDatabase>(
    own: &Own<DB>,
    claim: &Claim<'_>,
    tenant: TenantId,
    most: u32,
) -> Result<Vec<DueDelivery>, StoreError> {
    let room = claim.most_of_tenant.saturating_sub(claim.underway.of_tenant(&tenant)).min(most);
    if room == 0 {
        return Ok(Vec::new());
    }
    let mut due = due(own, claim, tenant, room).await?;
    due.sort_by_key(|due| (due.load, due.next_try_at));
    due.truncate(usize::try_from(room).unwrap_or(usize::MAX));
    if due.is_empty() {
        return Ok(Vec::new());
    }
    // In one order, whoever claims: two that claim at once don't wait for each other.
    due.sort_by(|one, other| (&one.event_id, &one.webhook_id).cmp(&(&other.event_id, &other.webhook_id)));
    again::<DB, _, _, _>(|| lease(own, claim, tenant, &due)).await
}

/// So many of each webhook's at most. A row that can't be read is passed over: it keeps nobody from what is theirs.
async fn due<DB: TenantDatabase>(
    own: &Own<DB>,
    claim: &Claim<'_>,
    tenant: TenantId,
    room: u32,
) -> Result<Vec<Due>, StoreError> {
    let mut all = Vec::new();
    for cells in own.read(WEBHOOKS, vec![tenant.as_str().into()]).await? {
        let Ok(webhook) = webhook(cells) else { continue };
        let [id, _, _] = &webhook;
        let underway = u64::from(claim.underway.of_webhook(&tenant, id));
        let cells = vec![
            tenant.as_str().into(),
            id.as_str().into(),
            claim.now.as_unix_micros().into(),
            i64::from(room).into(),
        ];
        let rows = own.read(DUE, cells).await?;
        let due = (underway..).zip(rows).filter_map(|(load, cells)| one(cells, &webhook, load).ok());
        all.extend(due);
    }
    Ok(all)
}

/// Its id, its URL and its secret.
fn webhook(cells: Vec<Cell>) -> Result<[String; 3], StoreError> {
    let mut row = Row::new(cells);
    Ok([row.text()?, row.text()?, row.text()?])
}

fn one(cells: Vec<Cell>, webhook: &[String; 3], load: u64) -> Result<Due, StoreError> {
    let [webhook_id, url, secret] = webhook.clone();
    let mut row = Row::new(cells);
    let event_id = row.text()?;
    let tries = u32::try_from(row.integer()?).map_err(|_| corrupt())?;
    Ok(Due { webhook_id, url, secret, event_id, tries, next_try_at: row.moment()?, load })
}

async fn lease<DB: TenantDatabase>(
    own: &Own<DB>,
    claim: &Claim<'_>,
    tenant: TenantId,
    due: &[Due],
) -> Result<Vec<DueDelivery>, StoreError> {
    let (mut tx, _turn) = own.begin().await?;
    let mut leased = Vec::with_capacity(due.len());
    for due in due {
        let tries = due.tries.saturating_add(1);
        let cells = vec![
            i64::from(tries).into(),
            claim.until.as_unix_micros().into(),
            tenant.as_str().into(),
            due.event_id.as_str().into(),
            due.webhook_id.as_str().into(),
            i64::from(due.tries).into(),
            due.next_try_at.as_unix_micros().into(),
        ];
        if run::<DB>(&mut tx, LEASE, cells).await? == 0 {
            continue;
        }
        let cells = vec![tenant.as_str().into(), due.event_id.as_str().into()];
        let event = fetch::<DB>(&mut tx, EVENT, cells).await?.into_iter().next();
        // One without its event is being forgotten, as is one that can't be read in the end.
        if let Some(event) = event.and_then(|cells| event_of(tenant, due, cells).ok()) {
            leased.push(DueDelivery {
                event,
                webhook_id: due.webhook_id.as_str().into(),
                url: due.url.as_str().into(),
                secret: WebhookSecret::new(due.secret.as_str()),
                tries,
            });
        }
    }
    tx.commit().await.map_err(StoreError::unavailable)?;
    Ok(leased)
}

fn event_of(tenant: TenantId, due: &Due, cells: Vec<Cell>) -> Result<OutboxEvent, StoreError> {
    let mut row = Row::new(cells);
    let (kind, created_at, data) = (row.text()?.into(), row.moment()?, row.text()?.into());
    Ok(OutboxEvent { id: due.event_id.as_str().into(), kind, tenant, created_at, data })
}
