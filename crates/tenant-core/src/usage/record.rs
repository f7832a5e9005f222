use serde_json::{Map, Value};

use super::{InvalidUsage, Measure, UsageDate, UsageKind, UsageSeries};
use crate::{TenantId, Timestamp};

/// What is told of a record beyond its quantity; no secrets.
pub type Metadata = Map<String, Value>;

/// Something that a tenant used. All of it is kept: another field breaks stores that would not.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageRecord {
    /// Unique, and tells nothing of how many there are.
    pub record_id: Box<str>,
    /// Who used it.
    pub tenant: TenantId,
    /// For which of its projects; `None` for none.
    pub project: Option<Box<str>>,
    /// What was used.
    pub kind: UsageKind,
    /// How it comes together with others.
    pub measure: Measure,
    /// How much of it: calls, minutes, bytes; of a level, how much there is now.
    pub quantity: u64,
    /// When.
    pub time: Timestamp,
    /// What else is told of it.
    pub metadata: Metadata,
    /// It counts once for each of its tenant's keys; without one it counts.
    pub idempotency_key: Option<Box<str>>,
}

/// The longest metadata, as JSON in bytes.
const LONGEST_METADATA: usize = 4_096;
/// The most that one record says. A database's integer has a sign.
const MOST: u64 = i64::MAX as u64;

impl UsageRecord {
    /// A record without project, metadata and key, of the kind's own measure.
    #[must_use]
    pub fn new(
        record_id: impl Into<Box<str>>,
        tenant: TenantId,
        kind: UsageKind,
        quantity: u64,
        time: Timestamp,
    ) -> Self {
        let measure = kind.measure();
        let record_id = record_id.into();
        let (project, metadata, idempotency_key) = (None, Metadata::new(), None);
        Self { record_id, tenant, project, kind, measure, quantity, time, metadata, idempotency_key }
    }

    /// Whether it can be kept.
    ///
    /// # Errors
    /// The id or the project is not 1 to 64, or the key not 1 to 255, of visible ASCII; the quantity is more than 2^63 - 1; the time has no billing cycle; the metadata
    /// are more than 4096 bytes of JSON.
    pub fn check(&self) -> Result<(), InvalidUsage> {
        let problem = if !is_name(&self.record_id, 64) {
            "the record's id must be 1 to 64 visible characters of ASCII"
        } else if !self.project.as_deref().is_none_or(|project| is_name(project, 64)) {
            "the project must be 1 to 64 visible characters of ASCII"
        } else if !self.idempotency_key.as_deref().is_none_or(|key| is_name(key, 255)) {
            "the idempotency key must be 1 to 255 visible characters of ASCII"
        } else if self.quantity > MOST {
            "the quantity must be less than 2^63"
        } else if !UsageDate::of(self.time).is_written() {
            "the time must be from 1970 to 9999"
        } else if self.metadata_text().len() > LONGEST_METADATA {
            "the metadata must be at most 4096 bytes of JSON"
        } else {
            return Ok(());
        };
        Err(InvalidUsage::new(problem))
    }

    /// The metadata as JSON.
    #[must_use]
    pub fn metadata_text(&self) -> String {
        serde_json::to_string(&self.metadata).unwrap_or_default()
    }

    /// Whether this says the same as another, whenever it was said.
    #[must_use]
    pub fn says_as(&self, other: &Self) -> bool {
        self.project == other.project
            && self.kind == other.kind
            && self.measure == other.measure
            && self.quantity == other.quantity
            && same_metadata(self, other)
    }

    /// What it is counted in.
    #[must_use]
    pub fn series(&self) -> UsageSeries {
        UsageSeries { measure: self.measure, project: self.project.clone(), kind: self.kind.clone() }
    }

    /// The day that it counts on.
    #[must_use]
    pub const fn date(&self) -> UsageDate {
        UsageDate::of(self.time)
    }
}

/// Blanks at an end are lost by some databases, NUL is refused by others, and what looks the same is not always.
fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What was read back is compared with what would be read back: a fraction may lose its last digit on the way.
fn same_metadata(one: &UsageRecord, other: &UsageRecord) -> bool {
    let read = |text: String| serde_json::from_str::<Metadata>(&text).ok();
    one.metadata == other.metadata || read(one.metadata_text()) == read(other.metadata_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> UsageRecord {
        let tenant = TenantId::parse("acme").unwrap();
        UsageRecord::new("r-1", tenant, UsageKind::API_CALL, 1, Timestamp::default())
    }

    #[test]
    fn a_record_that_no_database_keeps_as_it_is_can_not_be_kept() {
        assert_eq!(record().check(), Ok(()));
        let with = |change: fn(&mut UsageRecord)| {
            let mut record = record();
            change(&mut record);
            record.check().is_err()
        };
        assert!(with(|record| record.record_id = "".into()));
        assert!(with(|record| record.project = Some("p ".into())));
        assert!(with(|record| record.project = Some("p".repeat(65).into())));
        assert!(with(|record| record.idempotency_key = Some("".into())));
        assert!(with(|record| record.idempotency_key = Some("k\0".into())));
        assert!(with(|record| record.idempotency_key = Some("k".repeat(256).into())));
        assert!(with(|record| record.quantity = 1 << 63));
        assert!(with(|record| record.time = Timestamp::from_unix_micros(-1)));
        assert!(with(|record| record.time = Timestamp::from_unix_micros(i64::MAX)));
        assert!(with(|record| drop(record.metadata.insert("m".into(), "x".repeat(4_096).into()))));
        for name in ["", "a b", "\u{e4}", &"k".repeat(65)] {
            assert!(UsageKind::parse(name).is_err());
        }
    }

    #[test]
    fn the_same_is_the_same_whenever_and_in_whatever_order_it_is_said() {
        let read = |text: &str| {
            let metadata = serde_json::from_str(text).unwrap();
            UsageRecord { metadata, ..record() }
        };
        let first = read(r#"{"a": 1.1e-7, "b": [1, {"c": null}]}"#);
        let mut later = read(r#"{"b":[1,{"c":null}],"a":0.00000011}"#);
        (later.time, later.record_id) = (Timestamp::from_unix_micros(9), "r-2".into());
        assert!(first.says_as(&later));
        later.quantity = 2;
        assert!(!first.says_as(&later));
        assert!(!first.says_as(&record()));
    }
}
