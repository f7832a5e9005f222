//! A queue for each range of a cluster's slots, because its nodes fail one by one.

use tenant_core::TenantId;

use super::turns::{Bounds, Turns};

/// What waits and what is under way, range by range; one server has one range.
///
/// Each range has a share of what is under way at once, so that what goes to a node that does not answer, which has some of
/// the ranges, never takes the places of what goes to the others.
#[derive(Debug)]
pub(super) struct Ranges<T> {
    ranges: Box<[Range<T>]>,
    /// Which one is looked at next.
    next: usize,
    waiting: usize,
    places: usize,
    at_once: usize,
}

#[derive(Debug)]
struct Range<T> {
    turns: Turns<T>,
    under_way: usize,
}

/// Where a work came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) range: usize,
    pub(super) tenant: TenantId,
}

impl<T> Ranges<T> {
    /// So many ranges, which share `at_once` places of what is under way; no more than the places of `bounds` wait in all.
    pub(super) fn new(count: usize, bounds: Bounds, at_once: usize) -> Self {
        let range = || Range { turns: Turns::new(bounds), under_way: 0 };
        let ranges = std::iter::repeat_with(range).take(count).collect();
        let at_once = (at_once / count.max(1)).max(1);
        Self { ranges, next: 0, waiting: 0, places: bounds.places, at_once }
    }

    /// Whether there was room.
    pub(super) fn push(&mut self, place: Place, work: T) -> bool {
        let range = self.ranges.get_mut(place.range).filter(|_| self.waiting < self.places);
        let has_room = range.is_some_and(|range| range.turns.push(place.tenant, work));
        self.waiting += usize::from(has_room);
        has_room
    }

    /// The work of the range and the tenant whose turn it is, which is under way from now on.
    pub(super) fn pop(&mut self) -> Option<(Place, T)> {
        let count = self.ranges.len();
        let (popped, range) = (0..count).map(|step| (self.next + step) % count).find_map(|number| {
            let range = self.ranges.get_mut(number).filter(|range| range.under_way < self.at_once)?;
            let popped = range.turns.pop()?;
            range.under_way += 1;
            Some((popped, number))
        })?;
        self.next = (range + 1) % count;
        self.waiting -= 1;
        let (tenant, work) = popped;
        Some((Place { range, tenant }, work))
    }

    /// Something from there is under way no more.
    pub(super) fn done(&mut self, place: Place) {
        if let Some(range) = self.ranges.get_mut(place.range) {
            range.under_way = range.under_way.saturating_sub(1);
            range.turns.done(place.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(range: usize, tenant: &str) -> Place {
        Place { range, tenant: TenantId::parse(tenant).unwrap() }
    }

    #[test]
    fn no_range_has_more_under_way_than_its_share() {
        let mut ranges = Ranges::new(2, Bounds { places: 5, share: 4, at_once: 4 }, 4);
        let (dead, alive) = (place(0, "acme"), place(1, "globex"));
        assert!((0..4).all(|number| ranges.push(dead, number)) && !ranges.push(dead, 4));
        assert_eq!([ranges.pop(), ranges.pop(), ranges.pop()], [Some((dead, 0)), Some((dead, 1)), None]);
        assert!(ranges.push(alive, 5) && ranges.push(alive, 6) && ranges.push(alive, 7));
        assert!(!ranges.push(alive, 8), "no more wait in all");
        assert_eq!([ranges.pop(), ranges.pop(), ranges.pop()], [Some((alive, 5)), Some((alive, 6)), None]);
        ranges.done(dead);
        assert_eq!([ranges.pop(), ranges.pop()], [Some((dead, 2)), None]);
    }
}
