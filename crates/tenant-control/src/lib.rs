//! The control plane: what a SaaS needs around its tenants.
//!
//! | what | for |
//! |---|---|
//! | [`AuditLog`] | who did what, in a chain in which a removed or changed entry shows |
//! | [`AuditHooks`] | what the edges tell of: attempts across tenants, bypasses, rejected credentials |
//! | [`Offers`], [`PlanChanges`] | the plans there are; trials that end, and plans that are changed later |
//! | [`JobRunner`] | what takes long, run once by whichever instance comes first |
//! | [`Organisations`] | members, invitations, projects |
//! | [`Mailer`], [`FileMailer`] | mail, and a folder that it is written to |
//! | [`UsageMeter`] | what tenants use, recorded once for each key and added up by day |
//! | [`Billing`] | what that costs in a billing cycle |
//! | [`UsageExport`] | records as CSV or lines of JSON |
//! | [`UsageExports`], [`UsageExporter`] | what was used on each day, told to somebody else until it was taken |
//! | `StripeMeter` | Stripe's meters, told of usage (feature `stripe`) |
//! | `Webhooks`, `Outbox`, `WebhookSender` | what happens in a tenant, told to servers of its own (feature `webhooks`) |
//!
//! What is kept lies behind the store traits of `tenant-core`, which `tenant-sqlx` implements.

mod audit;
mod back_off;
mod billing;
mod exports;
mod jobs;
mod mail;
mod organisations;
mod plans;
#[cfg(feature = "stripe")]
mod stripe;
mod usage;
#[cfg(feature = "webhooks")]
mod webhooks;

#[cfg(feature = "stripe")]
pub use self::stripe::{InvalidStripe, StripeMeter};
#[cfg(feature = "webhooks")]
pub use self::webhooks::{
    Attempt, AttemptOutcome, InvalidAuthority, InvalidWebhookUrl, Outbox, Resolve, WebhookError,
    WebhookErrorKind, WebhookReach, WebhookSender, WebhookSenderBuilder, Webhooks,
};
pub use self::{
    audit::{
        AuditBuilder, AuditDamage, AuditHooks, AuditLog, AuditPage, AuditReport, InvalidAuditKey,
        verify_audit,
    },
    back_off::BackOff,
    exports::{
        Collected, ExportAttempt, ExportFailure, ExportFailureKind, HeldUsage, MeteredUsage, Told,
        UsageExporter, UsageExports, UsageExportsBuilder,
    },
    jobs::JobRunner,
    mail::{FileMailer, InvalidMessage, MailError, Mailer, Message},
    organisations::{
        ALLOWED_DOMAINS, Acceptance, InvitationToken, MemberPage, NewInvitation, NewProject, Organisations,
        ProjectPage,
    },
    plans::{
        AfterTrial, Fit, InvalidOffers, Offer, Offers, OverLimit, PlanChange, PlanChangeKind, PlanChanges,
        PlanListener, StockUsage,
    },
};
pub use self::{
    billing::{
        Billing, BillingError, BillingErrorKind, Counts, CycleStatus, InvalidRates, Price, ProjectUsage,
        Rates, Ratio, Terms, UsageLine, UsageReport, UsageWarning, Utilisation,
    },
    usage::{
        ExportFormat, MeterBuilder, Recorded, SeriesUsage, UsageError, UsageErrorKind, UsageExport,
        UsageMeter, Used, UsedOnDay, usage_history, usage_summary,
    },
};
