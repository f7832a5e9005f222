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
/// is never idle is not open for ever, and the many requests of one wait as one. Of these no more are let in at a time than
/// it has connections: who was let in has nothing more to wait for, and a turn is not longer than what was begun in it.
#[derive(Debug)]
pub(super) struct Rooms<W> {
    slots: usize,
    /// How many may use one at a time.
    each: usize,
    open: BTreeMap<PlaceName, Room>,
    /// Each once, in the order in which they were first waited for; behind the others again when a turn begins.
    queue: VecDeque<PlaceName>,
    waiting: BTreeMap<PlaceName, VecDeque<Waiting<W>>>,
    next_ticket: u64,
    uses: u64,
}

#[derive(Debug)]
struct Room {
    leases: usize,
    turn_began: Instant,
    /// Counts up with each use of any room.
    last_used: u64,
    is_closing: bool,
}

#[derive(Debug)]
struct Waiting<W> {
    ticket: u64,
    waiter: W,
}

/// What becomes of who wants a room.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    Open,
    /// It has to be waited for; by this number that can be [given up](Rooms::give_up).
    Waits {
        ticket: u64,
    },
}

/// Who has waited for a room and is let in from now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened<W> {
    pub(super) name: PlaceName,
    pub(super) waiters: Vec<W>,
}

/// What a room has for who comes next.
enum Place {
    Free,
    /// As many use it as may.
    Taken,
    /// It is not open, or not for long.
    None,
}

impl<W> Rooms<W> {
    pub(super) fn new(slots: usize, each: usize) -> Self {
        Self {
            slots: slots.max(1),
            each: each.max(1),
            open: BTreeMap::new(),
            queue: VecDeque::new(),
            waiting: BTreeMap::new(),
            next_ticket: 0,
            uses: 0,
        }
    }

    /// Somebody wants a room. `waiter` is made only if it has to be waited for. Who is let in has to
    /// [`leave`](Self::leave), and who waits to [`make_room`](Self::make_room).
    pub(super) fn enter(&mut self, name: &PlaceName, now: Instant, waiter: impl FnOnce() -> W) -> Entered {
        if self.is_free_for_all(name, now) {
            self.use_room(name, now, 1);
            return Entered::Open;
        }
        let waiting = self.waiting.entry(name.clone()).or_default();
        if waiting.is_empty() {
            self.queue.push_back(name.clone());
        }
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        waiting.push_back(Waiting { ticket, waiter: waiter() });
        Entered::Waits { ticket }
    }

    /// Whether who comes now is in nobody's way who has waited.
    fn is_free_for_all(&self, name: &PlaceName, now: Instant) -> bool {
        let has_turn = self.open.get(name).is_some_and(|room| room.has_turn(now));
        let is_first = self.queue.is_empty() || has_turn && !self.waiting.contains_key(name);
        is_first && matches!(self.place_in(name), Place::Free)
    }

    fn place_in(&self, name: &PlaceName) -> Place {
        match self.open.get(name) {
            Some(room) if room.is_closing => Place::None,
            Some(room) if room.leases >= self.each => Place::Taken,
            None if self.open.len() >= self.slots => Place::None,
            Some(_) | None => Place::Free,
        }
    }

    /// Somebody is done. Names those who are let in; others may still wait: [`make_room`](Self::make_room).
    pub(super) fn leave(&mut self, name: &PlaceName, now: Instant) -> Vec<Opened<W>> {
        if let Some(room) = self.open.get_mut(name) {
            room.leases = room.leases.saturating_sub(1);
        }
        self.admit(now)
    }

    /// A room was closed. Names those who are let in; others may still wait: [`make_room`](Self::make_room).
    pub(super) fn closed(&mut self, name: &PlaceName, now: Instant) -> Vec<Opened<W>> {
        self.open.remove(name);
        self.admit(now)
    }

    /// Somebody does not wait any more, or was let in meanwhile. Names those who waited behind and are let in.
    pub(super) fn give_up(&mut self, name: &PlaceName, ticket: u64, now: Instant) -> Vec<Opened<W>> {
        let Some(waiting) = self.waiting.get_mut(name) else { return Vec::new() };
        // Tickets only grow along a line.
        let Ok(at) = waiting.binary_search_by_key(&ticket, |waiting| waiting.ticket) else {
            return Vec::new();
        };
        waiting.remove(at);
        self.forget(name);
        self.admit(now)
    }

    /// Nobody waits any more.
    pub(super) fn give_all_up(&mut self) {
        self.queue.clear();
        self.waiting.clear();
    }

    /// A room that has to be closed, or must not be opened, until it is told that it is [`closed`](Self::closed). Does
    /// nothing and says so if it is used.
    pub(super) fn vacate(&mut self, name: &PlaceName, now: Instant) -> Vacated {
        match self.open.get(name) {
            Some(room) if room.is_closing => Vacated::IsClosing,
            Some(room) if room.leases > 0 => Vacated::InUse,
            Some(_) | None => {
                self.use_room(name, now, 0);
                self.open.entry(name.clone()).and_modify(|room| room.is_closing = true);
                Vacated::Yes
            }
        }
    }

    /// Lets in who has waited longest, as many as there is place for, and then those whose rooms still have their turn.
    fn admit(&mut self, now: Instant) -> Vec<Opened<W>> {
        let (mut opened, mut at) = (Vec::new(), 0);
        while let Some(name) = self.queue.get(at).cloned() {
            match self.place_in(&name) {
                Place::Free => {
                    self.queue.remove(at);
                    self.queue.push_back(name.clone());
                    self.use_room(&name, now, 0);
                    self.open.entry(name.clone()).and_modify(|room| room.turn_began = now);
                    opened.push(self.let_in(name, now));
                }
                Place::Taken => at += 1,
                Place::None => break,
            }
        }
        for name in self.going_on(now) {
            opened.push(self.let_in(name, now));
        }
        opened
    }

    fn going_on(&self, now: Instant) -> Vec<PlaceName> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let rooms = self.open.iter().filter(|(name, room)| {
            room.has_turn(now)
                && self.waiting.contains_key(*name)
                && matches!(self.place_in(name), Place::Free)
        });
        rooms.map(|(name, _)| name.clone()).collect()
    }

    fn let_in(&mut self, name: PlaceName, now: Instant) -> Opened<W> {
        let free = self.each - self.open.get(&name).map_or(0, |room| room.leases).min(self.each);
        let mut waiters = Vec::new();
        if let Some(waiting) = self.waiting.get_mut(&name) {
            let count = free.min(waiting.len());
            waiters.extend(waiting.drain(..count).map(|waiting| waiting.waiter));
        }
        self.use_room(&name, now, waiters.len());
        self.forget(&name);
        Opened { name, waiters }
    }

    /// Opens the room where it is not open.
    fn use_room(&mut self, name: &PlaceName, now: Instant, leases: usize) {
        self.uses += 1;
        let new = Room { leases: 0, turn_began: now, last_used: 0, is_closing: false };
        let room = self.open.entry(name.clone()).or_insert(new);
        room.leases += leases;
        room.last_used = self.uses;
    }

    /// Nobody stands in the queue whom nobody waits for.
    fn forget(&mut self, name: &PlaceName) {
        if self.waiting.get(name).is_some_and(VecDeque::is_empty) {
            self.waiting.remove(name);
            self.queue.retain(|waiting| waiting != name);
        }
    }

    /// The rooms that have to be closed now; [`closed`](Self::closed) tells when one is. As many are on their way out as
    /// are waited for, and no more.
    pub(super) fn make_room(&mut self) -> Vec<PlaceName> {
        std::iter::from_fn(|| self.make_one_room()).collect()
    }

    fn make_one_room(&mut self) -> Option<PlaceName> {
        if self.queue.is_empty() {
            return None;
        }
        let closing = self.open.values().filter(|room| room.is_closing).count();
        // There may be many that wait: it is enough to find one more than are on their way out.
        let wanted = self.wanted().take(closing + 1).count();
        if closing >= wanted {
            return None;
        }
        let idle = self.open.iter_mut().filter(|(_, room)| room.leases == 0 && !room.is_closing);
        let (name, room) = idle.min_by_key(|(_, room)| room.last_used)?;
        room.is_closing = true;
        Some(name.clone())
    }

    /// The rooms that are waited for and not open.
    fn wanted(&self) -> impl Iterator<Item = &PlaceName> {
        let is_open = |name: &PlaceName| self.open.get(name).is_some_and(|room| !room.is_closing);
        self.queue.iter().filter(move |name| !is_open(name))
    }
}

impl Room {
    fn has_turn(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.turn_began) < TURN
    }
}

/// Whether a room was vacated.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Vacated {
    Yes,
    InUse,
    /// Somebody else sees to it.
    IsClosing,
}

#[cfg(test)]
mod tests;
