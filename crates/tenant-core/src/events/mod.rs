//! What happens in a tenant, told to those of it who listen.
//!
//! [`EventBus::publish`] takes a tenant's context, and so does [`EventBus::subscribe`]: there is no way to listen to a tenant
//! by its name, nor to all of them. A tenant that is created anew under an id hears nothing of the former one.
//!
//! Publishing never waits. Of each tenant to which somebody listens the last events are kept, once for all who listen; who
//! does not keep up is told how many it has missed, and neither holds up who publishes nor other readers. A tenant may have
//! so many subscriptions and no more.
//!
//! A bus is of one instance. What travels to others goes through an [`EventRelay`].

mod bus;
mod channel;
mod envelope;
mod event;
mod id;
mod subscription;

pub use self::{
    bus::{EventBus, EventRelay, TooManySubscriptions},
    envelope::Envelope,
    event::{Event, InvalidEvent},
    id::EventId,
    subscription::{Received, Subscription},
};

#[cfg(test)]
mod tests;
