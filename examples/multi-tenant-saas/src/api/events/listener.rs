use serde_json::json;
use tenant::{
    Rejection, TenantContext,
    auth::Principal,
    events::{Received, Subscription},
};

use crate::events::Kind;

/// Hears of what is wanted.
pub(super) struct Listener {
    subscription: Subscription,
    wanted: Wanted,
}

/// Something to be told.
pub(super) struct Told {
    pub(super) id: Option<String>,
    pub(super) name: String,
    /// JSON in one line.
    pub(super) data: String,
}

/// Which events are told: those that are asked for, of those that the caller may hear of.
pub(super) struct Wanted(Vec<Kind>);

// Told to everybody: what it is about is to be read anew.
const MISSED: &str = "stream.missed";

impl Wanted {
    pub(super) fn read(
        types: Option<&str>,
        tenant: &TenantContext,
        caller: Option<&Principal>,
    ) -> Result<Self, Rejection> {
        let mut kinds = match types {
            Some(types) => types.split(',').map(parse).collect::<Result<Vec<_>, _>>()?,
            None => Kind::ALL.to_vec(),
        };
        // Who shows nothing is let through only where a word is enough for anything.
        if let Some(caller) = caller {
            let role = caller.role_in(tenant.id());
            let is_key = caller.scopes().is_some();
            kinds.retain(|kind| kind.audience().is_none_or(|least| !is_key && role >= Some(least)));
        }
        Ok(Self(kinds))
    }

    fn includes(&self, name: &str) -> bool {
        self.0.iter().any(|kind| kind.name() == name)
    }
}

fn parse(name: &str) -> Result<Kind, Rejection> {
    Kind::parse(name).ok_or_else(|| {
        let all = Kind::ALL.map(Kind::name).join(", ");
        Rejection::invalid_request(format!("types must be some of {all}")).with_field("types")
    })
}

impl Listener {
    pub(super) const fn new(subscription: Subscription, wanted: Wanted) -> Self {
        Self { subscription, wanted }
    }

    /// What is to be told next; `None` at the end. It may be dropped at any time, and nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Told> {
        loop {
            match self.subscription.recv().await? {
                Received::Event(id, event) if self.wanted.includes(event.name()) => {
                    let (name, data) = (event.name().to_owned(), event.data().to_owned());
                    return Some(Told { id: Some(id.to_string()), name, data });
                }
                Received::Event(..) => {}
                Received::Missed(count) => {
                    let data = json!({ "missed": count }).to_string();
                    return Some(Told { id: None, name: MISSED.to_owned(), data });
                }
            }
        }
    }
}
