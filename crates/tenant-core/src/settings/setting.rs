use std::{fmt, marker::PhantomData};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::TenantConfig;

/// A setting by its name: what it must be, and what holds where a tenant has none.
///
/// # Example
/// ```
/// use serde_json::json;
/// use tenant_core::{TenantConfig, TenantId, settings::{InvalidSetting, Setting}};
///
/// const SEATS: Setting<u64> = Setting::new("seats", || 5, |value| {
///     let seats = value.as_u64().filter(|seats| (1..=10_000).contains(seats));
///     seats.ok_or(InvalidSetting::new("must be a number from 1 to 10000"))
/// });
///
/// let acme = TenantConfig::builder(TenantId::parse("acme")?).setting("seats", json!(50)).build()?;
/// let globex = TenantConfig::builder(TenantId::parse("globex")?).build()?;
/// assert_eq!((SEATS.of(&acme)?, SEATS.of(&globex)?), (50, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Setting<T> {
    name: &'static str,
    default: fn() -> T,
    read: fn(&Value) -> Result<T, InvalidSetting>,
}

impl<T> Setting<T> {
    /// A setting of this name: what holds where it is missing, and how its value is read.
    #[must_use]
    pub const fn new(
        name: &'static str,
        default: fn() -> T,
        read: fn(&Value) -> Result<T, InvalidSetting>,
    ) -> Self {
        Self { name, default, read }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What a tenant has it set to. It is read anew each time.
    ///
    /// # Errors
    /// The value is not what it must be: it was written before that was checked.
    pub fn of(&self, config: &TenantConfig) -> Result<T, InvalidSetting> {
        self.read(&config.settings)
    }

    /// Checks the value, where there is one.
    pub(super) fn check(&self, settings: &Map<String, Value>) -> Result<(), InvalidSetting> {
        self.read(settings).map(drop)
    }

    fn read(&self, settings: &Map<String, Value>) -> Result<T, InvalidSetting> {
        match settings.get(self.name) {
            Some(value) => (self.read)(value).map_err(|error| error.of(self.name)),
            None => Ok((self.default)()),
        }
    }
}

impl<T> Clone for Setting<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Setting<T> {}

impl<T> fmt::Debug for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Setting").field(&self.name).field(&PhantomData::<T>).finish()
    }
}

/// The value of a name, as whatever the reader takes it for.
pub(crate) fn typed<T: DeserializeOwned>(
    settings: &Map<String, Value>,
    name: &str,
) -> Result<Option<T>, InvalidSetting> {
    let Some(value) = settings.get(name) else { return Ok(None) };
    // What serde says of it repeats the value.
    let wrong = |_| InvalidSetting::new("is not of the type that is asked for").of(name);
    T::deserialize(value).map(Some).map_err(wrong)
}

/// A setting that is not what it must be: where, and what it must be. It never repeats the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} {problem}", self.field())]
pub struct InvalidSetting {
    path: String,
    problem: &'static str,
}

impl InvalidSetting {
    /// A value that is wrong as a whole; `problem` goes on from its name, as in `must be a number`.
    #[must_use]
    pub const fn new(problem: &'static str) -> Self {
        Self { path: String::new(), problem }
    }

    /// A list whose entry at this place, counted from 0, is wrong.
    #[must_use]
    pub fn in_entry(self, place: usize) -> Self {
        Self { path: format!("[{place}]{}", self.path), ..self }
    }

    /// An object whose member of this name is wrong.
    #[must_use]
    pub fn in_member(self, name: &str) -> Self {
        Self { path: format!(".{name}{}", self.path), ..self }
    }

    fn of(self, name: &str) -> Self {
        self.in_member(name)
    }

    /// The field that is wrong, as it is named on the wire: `settings.allowed_networks[1]`.
    #[must_use]
    pub fn field(&self) -> String {
        format!("settings{}", self.path)
    }

    pub(crate) const fn problem(&self) -> &'static str {
        self.problem
    }
}
