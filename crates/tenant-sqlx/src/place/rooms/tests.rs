use proptest::prelude::*;

use super::*;

fn name(number: u8) -> PlaceName {
    PlaceName::parse(&format!("t{number}")).unwrap()
}

fn enter(rooms: &mut Rooms<u8>, number: u8, now: Instant) -> Entered {
    rooms.enter(&name(number), now, || number)
}

#[test]
fn what_was_used_longest_ago_makes_room() {
    let now = Instant::now();
    let mut rooms = Rooms::new(2);
    for number in [1, 2] {
        assert_eq!(enter(&mut rooms, number, now), Entered::Open { is_new: true });
        rooms.leave(&name(number));
    }
    assert_eq!(enter(&mut rooms, 1, now), Entered::Open { is_new: false });
    rooms.leave(&name(1));
    assert_eq!((enter(&mut rooms, 3, now), rooms.make_room()), (Entered::Waits, vec![name(2)]));
    assert_eq!(
        (enter(&mut rooms, 3, now), rooms.make_room()),
        (Entered::Waits, vec![]),
        "one is on its way out"
    );
    assert_eq!(rooms.closed(&name(2), now), [Opened { name: name(3), waiters: vec![3, 3] }]);
}

#[test]
fn what_is_used_stays_open_and_what_waits_gets_the_first_that_is_free() {
    let now = Instant::now();
    let mut rooms = Rooms::new(1);
    assert_eq!(enter(&mut rooms, 1, now), Entered::Open { is_new: true });
    assert_eq!((enter(&mut rooms, 2, now), rooms.make_room()), (Entered::Waits, vec![]));
    assert_eq!(enter(&mut rooms, 1, now), Entered::Open { is_new: false }, "its turn is not over");
    assert_eq!(enter(&mut rooms, 1, now + TURN), Entered::Waits, "now it is");
    rooms.leave(&name(1));
    assert_eq!(rooms.make_room(), []);
    rooms.leave(&name(1));
    assert_eq!(rooms.make_room(), [name(1)]);
    let next = rooms.closed(&name(1), now + TURN);
    assert_eq!(next, [Opened { name: name(2), waiters: vec![2] }]);
    rooms.leave(&name(2));
    assert_eq!(rooms.make_room(), [name(2)], "the first waits again");
    assert_eq!(rooms.closed(&name(2), now), [Opened { name: name(1), waiters: vec![1] }]);
}

#[derive(Clone, Debug)]
enum Step {
    Enter(u8),
    Leave(prop::sample::Index),
    Close(prop::sample::Index),
    Later(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..8_u8).prop_map(Step::Enter),
        4 => any::<prop::sample::Index>().prop_map(Step::Leave),
        3 => any::<prop::sample::Index>().prop_map(Step::Close),
        1 => (0..200_u64).prop_map(Step::Later),
    ];
    prop::collection::vec(step, 1..300)
}

/// What a user of the rooms sees.
#[derive(Default)]
struct Seen {
    leases: Vec<u8>,
    waiting: Vec<u8>,
    closing: Vec<PlaceName>,
}

impl Seen {
    fn close(&mut self, rooms: &mut Rooms<u8>, at: usize, now: Instant) {
        let closed = self.closing.swap_remove(at);
        assert!(!self.leases.iter().any(|number| name(*number) == closed), "closed while it is used");
        for Opened { name: opened, waiters } in rooms.closed(&closed, now) {
            for waiter in waiters {
                assert_eq!(name(waiter), opened);
                let at = self.waiting.iter().position(|waiting| *waiting == waiter).expect("it has waited");
                self.waiting.swap_remove(at);
                self.leases.push(waiter);
            }
        }
        self.closing.extend(rooms.make_room());
    }

    fn agrees(&self, rooms: &Rooms<u8>) {
        assert!(rooms.open.len() <= rooms.slots);
        let leases: usize = rooms.open.values().map(|room| room.leases).sum();
        assert_eq!(
            (leases, rooms.waiting.values().map(Vec::len).sum()),
            (self.leases.len(), self.waiting.len())
        );
        assert_eq!(rooms.waiting.len(), rooms.queue.len());
        let idle = rooms.open.values().filter(|room| room.leases == 0 && !room.is_closing).count();
        assert!(self.closing.len() >= rooms.wanted() || idle == 0, "somebody waits beside an idle room");
    }
}

proptest! {
    #[test]
    fn rooms_are_bounded_never_closed_while_used_and_never_idle_while_waited_for(
        slots in 1..5_usize,
        steps in steps(),
    ) {
        let mut rooms = Rooms::new(slots);
        let (mut seen, mut now) = (Seen::default(), Instant::now());
        for step in steps {
            match step {
                Step::Enter(number) => match enter(&mut rooms, number, now) {
                    Entered::Open { .. } => seen.leases.push(number),
                    Entered::Waits => {
                        seen.waiting.push(number);
                        seen.closing.extend(rooms.make_room());
                    }
                },
                Step::Leave(index) if !seen.leases.is_empty() => {
                    let number = seen.leases.swap_remove(index.index(seen.leases.len()));
                    rooms.leave(&name(number));
                    seen.closing.extend(rooms.make_room());
                }
                Step::Close(index) if !seen.closing.is_empty() => {
                    let at = index.index(seen.closing.len());
                    seen.close(&mut rooms, at, now);
                }
                Step::Leave(_) | Step::Close(_) => {}
                Step::Later(millis) => now += Duration::from_millis(millis),
            }
            seen.agrees(&rooms);
        }
        // Everybody who waits gets there once those before have left.
        while !seen.waiting.is_empty() {
            while let Some(number) = seen.leases.pop() {
                rooms.leave(&name(number));
                seen.closing.extend(rooms.make_room());
            }
            prop_assert!(!seen.closing.is_empty(), "nobody gets any further");
            while !seen.closing.is_empty() {
                seen.close(&mut rooms, 0, now);
            }
        }
    }
}
