use std::{error::Error as StdError, fmt, iter};

use super::Diagnosis;

/// A wall of the database is down: nothing should be served.
#[derive(Clone, Debug)]
pub struct Unfit(Vec<Diagnosis>);

impl Unfit {
    pub(super) fn new(diagnoses: Vec<Diagnosis>) -> Self {
        Self(diagnoses)
    }

    /// Returns what was found.
    #[must_use]
    pub fn diagnoses(&self) -> &[Diagnosis] {
        &self.0
    }

    /// Finds it in an error or in what caused it.
    pub fn of<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Self> {
        let mut causes = iter::successors(Some(error), |&error| error.source());
        causes.find_map(|error| error.downcast_ref())
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database does not keep tenants apart: ")?;
        for (at, diagnosis) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "; " };
            write!(f, "{comma}{diagnosis}")?;
        }
        Ok(())
    }
}

impl StdError for Unfit {}

impl From<Unfit> for sqlx::Error {
    fn from(error: Unfit) -> Self {
        Self::Configuration(Box::new(error))
    }
}
