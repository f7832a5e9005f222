use std::fmt;

use crate::Spread;

/// A figure that is to stay on one side of a bound.
#[derive(Clone, Debug)]
pub struct Bar {
    what: String,
    side: Side,
    bound: f64,
    figure: Spread,
}

#[derive(Clone, Copy, Debug)]
enum Side {
    AtMost,
    AtLeast,
}

impl Bar {
    /// `figure` is to be `bound` at most.
    pub fn at_most(what: impl Into<String>, bound: f64, figure: Spread) -> Self {
        Self { what: what.into(), side: Side::AtMost, bound, figure }
    }

    /// `figure` is to be `bound` at least.
    pub fn at_least(what: impl Into<String>, bound: f64, figure: Spread) -> Self {
        Self { what: what.into(), side: Side::AtLeast, bound, figure }
    }

    /// Whether its median is. A figure that could not be had is on neither side.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self.side {
            Side::AtMost => self.figure.median <= self.bound,
            Side::AtLeast => self.figure.median >= self.bound,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, side, bound, figure } = self;
        let verdict = if self.holds() { "holds" } else { "MISSES" };
        let side = match side {
            Side::AtMost => "at most",
            Side::AtLeast => "at least",
        };
        write!(f, "{verdict:>6}  {what}: {figure}, {side} {bound}")
    }
}
