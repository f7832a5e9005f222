use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tenant::{Clock, Monotonic};
use tokio::{
    sync::{Notify, oneshot},
    time::sleep,
};

/// Tells executions that their time is over: one task asks the clock for all of them.
pub(super) struct Alarm {
    clock: Arc<dyn Clock>,
    waiting: Mutex<Waiting>,
    more: Arc<Notify>,
}

#[derive(Default)]
struct Waiting {
    /// In the order of their ends; the number tells those apart that end together.
    by_end: BTreeMap<(Monotonic, u64), oneshot::Sender<()>>,
    next_number: u64,
}

// So often the clock is asked, at least: an injected one goes as it likes.
const STEP: Duration = Duration::from_millis(250);

impl Alarm {
    /// It ends when nobody has it any more.
    pub(super) fn start(clock: Arc<dyn Clock>) -> Arc<Self> {
        let alarm = Arc::new(Self { clock, waiting: Mutex::default(), more: Arc::default() });
        tokio::spawn(ring(Arc::downgrade(&alarm), Arc::clone(&alarm.more)));
        alarm
    }

    /// Is told of when so much time has passed.
    pub(super) fn after(&self, duration: Duration) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let end = self.clock.monotonic().after(duration);
        let mut waiting = self.waiting.lock();
        let number = waiting.next_number;
        waiting.next_number = number.wrapping_add(1);
        waiting.by_end.insert((end, number), sender);
        drop(waiting);
        self.more.notify_one();
        receiver
    }

    /// Tells those whose time is over; answers how long to sleep, `None` where nobody waits.
    fn ring(&self) -> Option<Duration> {
        let now = self.clock.monotonic();
        let mut waiting = self.waiting.lock();
        while let Some(first) = waiting.by_end.first_entry() {
            let (end, _) = *first.key();
            if end > now {
                return Some(end.since(now).min(STEP));
            }
            // One that was interrupted does not listen any more.
            let _ = first.remove().send(());
        }
        None
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.more.notify_one();
    }
}

async fn ring(alarm: Weak<Alarm>, more: Arc<Notify>) {
    loop {
        let Some(pause) = alarm.upgrade().map(|alarm| alarm.ring()) else { return };
        match pause {
            Some(pause) => tokio::select! {
                () = sleep(pause) => {}
                () = more.notified() => {}
            },
            None => more.notified().await,
        }
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("waiting", &self.waiting.lock().by_end.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tenant::{ManualClock, UnixTime};
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn each_is_told_at_its_time_in_whatever_order_they_came() {
        let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1)));
        let alarm = Alarm::start(Arc::clone(&clock) as Arc<dyn Clock>);
        let [mut late, mut soon] = [3_600, 60].map(|seconds| alarm.after(Duration::from_secs(seconds)));
        let mut now = alarm.after(Duration::ZERO);
        let is_told = async |receiver: &mut oneshot::Receiver<()>| timeout(4 * STEP, receiver).await.is_ok();
        assert!(is_told(&mut now).await);
        clock.advance(Duration::from_secs(60));
        assert!(is_told(&mut soon).await);
        assert!(late.try_recv().is_err());
        clock.advance(Duration::from_secs(3_540));
        assert!(is_told(&mut late).await);
    }

    #[tokio::test]
    async fn its_task_ends_with_it() {
        let alarm = Alarm::start(Arc::new(ManualClock::starting_at(UnixTime::from_secs(1))));
        let (gone, mut waits) = (Arc::downgrade(&alarm), alarm.after(STEP));
        let metrics = tokio::runtime::Handle::current().metrics();
        assert_eq!(metrics.num_alive_tasks(), 1);
        drop(alarm);
        sleep(4 * STEP).await;
        assert!(gone.upgrade().is_none() && waits.try_recv().is_err());
        assert_eq!(metrics.num_alive_tasks(), 0);
    }
}
