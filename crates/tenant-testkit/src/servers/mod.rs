//! Private database servers: each in a temporary folder of its own, on a free port of the loopback interface.
//!
//! ```no_run
//! use tenant_testkit::servers::Postgres;
//!
//! # fn main() -> Result<(), tenant_testkit::servers::ServerError> {
//! let url = Postgres::shared()?.database("orders")?; // one server per process, a fresh database per call
//! # let _ = url;
//! # Ok(())
//! # }
//! ```
//!
//! # Where the programs come from
//!
//! From the folder named by `TENANT_POSTGRES_BIN`, `TENANT_MARIADB_BIN`, `TENANT_REDIS_BIN` or `TENANT_PGBOUNCER_BIN` if
//! that is set; else from `PATH` and the places where Debian puts them. A program that is not found is an error that names Debian's package.
//! PostgreSQL 14, MariaDB 10.6 and Redis 6 or later will do.
//!
//! # What to expect of them
//!
//! - They write nothing through to the disk, unless [`ServerOptions::durable`] asks for it.
//! - They listen on 127.0.0.1 and on a socket in their folder, and ask for a password that is in the URL.
//! - A process that runs as root starts them as `postgres`, `mysql`, `redis` or `nobody`: PostgreSQL refuses to be root.
//! - They end with the value that started them, and with its process: a shell beside the server waits at a pipe that the
//!   process holds, so even one that is killed leaves neither server nor folder behind.
//! - Functions here block for some tens of milliseconds, at the first start for some seconds, when the empty database is
//!   made. It is kept in cargo's target folder, or where `TENANT_TESTKIT_CACHE` says.
//!
//! They are meant for tests: who can read the process's memory or its temporary folder can use them.

mod account;
mod error;
mod folder;
mod mariadb;
mod names;
mod options;
mod pgbouncer;
mod port;
mod postgres;
mod process;
mod programs;
mod redis;
mod secret;
mod template;

pub use error::{ServerError, ServerErrorKind};
pub use mariadb::MariaDb;
pub use options::ServerOptions;
pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use redis::Redis;

use secret::secret;
