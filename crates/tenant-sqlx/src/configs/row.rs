//! A config as a row of `tenants`, and back.

use serde::{Serialize, de::DeserializeOwned};
use tenant_core::{Due, StoreError, StoreErrorKind, TenantConfig, TenantId, TenantStatus, Timestamp};

use crate::driver::Cell;

/// The cells of a config, in the order of the columns.
pub(super) fn write(config: &TenantConfig) -> Result<Vec<Cell>, StoreError> {
    let mut cells = vec![Cell::from(config.tenant_id.as_str())];
    cells.extend(settings(config)?);
    cells.push(number(config.revision)?.into());
    cells.push(config.created_at.to_string().into());
    cells.push(config.updated_at.to_string().into());
    Ok(cells)
}

/// The cells that a change may change, in the order of the columns.
pub(super) fn settings(config: &TenantConfig) -> Result<Vec<Cell>, StoreError> {
    let (quota, policy) = (&config.quota, &config.policy);
    Ok(vec![
        config.name.as_str().into(),
        config.status.as_str().into(),
        config.plan.clone().into(),
        quota.requests_per_minute.map(number).transpose()?.into(),
        quota.tokens_per_minute.map(number).transpose()?.into(),
        json(&policy.allowed_models)?,
        json(&policy.allowed_tools)?,
        json(&policy.allowed_methods)?,
        json(&policy.allowed_paths)?,
        json(&config.hosts)?,
        json(&config.features)?,
        json(&config.branding)?,
        json(&config.limits)?,
        json(&config.metadata)?,
        key(config)?.unwrap_or(Cell::Null),
        match config.placement.is_shared() {
            true => Cell::Null,
            false => json(&config.placement)?,
        },
        json(&config.settings)?,
        config.trial_ends_at.map(|end| end.to_string()).into(),
        config.next_plan.as_ref().map(json).transpose()?.unwrap_or(Cell::Null),
        match config.boosts.is_empty() {
            true => Cell::Null,
            false => json(&config.boosts)?,
        },
        config.due_at().map(Timestamp::as_unix_micros).into(),
    ])
}

/// The key of a config as it is written.
pub(super) fn key(config: &TenantConfig) -> Result<Option<Cell>, StoreError> {
    config.database_key.as_ref().map(json).transpose()
}

fn json<T: Serialize>(value: &T) -> Result<Cell, StoreError> {
    serde_json::to_string(value)
        .map(Cell::Text)
        .map_err(|_| StoreError::new(StoreErrorKind::Invalid, "a setting can't be written as JSON"))
}

pub(super) fn number(count: u64) -> Result<i64, StoreError> {
    i64::try_from(count)
        .map_err(|_| StoreError::new(StoreErrorKind::Invalid, "a number is too large to be stored"))
}

/// Reads the cells of a row. Others may write the table too: whatever they left there is an error, never a panic.
pub(super) fn read(cells: Vec<Cell>) -> Result<TenantConfig, StoreError> {
    let mut row = Row(cells.into_iter());
    let tenant_id = row.parsed("id", |text| TenantId::parse(text).ok())?;
    let mut config = TenantConfig::builder(tenant_id).build().map_err(|_| corrupt("id"))?;
    if let Some(name) = row.text("name")? {
        config.name = name;
    }
    config.status = row.parsed("status", TenantStatus::parse)?;
    config.plan = row.text("plan")?;
    config.quota.requests_per_minute = row.count("quota_requests_per_minute")?;
    config.quota.tokens_per_minute = row.count("quota_tokens_per_minute")?;
    config.policy.allowed_models = row.json("allowed_models")?;
    config.policy.allowed_tools = row.json("allowed_tools")?;
    config.policy.allowed_methods = row.json("allowed_methods")?;
    config.policy.allowed_paths = row.json("allowed_paths")?;
    config.hosts = row.json("hosts")?;
    config.features = row.json("features")?;
    config.branding = row.json("branding")?;
    config.limits = row.json("limits")?;
    config.metadata = row.json("metadata")?;
    config.database_key = row.json("database_key")?;
    config.placement = row.json("placement")?;
    config.settings = row.json("settings")?;
    config.trial_ends_at = row.moment("trial_ends_at")?;
    config.next_plan = row.json("next_plan")?;
    config.boosts = row.json("boosts")?;
    // It follows from what was read: it is kept to be found by.
    row.passed();
    config.revision = row.count("revision")?.ok_or_else(|| corrupt("revision"))?;
    config.created_at = row.moment("created_at")?.ok_or_else(|| corrupt("created_at"))?;
    config.updated_at = row.moment("updated_at")?.ok_or_else(|| corrupt("updated_at"))?;
    config.is_moving = row.count("is_moving")?.is_some_and(|flag| flag != 0);
    Ok(config)
}

/// Reads when a tenant is due, and which.
pub(super) fn due(cells: &[Cell]) -> Result<Due, StoreError> {
    let [Cell::Integer(at), Cell::Text(id)] = cells else { return Err(corrupt("due_at")) };
    let tenant = TenantId::parse(id).map_err(|_| corrupt("id"))?;
    Ok(Due { at: Timestamp::from_unix_micros(*at), tenant })
}

struct Row(std::vec::IntoIter<Cell>);

impl Row {
    fn text(&mut self, column: &'static str) -> Result<Option<String>, StoreError> {
        match self.0.next() {
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Null) => Ok(None),
            Some(Cell::Integer(_) | Cell::Other) | None => Err(corrupt(column)),
        }
    }

    fn passed(&mut self) {
        drop(self.0.next());
    }

    fn parsed<T>(
        &mut self,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let text = self.text(column)?;
        text.and_then(|text| parse(&text)).ok_or_else(|| corrupt(column))
    }

    fn moment(&mut self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let text = self.text(column)?;
        text.map(|text| Timestamp::parse(&text).map_err(|_| corrupt(column))).transpose()
    }

    fn count(&mut self, column: &'static str) -> Result<Option<u64>, StoreError> {
        match self.0.next() {
            Some(Cell::Integer(number)) => u64::try_from(number).map(Some).map_err(|_| corrupt(column)),
            Some(Cell::Null) => Ok(None),
            Some(Cell::Text(_) | Cell::Other) | None => Err(corrupt(column)),
        }
    }

    fn json<T: DeserializeOwned + Default>(&mut self, column: &'static str) -> Result<T, StoreError> {
        match self.text(column)? {
            Some(text) => serde_json::from_str(&text).map_err(|_| corrupt(column)),
            None => Ok(T::default()),
        }
    }
}

/// The column, never its value.
fn corrupt(column: &'static str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        format!("the stored config of a tenant has an unreadable {column}"),
    )
}
