//! Which databases are open, who waits for which, and which has to make room. No locks, pools or clocks in here.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use tenant_core::PlaceName;

/// How long a database that others wait for goes on admitting.
pub(super) const TURN: Duration = Duration::from_millis(100);

/// So many databases are open at once, and no more. Each name stands for one, whoever uses it.
///
/// One that nobody uses makes room for one that is waited for: the one that was used longest ago. One that is used is
/// never closed; but once it has had its turn, whoever comes next waits behind those who wait already. So a database that
/// is never idle is not open for ever, and the many requests of one wait as one.
#[derive(Debug)]
pub(super) struct Rooms<W> {
    slots: usize,
    open: BTreeMap<PlaceName, Room>,
    /// Each once, in the order in which they were first waited for.
    queue: VecDeque<PlaceName>,
    waiting: BTreeMap<PlaceName, Vec<W>>,
    uses: u64,
}

#[derive(Debug)]
struct Room {
    leases: usize,
    opened_at: Instant,
    /// Counts up with each use of any room.
    last_used: u64,
    is_closing: bool,
}

/// What becomes of who wants a room.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// It is open. Where `is_new`, it was not until now.
    Open { is_new: bool },
    /// It has to be waited for.
    Waits,
}

/// A room that is open from now, and who has waited for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened<W> {
    pub(super) name: PlaceName,
    pub(super) waiters: Vec<W>,
}

impl<W> Rooms<W> {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            slots: slots.max(1),
            open: BTreeMap::new(),
            queue: VecDeque::new(),
            waiting: BTreeMap::new(),
            uses: 0,
        }
    }

    /// Somebody wants a room. `waiter` is made only if it has to be waited for. Who is let in has to
    /// [`leave`](Self::leave), and who waits to [`make_room`](Self::make_room).
    pub(super) fn enter(&mut self, name: &PlaceName, now: Instant, waiter: impl FnOnce() -> W) -> Entered {
        let is_waited_for = !self.queue.is_empty();
        if let Some(room) = self.open.get_mut(name) {
            let has_had_its_turn = is_waited_for && now.saturating_duration_since(room.opened_at) >= TURN;
            if !room.is_closing && !has_had_its_turn {
                room.leases += 1;
                self.uses += 1;
                room.last_used = self.uses;
                return Entered::Open { is_new: false };
            }
        } else if !is_waited_for && self.open.len() < self.slots {
            self.open(name.clone(), now, 1);
            return Entered::Open { is_new: true };
        }
        if !self.queue.contains(name) {
            self.queue.push_back(name.clone());
        }
        self.waiting.entry(name.clone()).or_default().push(waiter());
        Entered::Waits
    }

    /// Somebody is done. Others may wait for it: [`make_room`](Self::make_room).
    pub(super) fn leave(&mut self, name: &PlaceName) {
        if let Some(room) = self.open.get_mut(name) {
            room.leases = room.leases.saturating_sub(1);
        }
    }

    /// A room was closed. Names those that are open from now, with a lease for each of those who have waited. Others may
    /// still wait: [`make_room`](Self::make_room).
    pub(super) fn closed(&mut self, name: &PlaceName, now: Instant) -> Vec<Opened<W>> {
        self.open.remove(name);
        let mut opened = Vec::new();
        while let Some(next) = self.queue.pop_front() {
            let has_place = match self.open.get(&next) {
                Some(room) => !room.is_closing,
                None => self.open.len() < self.slots,
            };
            if !has_place {
                self.queue.push_front(next);
                break;
            }
            let waiters = self.waiting.remove(&next).unwrap_or_default();
            self.open(next.clone(), now, waiters.len());
            opened.push(Opened { name: next, waiters });
        }
        opened
    }

    /// Opens a room, or begins another turn of one that is open.
    fn open(&mut self, name: PlaceName, now: Instant, leases: usize) {
        self.uses += 1;
        let used = self.open.get(&name).map_or(0, |room| room.leases);
        let room = Room { leases: used + leases, opened_at: now, last_used: self.uses, is_closing: false };
        self.open.insert(name, room);
    }

    /// The rooms that have to be closed now; [`closed`](Self::closed) tells when one is. As many are on their way out as
    /// are waited for, and no more.
    pub(super) fn make_room(&mut self) -> Vec<PlaceName> {
        std::iter::from_fn(|| self.make_one_room()).collect()
    }

    fn make_one_room(&mut self) -> Option<PlaceName> {
        let closing = self.open.values().filter(|room| room.is_closing).count();
        if closing >= self.wanted() {
            return None;
        }
        let idle = self.open.iter_mut().filter(|(_, room)| room.leases == 0 && !room.is_closing);
        let (name, room) = idle.min_by_key(|(_, room)| room.last_used)?;
        room.is_closing = true;
        Some(name.clone())
    }

    /// How many rooms are waited for that are not open.
    fn wanted(&self) -> usize {
        let is_open = |name: &PlaceName| self.open.get(name).is_some_and(|room| !room.is_closing);
        self.queue.iter().filter(|name| !is_open(name)).count()
    }
}

#[cfg(test)]
mod tests;
