use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use super::account::Account;
use super::error::ServerError;
use super::folder::Folder;
use super::options::ServerOptions;
use super::port;
use super::process::{self, Process};
use super::programs::Programs;
use super::template;
use super::{names, secret};

const PROGRAMS: Programs =
    Programs { variable: "TENANT_MARIADB_BIN", package: "mariadb-server", versions: None };

/// A private MariaDB server. It ends when this value is dropped.
///
/// ```no_run
/// use tenant_testkit::servers::MariaDb;
///
/// # fn main() -> Result<(), tenant_testkit::servers::ServerError> {
/// let server = MariaDb::start()?;
/// let url = server.database("shop")?;
/// assert!(url.starts_with("mysql://root:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MariaDb {
    process: Process,
    port: u16,
    password: String,
    client: PathBuf,
}

impl MariaDb {
    /// Starts a server.
    ///
    /// # Errors
    /// Fails if MariaDB is not installed, or does not start.
    pub fn start() -> Result<Self, ServerError> {
        Self::start_with(&ServerOptions::default())
    }

    /// Starts a server that is set up in a special way.
    ///
    /// # Errors
    /// As [`MariaDb::start`].
    pub fn start_with(options: &ServerOptions) -> Result<Self, ServerError> {
        port::on_a_free_port(port::free, |port| Self::start_at(port, options))
    }

    /// Returns the server that this process's tests share; the first call starts it.
    ///
    /// # Errors
    /// As [`MariaDb::start`].
    pub fn shared() -> Result<&'static Self, ServerError> {
        static SHARED: OnceLock<Result<MariaDb, ServerError>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    pub(super) fn start_at(port: u16, options: &ServerOptions) -> Result<Self, ServerError> {
        let program = PROGRAMS.find("mariadbd")?;
        let client = PROGRAMS.find("mariadb")?;
        let folder = Folder::new("tenant-my-", Account::instead_of_root(&["mysql"]))?;
        template::data(&folder, &program, |data| initialise(&folder, data))?;
        let password = secret();
        folder.write("init.sql", &accounts(&password))?;
        let configuration = folder.write("my.cnf", &configuration(&folder, port, options))?;
        let mut argument = OsString::from("--defaults-file=");
        argument.push(configuration);
        let mut process = Process::start(folder, &program, &[&argument], "KILL")?;
        process.wait_until(greets)?;
        Ok(Self { process, port, password, client })
    }

    /// Returns the URL of the server, for `root`, without a database.
    pub fn url(&self) -> String {
        self.url_of("")
    }

    /// Returns the URL of the server over its socket. Through the port a client that leaves TCP's delays on waits 40 ms
    /// at each statement that it does not keep prepared.
    pub fn socket_url(&self) -> String {
        format!("mysql://root:{}@localhost/?socket={}", self.password, self.socket().display())
    }

    /// Makes a database of this name, with a number behind it if there is one already, and returns its URL.
    ///
    /// # Errors
    /// Fails if the name is not made of letters, digits and `_`, or the server does.
    pub fn database(&self, name: &str) -> Result<String, ServerError> {
        let name = names::fresh(name)?;
        self.execute(&format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4"))?;
        Ok(self.url_of(&name))
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

    fn url_of(&self, database: &str) -> String {
        let Self { password, port, .. } = self;
        format!("mysql://root:{password}@127.0.0.1:{port}/{database}")
    }

    fn execute(&self, sql: &str) -> Result<(), ServerError> {
        let mut socket = OsString::from("--socket=");
        socket.push(self.socket());
        let [plain, user, option, sql] = ["--no-defaults", "--user=root", "-e", sql].map(OsStr::new);
        let environment = [("MYSQL_PWD", self.password.as_str())];
        process::run(&self.client, &[plain, &socket, user, option, sql], &environment, None).map(drop)
    }
}

fn initialise(folder: &Folder, data: &Path) -> Result<(), ServerError> {
    let install = PROGRAMS.find("mariadb-install-db")?;
    let mut place = OsString::from("--datadir=");
    place.push(data);
    let fixed =
        ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"].map(OsStr::new);
    // A small log: each server starts with a copy of it.
    let small = OsStr::new("--innodb-log-file-size=8M");
    let arguments: Vec<&OsStr> = fixed.into_iter().chain([small, &place]).collect();
    process::run(&install, &arguments, &[], folder.account()).map(drop)
}

fn accounts(password: &str) -> String {
    format!(
        "ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n\
         CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY '{password}';\n\
         GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
    )
}

fn configuration(folder: &Folder, port: u16, options: &ServerOptions) -> String {
    let place = folder.path().display();
    // A server that starts clears its folder of temporary tables: shared with another one, of that one's too.
    let mut text = format!(
        "[mariadbd]\ndatadir = {place}/data\nsocket = {place}/socket\npid-file = {place}/pid\n\
         tmpdir = {place}\n         init-file = {place}/init.sql\nbind-address = 127.0.0.1\nport = {port}\nskip-name-resolve\n\
         max_connections = 200\ncharacter-set-server = utf8mb4\ninnodb_log_file_size = 8M\n\
         innodb_buffer_pool_size = 64M\nperformance_schema = OFF\ndefault_time_zone = +00:00\n"
    );
    if !options.durable {
        text.push_str(
            "innodb_flush_log_at_trx_commit = 0\ninnodb_doublewrite = OFF\nsync_binlog = 0\nskip-log-bin\n",
        );
    }
    for (name, value) in &options.settings {
        text.push_str(&format!("{name} = {value}\n"));
    }
    text
}

/// The server greets who connects; its socket stands in its own folder and opens after the port.
fn greets(folder: &Path) -> bool {
    let Ok(mut stream) = UnixStream::connect(folder.join("socket")) else { return false };
    let patient = stream.set_read_timeout(Some(Duration::from_secs(5)));
    patient.is_ok() && stream.read(&mut [0; 5]).is_ok_and(|length| length == 5)
}
