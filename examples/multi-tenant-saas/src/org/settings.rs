//! What an organisation sets for itself.

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tenant::{ApiError, ConfigStore, ConfigStoreExt, Rejection, TenantConfig};

use super::caller::{Acting, Manager};
use crate::{
    admin::invalid,
    http::StrictJson,
    state::{AppState, settings_schema},
};

/// What holds where nothing is set.
type Unset = fn() -> Value;

/// All that it may set.
const NAMES: [(&str, Unset); 3] = [
    ("require_mfa", || json!(false)),
    ("allowed_domains", || json!([])),
    ("session_timeout", || Value::Null),
];

#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct SettingsView(Map<String, Value>);

impl SettingsView {
    pub(super) fn of(config: &TenantConfig) -> Self {
        let set = |name: &str, unset: Unset| config.settings.get(name).cloned().unwrap_or_else(unset);
        Self(NAMES.into_iter().map(|(name, unset)| (name.to_owned(), set(name, unset))).collect())
    }
}

/// What is given is set, null unsets, and all else stays.
pub(super) async fn change(
    Manager(acting): Manager,
    State(app): State<AppState>,
    StrictJson(given): StrictJson<Map<String, Value>>,
) -> Result<Json<SettingsView>, ApiError> {
    let Acting { tenant, .. } = acting;
    let is_known = |name: &str| NAMES.iter().any(|(known, _)| *known == name);
    if let Some(unknown) = given.keys().find(|name| !is_known(name)) {
        let names = NAMES.map(|(name, _)| name).join(", ");
        let rejection = Rejection::invalid_request(format!("an organisation sets {names}"));
        return Err(rejection.with_field(unknown.clone()).into());
    }
    let merge = |config: &mut TenantConfig| {
        for (name, value) in &given {
            match value {
                Value::Null => drop(config.settings.remove(name)),
                value => drop(config.settings.insert(name.clone(), value.clone())),
            }
        }
    };
    // Held against the rules first, so that the answer names the field.
    let mut trial = app.configs.fetch(tenant.id()).await?.ok_or_else(Rejection::tenant_not_found)?;
    merge(&mut trial);
    settings_schema().check(&trial.settings).map_err(|error| invalid(&error))?;
    let record = app.configs.modify(tenant.id(), merge).await?;
    Ok(Json(SettingsView::of(record.config())))
}
