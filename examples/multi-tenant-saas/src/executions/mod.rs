//! Executions of workflows: tasks of a tenant that go on after the answer.
//!
//! An execution is a row from its beginning to its end, and a task in between, which holds the permit of the tenant's
//! concurrency limit. It ends with the server: what runs when the server stops is marked `interrupted`. A server that is
//! killed can't mark anything; its executions count as interrupted once they are overdue.

mod alarm;
mod execution;
mod run;
mod running;

pub(crate) use execution::{Execution, find};
pub(crate) use run::{no_such_workflow, start};
pub(crate) use running::Running;
