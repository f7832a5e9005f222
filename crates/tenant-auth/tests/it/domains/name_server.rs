//! A name server on this machine.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata},
};
use parking_lot::Mutex;
use tenant_auth::Dns;
use tokio::{net::UdpSocket, task::JoinHandle};

pub(crate) struct NameServer {
    address: SocketAddr,
    zone: Arc<Zone>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Zone {
    records: Mutex<Vec<Record>>,
    asked: Mutex<Vec<(String, RecordType)>>,
}

impl NameServer {
    pub(crate) async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, zone) = (socket.local_addr().unwrap(), Arc::new(Zone::default()));
        let task = tokio::spawn(serve(socket, Arc::clone(&zone)));
        Self { address, zone, task }
    }

    pub(crate) fn dns(&self) -> Dns {
        Dns::at(&[self.address]).unwrap()
    }

    fn add(&self, name: &str, data: RData) {
        let mut name = Name::from_ascii(name).unwrap();
        name.set_fqdn(true);
        self.zone.records.lock().push(Record::from_rdata(name, 3_600, data));
    }

    pub(crate) fn address(&self, host: &str, address: &str) {
        self.add(
            host,
            match address.parse().unwrap() {
                IpAddr::V4(address) => RData::A(rdata::A(address)),
                IpAddr::V6(address) => RData::AAAA(rdata::AAAA(address)),
            },
        );
    }

    pub(crate) fn text(&self, name: &str, parts: &[&str]) {
        let parts = parts.iter().map(|part| (*part).to_owned()).collect();
        self.add(name, RData::TXT(rdata::TXT::new(parts)));
    }

    pub(crate) fn alias(&self, name: &str, target: &str) {
        let mut target = Name::from_ascii(target).unwrap();
        target.set_fqdn(true);
        self.add(name, RData::CNAME(rdata::CNAME(target)));
    }

    pub(crate) fn asked(&self) -> Vec<(String, RecordType)> {
        self.zone.asked.lock().clone()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, zone: Arc<Zone>) {
    let mut buffer = [0; 4096];
    loop {
        let (count, from) = socket.recv_from(&mut buffer).await.unwrap();
        let answer = zone.answer(&Message::from_vec(&buffer[..count]).unwrap());
        socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
    }
}

impl Zone {
    /// With aliases resolved, as a recursive name server does.
    fn answer(&self, question: &Message) -> Message {
        let query = question.queries[0].clone();
        self.asked.lock().push((query.name().to_lowercase().to_string(), query.query_type()));
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        let (records, mut name) = (self.records.lock(), query.name().clone());
        while let Some(alias) = records.iter().find(|record| record.name == name && is_alias(record)) {
            answer.add_answer(alias.clone());
            let RData::CNAME(target) = &alias.data else { unreachable!() };
            name = target.0.clone();
        }
        let found =
            records.iter().filter(|record| record.name == name && record.record_type() == query.query_type());
        answer.add_answers(found.cloned());
        if !records.iter().any(|record| record.name == name) {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        answer
    }
}

fn is_alias(record: &Record) -> bool {
    matches!(record.data, RData::CNAME(_))
}
