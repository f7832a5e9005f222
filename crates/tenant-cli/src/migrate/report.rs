//! What became of each place.

use std::fmt::Write;

use tenant_sqlx::{FleetReport, PlaceState};

pub(super) fn text(report: &FleetReport) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    for place in report.places.iter().filter(|place| place.state != PlaceState::Current) {
        let _ = writeln!(text, "{} {}", place.placement, place.state);
    }
    let migrated = report.count(|state| matches!(state, PlaceState::Migrated { .. }));
    let pending = report.count(|state| matches!(state, PlaceState::Pending { .. } | PlaceState::Unreached));
    let current = report.count(PlaceState::is_current);
    let failed = report.places.len() - current - pending;
    let _ = writeln!(
        text,
        "{} places: {current} up to date, {migrated} of them migrated now, {pending} behind, {failed} failed",
        report.places.len(),
    );
    text
}

pub(super) fn json(report: &FleetReport) -> String {
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}
