//! Jobs, run by whichever instance comes first, and gone on with by another where that one dies.

mod runner;
mod running;

pub use self::runner::JobRunner;
