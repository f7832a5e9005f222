//! The database's own walls: drawn up, looked after, and tried.

mod conversion;
mod doctor;
mod faults;
mod oracle;
mod policies;
mod rights;
mod shop;
