//! What need not be waited for: settling, giving permits back, renewing their leases.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt, StreamExt,
    stream::{self, FuturesUnordered},
};
use parking_lot::Mutex;
use redis::{Cmd, FromRedisValue};
use tenant_core::{
    Hooks,
    hooks::{LimitWarning, SettlementsLost},
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use uuid::Uuid;

use super::{
    handle::Handle,
    held::{Held, Places},
    plan::Touched,
    ranges::{Place, Ranges},
    scripts::Scripts,
    turns::Bounds,
};
use crate::{RedisError, RedisErrorKind, caller::Caller};

/// How long a lease is good for. A killed instance's permits are free after that.
pub(super) const LEASE: Duration = Duration::from_secs(25);
/// Twice it may fail.
const RENEW_EVERY: Duration = Duration::from_secs(8);
/// So much waits at most. Of one tenant so much is under way at once that a server some way off is kept busy, and no more
/// than a decision of another tenant may have to wait for.
const BOUNDS: Bounds = Bounds { places: 65_536, share: 4_096, at_once: 16 };
/// So much is under way at once, of which each range of a cluster's slots has a share: a node that does not answer must not
/// hold up what goes to the others.
const AT_ONCE: usize = 1_024;
/// For so long a server that does not answer is waited for.
const RETRY_FOR: Duration = Duration::from_secs(5);
/// So many permits of one limit are renewed by one command.
const MEMBERS: usize = 500;
/// So many such commands are under way at once.
const RENEWALS: usize = 64;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) enum Job {
    Settle(Settlement),
    Release(Places),
}

/// A charge to be corrected.
#[derive(Debug)]
pub(super) struct Settlement {
    pub(super) handle: Arc<Handle>,
    /// The limits, with what was used.
    pub(super) charges: Vec<Charge>,
}

#[derive(Debug)]
pub(super) struct Charge {
    pub(super) used: Touched,
    pub(super) charged: u64,
    /// When it was to reset, in microseconds.
    pub(super) resets: u64,
    pub(super) mark: u64,
}

/// The way into the queue.
#[derive(Clone, Debug)]
pub(super) struct Jobs {
    queue: Arc<Queue>,
    flushes: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

#[derive(Debug)]
struct Queue {
    caller: Caller,
    waiting: Mutex<Ranges<Job>>,
    more: Notify,
    lost: AtomicU64,
}

impl Jobs {
    /// Puts a job into the queue, without waiting: one for which there is no room is lost, and that is reported. A permit
    /// that is not given back so is renewed no more, and expires.
    pub(super) fn add(&self, job: Job) {
        let (plan, is_settlement) = (&job.handle().plan, matches!(job, Job::Settle(_)));
        let place = Place { range: self.queue.caller.range(&plan.key), tenant: plan.tenant };
        if !self.queue.waiting.lock().push(place, job) && is_settlement {
            self.queue.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.queue.more.notify_one();
    }

    /// Waits until nothing waits and nothing is under way, done or given up.
    pub(super) async fn flush(&self) {
        let (done, is_done) = oneshot::channel();
        if self.flushes.send(done).is_ok() {
            let _ = is_done.await;
        }
    }
}

impl Queue {
    fn next(&self) -> Option<(Place, Job)> {
        self.waiting.lock().pop()
    }
}

pub(super) struct Worker {
    scripts: Arc<Scripts>,
    held: Arc<Held>,
    hooks: Hooks,
    /// At which percentages to warn.
    thresholds: String,
    queue: Arc<Queue>,
}

impl Worker {
    /// Starts a worker, which ends with the last way into its queue.
    pub(super) fn start(
        caller: Caller,
        scripts: Arc<Scripts>,
        held: Arc<Held>,
        hooks: Hooks,
        thresholds: String,
    ) -> Jobs {
        let (flushes, asked_to_flush) = mpsc::unbounded_channel();
        let waiting = Mutex::new(Ranges::new(caller.ranges(), BOUNDS, AT_ONCE));
        let queue = Arc::new(Queue { caller, waiting, more: Notify::new(), lost: AtomicU64::new(0) });
        let worker = Self { scripts, held, hooks, thresholds, queue: Arc::clone(&queue) };
        tokio::spawn(worker.run(asked_to_flush));
        Jobs { queue, flushes }
    }

    async fn run(self, mut asked_to_flush: mpsc::UnboundedReceiver<oneshot::Sender<()>>) {
        let mut renew = interval(RENEW_EVERY);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut under_way, mut flushes, mut is_open) = (FuturesUnordered::new(), Vec::new(), true);
        loop {
            while let Some((place, job)) = self.queue.next() {
                under_way.push(self.complete(job).map(move |()| Some(place)).boxed());
            }
            if under_way.is_empty() {
                for done in flushes.drain(..) {
                    let _ = oneshot::Sender::send(done, ());
                }
                if !is_open {
                    return self.tell_of_losses();
                }
            }
            tokio::select! {
                flush = asked_to_flush.recv(), if is_open => match flush {
                    Some(done) => flushes.push(done),
                    None => is_open = false,
                },
                () = self.queue.more.notified() => {}
                Some(place) = under_way.next() => place.into_iter().for_each(|place| self.queue.waiting.lock().done(place)),
                _ = renew.tick(), if is_open => under_way.push(self.tend().map(|()| None).boxed()),
            }
            self.tell_of_losses();
        }
    }

    /// Renews the leases of permits. One that fails is tried again with the next.
    async fn tend(&self) {
        let _ = renew(&self.queue.caller, &self.scripts, &self.held).await;
    }

    async fn complete(&self, work: Job) {
        let begin = Instant::now();
        while begin.elapsed() < RETRY_FOR {
            let answer = match &work {
                Job::Settle(settlement) => self.settle(settlement).await,
                Job::Release(places) => self.release(places).await,
            };
            match (answer, &work) {
                (Ok(()), _) => return work.handle().forget_standings(),
                // Nothing was sent: it keeps until the server is back.
                (Err(error), _) if error.kind() == RedisErrorKind::Broken => sleep(LOOK_AGAIN).await,
                // Giving back twice does no harm.
                (Err(_), Job::Release(_)) => sleep(LOOK_AGAIN).await,
                // It may have been done, and must not be done twice.
                (Err(_), Job::Settle(_)) => break,
            }
        }
        // A permit that could not be given back is renewed no more, and expires.
        if matches!(work, Job::Settle(_)) {
            self.queue.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn settle(&self, settlement: &Settlement) -> Result<(), RedisError> {
        let plan = &settlement.handle.plan;
        let fill = |command: &mut Cmd| {
            command.arg(1).arg(&plan.key).arg(&self.thresholds);
            for charge in &settlement.charges {
                plan.write_used(charge.used, command);
                command.arg(charge.charged).arg(charge.resets).arg(charge.mark);
            }
        };
        let answer = self.queue.caller.run(&plan.key, &self.scripts.settle, fill).await?;
        let warnings = Vec::<u8>::from_redis_value(answer).map_err(|_| RedisError::unexpected())?;
        for (charge, percent) in settlement.charges.iter().zip(warnings).filter(|(_, percent)| *percent > 0) {
            if let Some(limit) = plan.limits.get(charge.used.index) {
                self.hooks.on_limit_warning(&LimitWarning::new(&plan.tenant, &limit.name, percent));
            }
        }
        Ok(())
    }

    async fn release(&self, permit: &Places) -> Result<(), RedisError> {
        let fill = |command: &mut Cmd| {
            command.arg(permit.places.len());
            for (key, _) in &*permit.places {
                command.arg(key);
            }
            for (_, member) in &*permit.places {
                command.arg(member);
            }
        };
        self.queue.caller.run(&permit.handle.plan.key, &self.scripts.release, fill).await.map(drop)
    }

    fn tell_of_losses(&self) {
        let lost = self.queue.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            self.hooks.on_settlements_lost(&SettlementsLost::new(lost));
        }
    }
}

/// Extends the leases of all permits; the first failure is the answer, but all are tried, some side by side: a node that
/// does not answer must not let the permits of tenants on others expire.
pub(super) async fn renew(caller: &Caller, scripts: &Scripts, held: &Held) -> Result<(), RedisError> {
    let members = held.members();
    let some = members.iter().flat_map(|(key, members)| members.chunks(MEMBERS).map(move |some| (key, some)));
    let renew = some.map(|(key, some)| renew_some(caller, scripts, held, key, some).boxed());
    let answers = stream::iter(renew.collect::<Vec<_>>()).buffer_unordered(RENEWALS);
    answers.fold(Ok(()), async |outcome: Result<_, _>, answer| outcome.and(answer)).await
}

async fn renew_some(
    caller: &Caller,
    scripts: &Scripts,
    held: &Held,
    key: &str,
    members: &[(Uuid, String)],
) -> Result<(), RedisError> {
    // Since they were looked up some were given back: they must not be taken anew.
    let still: Vec<&str> = held.still(members).collect();
    if still.is_empty() {
        return Ok(());
    }
    let fill = |command: &mut Cmd| {
        command.arg(1).arg(key).arg(LEASE.as_micros().to_string());
        for member in &still {
            command.arg(*member);
        }
    };
    caller.run(key, &scripts.renew, fill).await.map(drop)
}

impl Job {
    fn handle(&self) -> &Arc<Handle> {
        match self {
            Self::Settle(settlement) => &settlement.handle,
            Self::Release(places) => &places.handle,
        }
    }
}
