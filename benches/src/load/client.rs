use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{Builder, Runtime},
    task::JoinSet,
};

/// Sends requests over kept-alive connections, the next one on each as soon as the last one was answered.
#[derive(Debug)]
pub struct Client {
    runtime: Runtime,
    connections: usize,
}

impl Client {
    /// A client with so many connections per server.
    ///
    /// # Errors
    /// The runtime can't be started.
    pub fn new(connections: usize) -> io::Result<Self> {
        Ok(Self { runtime: Builder::new_current_thread().enable_all().build()?, connections })
    }

    /// Asks for `path` as `acme` for so long; answers per second.
    ///
    /// # Errors
    /// A connection broke, or an answer was not a 200.
    pub fn drive(&self, server: SocketAddr, path: &str, length: Duration) -> io::Result<f64> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: app.example.com\r\nuser-agent: load\r\naccept: */*\r\n\
             x-tenant-id: acme\r\n\r\n"
        );
        self.runtime.block_on(async {
            let mut connections = JoinSet::new();
            let start = Instant::now();
            for _ in 0..self.connections {
                connections.spawn(converse(server, request.clone(), start + length));
            }
            let mut answers = 0_u64;
            while let Some(joined) = connections.join_next().await {
                answers += joined.map_err(io::Error::other)??;
            }
            Ok(answers as f64 / start.elapsed().as_secs_f64())
        })
    }
}

async fn converse(server: SocketAddr, request: String, until: Instant) -> io::Result<u64> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut answers, mut buffer) = (0, Vec::with_capacity(4_096));
    while Instant::now() < until {
        stream.write_all(request.as_bytes()).await?;
        buffer.clear();
        while !is_complete(&buffer)? {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        answers += 1;
    }
    Ok(answers)
}

/// Whether an answer has arrived in full.
fn is_complete(bytes: &[u8]) -> io::Result<bool> {
    const LENGTH: &[u8] = b"\r\ncontent-length: ";
    let Some(head) = position(bytes, b"\r\n\r\n").and_then(|end| bytes.get(..end)) else {
        return Ok(false);
    };
    if !head.starts_with(b"HTTP/1.1 200 ") {
        return Err(io::Error::other(String::from_utf8_lossy(bytes).into_owned()));
    }
    let digits = position(head, LENGTH).and_then(|at| head.get(at + LENGTH.len()..));
    let digits = digits.into_iter().flatten().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Ok(bytes.len() >= head.len() + 4 + length)
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_last_byte() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 12\r\n\r\nhello, world";
        for length in 0..answer.len() {
            assert!(!is_complete(&answer[..length]).unwrap());
        }
        assert!(is_complete(answer).unwrap());
        assert!(is_complete(b"HTTP/1.1 429 Too Many Requests\r\n\r\n").is_err());
    }
}
