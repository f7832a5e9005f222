//! Limits as they stand in a config: parsed strictly, so that a typing error is found when it is written.

mod amount;
mod dimension;
mod kind;
mod named;
mod setting;
mod window;
mod wire;

pub use amount::Amount;
pub use dimension::Dimension;
pub use kind::{Algorithm, FailurePolicy, LimitKind};
pub use named::NamedLimit;
pub use setting::LimitSetting;
pub use window::Window;

/// A limit that makes no sense, with what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidLimit(pub(super) &'static str);

pub(crate) fn is_limit_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}
