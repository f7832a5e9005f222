//! Records of usage, and what they come to: what the meter's store would have written, had it been told of them.

use std::collections::BTreeMap;

use sqlx::Pool;

use super::{
    bulk::{Bulk, Cell, Table},
    chance::{Chance, Purpose},
    members,
    plan::{DAY, Plan, Share},
    progress::Progress,
    writer::Writer,
};
use crate::BoxError;

static RECORDS: Table = Table {
    name: "tenant_usage",
    columns: &[
        "tenant_id",
        "time",
        "record_id",
        "record_key",
        "project",
        "kind",
        "measure",
        "quantity",
        "metadata",
    ],
};
static DAYS: Table = Table {
    name: "tenant_usage_days",
    columns: &[
        "tenant_id",
        "measure",
        "project",
        "kind",
        "day",
        "records",
        "amount_high",
        "amount_low",
        "first_at",
        "last_at",
        "last_level",
        "peak",
    ],
};
static LEVELS: Table = Table {
    name: "tenant_usage_levels",
    columns: &["tenant_id", "project", "kind", "time", "place", "quantity"],
};

/// What a low part of an amount is below.
const HIGH: u128 = 1_000_000_000_000_000_000;
const LEVEL: &str = "level";

/// What a record says.
struct Record<'a> {
    time: i64,
    project: &'a str,
    kind: &'static str,
    measure: &'static str,
    quantity: u64,
}

/// A day of a series.
#[derive(Default)]
struct Day {
    records: u64,
    amount: u128,
    level: Option<Level>,
}

struct Level {
    first_at: i64,
    last_at: i64,
    last: u64,
    peak: u64,
}

/// Measure, project, kind and day: the order of the table's key.
type Series<'a> = (&'static str, &'a str, &'static str, i64);

pub(super) async fn fill<DB: Bulk>(pool: &Pool<DB>, plan: &Plan, shares: &[Share]) -> Result<(), BoxError> {
    let mut writer = Writer::new(pool, &[&RECORDS, &DAYS, &LEVELS]);
    let mut progress = Progress::of("usage records", plan.size.records);
    for share in shares {
        add(&mut writer, plan, share, &mut progress).await?;
    }
    writer.end(None).await?;
    progress.end();
    Ok(())
}

async fn add<DB: Bulk>(
    writer: &mut Writer<DB>,
    plan: &Plan,
    share: &Share,
    progress: &mut Progress,
) -> Result<(), BoxError> {
    let (tenant, projects) = (share.tenant.as_str(), members::projects(plan, share));
    let mut chance = plan.chance(Purpose::Usage, share.number);
    let mut days = BTreeMap::<Series<'_>, Day>::new();
    for number in 0..share.records {
        let record = record(plan.moment(number, share.records, &mut chance), &projects, &mut chance);
        let series = (record.measure, record.project, record.kind, record.time.div_euclid(DAY));
        let day = days.entry(series).or_default();
        if record.measure == LEVEL {
            writer.add(&LEVELS, change(tenant, &record, day.records)).await?;
        }
        day.count(&record);
        writer.add(&RECORDS, row(tenant, &record, &mut chance)).await?;
        progress.done(1);
    }
    for (series, day) in days {
        writer.add(&DAYS, day.row(tenant, series)).await?;
    }
    Ok(())
}

/// Of twenty records ten are calls, and one tells a level.
fn record<'a>(time: i64, projects: &'a [String], chance: &mut Chance) -> Record<'a> {
    let (kind, measure, most) = match chance.below(20) {
        0..10 => ("api_call", "sum", 20),
        10..13 => ("compute", "sum", 30),
        13..16 => ("bandwidth", "sum", 50_000_000),
        16..19 => ("tokens", "sum", 4_000),
        _ => ("storage", LEVEL, 400_000_000_000),
    };
    // One in twenty is of no project.
    let place = chance.early(projects.len() as u64);
    let project = usize::try_from(place).ok().and_then(|place| projects.get(place));
    let project = project.filter(|_| !chance.percent(5)).map_or("", String::as_str);
    Record { time, project, kind, measure, quantity: 1 + chance.below(most) }
}

fn row(tenant: &str, record: &Record<'_>, chance: &mut Chance) -> [Cell; 9] {
    let id = chance.id();
    // One in three was said with a key.
    let key = if chance.percent(33) { format!("k:{}", chance.id()) } else { format!("r:{id}") };
    let metadata = if chance.percent(20) { r#"{"region":"eu-1"}"# } else { "{}" };
    [
        tenant.into(),
        record.time.into(),
        id.into(),
        key.into(),
        record.project.into(),
        record.kind.into(),
        record.measure.into(),
        record.quantity.into(),
        metadata.into(),
    ]
}

fn change(tenant: &str, record: &Record<'_>, place: u64) -> [Cell; 6] {
    [
        tenant.into(),
        record.project.into(),
        record.kind.into(),
        record.time.into(),
        place.into(),
        record.quantity.into(),
    ]
}

impl Day {
    /// Counts a record that is not older than those before it.
    fn count(&mut self, record: &Record<'_>) {
        self.records += 1;
        match record.measure == LEVEL {
            true => self.set(record),
            false => self.amount += u128::from(record.quantity),
        }
    }

    /// A level holds until the next, and the last until the day's end.
    fn set(&mut self, record: &Record<'_>) {
        let end = (record.time.div_euclid(DAY) + 1) * DAY;
        let lasts = u128::from(end.abs_diff(record.time));
        let before = self.level.as_ref().map_or(0, |level| level.last);
        self.amount += u128::from(record.quantity) * lasts;
        self.amount -= u128::from(before) * lasts;
        let former = self.level.take();
        self.level = Some(Level {
            first_at: former.as_ref().map_or(record.time, |level| level.first_at),
            last_at: record.time,
            last: record.quantity,
            peak: former.map_or(0, |level| level.peak).max(record.quantity),
        });
    }

    fn row(&self, tenant: &str, (measure, project, kind, day): Series<'_>) -> [Cell; 12] {
        let part = |part: u128| Cell::from(i64::try_from(part).unwrap_or(i64::MAX));
        let level = self.level.as_ref();
        [
            tenant.into(),
            measure.into(),
            project.into(),
            kind.into(),
            day.into(),
            self.records.into(),
            part(self.amount / HIGH),
            part(self.amount % HIGH),
            level.map(|level| level.first_at).into(),
            level.map(|level| level.last_at).into(),
            level.map(|level| level.last).into(),
            level.map(|level| level.peak).into(),
        ]
    }
}
