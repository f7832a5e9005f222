use proptest::prelude::*;

use super::*;

fn name(number: u8) -> PlaceName {
    PlaceName::parse(&format!("t{number}")).unwrap()
}

fn enter(rooms: &mut Rooms<u8>, number: u8, now: Instant) -> Entered {
    rooms.enter(&name(number), now, || number)
}

fn waits(rooms: &mut Rooms<u8>, number: u8, now: Instant) -> u64 {
    match enter(rooms, number, now) {
        Entered::Waits { ticket } => ticket,
        Entered::Open => panic!("{number} is let in"),
    }
}

fn let_in(number: u8, times: usize) -> Opened<u8> {
    Opened { name: name(number), waiters: vec![number; times] }
}

#[test]
fn what_was_used_longest_ago_makes_room() {
    let now = Instant::now();
    let mut rooms = Rooms::new(2, 2);
    for number in [1, 2] {
        assert_eq!(enter(&mut rooms, number, now), Entered::Open);
        rooms.leave(&name(number), now);
    }
    assert_eq!(enter(&mut rooms, 1, now), Entered::Open);
    rooms.leave(&name(1), now);
    waits(&mut rooms, 3, now);
    assert_eq!(rooms.make_room(), [name(2)]);
    waits(&mut rooms, 3, now);
    assert_eq!(rooms.make_room(), [], "one is on its way out");
    assert_eq!(rooms.closed(&name(2), now), [let_in(3, 2)]);
}

#[test]
fn what_is_used_stays_open_and_what_waits_gets_the_first_that_is_free() {
    let now = Instant::now();
    let mut rooms = Rooms::new(1, 2);
    assert_eq!(enter(&mut rooms, 1, now), Entered::Open);
    waits(&mut rooms, 2, now);
    assert_eq!(rooms.make_room(), []);
    assert_eq!(enter(&mut rooms, 1, now), Entered::Open, "its turn is not over");
    assert_eq!(rooms.leave(&name(1), now), []);
    waits(&mut rooms, 1, now + TURN);
    assert_eq!((rooms.leave(&name(1), now + TURN), rooms.make_room()), (vec![], vec![name(1)]));
    assert_eq!(rooms.closed(&name(1), now + TURN), [let_in(2, 1)]);
    assert_eq!(rooms.leave(&name(2), now + TURN), []);
    assert_eq!(rooms.make_room(), [name(2)], "the first waits again");
    assert_eq!(rooms.closed(&name(2), now), [let_in(1, 1)]);
}

#[test]
fn many_requests_of_one_are_let_in_bit_by_bit_and_others_between_them() {
    let now = Instant::now();
    let mut rooms = Rooms::new(1, 2);
    assert_eq!((enter(&mut rooms, 1, now), enter(&mut rooms, 1, now)), (Entered::Open, Entered::Open));
    for _ in 0..100 {
        waits(&mut rooms, 1, now);
    }
    waits(&mut rooms, 2, now);
    assert_eq!(rooms.leave(&name(1), now), [let_in(1, 1)]);
    assert_eq!(rooms.leave(&name(1), now), [let_in(1, 1)], "the turn goes on");
    assert_eq!(rooms.leave(&name(1), now + TURN), []);
    assert_eq!((rooms.leave(&name(1), now + TURN), rooms.make_room()), (vec![], vec![name(1)]));
    assert_eq!(rooms.closed(&name(1), now + TURN), [let_in(2, 1)]);
}

#[test]
fn who_has_given_up_is_in_nobodys_way_and_takes_no_place() {
    let now = Instant::now();
    let mut rooms = Rooms::new(1, 2);
    assert_eq!(enter(&mut rooms, 1, now), Entered::Open);
    for _ in 0..100 {
        let ticket = waits(&mut rooms, 2, now);
        assert_eq!(rooms.give_up(&name(2), ticket, now), []);
    }
    assert!(rooms.waiting.is_empty() && rooms.queue.is_empty());
    let ticket = waits(&mut rooms, 2, now);
    waits(&mut rooms, 1, now + TURN);
    assert_eq!(rooms.give_up(&name(2), ticket, now + TURN), [let_in(1, 1)]);
    assert_eq!(rooms.give_up(&name(2), ticket, now + TURN), [], "once");
}

#[test]
fn what_is_vacated_is_entered_when_it_was_closed() {
    let now = Instant::now();
    let mut rooms = Rooms::new(1, 1);
    assert_eq!(rooms.vacate(&name(1), now), Vacated::Yes, "whether it is open or not");
    assert_eq!(rooms.vacate(&name(1), now), Vacated::IsClosing);
    waits(&mut rooms, 1, now);
    assert_eq!((rooms.make_room(), rooms.closed(&name(1), now)), (vec![], vec![let_in(1, 1)]));
    assert_eq!(rooms.vacate(&name(1), now), Vacated::InUse);
}

#[derive(Clone, Debug)]
enum Step {
    Enter(u8),
    Leave(prop::sample::Index),
    GiveUp(prop::sample::Index),
    Close(prop::sample::Index),
    Later(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..8_u8).prop_map(Step::Enter),
        4 => any::<prop::sample::Index>().prop_map(Step::Leave),
        1 => any::<prop::sample::Index>().prop_map(Step::GiveUp),
        3 => any::<prop::sample::Index>().prop_map(Step::Close),
        1 => (0..200_u64).prop_map(Step::Later),
    ];
    prop::collection::vec(step, 1..300)
}

/// What a user of the rooms sees.
#[derive(Default)]
struct Seen {
    leases: Vec<u8>,
    waiting: Vec<(u8, u64)>,
    closing: Vec<PlaceName>,
}

impl Seen {
    fn close(&mut self, rooms: &mut Rooms<u8>, at: usize, now: Instant) {
        let closed = self.closing.swap_remove(at);
        assert!(!self.leases.iter().any(|number| name(*number) == closed), "closed while it is used");
        self.changed(rooms.closed(&closed, now), rooms);
    }

    fn leave(&mut self, rooms: &mut Rooms<u8>, at: usize, now: Instant) {
        let number = self.leases.swap_remove(at);
        self.changed(rooms.leave(&name(number), now), rooms);
    }

    fn changed(&mut self, opened: Vec<Opened<u8>>, rooms: &mut Rooms<u8>) {
        for Opened { name: opened, waiters } in opened {
            for waiter in waiters {
                assert_eq!(name(waiter), opened);
                let at =
                    self.waiting.iter().position(|(waiting, _)| *waiting == waiter).expect("it has waited");
                self.waiting.remove(at);
                self.leases.push(waiter);
            }
        }
        self.closing.extend(rooms.make_room());
    }

    fn agrees(&self, rooms: &Rooms<u8>) {
        assert!(rooms.open.len() <= rooms.slots);
        assert!(rooms.open.values().all(|room| room.leases <= rooms.each));
        let leases: usize = rooms.open.values().map(|room| room.leases).sum();
        assert_eq!(
            (leases, rooms.waiting.values().map(VecDeque::len).sum()),
            (self.leases.len(), self.waiting.len())
        );
        assert_eq!(rooms.waiting.len(), rooms.queue.len());
        let idle = rooms.open.values().filter(|room| room.leases == 0 && !room.is_closing).count();
        assert!(
            self.closing.len() >= rooms.wanted().count() || idle == 0,
            "somebody waits beside an idle room"
        );
    }
}

proptest! {
    #[test]
    fn rooms_are_bounded_never_closed_while_used_and_never_idle_while_waited_for(
        slots in 1..5_usize,
        each in 1..4_usize,
        steps in steps(),
    ) {
        let mut rooms = Rooms::new(slots, each);
        let (mut seen, mut now) = (Seen::default(), Instant::now());
        for step in steps {
            match step {
                Step::Enter(number) => match enter(&mut rooms, number, now) {
                    Entered::Open => seen.leases.push(number),
                    Entered::Waits { ticket } => {
                        seen.waiting.push((number, ticket));
                        seen.closing.extend(rooms.make_room());
                    }
                },
                Step::Leave(index) if !seen.leases.is_empty() => {
                    let at = index.index(seen.leases.len());
                    seen.leave(&mut rooms, at, now);
                }
                Step::GiveUp(index) if !seen.waiting.is_empty() => {
                    let (number, ticket) = seen.waiting.remove(index.index(seen.waiting.len()));
                    seen.changed(rooms.give_up(&name(number), ticket, now), &mut rooms);
                }
                Step::Close(index) if !seen.closing.is_empty() => {
                    let at = index.index(seen.closing.len());
                    seen.close(&mut rooms, at, now);
                }
                Step::Leave(_) | Step::GiveUp(_) | Step::Close(_) => {}
                Step::Later(millis) => now += Duration::from_millis(millis),
            }
            seen.agrees(&rooms);
        }
        // Everybody who waits gets there once those before have left.
        while !seen.waiting.is_empty() {
            prop_assert!(!seen.closing.is_empty() || !seen.leases.is_empty(), "nobody gets any further");
            while !seen.leases.is_empty() {
                seen.leave(&mut rooms, 0, now);
                now += Duration::from_millis(50);
            }
            while !seen.closing.is_empty() {
                seen.close(&mut rooms, 0, now);
            }
        }
    }
}
