//! The functions that depend on nothing but their arguments (or on the clock, or on chance). What is not listed is
//! refused: it might run SQL, read files or settings, sleep, lock, or tell sizes.

pub(super) mod mysql;
pub(super) mod postgres;
pub(super) mod sqlite;
