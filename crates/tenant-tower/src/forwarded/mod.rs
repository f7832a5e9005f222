//! What proxies say about the connections behind them, and who may say it.

mod address;
mod host;
mod layer;
mod trusted;
mod walk;

pub use self::{
    address::{ClientAddr, PeerAddr},
    layer::ForwardedLayer,
    trusted::{InvalidProxies, TrustedProxies},
};
