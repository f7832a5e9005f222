//! What a service without a framework knows of its tenants, and where it keeps it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use moka::sync::Cache;
use parking_lot::RwLock;

use crate::tenants::{self, KNOWN};

/// A tenant, as a service of its own would know it.
#[derive(Debug)]
pub(super) struct Customer {
    pub(super) id: Arc<str>,
    pub(super) is_active: bool,
}

/// Knows all tenants.
pub(super) trait Directory: 'static {
    fn find(&self, id: &str) -> Option<Arc<Customer>>;
}

pub(super) struct InMoka(Cache<String, Arc<Customer>>);

impl InMoka {
    pub(super) fn new() -> Self {
        let cache =
            Cache::builder().max_capacity(2 * KNOWN as u64).time_to_live(Duration::from_secs(86_400)).build();
        for (id, customer) in customers() {
            cache.insert(id, customer);
        }
        cache.run_pending_tasks();
        Self(cache)
    }
}

impl Directory for InMoka {
    fn find(&self, id: &str) -> Option<Arc<Customer>> {
        self.0.get(id)
    }
}

pub(super) struct InMap(RwLock<HashMap<String, Arc<Customer>>>);

impl InMap {
    pub(super) fn new() -> Self {
        Self(RwLock::new(customers().collect()))
    }
}

impl Directory for InMap {
    fn find(&self, id: &str) -> Option<Arc<Customer>> {
        self.0.read().get(id).cloned()
    }
}

fn customers() -> impl Iterator<Item = (String, Arc<Customer>)> {
    tenants::names().map(|name| {
        let customer = Customer { id: name.as_str().into(), is_active: true };
        (name, Arc::new(customer))
    })
}
