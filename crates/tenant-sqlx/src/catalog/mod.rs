//! From what the database says of itself to a catalog: what is owned, what is hidden, and what is wrong.

mod effects;
mod family;
mod finding;
mod judge;
mod relation;
mod rules;

pub use self::finding::{Finding, Problem};
pub(crate) use self::{
    judge::judge,
    relation::{ForeignKey, Names, Relation, RelationKind, Schema, UniqueKey},
    rules::{Given, Rules, Source, is_framework},
};
