use std::{collections::BTreeMap, fmt, io, sync::Arc};

use serde_json::{Map, Value};

use super::{InvalidSetting, Setting, is_known};
use crate::{InvalidConfig, config::is_limit_name};

type Check = Arc<dyn Fn(&Map<String, Value>) -> Result<(), InvalidSetting> + Send + Sync>;

/// The application's own settings: a config store that has it refuses to write a wrong one, and names the field.
///
/// The framework's own are checked in any case, and always known. Other names that are not in it pass unless it is
/// [closed](Self::closed). Settings are checked when they are written: a change of a tenant that leaves its settings as they
/// are, such as a suspension, is not held up by a schema that came later.
///
/// # Example
/// ```
/// use serde_json::json;
/// use tenant_core::{
///     InMemoryConfigManager, TenantConfig, TenantId,
///     settings::{InvalidSetting, Setting, SettingsSchema},
/// };
///
/// const THEME: Setting<String> = Setting::new("theme", || "light".into(), |value| match value.as_str() {
///     Some(theme @ ("light" | "dark")) => Ok(theme.to_owned()),
///     _ => Err(InvalidSetting::new("must be light or dark")),
/// });
///
/// let schema = SettingsSchema::new().with(THEME).closed();
/// let acme = TenantConfig::builder(TenantId::parse("acme")?).setting("theme", json!("loud")).build()?;
/// let error = schema.check(&acme.settings).unwrap_err();
/// assert_eq!(error.to_string(), "settings.theme must be light or dark");
///
/// let configs = InMemoryConfigManager::new().with_settings(schema);
/// # let _ = configs;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct SettingsSchema {
    own: BTreeMap<&'static str, Check>,
    is_closed: bool,
}

impl SettingsSchema {
    /// Knows the framework's settings alone, and lets others pass.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows this one, too. One of a name that is known already is held to both.
    #[must_use]
    pub fn with<T: 'static>(mut self, setting: Setting<T>) -> Self {
        let former = self.own.remove(setting.name());
        let check: Check = Arc::new(move |settings| {
            former.as_ref().map_or(Ok(()), |former| former(settings))?;
            setting.check(settings)
        });
        self.own.insert(setting.name(), check);
        self
    }

    /// Refuses names that nobody knows: one that is misspelt is then no setting that silently does nothing.
    #[must_use]
    pub const fn closed(mut self) -> Self {
        self.is_closed = true;
        self
    }

    /// Checks a tenant's settings: the framework's own, and those that it knows.
    ///
    /// # Errors
    /// [`InvalidConfig`] names the setting that is wrong, or unknown, and what it must be.
    pub fn check(&self, settings: &Map<String, Value>) -> Result<(), InvalidConfig> {
        super::check(settings)?;
        for check in self.own.values() {
            check(settings)?;
        }
        let stray = settings.keys().find(|name| !is_known(name) && !self.own.contains_key(name.as_str()));
        match stray.filter(|_| self.is_closed) {
            Some(name) => Err(InvalidSetting::new("is no setting that is known").in_member(name).into()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for SettingsSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsSchema")
            .field("own", &self.own.keys())
            .field("is_closed", &self.is_closed)
            .finish()
    }
}

const MAX_SETTINGS: usize = 100;
const MAX_BYTES: usize = 64 * 1024;

/// Configs are kept in memory by the thousands.
pub(super) fn check_bounds(settings: &Map<String, Value>) -> Result<(), InvalidSetting> {
    if settings.len() > MAX_SETTINGS {
        return Err(InvalidSetting::new("must have at most 100 entries"));
    }
    if !settings.keys().all(|name| is_limit_name(name)) {
        return Err(InvalidSetting::new("must be named by 1 to 64 of [A-Za-z0-9_.-]"));
    }
    let mut room = Room(MAX_BYTES);
    serde_json::to_writer(&mut room, settings)
        .map_err(|_| InvalidSetting::new("must take at most 65536 bytes as JSON"))
}

/// Takes so many bytes, and keeps none.
struct Room(usize);

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
