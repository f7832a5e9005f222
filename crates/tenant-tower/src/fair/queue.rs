//! Who runs, who waits and whose turn it is. No locks, clocks or channels in here.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    time::{Duration, Instant},
};

use tenant_core::TenantId;

use super::settings::Settings;

/// Whose requests are counted together: a tenant's, or those of all callers without one.
pub(super) type Key = Option<TenantId>;

/// Tenants take turns: each slot that becomes free goes to the next tenant that waits, not to the next request.
pub(super) struct Queue<W> {
    settings: Settings,
    running: usize,
    waiting: usize,
    /// Of tenants that have a request here; no others are known.
    lines: HashMap<Key, Line<W>>,
    /// Tenants that wait and may have one more slot, each once: all slots are taken while there are any.
    turns: VecDeque<Key>,
    next_ticket: u64,
    /// Since when somebody has been waiting for others' slots without a pause. Who waits because its own tenant has its
    /// share does not count.
    standing_since: Option<Instant>,
}

struct Line<W> {
    running: usize,
    waiting: VecDeque<Waiting<W>>,
    has_turn: bool,
    /// When the tenant last had all the slots it may have.
    full_at: Option<Instant>,
}

struct Waiting<W> {
    ticket: u64,
    since: Instant,
    waiter: W,
}

/// What becomes of a request that comes.
pub(super) enum Entered<W> {
    Runs,
    /// It waits; one of a tenant with more of them may have lost its place to it.
    Waits {
        ticket: u64,
        shed: Option<W>,
    },
    /// Its own tenant has the most requests here, and there is no place left.
    Shed,
}

/// A request that runs now.
pub(super) struct Granted<W> {
    pub(super) key: Key,
    pub(super) waiter: W,
    /// One that lost its place, because all of them wait for too long.
    pub(super) shed: Option<W>,
}

impl<W> Queue<W> {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            running: 0,
            waiting: 0,
            lines: HashMap::new(),
            turns: VecDeque::new(),
            next_ticket: 0,
            standing_since: None,
        }
    }

    /// A request comes. `waiter` is made only if it has to wait.
    pub(super) fn enter(&mut self, key: Key, now: Instant, waiter: impl FnOnce() -> W) -> Entered<W> {
        let line = self.lines.entry(key).or_default();
        if line.waiting.is_empty()
            && line.running < self.settings.per_tenant
            && self.running < self.settings.slots
        {
            line.running += 1;
            self.running += 1;
            return Entered::Runs;
        }
        let load = line.load();
        let shed = match self.waiting < self.settings.waiting {
            true => None,
            false => match self.heaviest().filter(|(_, heaviest)| *heaviest > load) {
                Some((heaviest, _)) => self.shed_newest(heaviest),
                None => {
                    self.forget(key);
                    return Entered::Shed;
                }
            },
        };
        let ticket = self.wait(key, now, waiter());
        Entered::Waits { ticket, shed }
    }

    fn wait(&mut self, key: Key, now: Instant, waiter: W) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiting += 1;
        let line = self.lines.entry(key).or_default();
        line.waiting.push_back(Waiting { ticket, since: now, waiter });
        self.give_turn(key, now);
        ticket
    }

    /// A request has ended: its slot is free. [`Queue::grant`] has to be called then, until it grants nothing.
    pub(super) fn leave(&mut self, key: Key, now: Instant) {
        if let Some(line) = self.lines.get_mut(&key) {
            if line.running >= self.settings.per_tenant {
                line.full_at = Some(now);
            }
            line.running = line.running.saturating_sub(1);
            self.running = self.running.saturating_sub(1);
        }
        self.give_turn(key, now);
        self.forget(key);
    }

    /// A request that waits is given up. Nothing happens if it does not wait any more.
    pub(super) fn cancel(&mut self, key: Key, ticket: u64) -> Option<W> {
        let line = self.lines.get_mut(&key)?;
        // Tickets only grow along a line.
        let at = line.waiting.binary_search_by_key(&ticket, |waiting| waiting.ticket).ok()?;
        let cancelled = line.waiting.remove(at)?;
        self.one_less_waits(key);
        Some(cancelled.waiter)
    }

    /// Gives a free slot to the tenant whose turn it is.
    pub(super) fn grant(&mut self, now: Instant) -> Option<Granted<W>> {
        while self.running < self.settings.slots {
            let key = self.turns.pop_front()?;
            let Some(line) = self.lines.get_mut(&key) else { continue };
            line.has_turn = false;
            let Some(next) = line.waiting.pop_front() else { continue };
            line.running += 1;
            self.running += 1;
            let since = line.full_at.map_or(next.since, |full_at| full_at.max(next.since));
            let is_late =
                self.is_standing(now) && now.saturating_duration_since(since) > self.settings.target;
            self.one_less_waits(key);
            self.give_turn(key, now);
            let shed = if is_late { self.shed_oldest() } else { None };
            self.see_end_of_turns();
            return Some(Granted { key, waiter: next.waiter, shed });
        }
        None
    }

    /// A queue that has not been empty for so long is no burst any more (Nichols and Jacobson, "Controlling Queue
    /// Delay", ACM Queue 10(5), 2012).
    fn is_standing(&self, now: Instant) -> bool {
        let standing = |since| now.saturating_duration_since(since) >= self.settings.interval;
        self.standing_since.is_some_and(standing)
    }

    fn give_turn(&mut self, key: Key, now: Instant) {
        let Some(line) = self.lines.get_mut(&key) else { return };
        if !line.has_turn && !line.waiting.is_empty() && line.running < self.settings.per_tenant {
            line.has_turn = true;
            self.turns.push_back(key);
            self.standing_since.get_or_insert(now);
        }
    }

    fn see_end_of_turns(&mut self) {
        if self.turns.is_empty() {
            self.standing_since = None;
        }
    }

    /// The tenant with the most requests here, of those that wait. Looks at all of them: there are at most as many as
    /// may wait, and it is asked only when no more may.
    fn heaviest(&self) -> Option<(Key, usize)> {
        let waiting = self.lines.iter().filter(|(_, line)| !line.waiting.is_empty());
        waiting.map(|(key, line)| (*key, line.load())).max_by_key(|(_, load)| *load)
    }

    /// The one that has waited least: it loses least.
    fn shed_newest(&mut self, key: Key) -> Option<W> {
        let shed = self.lines.get_mut(&key)?.waiting.pop_back()?;
        self.one_less_waits(key);
        Some(shed.waiter)
    }

    /// The one that has waited longest, of the tenant with the most: its caller is the likeliest to be gone.
    fn shed_oldest(&mut self) -> Option<W> {
        let (key, _) = self.heaviest()?;
        let shed = self.lines.get_mut(&key)?.waiting.pop_front()?;
        self.one_less_waits(key);
        Some(shed.waiter)
    }

    fn one_less_waits(&mut self, key: Key) {
        self.waiting = self.waiting.saturating_sub(1);
        if let Some(line) = self.lines.get_mut(&key).filter(|line| line.waiting.is_empty() && line.has_turn) {
            line.has_turn = false;
            self.turns.retain(|turn| *turn != key);
            self.see_end_of_turns();
        }
        self.forget(key);
    }

    fn forget(&mut self, key: Key) {
        if self.lines.get(&key).is_some_and(|line| line.load() == 0) {
            self.lines.remove(&key);
        }
        // What a storm has left behind is given back.
        if self.lines.is_empty() && self.lines.capacity() > 1_024 {
            mem::take(&mut self.lines);
            mem::take(&mut self.turns);
        }
    }

    /// How long a request waits at most.
    pub(super) const fn patience(&self) -> Duration {
        self.settings.patience
    }
}

impl<W> Line<W> {
    fn load(&self) -> usize {
        self.running + self.waiting.len()
    }
}

impl<W> Default for Line<W> {
    fn default() -> Self {
        Self { running: 0, waiting: VecDeque::new(), has_turn: false, full_at: None }
    }
}

#[cfg(test)]
mod tests;
