//! The permits that this instance has given, and what gives them back.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tenant_core::quota::PermitLease;
use uuid::Uuid;

use super::{
    handle::Handle,
    plan::Touched,
    worker::{Job, Jobs},
};

/// A permit: where its places are, each with the member that stands for it.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) number: Uuid,
    pub(super) handle: Arc<Handle>,
    pub(super) places: Arc<[(String, String)]>,
}

/// Every permit that is held through this instance.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<HashMap<Uuid, Places>>);

impl Held {
    /// What is to be renewed, key by key.
    pub(super) fn members(&self) -> HashMap<String, Vec<(Uuid, String)>> {
        let mut members: HashMap<String, Vec<_>> = HashMap::new();
        for (number, permit) in &*self.0.lock() {
            for (key, member) in &*permit.places {
                members.entry(key.clone()).or_default().push((*number, member.clone()));
            }
        }
        members
    }

    /// Those of them that are held still.
    pub(super) fn still<'a>(&self, members: &'a [(Uuid, String)]) -> impl Iterator<Item = &'a str> {
        let held = self.0.lock();
        members.iter().filter(move |(number, _)| held.contains_key(number)).map(|(_, member)| member.as_str())
    }

    fn add(&self, places: Places) {
        self.0.lock().insert(places.number, places);
    }

    fn take(&self, number: Uuid) -> Option<Places> {
        self.0.lock().remove(&number)
    }
}

/// A permit that is being asked for: whoever gives up asking gives back what he may have got.
pub(super) struct Asking {
    places: Places,
    held: Weak<Held>,
    jobs: Jobs,
    is_over: bool,
}

impl Asking {
    /// `None` where no permit is needed.
    pub(super) fn new(
        handle: &Arc<Handle>,
        touched: &[Touched],
        held: &Arc<Held>,
        jobs: &Jobs,
    ) -> Option<Self> {
        let wanted = handle.plan.permits(touched).filter(|(_, cost)| *cost > 0);
        let mut wanted = wanted.peekable();
        wanted.peek()?;
        let number = Uuid::new_v4();
        let name = number.simple();
        let places = wanted.map(|(key, cost)| (key.to_owned(), format!("{cost}:{name}"))).collect();
        Some(Self {
            places: Places { number, handle: Arc::clone(handle), places },
            held: Arc::downgrade(held),
            jobs: jobs.clone(),
            is_over: false,
        })
    }

    pub(super) const fn places(&self) -> &Places {
        &self.places
    }

    /// It was denied: there is nothing to give back.
    pub(super) fn denied(mut self) {
        self.is_over = true;
    }

    /// It was admitted.
    pub(super) fn admitted(mut self) -> Lease {
        self.is_over = true;
        if let Some(held) = self.held.upgrade() {
            held.add(self.places.clone());
        }
        Lease { number: self.places.number, held: Weak::clone(&self.held), jobs: self.jobs.clone() }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.is_over {
            self.jobs.add(Job::Release(self.places.clone()));
        }
    }
}

/// What is given back when a permit is dropped.
pub(super) struct Lease {
    number: Uuid,
    held: Weak<Held>,
    jobs: Jobs,
}

impl PermitLease for Lease {
    fn release(&self) {
        // Where the queue is full it is renewed no more and so expires.
        if let Some(places) = self.held.upgrade().and_then(|held| held.take(self.number)) {
            places.handle.forget_standings();
            self.jobs.add(Job::Release(places));
        }
    }
}
