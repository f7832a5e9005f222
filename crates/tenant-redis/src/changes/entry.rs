//! A change as an entry of the stream.

use redis::Cmd;
use tenant_core::{ConfigChange, ConfigVersion, TenantId, Timestamp};

use super::KEPT;
use crate::follower::Entry;

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

/// What an entry tells; `None` for a marker, which tells nothing.
pub(super) fn change(entry: &Entry) -> Option<ConfigChange> {
    let field = |name: &str| entry.field(name);
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
