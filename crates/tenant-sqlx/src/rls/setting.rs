//! The setting that policies read.

use std::{error::Error, fmt};

use sqlx::SqlStr;
use tenant_sql::TenantValue;

use crate::statement::trusted;

/// The name of a customized option: two names with a dot between them
/// (<https://www.postgresql.org/docs/current/runtime-config-custom.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting(String);

impl Setting {
    pub(crate) const DEFAULT: &str = "app.current_tenant_id";

    pub(crate) fn parse(name: &str) -> Result<Self, InvalidSetting> {
        let is_name = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        match name.split_once('.') {
            Some((class, option)) if is_name(class) && is_name(option) && name.len() < 64 => {
                Ok(Self(name.to_owned()))
            }
            Some(_) | None => Err(InvalidSetting),
        }
    }

    /// Fails where the server does not take the name.
    pub(crate) fn trial(&self) -> SqlStr {
        trusted(format!("SET LOCAL {} = ''", self.0))
    }

    /// Tells the server the tenant, until the transaction ends.
    pub(crate) fn statement(&self, tenant: &TenantValue<'_>) -> String {
        let Self(name) = self;
        match tenant {
            TenantValue::Text(text) => format!("SET LOCAL {name} = '{}'", text.replace('\'', "''")),
            TenantValue::Integer(number) => format!("SET LOCAL {name} = '{number}'"),
            TenantValue::Uuid(bits) => format!("SET LOCAL {name} = '{bits:032x}'"),
        }
    }
}

/// A name that no setting can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidSetting;

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the tenant's setting must be two names of lowercase letters, digits and underscores with a dot between \
             them, as in `app.current_tenant_id`",
        )
    }
}

impl Error for InvalidSetting {}

impl From<InvalidSetting> for sqlx::Error {
    fn from(invalid: InvalidSetting) -> Self {
        Self::Configuration(Box::new(invalid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_two_words_and_nothing_else() {
        for name in ["app.current_tenant_id", "a.b", "my_app._tenant2"] {
            assert_eq!(Setting::parse(name).map(|Setting(own)| own), Ok(name.to_owned()), "{name}");
        }
        for name in
            ["", "tenant", ".", "app.", ".tenant", "app.Tenant", "app.x.y", "app.x; DROP TABLE t", "app.x'"]
        {
            assert_eq!(Setting::parse(name), Err(InvalidSetting), "{name}");
        }
    }

    #[test]
    fn the_tenant_is_a_literal() {
        let setting = Setting::parse(Setting::DEFAULT).unwrap();
        let text = "SET LOCAL app.current_tenant_id = ";
        assert_eq!(setting.statement(&TenantValue::Text("it's")), format!("{text}'it''s'"));
        assert_eq!(setting.statement(&TenantValue::Integer(-7)), format!("{text}'-7'"));
        let uuid = "'00000000000000000000000000000001'";
        assert_eq!(setting.statement(&TenantValue::Uuid(1)), format!("{text}{uuid}"));
    }
}
