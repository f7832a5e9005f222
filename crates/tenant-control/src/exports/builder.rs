use std::{collections::HashMap, fmt, pin::pin, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tenant_core::{
    Clock, ConfigStore, Monotonic, StoreError, SystemClock, TenantConfig, TenantId, Timestamp,
    usage::{CUSTOMER, UsageDate, UsageLedger, UsageStore},
};
use tokio::time::sleep;

use super::{Collected, ExportAttempt, UsageExporter, tell::Standing};
use crate::{
    back_off::BackOff,
    usage::{LATE, moved},
};

/// Tells somebody else what tenants use, as [`StripeMeter`](crate::StripeMeter) does. Clones share it.
///
/// A day of a series (a kind, a project) is told when it is over and nothing [late](UsageExportsBuilder::late) can come any more; what comes
/// for all that is told as another part. Each part is written down with its identifier before it is told, and settled when it
/// was taken: whoever is killed in between tells it again under the same identifier, under which it counts once. Any number of
/// instances share the work.
///
/// What fails is told again after a while that doubles. Tenants are told of beside each other, and each that fails waits by itself.
/// The tenant's receiver is of its own config, and written down with each part.
///
/// # What it does not protect against
/// A receiver that is written into another tenant's config. Somebody who forgets identifiers sooner than they
/// [say](UsageExporter::remembers). What was told cannot be taken back: where a level is lowered late, more was told than was used.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_control::{UsageExporter, UsageExports};
/// use tenant_core::{ConfigStore, usage::{UsageLedger, UsageStore}};
///
/// async fn tell<S: UsageStore + UsageLedger + 'static>(
///     store: Arc<S>,
///     configs: Arc<dyn ConfigStore>,
///     exporter: Arc<dyn UsageExporter>,
/// ) {
///     let ledger = Arc::clone(&store) as Arc<dyn UsageLedger>;
///     let exports = UsageExports::builder(store, ledger, configs, exporter).build();
///     exports.run(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await;
/// }
/// ```
#[derive(Clone)]
pub struct UsageExports(pub(super) Arc<Exporting>);

/// How [`UsageExports`] are to be.
#[must_use = "it does nothing until it is built"]
pub struct UsageExportsBuilder(Exporting);

type OfConfig = dyn Fn(&TenantConfig) -> Option<String> + Send + Sync;
type Listener = dyn Fn(&ExportAttempt<'_>) + Send + Sync;
type Collector = dyn Fn(&Result<Collected, StoreError>) + Send + Sync;

pub(super) struct Exporting {
    pub(super) store: Arc<dyn UsageStore>,
    pub(super) ledger: Arc<dyn UsageLedger>,
    pub(super) configs: Arc<dyn ConfigStore>,
    pub(super) exporter: Arc<dyn UsageExporter>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) receiver: Box<OfConfig>,
    pub(super) late: Duration,
    pub(super) back_off: BackOff,
    pub(super) at_once: usize,
    pub(super) heard: Box<Listener>,
    /// Tenants that failed, until they do not.
    pub(super) standing: Mutex<HashMap<TenantId, Standing>>,
    collected: Box<Collector>,
    collects_every: Duration,
}

/// What nobody answers is told again for as long as it may be.
const BACK_OFF: BackOff = BackOff::new(Duration::from_secs(1), Duration::from_secs(600), u32::MAX);
const AT_ONCE: usize = 8;
const COLLECTS_EVERY: Duration = Duration::from_secs(3_600);
/// How often it looks for what is due.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// What was told is known for longer than anything can come late, or is taken back.
const FORGETS_AFTER_DAYS: i64 = 400;
const FORGOTTEN_AT_ONCE: u32 = 10_000;

impl UsageExportsBuilder {
    /// Takes the time from another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.0.clock = clock;
        self
    }

    /// Who a tenant is there: 1 to 255 visible characters of ASCII; the text `stripe_customer_id` in the metadata of its config
    /// unless said otherwise.
    pub fn receiver(
        mut self,
        receiver: impl Fn(&TenantConfig) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.0.receiver = Box::new(receiver);
        self
    }

    /// How long after its end a day is told; an hour by default, as late as a [`UsageMeter`](crate::UsageMeter) records.
    pub fn late(mut self, late: Duration) -> Self {
        self.0.late = late;
        self
    }

    /// When what was not taken is told again: by default after 1, 2, 4, … seconds, ten minutes at the longest, and for ever.
    pub fn back_off(mut self, back_off: BackOff) -> Self {
        self.0.back_off = back_off;
        self
    }

    /// So many tenants are told of at once; 8 by default, and one at least.
    pub fn at_once(mut self, tenants: usize) -> Self {
        self.0.at_once = tenants.max(1);
        self
    }

    /// How often [`run`](UsageExports::run) looks for what is to be told; every hour by default.
    pub fn collects_every(mut self, time: Duration) -> Self {
        self.0.collects_every = time;
        self
    }

    /// Tells of each try, for logs and metrics. It must not block.
    pub fn listen(mut self, heard: impl Fn(&ExportAttempt<'_>) + Send + Sync + 'static) -> Self {
        self.0.heard = Box::new(heard);
        self
    }

    /// Tells what [`run`](UsageExports::run) has found to tell. It must not block.
    pub fn listen_to_collected(
        mut self,
        collected: impl Fn(&Result<Collected, StoreError>) + Send + Sync + 'static,
    ) -> Self {
        self.0.collected = Box::new(collected);
        self
    }

    /// Builds it.
    #[must_use]
    pub fn build(self) -> UsageExports {
        UsageExports(Arc::new(self.0))
    }
}

impl UsageExports {
    /// From a store, by a ledger of what was told, to an exporter.
    pub fn builder(
        store: Arc<dyn UsageStore>,
        ledger: Arc<dyn UsageLedger>,
        configs: Arc<dyn ConfigStore>,
        exporter: Arc<dyn UsageExporter>,
    ) -> UsageExportsBuilder {
        UsageExportsBuilder(Exporting {
            store,
            ledger,
            configs,
            exporter,
            clock: Arc::new(SystemClock::new()),
            receiver: Box::new(|config| config.metadata.get(CUSTOMER)?.as_str().map(str::to_owned)),
            late: LATE,
            back_off: BACK_OFF,
            at_once: AT_ONCE,
            heard: Box::new(|_| {}),
            standing: Mutex::default(),
            collected: Box::new(|_| {}),
            collects_every: COLLECTS_EVERY,
        })
    }

    /// Collects and tells until `shutdown` completes. What is under way then is told again.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        tokio::select! {
            () = &mut shutdown => {}
            () = self.keep_telling() => {}
        }
    }

    async fn keep_telling(&self) {
        let mut last = None::<Monotonic>;
        loop {
            let now = self.0.clock.monotonic();
            if last.is_none_or(|last| now.since(last) >= self.0.collects_every) {
                last = Some(now);
                (self.0.collected)(&self.collect().await);
                // What could not be forgotten is so the next time.
                let _ = self.forget().await;
            }
            // A store that fails is asked again after a while.
            let _ = self.tell_due().await;
            sleep(LOOKS_EVERY).await;
        }
    }

    async fn forget(&self) -> Result<u64, StoreError> {
        let today = UsageDate::of(self.0.now());
        let before = UsageDate::from_days(today.as_days().saturating_sub(FORGETS_AFTER_DAYS));
        self.0.ledger.forget_told(before, FORGOTTEN_AT_ONCE).await
    }
}

impl Exporting {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.unix().into()
    }

    pub(super) fn soon(&self, wait: Duration) -> Timestamp {
        moved(self.now(), wait, 1)
    }
}

impl fmt::Debug for UsageExports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsageExports").field("exporter", &self.0.exporter.name()).finish_non_exhaustive()
    }
}

impl fmt::Debug for UsageExportsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsageExportsBuilder").finish_non_exhaustive()
    }
}
