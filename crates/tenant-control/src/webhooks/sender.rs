use std::{fmt, future, pin::pin, sync::Arc, time::Duration};

use tenant_auth::wire;
use tenant_core::{
    Clock, StoreError, Timestamp,
    webhooks::{DueDelivery, OutboxStore, Settled},
};
use tokio::{sync::Notify, time::sleep};

use super::{
    Attempt, AttemptOutcome, InvalidAuthority, Outbox, Resolve, WebhookReach, line,
    post::{Letter, Post},
    round::Round,
    sign,
};
use crate::{back_off::BackOff, usage::moved};

/// Tells webhooks what is in the outbox. Clones share it.
///
/// Each event is told to each webhook until it was taken, by an answer from 200 to 299, or given up: *at least* once, and with the
/// same id each time. Who listens keeps the ids of what it has done. There is no order.
///
/// Tenants take turns, and of each only so much is sent at once: an endpoint that is slow or away, or a tenant of whom a great deal
/// waits, costs others nothing. Several senders, of one process or many, share the work: what one has claimed no other one is given,
/// until it is settled or twice the [timeout](WebhookSenderBuilder::timeout) has passed. What a sender that was killed had claimed is
/// told then by another.
///
/// A tenant chose where it goes. Therefore
/// - the URL is checked again, and the host's name is resolved once for each try: where one of its addresses is none that may be
///   [reached](WebhookReach), nothing is sent; and what was checked is what is connected to;
/// - no redirection is followed, and no proxy is taken from the environment;
/// - of the answer 16 KiB of head and of body are read at most, and nothing of it is kept but the status;
/// - a certificate has to be one that the system trusts.
///
/// # What it does not protect against
/// Who can read what goes over `http`. Who listens and takes longer to do what it is told than to answer: two tries may then overlap.
/// Clocks of instances that are more than a timeout apart: one may take for killed who is not.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_auth::Dns;
/// use tenant_control::{Outbox, WebhookSender};
///
/// async fn send(outbox: &Outbox) -> Result<(), tenant_auth::DnsError> {
///     let sender = WebhookSender::builder(outbox, Arc::new(Dns::of_system()?)).build();
///     sender.run(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct WebhookSender(Arc<Sending>);

/// How a [`WebhookSender`] is to be.
#[must_use = "it does nothing until it is built"]
pub struct WebhookSenderBuilder {
    outbox: Outbox,
    post: Post,
    has_authority: bool,
    back_off: BackOff,
    at_once: u32,
    of_a_tenant: u32,
    keep: Duration,
    heard: Box<Listener>,
}

type Listener = dyn Fn(&Attempt<'_>) + Send + Sync;

/// What its tasks share.
pub(super) struct Sending {
    pub(super) store: Arc<dyn OutboxStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) at_once: u32,
    pub(super) of_a_tenant: u32,
    wake: Arc<Notify>,
    post: Post,
    back_off: BackOff,
    keep: Duration,
    heard: Box<Listener>,
}

const TIMEOUT: Duration = Duration::from_secs(15);
const AT_ONCE: u32 = 128;
const OF_A_TENANT: u32 = 4;
const SEVEN_DAYS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How often it looks for what is due, where nobody wakes it.
const LOOKS_EVERY: Duration = Duration::from_millis(250);
const FORGETS_EVERY: Duration = Duration::from_secs(10 * 60);
const FORGOTTEN_AT_ONCE: u32 = 10_000;
/// What could not be settled is told again: it is worth some patience.
const SETTLES_AFTER: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2)];

impl WebhookSenderBuilder {
    /// Lets them lead elsewhere too than to the internet.
    pub fn reach(mut self, reach: WebhookReach) -> Self {
        self.post.reach = reach;
        self
    }

    /// How long a try may take in all; 15 seconds by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.post.timeout = timeout;
        self
    }

    /// When what was not taken is tried again; as [`BackOff::STANDARD`] has it by default.
    pub fn back_off(mut self, back_off: BackOff) -> Self {
        self.back_off = back_off;
        self
    }

    /// So many tries at once of all tenants; 128 by default, and one at least.
    pub fn at_once(mut self, tries: u32) -> Self {
        self.at_once = tries.max(1);
        self
    }

    /// So many tries at once of each tenant; 4 by default, and one at least.
    pub fn of_a_tenant(mut self, tries: u32) -> Self {
        self.of_a_tenant = tries.max(1);
        self
    }

    /// For how long events are kept, told or not; seven days by default. What is told later than that is not told.
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// Trusts this authority (a certificate in DER) and no other.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn trusting(mut self, authority: &[u8]) -> Result<Self, InvalidAuthority> {
        self.post.tls = Some(line::trusting(authority)?);
        self.has_authority = true;
        Ok(self)
    }

    /// Tells of each try, for logs and metrics. It must not block.
    pub fn listen(mut self, heard: impl Fn(&Attempt<'_>) + Send + Sync + 'static) -> Self {
        self.heard = Box::new(heard);
        self
    }

    /// Builds it. It reads the authorities that the system trusts, unless it was told [another](Self::trusting).
    #[must_use]
    pub fn build(self) -> WebhookSender {
        let Self { outbox, mut post, has_authority, back_off, at_once, of_a_tenant, keep, heard } = self;
        if !has_authority {
            post.tls = wire::system();
        }
        let Outbox { store, clock, wake } = outbox;
        WebhookSender(Arc::new(Sending {
            store,
            clock,
            at_once,
            of_a_tenant,
            wake,
            post,
            back_off,
            keep,
            heard,
        }))
    }
}

impl WebhookSender {
    /// One for what is put into this outbox, that finds hosts by these names.
    pub fn builder(outbox: &Outbox, names: Arc<dyn Resolve>) -> WebhookSenderBuilder {
        WebhookSenderBuilder {
            outbox: outbox.clone(),
            post: Post { names, reach: WebhookReach::Public, timeout: TIMEOUT, tls: None },
            has_authority: false,
            back_off: BackOff::STANDARD,
            at_once: AT_ONCE,
            of_a_tenant: OF_A_TENANT,
            keep: SEVEN_DAYS,
            heard: Box::new(|_| {}),
        }
    }

    /// Sends until `shutdown` completes and what is under way then has ended. Dropped before, it ends at once, and what was under way
    /// is told again. It forgets what is older than is [kept](WebhookSenderBuilder::keep), too.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        tokio::select! {
            () = self.send_until(shutdown) => {}
            () = self.keep_forgetting() => {}
        }
    }

    async fn send_until(&self, shutdown: impl Future<Output = ()> + Send) {
        let (mut shutdown, mut round) = (pin!(shutdown), Round::new(&self.0));
        loop {
            // A store that fails is asked again after a while.
            let is_more = round.claim().await.unwrap_or(false);
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = future::ready(()), if is_more => {}
                true = round.one_ended() => {}
                () = self.0.wake.notified() => {}
                () = sleep(LOOKS_EVERY) => {}
            }
        }
        while round.one_ended().await {}
    }

    async fn keep_forgetting(&self) {
        loop {
            // What could not be forgotten is so the next time.
            let _ = self.forget().await;
            sleep(FORGETS_EVERY).await;
        }
    }

    /// Sends what is due now, waits until it has ended, and says how many tries that were: for jobs that are started by something
    /// else.
    ///
    /// # Errors
    /// The store failed; then what was under way is told again.
    pub async fn deliver_due(&self) -> Result<u64, StoreError> {
        let mut round = Round::new(&self.0);
        loop {
            let is_more = round.claim().await?;
            if !is_more && !round.one_ended().await {
                return Ok(round.tries);
            }
        }
    }

    /// Forgets events that were kept long enough, at most 10 000, and says how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn forget(&self) -> Result<u64, StoreError> {
        let now = Timestamp::from(self.0.clock.unix());
        let kept = i64::try_from(self.0.keep.as_micros()).unwrap_or(i64::MAX);
        let oldest = Timestamp::from_unix_micros(now.as_unix_micros().saturating_sub(kept));
        self.0.store.forget(oldest, FORGOTTEN_AT_ONCE).await
    }
}

impl Sending {
    /// Until when what is claimed now is nobody else's.
    pub(super) fn lease_from(&self, now: Timestamp) -> Timestamp {
        moved(now, self.post.timeout.saturating_mul(2), 1)
    }

    pub(super) async fn deliver(self: Arc<Self>, delivery: DueDelivery) {
        let outcome = self.attempt(&delivery).await;
        let settled = match (outcome.is_taken(), self.back_off.after(delivery.tries)) {
            (true, _) => Settled::Delivered,
            (false, Some(wait)) => Settled::Again(moved(self.clock.unix().into(), wait, 1)),
            (false, None) => Settled::GivenUp,
        };
        for wait in SETTLES_AFTER {
            sleep(wait).await;
            if self.store.settle(&delivery, settled).await.is_ok() {
                break;
            }
        }
        (self.heard)(&Attempt { delivery: &delivery, outcome, settled });
    }

    async fn attempt(&self, delivery: &DueDelivery) -> AttemptOutcome {
        let DueDelivery { event, webhook_id: _, url, secret, tries: _ } = delivery;
        let (body, timestamp) = (sign::body(event), self.clock.unix().as_secs());
        let Some(signature) = sign::signature(secret, &event.id, timestamp, &body) else {
            return AttemptOutcome::Refused;
        };
        let headers = [
            ("webhook-id", event.id.to_string()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signature),
        ];
        self.post.send(url, Letter { headers, body }).await
    }
}

impl fmt::Debug for WebhookSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSender")
            .field("reach", &self.0.post.reach)
            .field("at_once", &self.0.at_once)
            .field("of_a_tenant", &self.0.of_a_tenant)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WebhookSenderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSenderBuilder").finish_non_exhaustive()
    }
}
