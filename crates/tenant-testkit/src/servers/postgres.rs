use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::account::Account;
use super::error::ServerError;
use super::folder::Folder;
use super::options::ServerOptions;
use super::port;
use super::process::{self, Process};
use super::programs::Programs;
use super::template;
use super::{names, secret};

const PROGRAMS: Programs = Programs {
    variable: "TENANT_POSTGRES_BIN",
    package: "postgresql",
    versions: Some("/usr/lib/postgresql"),
};

/// A private PostgreSQL server. It ends when this value is dropped.
///
/// ```no_run
/// use tenant_testkit::servers::Postgres;
///
/// # fn main() -> Result<(), tenant_testkit::servers::ServerError> {
/// let server = Postgres::start()?;
/// let url = server.database("shop")?;
/// assert!(url.starts_with("postgres://postgres:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    port: u16,
    password: String,
    psql: PathBuf,
}

impl Postgres {
    /// Starts a server.
    ///
    /// # Errors
    /// Fails if PostgreSQL is not installed, or does not start.
    pub fn start() -> Result<Self, ServerError> {
        Self::start_with(&ServerOptions::default())
    }

    /// Starts a server that is set up in a special way.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub fn start_with(options: &ServerOptions) -> Result<Self, ServerError> {
        port::on_a_free_port(port::free, |port| Self::start_at(port, options))
    }

    /// Returns the server that this process's tests share; the first call starts it.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub fn shared() -> Result<&'static Self, ServerError> {
        static SHARED: OnceLock<Result<Postgres, ServerError>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    pub(super) fn start_at(port: u16, options: &ServerOptions) -> Result<Self, ServerError> {
        let program = PROGRAMS.find("postgres")?;
        let psql = PROGRAMS.find_beside(&program, "psql")?;
        let folder = Folder::new("tenant-pg-", Account::instead_of_root(&["postgres"]))?;
        let data = template::data(&folder, &program, |data| initialise(&program, &folder, data))?;
        let folder_of_data = data.as_os_str();
        configure(&folder, port, options)?;
        let arguments = [OsStr::new("-D"), folder_of_data];
        // SIGQUIT: ends at once, and frees the shared memory, which SIGKILL does not.
        let mut process = Process::start(folder, &program, &arguments, "QUIT")?;
        process.wait_until(is_ready)?;
        let server = Self { process, port, password: secret(), psql };
        server.admit_by_password()?;
        Ok(server)
    }

    /// Starts a replica that follows this server and answers reads. The server must have been started with the settings
    /// `wal_level` `replica` and `max_wal_senders` above 0.
    ///
    /// # Errors
    /// As [`Postgres::start`], or if this server lends no copy of itself.
    pub fn replica(&self) -> Result<Self, ServerError> {
        port::on_a_free_port(port::free, |port| self.replica_at(port))
    }

    fn replica_at(&self, port: u16) -> Result<Self, ServerError> {
        let program = PROGRAMS.find("postgres")?;
        let backup = PROGRAMS.find_beside(&program, "pg_basebackup")?;
        let folder = Folder::new("tenant-pg-", Account::instead_of_root(&["postgres"]))?;
        let data = folder.path().join("data");
        let (own, other) = (self.port.to_string(), port.to_string());
        let [host, at, user] = ["-h", "-p", "-U"].map(OsStr::new);
        let mut copy =
            vec![host, OsStr::new("127.0.0.1"), at, OsStr::new(&own), user, OsStr::new("postgres")];
        copy.extend(["-R", "--checkpoint=fast", "--no-sync", "-D"].map(OsStr::new));
        copy.push(data.as_os_str());
        process::run(&backup, &copy, &[("PGPASSWORD", &self.password)], folder.account())?;
        let place = format!("unix_socket_directories={}", folder.path().display());
        let at = format!("port={other}");
        let settings = ["-D", "-c", "-c"].map(OsStr::new);
        let [data_option, first, second] = settings;
        let arguments = [data_option, data.as_os_str(), first, OsStr::new(&at), second, OsStr::new(&place)];
        let mut process = Process::start(folder, &program, &arguments, "QUIT")?;
        process.wait_until(is_ready)?;
        Ok(Self { process, port, password: self.password.clone(), psql: self.psql.clone() })
    }

    /// Returns the URL that names a database of this server where it stands in another server's URL.
    pub fn same_database(&self, url: &str) -> String {
        self.url_of(url.rsplit('/').next().unwrap_or("postgres"))
    }

    /// Returns the URL of the database `postgres`, for its superuser.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Makes a database of this name, with a number behind it if there is one already, and returns its URL.
    ///
    /// # Errors
    /// Fails if the name is not made of letters, digits and `_`, or the server does.
    pub fn database(&self, name: &str) -> Result<String, ServerError> {
        let name = names::fresh(name)?;
        self.execute(&format!("CREATE DATABASE \"{name}\""))?;
        Ok(self.url_of(&name))
    }

    /// Returns the folder of the server's socket, for URLs like `postgres:///name?host=FOLDER`.
    pub fn socket(&self) -> &Path {
        self.process.folder()
    }

    /// Returns the port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server and removes its folder, as dropping it does.
    pub fn stop(self) {
        drop(self);
    }

    fn url_of(&self, database: &str) -> String {
        let Self { password, port, .. } = self;
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    fn admit_by_password(&self) -> Result<(), ServerError> {
        self.execute(&format!("ALTER ROLE postgres PASSWORD '{}'", self.password))
    }

    /// Through the socket, which lies in a folder that only the server's user and root can enter.
    fn execute(&self, sql: &str) -> Result<(), ServerError> {
        let port = self.port.to_string();
        let folder = self.process.folder().as_os_str();
        let [host, port_option, user] = ["-h", "-p", "-U"].map(OsStr::new);
        let quiet = ["-d", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql].map(OsStr::new);
        let mut arguments = vec![host, folder, port_option, OsStr::new(&port), user, OsStr::new("postgres")];
        arguments.extend(quiet);
        process::run(&self.psql, &arguments, &[], None).map(drop)
    }
}

/// The checksum of pages and the sync of files cost time and serve nobody here.
fn initialise(program: &Path, folder: &Folder, data: &Path) -> Result<(), ServerError> {
    let initdb = PROGRAMS.find_beside(program, "initdb")?;
    let fixed =
        ["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-A", "trust", "-D"].map(OsStr::new);
    let arguments: Vec<&OsStr> = fixed.into_iter().chain([data.as_os_str()]).collect();
    process::run(&initdb, &arguments, &[], folder.account()).map(drop)
}

fn configure(folder: &Folder, port: u16, options: &ServerOptions) -> Result<(), ServerError> {
    // Scrambling a password costs an unoptimised client tens of milliseconds per connection; MD5 does on loopback.
    let admitted =
        "local all all trust\nhost all all 127.0.0.1/32 md5\nhost replication all 127.0.0.1/32 md5\n";
    folder.write("data/pg_hba.conf", admitted)?;
    let mut text = format!(
        "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n\
         password_encryption = md5\nmax_connections = 200\nshared_buffers = 64MB\nautovacuum = off\n\
         timezone = 'UTC'\nlc_messages = 'C'\n",
        folder.path().display()
    );
    if !options.durable {
        text.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nwal_level = minimal\nmax_wal_senders = 0\n");
    }
    for (name, value) in &options.settings {
        text.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
    }
    folder.write("data/postgresql.auto.conf", &text).map(drop)
}

/// The server writes its state into the last line of its own file: nobody else's answer can be taken for it.
fn is_ready(folder: &Path) -> bool {
    let state = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
    state.lines().nth(7).is_some_and(|line| matches!(line.trim(), "ready" | "standby"))
}
