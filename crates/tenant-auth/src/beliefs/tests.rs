use std::{
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Waker},
};

use tenant_core::{ManualClock, UnixTime};
use tokio::sync::Notify;

use super::*;

#[derive(Clone, Debug, PartialEq)]
struct Number(u64);

impl Found for Number {
    fn take_over(&self, _former: &Self) {}
}

fn beliefs(count: usize) -> (Beliefs<u64, Number>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1)));
    let settings =
        Settings { clock: Arc::clone(&clock) as _, found: count, missing: count, ..Settings::default() };
    (Beliefs::new(settings), clock)
}

/// A store that counts, and answers when it is told to.
#[derive(Default)]
struct Store {
    asked: AtomicU64,
    gate: Notify,
}

impl Store {
    async fn answer(&self) -> Result<Option<Number>, StoreError> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.notified().await;
        Ok(Some(Number(number)))
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

fn sizes(beliefs: &Beliefs<u64, Number>) -> (usize, usize, usize) {
    beliefs
        .shards
        .iter()
        .map(|shard| shard.lock().sizes())
        .fold((0, 0, 0), |all, one| (all.0 + one.0, all.1 + one.1, all.2 + one.2))
}

#[test]
fn all_who_want_to_know_the_same_ask_once() {
    let ((beliefs, _clock), store) = (beliefs(100), Store::default());
    let mut one = Box::pin(beliefs.get(&7, || store.answer()));
    let mut other = Box::pin(beliefs.get(&7, || store.answer()));
    assert!(poll(one.as_mut()).is_none() && poll(other.as_mut()).is_none());
    store.gate.notify_one();
    assert_eq!(poll(one.as_mut()).unwrap().unwrap(), Some(Number(0)));
    assert_eq!(poll(other.as_mut()).unwrap().unwrap(), Some(Number(0)));
    assert_eq!((store.asked(), sizes(&beliefs)), (1, (1, 0, 0)));
}

#[test]
fn who_gives_up_leaves_the_question_to_the_others_and_the_last_one_takes_it_along() {
    let ((beliefs, _clock), store) = (beliefs(100), Store::default());
    let mut one = Box::pin(beliefs.get(&7, || store.answer()));
    let mut other = Box::pin(beliefs.get(&7, || store.answer()));
    assert!(poll(one.as_mut()).is_none() && poll(other.as_mut()).is_none());
    drop(one);
    assert!(poll(other.as_mut()).is_none());
    assert_eq!((store.asked(), sizes(&beliefs).2), (2, 1));
    drop(other);
    assert_eq!(sizes(&beliefs), (0, 0, 0));
}

#[test]
fn what_was_forgotten_while_it_was_asked_for_is_asked_again() {
    let ((beliefs, _clock), store) = (beliefs(100), Store::default());
    let forgets: [fn(&Beliefs<u64, Number>); 2] =
        [|beliefs| beliefs.forget(&7), |beliefs| beliefs.forget_where(|_| true)];
    for forget in forgets {
        beliefs.forget(&7);
        let before = store.asked();
        let mut one = Box::pin(beliefs.get(&7, || store.answer()));
        assert!(poll(one.as_mut()).is_none());
        forget(&beliefs);
        store.gate.notify_one();
        assert!(poll(one.as_mut()).is_none(), "what was there before the revocation is believed");
        assert_eq!((store.asked(), sizes(&beliefs).0), (before + 2, 0));
        store.gate.notify_one();
        assert_eq!(poll(one.as_mut()).unwrap().unwrap(), Some(Number(before + 1)));
    }
}

#[test]
fn an_answer_counts_from_when_it_was_asked_for_and_a_slow_one_is_for_those_who_waited() {
    let ((beliefs, clock), store) = (beliefs(100), Store::default());
    let mut one = Box::pin(beliefs.get(&7, || store.answer()));
    assert!(poll(one.as_mut()).is_none());
    clock.advance(Duration::from_millis(499));
    let mut soon = Box::pin(beliefs.get(&7, || store.answer()));
    assert!(poll(soon.as_mut()).is_none());
    assert_eq!(store.asked(), 1);
    clock.advance(Duration::from_millis(1));
    let mut late = Box::pin(beliefs.get(&7, || store.answer()));
    assert!(poll(late.as_mut()).is_none());
    assert_eq!(store.asked(), 2, "who came late is answered by an old question");
    store.gate.notify_one();
    assert_eq!(poll(one.as_mut()).unwrap().unwrap(), Some(Number(0)));
    assert_eq!(poll(soon.as_mut()).unwrap().unwrap(), Some(Number(0)));
    assert_eq!(beliefs.peek(&7), None, "it is too old to be believed");
    store.gate.notify_one();
    assert_eq!(poll(late.as_mut()).unwrap().unwrap(), Some(Number(1)));
    assert_eq!(beliefs.peek(&7), Some(Some(Number(1))));
    clock.advance(Duration::from_millis(500));
    assert_eq!(beliefs.peek(&7), None);
}

#[test]
fn what_is_not_there_is_asked_for_again_as_often_as_what_is() {
    let (beliefs, clock) = beliefs(100);
    let answer = |answer: Option<Number>| move || std::future::ready(Ok(answer.clone()));
    poll(Box::pin(beliefs.get(&1, answer(Some(Number(1))))).as_mut()).unwrap().unwrap();
    poll(Box::pin(beliefs.get(&2, answer(None))).as_mut()).unwrap().unwrap();
    clock.advance(Duration::from_millis(499));
    assert_eq!((beliefs.peek(&1), beliefs.peek(&2)), (Some(Some(Number(1))), Some(None)));
    clock.advance(Duration::from_millis(1));
    assert_eq!((beliefs.peek(&1), beliefs.peek(&2)), (None, None));
}

#[test]
fn a_failure_is_nothing_to_believe() {
    let (beliefs, _clock) = beliefs(100);
    let fail = || std::future::ready(Err(StoreError::unavailable("down")));
    assert!(poll(Box::pin(beliefs.get(&7, fail)).as_mut()).unwrap().is_err());
    assert_eq!((beliefs.peek(&7), sizes(&beliefs)), (None, (0, 0, 0)));
}

#[test]
fn both_sides_are_bounded_and_guesses_evict_nothing() {
    let (beliefs, _clock) = beliefs(64);
    let found = |number| move || std::future::ready(Ok(Some(Number(number))));
    let missing = || std::future::ready(Ok(None));
    poll(Box::pin(beliefs.get(&1, found(1))).as_mut()).unwrap().unwrap();
    for guess in 1_000..11_000 {
        poll(Box::pin(beliefs.get(&guess, missing)).as_mut()).unwrap().unwrap();
    }
    assert_eq!(beliefs.peek(&1), Some(Some(Number(1))));
    assert_eq!(sizes(&beliefs), (1, 64, 0));
    for number in 20_000..30_000 {
        poll(Box::pin(beliefs.get(&number, found(number))).as_mut()).unwrap().unwrap();
    }
    assert_eq!(sizes(&beliefs), (64, 64, 0));
}
