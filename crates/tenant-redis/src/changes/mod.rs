//! News of changed configs, from instance to instance, within a second.
//!
//! Changes go into one capped *stream* per deployment, and every instance reads it on a connection of its own. A stream
//! was preferred to publish/subscribe: what is published while a subscriber is cut off is lost to it, and it would have to
//! doubt everything it knows after each cut; who reads a stream goes on where it stopped, and hears exactly what it missed.
//!
//! Everything is doubted where that can't be known: at the first connection, when the server is another process than before
//! (restarted, or failed over to a replica that may lack the last entries), and when the entry that was read last is no
//! longer there, because more changes came than the stream holds.

mod announcer;
mod entry;
mod reader;
mod reloads;

pub use announcer::RedisAnnouncer;
pub use reader::ChangeReader;

/// So many changes are kept for those who are cut off. Redis may keep somewhat more.
const KEPT: usize = 10_000;
