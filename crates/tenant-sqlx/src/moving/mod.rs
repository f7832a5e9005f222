//! Moving one tenant from one place to another while it goes on working.

mod book;
mod error;
mod hold;
mod options;
mod reconcile;
mod run;
mod side;
mod tables;

pub use self::{
    error::{MoveError, MoveErrorKind},
    options::{MoveOptions, MoveReport, MoveStep},
};
pub(crate) use self::{
    hold::{Gates, Hold},
    side::advance,
    tables::{Column, Table, read_those},
};
