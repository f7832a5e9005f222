//! Usage told to a Stripe that stands on this machine: it fails, is slow, closes, has taken what nobody heard of, and says so when it
//! is told again. What a tenant could do through it: have its usage billed to another, keep another's from being told, or have its
//! own told less or more than once.

mod bank;
mod failing;
mod house;
mod kill;
mod told;
