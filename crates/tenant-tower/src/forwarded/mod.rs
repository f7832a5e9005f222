//! What proxies say about the connections behind them, and who may say it.

mod address;
mod host;
mod layer;
mod service;
mod trusted;
mod walk;

pub use self::{
    address::{ClientAddr, PeerAddr},
    layer::ForwardedLayer,
    service::ForwardedService,
    trusted::{InvalidProxies, TrustedProxies},
};
