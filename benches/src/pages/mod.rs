//! What lists, searches, reports and the operator's pages take on a database that was [seeded](crate::seed): through the framework's own
//! stores, as the bundled server's handlers ask them, or over the wire, of a server that is running.

mod measure;
mod over_the_wire;
mod scene;
mod stores;

pub use self::{
    measure::{Figure, Page, measure},
    over_the_wire::{Address, pages_of_server},
    scene::Scene,
    stores::pages_of_stores,
};
