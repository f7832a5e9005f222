use std::os::unix::net::UnixStream;
use std::path::Path;

use super::account::Account;
use super::error::{ServerError, ServerErrorKind};
use super::folder::Folder;
use super::options::ServerOptions;
use super::port;
use super::process::Process;
use super::programs::Programs;

const PROGRAMS: Programs =
    Programs { variable: "TENANT_PGBOUNCER_BIN", package: "pgbouncer", versions: None };

/// A private PgBouncer in front of a PostgreSQL server, which lends out its connections for a transaction each. It ends
/// when this value is dropped.
///
/// ```no_run
/// use tenant_testkit::servers::{PgBouncer, Postgres};
///
/// # fn main() -> Result<(), tenant_testkit::servers::ServerError> {
/// let database = Postgres::shared()?.database("shop")?;
/// let pooler = PgBouncer::in_front_of(&database, 5)?;
/// assert!(pooler.url().starts_with("postgres://postgres:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PgBouncer {
    _process: Process,
    url: String,
}

impl PgBouncer {
    /// Starts one with at most so many connections to the database of this URL, which names user, password and port.
    ///
    /// # Errors
    /// Fails if PgBouncer is not installed or does not start, or if the URL is not of that form.
    pub fn in_front_of(url: &str, connections: u32) -> Result<Self, ServerError> {
        Self::start_with(url, connections, &ServerOptions::default())
    }

    /// As [`PgBouncer::in_front_of`], set up in a special way.
    ///
    /// # Errors
    /// As [`PgBouncer::in_front_of`].
    pub fn start_with(url: &str, connections: u32, options: &ServerOptions) -> Result<Self, ServerError> {
        let behind = Behind::of(url).ok_or_else(|| {
            let message = "the URL is not of the form postgres://user:password@host:port/database";
            ServerError::new(ServerErrorKind::Failed, message)
        })?;
        port::on_a_free_port(port::free, |port| behind.start_at(port, connections, options))
    }

    /// Returns the URL of the same database through the pooler.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Ends the pooler and removes its folder, as dropping it does.
    pub fn stop(self) {
        drop(self);
    }
}

/// What the URL says.
struct Behind<'a> {
    user: &'a str,
    password: &'a str,
    host: &'a str,
    port: &'a str,
    database: &'a str,
}

impl<'a> Behind<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (account, place) = url.strip_prefix("postgres://")?.split_once('@')?;
        let (user, password) = account.split_once(':')?;
        let (server, database) = place.split_once('/')?;
        let (host, port) = server.split_once(':')?;
        Some(Self { user, password, host, port, database })
    }

    fn start_at(
        &self,
        port: u16,
        connections: u32,
        options: &ServerOptions,
    ) -> Result<PgBouncer, ServerError> {
        let program = PROGRAMS.find("pgbouncer")?;
        let folder = Folder::new("tenant-pgb-", Account::instead_of_root(&["postgres"]))?;
        let Self { user, password, database, .. } = self;
        folder.write("users", &format!("\"{user}\" \"{password}\"\n"))?;
        let file = folder.write("pgbouncer.ini", &self.configuration(&folder, port, connections, options))?;
        let mut process = Process::start(folder, &program, &[file.as_os_str()], "KILL")?;
        process.wait_until(|folder| is_open(folder, port))?;
        Ok(PgBouncer {
            _process: process,
            url: format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}"),
        })
    }

    fn configuration(&self, folder: &Folder, port: u16, connections: u32, options: &ServerOptions) -> String {
        let Self { host, port: behind, .. } = self;
        let place = folder.path().display();
        let mut text = format!(
            "[databases]\n* = host={host} port={behind}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir = {place}\nauth_type = md5\nauth_file = {place}/users\npool_mode = transaction\n\
             default_pool_size = {connections}\nmax_client_conn = 1000\nignore_startup_parameters = extra_float_digits\n"
        );
        for (name, value) in &options.settings {
            text.push_str(&format!("{name} = {value}\n"));
        }
        text
    }
}

/// The socket lies in the pooler's own folder.
fn is_open(folder: &Path, port: u16) -> bool {
    UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).is_ok()
}
