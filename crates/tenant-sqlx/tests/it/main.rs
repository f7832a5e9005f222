//! Real databases in files of their own.

mod scoped;
mod support;
