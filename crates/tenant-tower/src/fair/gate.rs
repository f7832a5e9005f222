use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use parking_lot::Mutex;
use tokio::{
    sync::oneshot,
    time::{self, Instant, Sleep},
};

use super::{
    queue::{Entered, Granted, Key, Queue},
    settings::Settings,
};

/// The queue, with what wakes those who wait.
pub(super) struct Gate {
    queue: Mutex<Queue<oneshot::Sender<Slot>>>,
}

/// What becomes of a request.
pub(super) enum Entry {
    Slot(Slot),
    Wait(Pin<Box<Wait>>),
    Shed,
}

impl Gate {
    pub(super) fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self { queue: Mutex::new(Queue::new(settings)) })
    }

    pub(super) fn enter(self: &Arc<Self>, key: Key) -> Entry {
        let now = Instant::now();
        let mut receiver = None;
        let mut queue = self.queue.lock();
        let entered = queue.enter(key, now.into_std(), || {
            let (sender, own) = oneshot::channel();
            receiver = Some(own);
            sender
        });
        let patience = queue.patience();
        drop(queue);
        match (entered, receiver) {
            (Entered::Runs, _) => Entry::Slot(Slot { gate: Some(Arc::clone(self)), key }),
            (Entered::Waits { ticket, shed }, Some(receiver)) => {
                // Whoever lost its place learns it by this.
                drop(shed);
                let gate = Arc::clone(self);
                Entry::Wait(Box::pin(Wait { gate, key, ticket, receiver, patience: time::sleep(patience) }))
            }
            (Entered::Waits { .. } | Entered::Shed, _) => Entry::Shed,
        }
    }

    /// A slot is free, and handed on. Whoever comes meanwhile can't take it from those who wait: both happen under one
    /// lock. Channels are used outside of it, and a slot that nobody takes comes back.
    fn leave(self: &Arc<Self>, key: Key) {
        let mut left = Some(key);
        loop {
            let granted = {
                let now = Instant::now().into_std();
                let mut queue = self.queue.lock();
                if let Some(key) = left.take() {
                    queue.leave(key, now);
                }
                queue.grant(now)
            };
            let Some(Granted { key, waiter, shed }) = granted else { return };
            drop(shed);
            if let Err(mut slot) = waiter.send(Slot { gate: Some(Arc::clone(self)), key }) {
                slot.gate = None;
                left = Some(key);
            }
        }
    }
}

/// The right to run. It ends when this is dropped.
pub(super) struct Slot {
    gate: Option<Arc<Gate>>,
    key: Key,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.leave(self.key);
        }
    }
}

pin_project_lite::pin_project! {
    /// A place in the queue. `None` if it was lost, or patience was.
    pub(super) struct Wait {
        gate: Arc<Gate>,
        key: Key,
        ticket: u64,
        #[pin]
        receiver: oneshot::Receiver<Slot>,
        #[pin]
        patience: Sleep,
    }

    impl PinnedDrop for Wait {
        fn drop(this: Pin<&mut Self>) {
            // A slot that was handed over meanwhile is dropped with the receiver.
            let cancelled = this.gate.queue.lock().cancel(this.key, this.ticket);
            drop(cancelled);
        }
    }
}

impl Future for Wait {
    type Output = Option<Slot>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.receiver.poll(cx) {
            Poll::Ready(slot) => Poll::Ready(slot.ok()),
            Poll::Pending => this.patience.poll(cx).map(|()| None),
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tenant_core::TenantId;

    use super::*;

    // The moment between a grant and its sending, in which who waited has gone.
    #[tokio::test]
    async fn a_slot_that_nobody_takes_goes_to_the_next() {
        let gate = Gate::new(Settings::new(1));
        let enter = |tenant| gate.enter(TenantId::parse(tenant).ok());
        let Entry::Slot(runs) = enter("acme") else { panic!("the first runs") };
        let (Entry::Wait(mut gone), Entry::Wait(mut waits)) = (enter("globex"), enter("initech")) else {
            panic!("the others wait")
        };
        gone.as_mut().project().receiver.get_mut().close();
        drop(runs);
        let slot = waits.as_mut().await;
        assert!(slot.is_some());
        drop((slot, gone));
        assert!(matches!(enter("acme"), Entry::Slot(_)));
    }
}
