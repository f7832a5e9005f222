//! Request analytics: summed up in memory as requests are answered, written in batches off the request path.

mod recorder;
mod residue;
mod tally;
mod writer;

pub(crate) use recorder::Recorder;
pub(crate) use residue::Unwritten;
pub(crate) use tally::RECENT;
pub(crate) use writer::Writer;
