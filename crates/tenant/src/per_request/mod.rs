//! One transaction per request: begun by the handler, committed when it has answered well.

mod body;
mod future;
mod layer;
mod open;
mod service;
mod slot;
mod transaction;

pub use self::{
    future::TransactionFuture, layer::TransactionLayer, open::OpenTransaction, service::TransactionService,
    transaction::RequestTransaction,
};
