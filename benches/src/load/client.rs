use std::{
    io,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{Builder, Runtime},
    task::JoinSet,
};

use super::Server;

/// Sends requests over kept-alive connections, the next one on each as soon as the last one was answered.
#[derive(Debug)]
pub struct Client {
    runtime: Runtime,
    connections: u64,
}

impl Client {
    /// A client with so many connections per server.
    ///
    /// # Errors
    /// The runtime can't be started.
    pub fn new(connections: u64) -> io::Result<Self> {
        Ok(Self { runtime: Builder::new_current_thread().enable_all().build()?, connections })
    }

    /// Asks a server as `acme` for so many answers, rounded up to the same number on each connection; how long that took.
    ///
    /// # Errors
    /// A connection broke, or an answer was not a 200.
    pub fn drive(&self, server: Server, answers: u64) -> io::Result<Duration> {
        self.runtime.block_on(async {
            let mut connections = JoinSet::new();
            let start = Instant::now();
            for _ in 0..self.connections {
                connections.spawn(converse(server, answers.div_ceil(self.connections)));
            }
            while let Some(joined) = connections.join_next().await {
                joined.map_err(io::Error::other)??;
            }
            Ok(start.elapsed())
        })
    }
}

async fn converse(server: Server, answers: u64) -> io::Result<()> {
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: app.example.com\r\nuser-agent: load\r\naccept: */*\r\nx-tenant-id: acme\r\n\r\n",
        server.path
    );
    let end = format!("\r\n\r\n{}", server.answer);
    let mut stream = TcpStream::connect(server.address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4_096);
    for _ in 0..answers {
        stream.write_all(request.as_bytes()).await?;
        buffer.clear();
        while !is_complete(&buffer, end.as_bytes())? {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
    Ok(())
}

/// Whether the answer has arrived in full. It is looked at from its two ends only: more header fields would slow down
/// the client as well, and so look worse than they are.
fn is_complete(bytes: &[u8], end: &[u8]) -> io::Result<bool> {
    const STATUS: &[u8] = b"HTTP/1.1 200 ";
    if bytes.len() >= STATUS.len() && !bytes.starts_with(STATUS) {
        return Err(io::Error::other(String::from_utf8_lossy(bytes).into_owned()));
    }
    Ok(bytes.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_last_byte() {
        let (answer, end) = (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"\r\n\r\nhello");
        for length in 0..answer.len() {
            assert!(!is_complete(&answer[..length], end).unwrap());
        }
        assert!(is_complete(answer, end).unwrap());
        assert!(is_complete(b"HTTP/1.1 429 Too Many Requests\r\n\r\n", end).is_err());
    }
}
