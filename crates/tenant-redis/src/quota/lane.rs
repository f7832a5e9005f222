//! Questions on their way to the server: those that wait at the same time are asked by one call.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use parking_lot::Mutex;
use redis::Cmd;
use tokio::sync::oneshot;

use super::{
    answer::{Answer, Answers},
    handle::{Handle, ServerClock},
    manager::Inner,
    plan::{Asked, Plan},
    turns::{Bounds, Turns},
    worker::{Job, LEASE},
};
use crate::{RedisError, RedisErrorKind};

/// The way of the questions about tenants whose counts are in the same place: on one server those of all, on a cluster those
/// of one tenant, because a call is about keys of one slot.
#[derive(Debug)]
pub(super) struct Lane {
    waiting: Mutex<Turns<Question>>,
    calls: AtomicUsize,
    pub(super) clock: ServerClock,
}

/// A question that waits.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) handle: Arc<Handle>,
    pub(super) asked: Asked,
    answer: oneshot::Sender<Result<Answer, RedisError>>,
}

/// Questions that are the same, one after the other.
pub(super) struct Group<'a> {
    pub(super) first: &'a Question,
    pub(super) times: u16,
}

/// Of one tenant no more wait than are answered in time; and no more of a call's are its than its turns.
const BOUNDS: Bounds = Bounds { places: 65_536, share: 4_096, at_once: usize::MAX };
/// So many calls are on their way at once: while one is carried out the next one is prepared.
const CALLS: usize = 2;
/// So many questions are asked by one call, which takes less than a millisecond; and so few are not shared out.
const MOST: usize = 128;
const FEW: usize = 32;
/// How much later than its deadline a question may be carried out: what the estimate of the server's clock is off by.
const SLACK_MICROS: u64 = 10_000;

impl Default for Lane {
    fn default() -> Self {
        Self {
            waiting: Mutex::new(Turns::new(BOUNDS)),
            calls: AtomicUsize::new(0),
            clock: ServerClock::default(),
        }
    }
}

impl Lane {
    fn start_call(&self) -> bool {
        let one_more = |calls| (calls < CALLS).then_some(calls + 1);
        self.calls.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).is_ok()
    }

    /// Who waits and has not given up, tenant by tenant in turn.
    fn take(&self) -> Vec<Question> {
        let mut waiting = self.waiting.lock();
        let share = waiting.len().div_ceil(CALLS).clamp(FEW, MOST);
        let mut questions = Vec::with_capacity(share.min(waiting.len()));
        while questions.len() < share
            && let Some((tenant, question)) = waiting.pop()
        {
            waiting.done(tenant);
            if !question.answer.is_closed() {
                questions.push(question);
            }
        }
        drop(waiting);
        // What is the same is asked in one.
        questions.sort_by_key(|question| Arc::as_ptr(&question.handle).addr());
        questions
    }

    fn has_none(&self) -> bool {
        self.waiting.lock().len() == 0
    }
}

impl Inner {
    /// Asks, together with whoever else asks now.
    pub(super) async fn ask_along(&self, handle: &Arc<Handle>, asked: Asked) -> Result<Answer, RedisError> {
        let (answer, answered) = oneshot::channel();
        let question = Question { handle: Arc::clone(handle), asked, answer };
        let lane = &handle.lane;
        if !lane.waiting.lock().push(handle.plan.tenant, question) {
            return Err(RedisError::new(RedisErrorKind::Crowded, "too many questions of one tenant wait"));
        }
        if lane.start_call()
            && let Some(inner) = self.me.upgrade()
        {
            tokio::spawn(inner.call(Arc::clone(lane)));
        }
        answered.await.unwrap_or_else(|_| Err(RedisError::deadline()))
    }

    /// Calls until nobody waits.
    async fn call(self: Arc<Self>, lane: Arc<Lane>) {
        loop {
            let questions = lane.take();
            let Some(first) = questions.first() else {
                lane.calls.fetch_sub(1, Ordering::AcqRel);
                // Whoever came meanwhile may have found that there are calls enough.
                if lane.has_none() || !lane.start_call() {
                    return;
                }
                continue;
            };
            // What the server is blamed for is the call alone: how long its questions waited here is none of its doing.
            let call = self.call_once(&lane, &questions);
            let answers = self.caller.guarded(&first.handle.plan.key, call).await;
            self.answer_all(questions, answers);
        }
    }

    async fn call_once(
        &self,
        lane: &Lane,
        questions: &[Question],
    ) -> Result<Vec<Result<Answer, RedisError>>, RedisError> {
        let groups = groups(questions);
        let asked = self.clock.monotonic();
        let deadline = u64::try_from(self.caller.deadline().as_micros()).unwrap_or(u64::MAX);
        let until = lane.clock.at(asked).map_or(0, |now| now + deadline + SLACK_MICROS);
        let redis = self.caller.redis();
        let script = &self.scripts.decide;
        let value = match redis.send(&self.write(script.by_hash(), until, &groups)).await {
            Err(error) if error.kind() == RedisErrorKind::NoScript => {
                redis.send(&self.write(script.by_text(), until, &groups)).await?
            }
            answer => answer?,
        };
        let Answers { now, answers } = Answers::parse(&value, &groups)?;
        lane.clock.learn(now, asked);
        Ok(answers)
    }

    fn write(&self, mut command: Cmd, until: u64, groups: &[Group<'_>]) -> Cmd {
        let permits = |group: &Group<'_>| group.plan().permits(&group.first.asked.touched).count();
        command.arg(groups.len() + groups.iter().map(permits).sum::<usize>());
        for group in groups {
            command.arg(&group.plan().key);
            for (key, _) in group.plan().permits(&group.first.asked.touched) {
                command.arg(key);
            }
        }
        command.arg(until).arg(LEASE.as_micros().to_string()).arg(&self.thresholds);
        let mut packed = Vec::with_capacity(128);
        for group in groups {
            packed.clear();
            group.plan().write_question(&group.first.asked, group.times, &mut packed);
            command.arg(packed.as_slice());
        }
        command
    }

    fn answer_all(
        &self,
        questions: Vec<Question>,
        answers: Result<Vec<Result<Answer, RedisError>>, RedisError>,
    ) {
        let mut answers = answers.map(IntoIterator::into_iter);
        for Question { asked, answer: asker, .. } in questions {
            let answer = match &mut answers {
                Ok(answers) => answers.next().unwrap_or_else(|| Err(RedisError::unexpected())),
                Err(error) => Err(error.clone()),
            };
            // Who has given up since gave back what he might get, but may have done so before he got it.
            if asker.send(answer).is_err()
                && let Some(places) = asked.permit
            {
                self.jobs.add(Job::Release(places));
            }
        }
    }
}

impl Group<'_> {
    fn plan(&self) -> &Plan {
        &self.first.handle.plan
    }

    /// Only of what is counted in fixed windows is an answer known from that to another one.
    fn is_of(&self, next: &Question) -> bool {
        let (first, asked) = (&self.first.asked, &next.asked);
        Arc::ptr_eq(&self.first.handle, &next.handle)
            && first.touched == asked.touched
            && first.warns == asked.warns
            && self.plan().can_be_multiplied(&asked.touched)
    }
}

fn groups(questions: &[Question]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for question in questions {
        match groups.last_mut() {
            Some(last) if last.is_of(question) => last.times += 1,
            _ => groups.push(Group { first: question, times: 1 }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::{error::Error, future::ready, time::Duration};

    use futures_util::{FutureExt, future::join_all};
    use tenant_core::{
        Dimension, FailurePolicy, InMemoryConfigManager, NamedLimit, QuotaManager, TenantConfig,
        TenantContext, TenantId, Window, quota::Cost,
    };
    use tokio::net::TcpListener;

    use super::*;
    use crate::{Redis, RedisQuotaManager};

    const ASK: [Cost; 1] = [Cost::requests(1)];

    async fn acme() -> TenantContext {
        let id = TenantId::parse("acme").unwrap();
        let limit = NamedLimit::rate(Dimension::Requests, Window::Day, 1_000_000);
        let config = TenantConfig::builder(id).limit("l", limit.failure_policy(FailurePolicy::Closed));
        let configs = InMemoryConfigManager::with([config.build().unwrap()]).unwrap();
        TenantContext::of(&configs, &id).await.unwrap()
    }

    #[tokio::test]
    async fn a_call_that_fails_is_one_failure_however_many_questions_it_asks() {
        // It is connected to, and says nothing.
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let redis = Redis::open(&format!("redis://{}", listener.local_addr().unwrap())).unwrap();
        let quotas = RedisQuotaManager::builder(&redis).deadline(Duration::from_millis(100)).build();
        let acme = acme().await;
        let (key, ask) = (quotas.inner.handle(acme.record()).plan.key.clone(), &ASK);
        let answers = join_all((0..FEW).map(|_| quotas.decide(&acme, ask))).await;
        assert!(answers.iter().all(Result::is_err));
        assert!(!quotas.inner.caller.is_broken(&key));
        for _ in 0..3 {
            assert!(quotas.decide(&acme, ask).await.is_err());
        }
        assert!(quotas.inner.caller.is_broken(&key));
    }

    #[tokio::test]
    async fn a_question_there_is_no_room_for_tells_nothing_about_the_server() {
        let quotas = RedisQuotaManager::new(&Redis::open("redis://127.0.0.1:1").unwrap());
        let acme = acme().await;
        let (key, ask) = (quotas.inner.handle(acme.record()).plan.key.clone(), &ASK);
        let fails =
            async || quotas.inner.caller.guarded(&key, ready(Err::<(), _>(RedisError::deadline()))).await;
        for _ in 0..2 {
            fails().await.unwrap_err();
        }
        let mut waiting: Vec<_> = (0..BOUNDS.share).map(|_| quotas.decide(&acme, ask)).collect();
        assert!(waiting.iter_mut().all(|question| question.now_or_never().is_none()));
        let error = quotas.decide(&acme, ask).now_or_never().unwrap().unwrap_err();
        let cause = error.source().unwrap().downcast_ref::<RedisError>().unwrap();
        assert_eq!(cause.kind(), RedisErrorKind::Crowded);
        assert!(!quotas.inner.caller.is_broken(&key));
        fails().await.unwrap_err();
        assert!(quotas.inner.caller.is_broken(&key));
    }
}
