//! What is said to the database about webhooks.

use crate::driver::{Sql, sql};

macro_rules! delivery {
    () => {
        "tenant_id = ? AND event_id = ? AND webhook_id = ?"
    };
}

/// One at a time of each tenant counts its webhooks, and none of a tenant that is not active.
pub(super) const TAKE_TURN: Sql = sql!("UPDATE tenants SET name = name WHERE id = ? AND status = 'active'");
pub(super) const COUNT: Sql = sql!("SELECT COUNT(*) FROM tenant_webhooks WHERE tenant_id = ?");
pub(super) const ADD_WEBHOOK: Sql = sql!(
    "INSERT INTO tenant_webhooks (tenant_id, webhook_id, url, secret, created_at) VALUES (?, ?, ?, ?, ?)"
);
pub(super) const ADD_WANTED: Sql =
    sql!("INSERT INTO tenant_webhook_events (tenant_id, event, webhook_id, place) VALUES (?, ?, ?, ?)");
pub(super) const LIST: Sql = sql!(
    "SELECT w.webhook_id, w.url, w.created_at, e.event FROM tenant_webhooks w \
     JOIN tenant_webhook_events e ON e.tenant_id = w.tenant_id AND e.webhook_id = w.webhook_id \
     WHERE w.tenant_id = ? ORDER BY w.created_at, w.webhook_id, e.place"
);
pub(super) const REMOVE_WEBHOOK: Sql =
    sql!("DELETE FROM tenant_webhooks WHERE tenant_id = ? AND webhook_id = ?");
pub(super) const REMOVE_WANTED: Sql =
    sql!("DELETE FROM tenant_webhook_events WHERE tenant_id = ? AND webhook_id = ?");

/// Which webhooks want to hear of an event.
pub(super) const HEARS: Sql = sql!(
    "SELECT DISTINCT webhook_id FROM tenant_webhook_events WHERE tenant_id = ? AND (event = ? OR event = '*')"
);
pub(super) const IS_THERE: Sql =
    sql!("SELECT event_id FROM tenant_outbox WHERE tenant_id = ? AND event_id = ?");
/// A row where there are more than so many.
pub(super) const IS_FULL: Sql = sql!(
    "SELECT next_try_at FROM tenant_deliveries WHERE tenant_id = ? ORDER BY next_try_at LIMIT 1 OFFSET ?"
);
pub(super) const ADD_EVENT: Sql =
    sql!("INSERT INTO tenant_outbox (tenant_id, event_id, kind, created_at, data) VALUES (?, ?, ?, ?, ?)");
pub(super) const ADD_DELIVERY: Sql = sql!(
    "INSERT INTO tenant_deliveries (tenant_id, event_id, webhook_id, tries, next_try_at) VALUES (?, ?, ?, 0, ?)"
);

/// The next tenant with deliveries, and when the first of them is due: one look into an index, however many there are.
pub(super) const NEXT_TENANT: Sql = sql!(
    "SELECT tenant_id, next_try_at FROM tenant_deliveries WHERE tenant_id > ? ORDER BY tenant_id, next_try_at LIMIT 1"
);
pub(super) const WEBHOOKS: Sql = sql!(
    "SELECT w.webhook_id, w.url, w.secret FROM tenant_webhooks w JOIN tenants t ON t.id = w.tenant_id \
     WHERE w.tenant_id = ? AND t.status = 'active'"
);
pub(super) const DUE: Sql = sql!(
    "SELECT event_id, tries, next_try_at FROM tenant_deliveries \
     WHERE tenant_id = ? AND webhook_id = ? AND next_try_at <= ? ORDER BY next_try_at LIMIT ?"
);
/// Of several that have seen the same delivery, one changes it.
pub(super) const LEASE: Sql = sql!(
    "UPDATE tenant_deliveries SET tries = ?, next_try_at = ? WHERE ",
    delivery!(),
    " AND tries = ? AND next_try_at = ?"
);
pub(super) const EVENT: Sql =
    sql!("SELECT kind, created_at, data FROM tenant_outbox WHERE tenant_id = ? AND event_id = ?");

pub(super) const DELIVERED: Sql = sql!("DELETE FROM tenant_deliveries WHERE ", delivery!());
/// Each claim counts one try more: who claimed it before changes nothing any more.
pub(super) const GIVE_UP: Sql = sql!("DELETE FROM tenant_deliveries WHERE ", delivery!(), " AND tries = ?");
pub(super) const AGAIN: Sql =
    sql!("UPDATE tenant_deliveries SET next_try_at = ? WHERE ", delivery!(), " AND tries = ?");

pub(super) const OLD: Sql =
    sql!("SELECT tenant_id, event_id FROM tenant_outbox WHERE created_at < ? ORDER BY created_at LIMIT ?");
pub(super) const FORGET_DELIVERIES: Sql =
    sql!("DELETE FROM tenant_deliveries WHERE tenant_id = ? AND event_id = ?");
pub(super) const FORGET_EVENT: Sql = sql!("DELETE FROM tenant_outbox WHERE tenant_id = ? AND event_id = ?");

pub(super) const DELIVERIES_TO: Sql = sql!(
    "SELECT tenant_id, event_id, webhook_id FROM tenant_deliveries WHERE tenant_id = ? AND webhook_id = ? LIMIT ?"
);
pub(super) const DELIVERIES_OF: Sql =
    sql!("SELECT tenant_id, event_id, webhook_id FROM tenant_deliveries WHERE tenant_id = ? LIMIT ?");
pub(super) const EVENTS_OF: Sql =
    sql!("SELECT tenant_id, event_id FROM tenant_outbox WHERE tenant_id = ? LIMIT ?");
pub(super) const WEBHOOKS_OF: Sql =
    sql!("SELECT tenant_id, webhook_id FROM tenant_webhooks WHERE tenant_id = ? LIMIT ?");
pub(super) const WANTED_OF: Sql =
    sql!("SELECT tenant_id, webhook_id FROM tenant_webhook_events WHERE tenant_id = ? LIMIT ?");
