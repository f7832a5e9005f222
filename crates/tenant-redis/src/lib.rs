//! The Redis edge: limits, cache entries, news of changed configs and events that the instances of a deployment share.
//!
//! | noun | what it is |
//! |---|---|
//! | [`Redis`] | the way to one server or a cluster |
//! | [`Keyspace`] | the names under which a deployment keeps its things |
//! | [`RedisQuotaManager`] | counts what all instances use together |
//! | [`RedisCache`] | keeps cache entries, as a [`CacheBackend`](tenant_cache::CacheBackend) |
//! | [`RedisSessions`] | keeps sessions |
//! | [`RedisResidue`] | removes all that is kept of a tenant that is purged |
//! | [`RedisAnnouncer`], [`ChangeReader`] | tell and hear of changed configs |
//! | [`RedisEvents`], [`EventReader`] | carry tenants' events from instance to instance |
//!
//! Redis 7 or later, a primary or a Redis Cluster. The user that is connected as needs `EVAL`, `EVALSHA`, `EXISTS`, `DEL`, `HMGET`, `ZRANGE`, `ZREM`,
//! `SCAN` and `UNLINK` for a purge, the stream commands `XADD`, `XREAD` and `XRANGE`, and in scripts `TIME`, `INFO` and the commands on strings, hashes and
//! sorted sets.
//!
//! # Keys
//!
//! | key | what it is | lives for |
//! |---|---|---|
//! | `{prefix}:{{tenant}}:q` | a hash: the state of each rate, and what was warned of | twice the longest window at most |
//! | `{prefix}:{{tenant}}:p:{limit}` | a sorted set: the permits of a concurrency limit, with the ends of their leases | 50 s |
//! | `{prefix}:{{tenant}}:c:{created}` | the cache's epoch | twice the longest time to live |
//! | `{prefix}:{{tenant}}:c:{created}:{epoch}:d:{key}` | a cache entry | its time to live |
//! | `{prefix}:{{tenant}}:c:{created}:{epoch}:l:{key}` | the right to fill one | 30 s |
//! | `{prefix}:{{digest}}:s` | a hash: a session | until it ends |
//! | `{prefix}:{{tenant}}:s:{subject}` | a sorted set: somebody's sessions, by their ends | as long as the last one |
//! | `{prefix}:{*}:changes` | the stream of changed configs | for ever, at some 10 000 entries |
//! | `{prefix}:{*}:events` | the stream of events | for ever, at some 500 entries of up to 64 events or 64 KiB |
//!
//! The braces are hash tags: all keys of one tenant lie in one slot of a cluster, and whatever stands in an application's
//! key can't change that, nor lead to another tenant's ([`Keyspace`] has the proof). Counts are of the tenant's id, as in
//! memory: deleting a tenant and creating one anew under its id resets none; a purge does. Cache entries are of the id *and* the moment
//! of its creation.
//!
//! # What a decision costs
//! One round trip, whatever the number of limits: an `EVALSHA`, and an `EVAL` where the server has forgotten the script. Two
//! such calls are on their way at most; what is asked meanwhile waits for the next one, which takes up to 128 questions,
//! tenant by tenant in turn (on a cluster, of one tenant), and decides those that are the same, about fixed windows, in one
//! step. Of one tenant 4 096 may wait; the next one goes by its failure policy. The script is atomic, takes the time from the server (`TIME`), and counts as
//! [`InMemoryQuotaManager`](tenant_core::InMemoryQuotaManager) does, in microseconds; amounts are exact up to 2^53.
//!
//! How the limits stood is remembered by the instance. Once one of them has denied something, whatever costs more of it than
//! was left is denied without asking, until enough flows in or leaves its window; what costs more than the limit itself is
//! denied so at any time, and what costs nothing is told how the limits stand. Somebody may give something back meanwhile:
//! this instance hears of its own refunds, and of those of others because one request in 2 seconds (0.1 for permits) is
//! passed on. Where a window slides, the wait that is told from memory may be longer than need be, up to when all of the
//! limit is there again.
//!
//! With [`RedisQuotaManagerBuilder::batch`] an instance leases many requests at once and spends them from memory. They are
//! charged when they are leased, so that nothing is admitted beyond a limit; at most one and a quarter batches per instance,
//! tenant and config by which requests are still being answered are charged and not spent. What was leased is given back
//! when that config is gone, or after 8 to 16 idle seconds. A limit that is lowered binds a batch that was leased before it
//! when the window ends.
//!
//! # When Redis does not answer
//! A decision waits 50 ms at most. After three calls in a row that failed nobody asks any more until a probe, five times a
//! second, was answered (on a cluster: by the nodes that failed); what waited too long for its turn in the instance is no
//! such failure. Meanwhile each limit's [`FailurePolicy`](tenant_core::FailurePolicy) says what becomes of work that touches
//! it, the strictest one first:
//!
//! | policy | what happens |
//! |---|---|
//! | `closed` | an error: 503 |
//! | `local` | each instance counts for itself, from nothing at its first outage: up to the limit per instance and window |
//! | `open` | it denies nothing |
//!
//! Each such decision is told to `on_quota_fallback`. A question carries the moment, by the server's clock, until which it
//! may be carried out: what was on its way to a server that stood still is not charged when it goes on.
//!
//! | what | is lost when |
//! |---|---|
//! | counts of rates | the server restarts without a disk, or fails over before they were replicated: at most one more limit per window |
//! | permits | never for long: instances take them anew with the next renewal, within 8 s |
//! | settlements and refunds | nobody knows whether they arrived, the server is away for over 5 s, or over 4 096 of a tenant's or 65 536 of all wait: told to `on_settlements_lost` |
//! | permits of a killed instance | after 25 s |
//! | permits of an instance that stood still for 25 s | until its next renewal: then they are taken anew, beyond the limit if others took them meanwhile |
//! | a charge | its caller went away or fell back before the answer came: it stays charged |
//! | events | the server restarts or fails over, or more came than the stream holds: who listens is told that something was missed |
//! | news of changes | never, where Redis keeps what it acknowledged; else everything is doubted when the connection is back |
//!
//! # What it does not protect against
//! - **Whoever can write to Redis.** Its data are neither signed nor encrypted: give it a user, a network and TLS of its own.
//! - **A tenant that is busy.** Its questions and corrections take turns with those of others in each instance, but on the
//!   server each of them takes some microseconds of everybody's time. Leases and the memory of denials take most of that
//!   away; a queue per tenant is the HTTP edge's.
//! - **Servers whose clocks disagree.** After a failover the new primary's clock counts.
//! - **Evictions.** A server with `maxmemory` that evicts may evict counts: give the cache a server of its own.

mod breaker;
mod cache;
mod caller;
mod changes;
mod connection;
mod error;
mod events;
mod follower;
mod keys;
mod quota;
mod residue;
mod script;
mod sessions;

pub use self::{
    cache::RedisCache,
    changes::{ChangeReader, RedisAnnouncer},
    connection::Redis,
    error::{RedisError, RedisErrorKind},
    events::{EventReader, RedisEvents},
    keys::Keyspace,
    quota::{RedisQuotaManager, RedisQuotaManagerBuilder},
    residue::RedisResidue,
    sessions::RedisSessions,
};
