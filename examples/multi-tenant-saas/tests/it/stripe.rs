//! Usage told to a Stripe on this machine: each tenant's for its own customer, once, also by a server that has begun anew.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::json;

use crate::{
    callers::{SECRET, make_key},
    server::{TestServer, eventually},
};

type Event = BTreeMap<String, String>;

/// It fails at first, and closes then without a word on what it has taken.
struct Stripe {
    url: String,
    asked: Arc<Mutex<Vec<Event>>>,
}

impl Stripe {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                hear(stream.unwrap(), &seen);
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// What it counts: each identifier once, but for the one that it has failed on.
    fn counted(&self) -> BTreeMap<String, (String, String, String)> {
        let asked = self.asked.lock().unwrap();
        let field = |event: &Event, name: &str| event[name].clone();
        let told = asked.iter().skip(1).map(|event| {
            let told = ["payload%5Bstripe_customer_id%5D", "event_name", "payload%5Bvalue%5D"];
            let [customer, kind, value] = told.map(|name| field(event, name));
            (field(event, "identifier"), (customer, kind, value))
        });
        told.collect()
    }
}

fn hear(mut stream: TcpStream, asked: &Mutex<Vec<Event>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut length, mut line) = (0, String::new());
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.trim().parse().unwrap();
        }
        if let Some(text) = line.strip_prefix("authorization: ") {
            assert_eq!(text.trim(), "Bearer sk_test_1");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let pairs = body.split('&').map(|pair| pair.split_once('=').unwrap());
    let mut asked = asked.lock().unwrap();
    asked.push(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let answer = match asked.len() {
        1 => "HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n",
        2 => return,
        _ => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    };
    let _ = stream.write_all(answer.as_bytes());
}

#[test]
fn each_tenants_usage_is_told_once_for_its_own_customer() {
    let stripe = Stripe::new();
    let variables =
        [("JWT_SECRET", SECRET), ("STRIPE_SECRET_KEY", "sk_test_1"), ("STRIPE_API_URL", stripe.url.as_str())];
    let server = TestServer::with(&variables);
    for (tenant, quantity) in [("acme", 3), ("globex", 50), ("initech", 700)] {
        let customer = json!({ "stripe_customer_id": format!("cus_{tenant}") });
        let metadata = if tenant == "initech" { json!({}) } else { customer };
        server.create(&json!({ "tenant_id": tenant, "plan": "pro", "metadata": metadata }));
        let key = make_key(&server, tenant, &json!({ "name": "k", "scopes": ["write:resources"] })).0;
        for _ in 0..2 {
            let body = json!({ "type": "compute", "quantity": quantity });
            let path = format!("/organizations/{tenant}/resources");
            server.request("POST", &path, &[("x-api-key", &key)], Some(&body)).ok(201);
        }
    }
    assert_eq!(stripe.asked(), 0, "the day is not over");
    server.advance(86_400);
    eventually(|| stripe.asked(), |asked| *asked >= 2);
    // Another server, on the same database: its clock begins where this one did.
    let server = TestServer::on(server.stop(), &variables);
    server.advance(86_400 + 600);
    let counted = eventually(
        || {
            server.advance(60);
            stripe.counted()
        },
        |counted| counted.len() >= 2,
    );
    let mut told: Vec<_> = counted.into_values().collect();
    told.sort();
    let own = |customer: &str, value: &str| (customer.to_owned(), "compute".to_owned(), value.to_owned());
    assert_eq!(told, [own("cus_acme", "6"), own("cus_globex", "100")]);
    let settled = "SELECT count(*) FROM tenant_usage_exports WHERE amount IS NULL";
    eventually(|| server.count(settled), |count| *count == 2);
    assert_eq!(stripe.counted().len(), 2);
}
