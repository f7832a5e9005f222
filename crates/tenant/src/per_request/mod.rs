//! One transaction per request: begun when a handler first asks for it, committed when the handler has answered well.

mod future;
mod layer;
mod service;
mod slot;
mod transaction;

pub use self::{
    future::TransactionFuture, layer::TransactionLayer, service::TransactionService,
    transaction::RequestTransaction,
};
