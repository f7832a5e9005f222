use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::account::Account;
use super::error::{ServerError, ServerErrorKind};
use super::folder::Folder;
use super::options::ServerOptions;
use super::port;
use super::process::Process;
use super::programs::Programs;
use super::secret;

const PROGRAMS: Programs = Programs { variable: "TENANT_REDIS_BIN", package: "redis-server", versions: None };

const DATABASES: u32 = 1024;

/// A private Redis server. It ends when this value is dropped.
///
/// ```no_run
/// use tenant_testkit::servers::Redis;
///
/// # fn main() -> Result<(), tenant_testkit::servers::ServerError> {
/// let server = Redis::start()?;
/// assert!(server.url().starts_with("redis://:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Redis {
    process: Process,
    port: u16,
    password: String,
    databases: AtomicU32,
}

impl Redis {
    /// Starts a server.
    ///
    /// # Errors
    /// Fails if Redis is not installed, or does not start.
    pub fn start() -> Result<Self, ServerError> {
        Self::start_with(&ServerOptions::default())
    }

    /// Starts a server that is set up in a special way.
    ///
    /// # Errors
    /// As [`Redis::start`].
    pub fn start_with(options: &ServerOptions) -> Result<Self, ServerError> {
        port::on_a_free_port(port::free, |port| Self::start_at(port, options))
    }

    /// Returns the server that this process's tests share; the first call starts it.
    ///
    /// # Errors
    /// As [`Redis::start`].
    pub fn shared() -> Result<&'static Self, ServerError> {
        static SHARED: OnceLock<Result<Redis, ServerError>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    pub(super) fn start_at(port: u16, options: &ServerOptions) -> Result<Self, ServerError> {
        let program = PROGRAMS.find("redis-server")?;
        let folder = Folder::new("tenant-redis-", Account::instead_of_root(&["redis"]))?;
        let password = secret();
        let text = configuration(&folder, port, &password, options);
        let file = folder.write("redis.conf", &text)?;
        let mut process = Process::start(folder, &program, &[file.as_os_str()], "KILL")?;
        process.wait_until(answers)?;
        Ok(Self { process, port, password, databases: AtomicU32::new(1) })
    }

    /// Returns the URL of the first database.
    pub fn url(&self) -> String {
        self.url_of(0)
    }

    /// Returns the URL of a database that nobody was given yet.
    ///
    /// # Errors
    /// Fails when all 1023 are given away.
    pub fn database(&self) -> Result<String, ServerError> {
        match self.databases.fetch_add(1, Ordering::Relaxed) {
            number if number < DATABASES => Ok(self.url_of(number)),
            _ => Err(ServerError::new(ServerErrorKind::Failed, "no database of this server is left")),
        }
    }

    /// Returns the path of the server's socket.
    pub fn socket(&self) -> PathBuf {
        self.process.folder().join("socket")
    }

    /// Returns the port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server and removes its folder, as dropping it does.
    pub fn stop(self) {
        drop(self);
    }

    fn url_of(&self, database: u32) -> String {
        let Self { password, port, .. } = self;
        format!("redis://:{password}@127.0.0.1:{port}/{database}")
    }
}

fn configuration(folder: &Folder, port: u16, password: &str, options: &ServerOptions) -> String {
    let place = folder.path().display();
    let mut text = format!(
        "bind 127.0.0.1\nport {port}\nunixsocket {place}/socket\nunixsocketperm 700\ndir {place}\n\
         requirepass {password}\ndatabases {DATABASES}\ndaemonize no\n"
    );
    text.push_str(match options.durable {
        true => "appendonly yes\nappendfsync always\n",
        false => "save \"\"\nappendonly no\n",
    });
    for (name, value) in &options.settings {
        text.push_str(&format!("{name} {value}\n"));
    }
    text
}

/// The socket stands in the server's own folder and opens after the port.
fn answers(folder: &Path) -> bool {
    let ask = || {
        let mut stream = UnixStream::connect(folder.join("socket"))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    // A server that is not ready says -LOADING.
    ask().is_ok_and(|answer| &answer == b"-NOAUTH")
}
