//! A client of answers that come piece by piece: chunked (RFC 9112, section 7.1), in events.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use crate::client::Answer;

pub struct Stream {
    reader: BufReader<TcpStream>,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pending: Vec<u8>,
    is_over: bool,
}

impl Stream {
    /// Asks and reads the head of the answer, no more.
    pub fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        Self::read(post(address, path, headers, body))
    }

    pub fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut text = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all((text + "\r\n").as_bytes()).unwrap();
        Self::read(stream)
    }

    fn read(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut reader = BufReader::new(stream);
        let status = line(&mut reader).split(' ').nth(1).unwrap().parse().unwrap();
        let lines = std::iter::from_fn(|| Some(line(&mut reader)).filter(|line| !line.is_empty()));
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(':').map(|(k, v)| (k.to_lowercase(), v.trim().to_owned())).unwrap())
            .collect();
        Self { reader, status, headers, pending: Vec::new(), is_over: false }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The next event, which is data alone; `None` at the end of the body.
    pub fn event(&mut self) -> Option<Value> {
        let event = self.block()?;
        let data = event.strip_prefix("data: ").expect("an event has data");
        Some(serde_json::from_str(data).unwrap())
    }

    /// The lines of the next event, comments included; `None` at the end of the body.
    pub fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.pending.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.pending.drain(..end + 2).collect();
                return Some(String::from_utf8(block).unwrap());
            }
            if self.is_over {
                assert!(self.pending.is_empty(), "the body ended within an event");
                return None;
            }
            self.chunk();
        }
    }

    /// Waits for no more than so long for what comes next.
    pub fn patience(&self, time: Duration) {
        self.reader.get_ref().set_read_timeout(Some(time)).unwrap();
    }

    /// The answer, where it is no stream.
    pub fn answer(mut self) -> Answer {
        let length = self.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).unwrap();
        Answer { status: self.status, headers: self.headers, body }
    }

    fn chunk(&mut self) {
        let size = usize::from_str_radix(&line(&mut self.reader), 16).unwrap();
        let mut chunk = vec![0; size];
        self.reader.read_exact(&mut chunk).unwrap();
        assert!(line(&mut self.reader).is_empty());
        self.is_over = size == 0;
        self.pending.extend(chunk);
    }

    pub fn rest(mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.event()).collect()
    }
}

fn head(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text + "\r\n"
}

fn line(reader: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Asks, and reads nothing. Dropping what comes back is to leave.
pub fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = head(address, path, headers, body) + body;
    stream.write_all(request.as_bytes()).unwrap();
    stream
}
