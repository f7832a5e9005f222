//! What takes long and is done once: exporting a tenant, importing one, purging one.
//!
//! A job is kept, so that it outlives who began it: of several instances one runs it, and where that one dies another goes on from
//! the last checkpoint.

mod job;
mod residue;
mod store;
mod work;

pub use self::{
    job::{Job, JobKind, JobOutcome, JobStatus, Progress},
    residue::Residue,
    store::{JobClaim, JobStore},
    work::{JobFailure, JobRun, JobWork},
};
