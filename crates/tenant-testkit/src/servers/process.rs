use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::account::Account;
use super::error::{ServerError, ServerErrorKind};
use super::folder::Folder;

/// Waits at the pipe this process holds; when it closes, ends the server and removes its folder. The server takes the
/// shell's place, so that the child of this process is the server itself, and has no hand on the pipe.
///
/// The death signal of the operating system would do the same, but needs unsafe code.
const GUARD: &str = r#"
signal=$1 folder=$2
shift 2
exec 3<&0 </dev/null
{
    read -r _ <&3
    kill -s "$signal" $$ 2>/dev/null
    tries=0
    while kill -0 $$ 2>/dev/null && [ "$tries" -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    kill -s KILL $$ 2>/dev/null
    rm -rf "$folder"
} &
exec 3<&-
exec "$@"
"#;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
#[derive(Debug)]
pub(super) struct Process {
    // Dropped first: the server ends before its folder goes.
    child: Guarded,
    folder: Folder,
    log: PathBuf,
}

#[derive(Debug)]
struct Guarded(Child);

impl Process {
    /// Starts a server that writes to `log` in its folder, and ends at this signal.
    pub(super) fn start(
        folder: Folder,
        program: &Path,
        arguments: &[&OsStr],
        signal: &str,
    ) -> Result<Self, ServerError> {
        let log = folder.write("log", "")?;
        let output = File::options().append(true).open(&log).map_err(ServerError::at(&log))?;
        let errors = output.try_clone().map_err(ServerError::at(&log))?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", GUARD, "guard", signal]).arg(folder.path()).arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(output).stderr(errors);
        // Out of the terminal's group: its Ctrl-C would end the guard before it has cleaned up.
        command.process_group(0);
        become_account(&mut command, folder.account());
        let child = command.spawn().map_err(ServerError::at(program))?;
        Ok(Self { child: Guarded(child), folder, log })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until the server answers.
    pub(super) fn wait_until(&mut self, mut ready: impl FnMut(&Path) -> bool) -> Result<(), ServerError> {
        let begin = Instant::now();
        while !ready(self.folder.path()) {
            let ended = self.child.0.try_wait().map_err(ServerError::at(&self.log))?.is_some();
            if ended || begin.elapsed() > PATIENCE {
                return Err(self.why());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn why(&self) -> ServerError {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let error = ServerError::failed("the server's start", &log);
        match log.contains("Address already in use") {
            true => ServerError::new(ServerErrorKind::PortTaken, error.to_string()),
            false => error,
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Closes the pipe: the guard does the rest.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Runs a tool of the server to its end and returns what it printed.
pub(super) fn run(
    program: &Path,
    arguments: &[&OsStr],
    environment: &[(&str, &str)],
    account: Option<Account>,
) -> Result<String, ServerError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    become_account(&mut command, account);
    command.envs(environment.iter().copied());
    let output = command.output().map_err(ServerError::at(program))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    Err(ServerError::failed(&name, &format!("{printed}{errors}")))
}

/// In the root folder, since the account may not be let into the current one; with messages that can be read.
fn become_account(command: &mut Command, account: Option<Account>) {
    command.current_dir("/").env("LC_ALL", "C").env("TZ", "UTC");
    if let Some(Account { user, group }) = account {
        command.uid(user).gid(group).env("HOME", "/nonexistent");
    }
}
