//! The control plane: what a SaaS needs around its tenants.
//!
//! | what | for |
//! |---|---|
//! | [`AuditLog`] | who did what, in a chain in which a removed or changed entry shows |
//! | [`AuditHooks`] | what the edges tell of: attempts across tenants, bypasses, rejected credentials |
//! | [`Organisations`] | members, invitations, projects |
//! | [`Mailer`], [`FileMailer`] | mail, and a folder that it is written to |
//!
//! What is kept lies behind the store traits of `tenant-core`, which `tenant-sqlx` implements.

mod audit;
mod mail;
mod organisations;

pub use self::{
    audit::{
        AuditBuilder, AuditDamage, AuditHooks, AuditLog, AuditPage, AuditReport, InvalidAuditKey,
        verify_audit,
    },
    mail::{FileMailer, InvalidMessage, MailError, Mailer, Message},
    organisations::{
        ALLOWED_DOMAINS, Acceptance, InvitationToken, MemberPage, NewInvitation, NewProject, Organisations,
        ProjectPage,
    },
};
