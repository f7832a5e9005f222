use std::fmt;

use crate::Spread;

/// A figure that is to stay at or below a bound.
#[derive(Clone, Debug)]
pub struct Bar {
    what: String,
    bound: f64,
    figure: Spread,
}

impl Bar {
    /// `figure` is to be `bound` at most.
    pub fn at_most(what: impl Into<String>, bound: f64, figure: Spread) -> Self {
        Self { what: what.into(), bound, figure }
    }

    /// Whether it does. A figure that could not be had does not.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.figure.median <= self.bound
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, bound, figure } = self;
        let verdict = if self.holds() { "holds" } else { "MISSES" };
        write!(f, "{verdict:>6}  {what}: {figure}, at most {bound}")
    }
}
