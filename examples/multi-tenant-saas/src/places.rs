//! How many of something a tenant, or an address, may have under way in one process, whatever any config says.

use std::{collections::HashMap, fmt, hash::Hash, sync::Arc};

use tenant::TenantId;
use tokio::sync::{Mutex, MutexGuard, watch};

/// Places for tenants (or others), to each so many. What a request leaves behind it (a task, a body) must end somewhere also for
/// tenants whose config limits nothing.
pub(crate) struct Places<K = TenantId> {
    most: usize,
    taken: watch::Sender<HashMap<K, Taken>>,
}

/// What an owner of places has to be.
pub(crate) trait Owner: Copy + Eq + Hash {}

impl<K: Copy + Eq + Hash> Owner for K {}

/// Those of one owner.
#[derive(Default)]
struct Taken {
    count: usize,
    turn: Arc<Mutex<()>>,
}

impl<K: Owner> Places<K> {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: watch::Sender::default() })
    }

    /// A place for one more; `None` if the owner has as many as any may have.
    pub(crate) fn enter(self: &Arc<Self>, owner: &K) -> Option<Place<K>> {
        let mut turn = None;
        self.taken.send_if_modified(|all| {
            let taken = all.entry(*owner).or_default();
            if taken.count < self.most {
                taken.count += 1;
                turn = Some(Arc::clone(&taken.turn));
            }
            turn.is_some()
        });
        turn.map(|turn| Place { places: Arc::clone(self), owner: *owner, turn })
    }

    /// Waits until nobody has a place.
    pub(crate) async fn all_free(&self) {
        // It fails where nobody can leave any more; this is where they leave.
        let _ = self.taken.subscribe().wait_for(HashMap::is_empty).await;
    }
}

/// It is free again when this is dropped.
pub(crate) struct Place<K: Owner = TenantId> {
    places: Arc<Places<K>>,
    owner: K,
    turn: Arc<Mutex<()>>,
}

impl<K: Owner> Place<K> {
    /// Waits until no other one of the same owner has its turn.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }
}

impl<K: Owner> Drop for Place<K> {
    fn drop(&mut self) {
        self.places.taken.send_modify(|all| {
            if let Some(taken) = all.get_mut(&self.owner) {
                taken.count = taken.count.saturating_sub(1);
                if taken.count == 0 {
                    all.remove(&self.owner);
                }
            }
        });
    }
}

impl<K> fmt::Debug for Places<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places")
            .field("most", &self.most)
            .field("owners", &self.taken.borrow().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_without_limits_has_an_end_and_no_other_tenant_feels_it() {
        let places = Places::new(3);
        let [acme, globex] = ["acme", "globex"].map(|id| TenantId::parse(id).unwrap());
        let mut taken: Vec<_> = (0..9).filter_map(|_| places.enter(&acme)).collect();
        assert_eq!(taken.len(), 3);
        assert!(places.enter(&globex).is_some());
        taken.pop();
        taken.extend(places.enter(&acme));
        assert_eq!(taken.len(), 3);
        assert!(places.enter(&acme).is_none());
        drop(taken);
        assert!(places.taken.borrow().is_empty(), "nothing is kept of tenants that have none");
    }

    #[tokio::test]
    async fn of_one_tenant_one_has_its_turn_and_of_two_each_has() {
        let places = Places::new(2);
        let [acme, globex] = ["acme", "globex"].map(|id| TenantId::parse(id).unwrap());
        let [first, second, other] = [&acme, &acme, &globex].map(|id| places.enter(id).unwrap());
        let turn = first.turn().await;
        assert!(second.turn.try_lock().is_err());
        drop(other.turn().await);
        drop(turn);
        drop(second.turn().await);
    }
}
