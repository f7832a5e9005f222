//! Usage told to Stripe's meters.

mod answer;
mod meter;

pub use self::meter::{InvalidStripe, StripeMeter};
