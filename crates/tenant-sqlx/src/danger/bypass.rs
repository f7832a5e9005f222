use std::borrow::Cow;

/// Who goes around the scope, and why.
///
/// Both must say something: with a blank actor or reason every statement is refused with [`Unexplained`].
///
/// # Example
/// ```
/// use tenant_sqlx::danger::Bypass;
///
/// let bypass = Bypass::new("ops:ann", "count all users for the yearly report");
/// assert_eq!(bypass.actor(), "ops:ann");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Bypass {
    actor: Cow<'static, str>,
    reason: Cow<'static, str>,
}

impl Bypass {
    /// A bypass for `actor`, because of `reason`. It is reported when it is used.
    pub fn new(actor: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { actor: actor.into(), reason: reason.into() }
    }

    /// Who.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn check(&self) -> Result<(), sqlx::Error> {
        let is_blank = |text: &str| text.trim().is_empty();
        if is_blank(&self.actor) || is_blank(&self.reason) {
            return Err(sqlx::Error::Configuration(Box::new(Unexplained)));
        }
        Ok(())
    }
}

/// A bypass without an actor or without a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a bypass needs an actor and a reason")]
#[non_exhaustive]
pub struct Unexplained;
