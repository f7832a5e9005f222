//! Where invitations are written to.

use std::{io, path::PathBuf, sync::Arc};

use sqlx::Sqlite;
use tenant::{
    Clock, DbOrganisations, TenantDb, async_trait,
    control::{FileMailer, MailError, Mailer, Message, Organisations},
};
use tokio::sync::OnceCell;

use crate::settings::Settings;

const FROM: &str = "no-reply@localhost.localdomain";

/// Writes into a folder that is made with the first mail.
struct Mails {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    mailer: OnceCell<FileMailer>,
}

impl Mails {
    async fn mailer(&self) -> io::Result<&FileMailer> {
        let make = async || Ok(FileMailer::new(&self.folder, FROM)?.with_clock(Arc::clone(&self.clock)));
        self.mailer.get_or_try_init(make).await
    }
}

#[async_trait]
impl Mailer for Mails {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        self.mailer().await.map_err(MailError::new)?.send(message).await
    }
}

/// The organisations of a database. A folder that was asked for must be there, or be made, before anything else is done.
pub(crate) async fn open(
    settings: &Settings,
    db: &TenantDb<Sqlite>,
    clock: &Arc<dyn Clock>,
) -> io::Result<Organisations> {
    let folder = settings.mail_dir.clone().unwrap_or_else(|| PathBuf::from("./mail"));
    let mails = Mails { folder, clock: Arc::clone(clock), mailer: OnceCell::new() };
    if settings.mail_dir.is_some() {
        mails.mailer().await?;
    }
    let accept_at = format!("{}/invitations/accept", settings.public_url);
    let store = Arc::new(DbOrganisations::new(db));
    let organisations = Organisations::new(store, Arc::new(mails), accept_at).with_clock(Arc::clone(clock));
    Ok(organisations.invitations_last(settings.invitation_ttl))
}
