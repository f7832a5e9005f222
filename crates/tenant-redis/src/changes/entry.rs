//! A change as an entry of the stream.

use redis::{Cmd, FromRedisValue, Value, streams::StreamReadReply};
use tenant_core::{ConfigChange, ConfigVersion, TenantId, Timestamp};

use super::KEPT;
use crate::RedisError;

/// An entry of the stream: its id, and what it tells. `None` is a marker that tells nothing.
pub(super) type Entry = (String, Option<ConfigChange>);

/// Adds a change.
pub(super) fn add(stream: &str, change: Option<&ConfigChange>) -> Cmd {
    let mut command = Cmd::new();
    command.arg("XADD").arg(stream).arg("MAXLEN").arg("~").arg(KEPT).arg("*");
    match change {
        Some(ConfigChange::Tenant { id, version }) => {
            command.arg("tenant").arg(id.as_str());
            if let Some(version) = version {
                command.arg("revision").arg(version.revision);
                command.arg("created_at").arg(version.created_at.as_unix_micros());
            }
        }
        // A kind of change that this version does not know how to tell: anything may have changed.
        Some(_) => {
            command.arg("anything").arg("");
        }
        None => {
            command.arg("marker").arg("");
        }
    }
    command
}

/// Looks whether an entry is there still.
pub(super) fn find(stream: &str, entry: &str) -> Cmd {
    let mut command = Cmd::new();
    command.arg("XRANGE").arg(stream).arg(entry).arg(entry);
    command
}

/// Waits for what comes after an entry.
pub(super) fn read(stream: &str, after: &str, wait_millis: u64, count: usize) -> Cmd {
    let mut command = Cmd::new();
    command.arg("XREAD").arg("COUNT").arg(count).arg("BLOCK").arg(wait_millis);
    command.arg("STREAMS").arg(stream).arg(after);
    command
}

pub(super) fn entries(answer: Value) -> Result<Vec<Entry>, RedisError> {
    if answer == Value::Nil {
        return Ok(Vec::new());
    }
    let reply = StreamReadReply::from_redis_value(answer).map_err(|_| RedisError::unexpected())?;
    let ids = reply.keys.into_iter().flat_map(|key| key.ids);
    Ok(ids
        .map(|entry| {
            let field = |name: &str| entry.map.get(name).and_then(text);
            let change = change(&field);
            (entry.id, change)
        })
        .collect())
}

fn change(field: &dyn Fn(&str) -> Option<String>) -> Option<ConfigChange> {
    if field("marker").is_some() {
        return None;
    }
    // Whoever writes what can't be read may have meant anything.
    let Some(id) = field("tenant").and_then(|id| TenantId::parse(&id).ok()) else {
        return Some(ConfigChange::Anything);
    };
    let revision = field("revision").and_then(|number| number.parse().ok());
    let created_at = field("created_at").and_then(|number| number.parse().ok());
    let version = revision.zip(created_at).map(|(revision, created_at)| ConfigVersion {
        revision,
        created_at: Timestamp::from_unix_micros(created_at),
    });
    Some(ConfigChange::Tenant { id, version })
}

fn text(value: &Value) -> Option<String> {
    String::from_redis_value_ref(value).ok()
}
