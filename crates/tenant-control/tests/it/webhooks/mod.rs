//! Webhooks. What a tenant could do through them: hear of another, have this process talk to its own network, keep others' events
//! waiting, or be told twice, or never, and as somebody else.

mod flood;
mod house;
mod kill;
mod promised;
mod reach;
pub(crate) mod receiver;
mod shared;
