//! Reading again what somebody holds, so that he hears of what became of it.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tenant_core::{ConfigListener, TenantId};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
    time::{sleep, timeout},
};

/// What is to be read again: each tenant once, however often it changes until then.
pub(super) struct Reloads {
    listener: Arc<dyn ConfigListener>,
    waiting: Mutex<Waiting>,
    more: Notify,
}

#[derive(Default)]
struct Waiting {
    tenants: VecDeque<TenantId>,
    /// What is dropped when one was read.
    signals: HashMap<TenantId, Signal>,
}

/// Nothing is ever sent by it: who listens hears when all of them are gone.
type Signal = mpsc::Sender<Infallible>;

/// So many tenants are read at once.
const AT_ONCE: usize = 16;
/// For so long what is read again keeps the next news waiting.
const PATIENCE: Duration = Duration::from_secs(2);
/// After so long a store that does not answer is asked anew.
const DEADLINE: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_millis(50);

impl Reloads {
    pub(super) fn new(listener: Arc<dyn ConfigListener>) -> Self {
        Self { listener, waiting: Mutex::default(), more: Notify::new() }
    }

    /// Has these read, and waits for that, but not for long: a store that is slow does not hold up the next news.
    pub(super) async fn add(&self, tenants: impl IntoIterator<Item = TenantId>) {
        let (signal, mut gone) = mpsc::channel(1);
        for tenant in tenants {
            self.waiting.lock().add(tenant, signal.clone());
        }
        drop(signal);
        self.more.notify_one();
        let _ = timeout(PATIENCE, gone.recv()).await;
    }

    /// Reads what is added, for ever; what is under way ends with this.
    pub(super) async fn run(&self) {
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < AT_ONCE
                && let Some((tenant, signal)) = self.next()
            {
                let listener = Arc::clone(&self.listener);
                under_way.spawn(async move {
                    reload(&*listener, tenant).await;
                    drop(signal);
                });
            }
            tokio::select! {
                () = self.more.notified() => {}
                Some(_) = under_way.join_next() => {}
            }
        }
    }

    fn next(&self) -> Option<(TenantId, Signal)> {
        self.waiting.lock().next()
    }
}

impl Waiting {
    fn add(&mut self, tenant: TenantId, signal: Signal) {
        if self.signals.insert(tenant, signal).is_none() {
            self.tenants.push_back(tenant);
        }
    }

    fn next(&mut self) -> Option<(TenantId, Signal)> {
        let tenant = self.tenants.pop_front()?;
        self.signals.remove_entry(&tenant)
    }
}

/// Tries some times: whoever holds a context of a suspended tenant is to hear of it even where the store fails once.
async fn reload(listener: &dyn ConfigListener, id: TenantId) {
    let mut wait = FIRST_WAIT;
    for _ in 0..5 {
        if let Ok(Ok(())) = timeout(DEADLINE, listener.reload(&id)).await {
            return;
        }
        sleep(wait).await;
        wait = wait.saturating_mul(4);
    }
}
