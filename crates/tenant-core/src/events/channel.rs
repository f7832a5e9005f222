//! What is kept of one tenant's events, for all who listen.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Event, EventId, Received, id};

/// The tenant's last events.
pub(super) struct Channel {
    stream: u64,
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
}

struct Kept {
    entries: VecDeque<Entry>,
    /// The number of the next one.
    next: u64,
    bytes: usize,
    most: usize,
}

/// What is told to those who listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Event(Event),
    /// So many could not be told; nobody knows how many where that is `None`.
    Missed(Option<u64>),
}

/// Where a tenant's events are large, fewer of them are kept.
const MOST_BYTES: usize = 256 * 1024;

impl Channel {
    pub(super) fn new(most: usize) -> Self {
        let kept = Kept { entries: VecDeque::new(), next: 0, bytes: 0, most: most.max(1) };
        Self { stream: id::draw(), kept: Mutex::new(kept), changed: watch::Sender::new(()) }
    }

    pub(super) fn add(&self, entry: Entry) {
        self.kept.lock().add(entry);
        self.changed.send_replace(());
    }

    /// Hears of each change.
    pub(super) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// The number of what comes next.
    pub(super) fn end(&self) -> u64 {
        self.kept.lock().next
    }

    /// The number of what came after an event, where all of that is kept.
    pub(super) fn after(&self, last: EventId) -> Option<u64> {
        let kept = self.kept.lock();
        let next = last.number.checked_add(1)?;
        (last.stream == self.stream && (kept.first()..=kept.next).contains(&next)).then_some(next)
    }

    /// What has this number, or how many that follow it are no longer kept; moves the number on. `None` where there is nothing
    /// yet.
    pub(super) fn take(&self, number: &mut u64) -> Option<Received> {
        let kept = self.kept.lock();
        if let Some(missed) = kept.first().checked_sub(*number).filter(|missed| *missed > 0) {
            *number = kept.first();
            return Some(Received::Missed(Some(missed)));
        }
        let place = usize::try_from(number.checked_sub(kept.first())?).ok()?;
        let entry = kept.entries.get(place)?.clone();
        let id = EventId { stream: self.stream, number: *number };
        *number += 1;
        Some(match entry {
            Entry::Event(event) => Received::Event(id, event),
            Entry::Missed(count) => Received::Missed(count),
        })
    }
}

impl Kept {
    fn first(&self) -> u64 {
        self.next.saturating_sub(u64::try_from(self.entries.len()).unwrap_or(u64::MAX))
    }

    fn add(&mut self, entry: Entry) {
        self.bytes += entry.size();
        self.entries.push_back(entry);
        self.next += 1;
        while self.entries.len() > self.most || self.bytes > MOST_BYTES {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.size();
        }
    }
}

impl Entry {
    fn size(&self) -> usize {
        match self {
            Self::Event(event) => event.size(),
            Self::Missed(_) => 0,
        }
    }
}
