//! Stripe's meters, on this machine.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tenant_control::StripeMeter;

use crate::webhooks::receiver::{Received, Receiver, Reply};

/// What it does with an event.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// It takes it, or says that it has it.
    Take,
    /// It takes it, and answers so.
    TakeAnd(Reply),
    /// It does not take it, and answers so.
    Answer(Reply),
}

pub(crate) type Event = BTreeMap<String, String>;

pub(crate) struct Bank {
    pub(crate) receiver: Receiver,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    events: BTreeMap<String, Event>,
    /// What was answered to a key that failed: it is so again.
    failed: HashMap<String, u16>,
}

pub(crate) const KEY: &str = "sk_test_canary";

impl Bank {
    pub(crate) async fn taking() -> Self {
        Self::acting(|_, _| Act::Take).await
    }

    /// By how many it was told before, and by what it is told.
    pub(crate) async fn acting(act: impl Fn(usize, &Event) -> Act + Send + Sync + 'static) -> Self {
        let books = Arc::<Mutex<Books>>::default();
        let own = Arc::clone(&books);
        let receiver = Receiver::answering(move |told, received| {
            let event = event(received);
            let act = act(told, &event);
            own.lock().answer(act, event, received.headers.get("idempotency-key").unwrap())
        })
        .await;
        Self { receiver, books }
    }

    pub(crate) fn meter(&self) -> StripeMeter {
        let url = format!("http://127.0.0.1:{}", self.receiver.port);
        StripeMeter::new(KEY).unwrap().at(&url).unwrap().timeout(Duration::from_millis(400))
    }

    pub(crate) fn requests(&self) -> usize {
        self.receiver.received().len()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.books.lock().events.values().cloned().collect()
    }

    /// What it counts for a customer of a kind.
    pub(crate) fn total(&self, customer: &str, kind: &str) -> u128 {
        let events = self.events();
        let own = events
            .iter()
            .filter(|event| event["payload[stripe_customer_id]"] == customer && event["event_name"] == kind);
        own.map(|event| event["payload[value]"].parse::<u128>().unwrap()).sum()
    }
}

impl Books {
    fn answer(&mut self, act: Act, event: Event, key: &str) -> Reply {
        if let Some(status) = self.failed.get(key) {
            return Reply::Status(*status);
        }
        let (takes, reply) = match act {
            Act::Take => (true, Reply::Status(200)),
            Act::TakeAnd(reply) => (true, reply),
            Act::Answer(reply) => (false, reply),
        };
        if let Reply::Status(status @ 500..) = reply {
            self.failed.insert(key.to_owned(), status);
        }
        let identifier = event.get("identifier").unwrap().clone();
        match takes {
            true if self.events.contains_key(&identifier) => said(
                400,
                &format!(
                    r#"{{"error":{{"message":"An event already exists with identifier {identifier}.","type":"invalid_request_error"}}}}"#
                ),
            ),
            true => {
                self.events.insert(identifier, event);
                reply
            }
            false => reply,
        }
    }
}

pub(crate) fn said(status: u16, body: &str) -> Reply {
    with(status, "", body)
}

/// With more headers.
pub(crate) fn with(status: u16, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Raw(format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}"))
}

pub(crate) fn event(received: &Received) -> Event {
    url::form_urlencoded::parse(received.body.as_bytes()).into_owned().collect()
}
