//! The server as a process of its own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::Value;

use crate::client::{self, Answer};

/// Ends with the test, also where that fails.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<Vec<Value>>>,
}

/// The command, with nothing of this process' environment that the server reads.
pub fn command(database: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_multi-tenant-saas"));
    command.env_clear().env("DB_PATH", database).env("APP_ADDR", "127.0.0.1:0").env("RUST_LOG", "info");
    command
}

impl Process {
    pub fn start(database: &Path) -> Self {
        Self::start_with(database, &[])
    }

    pub fn start_with(database: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = command(database);
        command.envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("the server ended").unwrap();
            let line: Value = serde_json::from_str(&line).expect("each line is JSON");
            if line["message"] == "listening" {
                break line["address"].as_str().unwrap().parse().unwrap();
            }
        };
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        // Somebody has to read on, or the pipe fills up.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(serde_json::from_str(&line).expect("each line is JSON"));
            }
        });
        Self { child, address, log }
    }

    /// The lines that it has logged so far with this message.
    pub fn logged(&self, message: &str) -> Vec<Value> {
        self.log.lock().unwrap().iter().filter(|line| line["message"] == message).cloned().collect()
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        client::request(self.address, method, path, headers, body)
    }

    /// Like `request`, but `None` if there is no (whole) answer.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Option<Answer> {
        client::try_request(self.address, method, path, headers, body)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no time for last words.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_variable_whose_part_is_not_built_yet_is_a_start_up_error() {
    let folder = tempfile::TempDir::new().unwrap();
    for (variable, value) in [
        ("REDIS_URL", "rediss://localhost"),
        ("JWT_SECRET", "x"),
        ("TLS_DIR", "/nowhere"),
        ("DATABASE_URL", "postgres://localhost/x"),
        ("APP_ADDR", ":0"),
        ("ADMIN_TOKEN", ""),
    ] {
        let output = command(&folder.path().join("t.db")).env(variable, value).output().unwrap();
        assert!(!output.status.success(), "{variable}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let named = if variable == "APP_ADDR" { "ADMIN_TOKEN" } else { variable };
        assert!(text.contains(named), "{text}");
    }
    assert!(!folder.path().join("t.db").exists(), "nothing is written before the settings are right");
}

#[test]
fn an_address_in_use_is_a_clear_error() {
    let folder = tempfile::TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = command(&folder.path().join("t.db")).env("APP_ADDR", &address).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains(&address));
}
