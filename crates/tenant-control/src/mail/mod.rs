//! Mail.

mod file;
mod message;

use async_trait::async_trait;

pub use self::{
    file::FileMailer,
    message::{InvalidMessage, Message},
};

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a message to whoever delivers it.
    ///
    /// # Errors
    /// It could not be handed over.
    async fn send(&self, message: &Message) -> Result<(), MailError>;
}

/// A message could not be sent. The text tells nothing of it.
#[derive(Debug)]
pub struct MailError(Box<dyn std::error::Error + Send + Sync>);

impl MailError {
    /// Why.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl std::fmt::Display for MailError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the message could not be sent")
    }
}

impl std::error::Error for MailError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}
