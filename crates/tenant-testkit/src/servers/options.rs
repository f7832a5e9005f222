/// How a private server is set up.
///
/// ```
/// use tenant_testkit::servers::ServerOptions;
///
/// let options = ServerOptions::default().setting("max_connections", "20");
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    pub(super) durable: bool,
    pub(super) settings: Vec<(String, String)>,
}

impl ServerOptions {
    /// Has the server write through to the disk as it does by default (it doesn't here unless asked).
    #[must_use]
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// Adds a line to the server's configuration file; a later one wins.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
}
