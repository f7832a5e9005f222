//! Scripts that the server runs in one step.

use redis::Cmd;

/// A Lua script, sent by its hash.
pub(crate) struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    /// The call by hash: a few bytes on the wire.
    pub(crate) fn by_hash(&self) -> Cmd {
        let mut command = Cmd::new();
        command.arg("EVALSHA").arg(&self.hash);
        command
    }

    /// The call by text, for a server that has forgotten the script or never knew it; it remembers it then.
    pub(crate) fn by_text(&self) -> Cmd {
        let mut command = Cmd::new();
        command.arg("EVAL").arg(self.text);
        command
    }
}
