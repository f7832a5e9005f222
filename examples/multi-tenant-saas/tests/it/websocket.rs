//! A client of WebSockets that waits for no longer than it is told.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{net::TcpStream, runtime::Runtime, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue, Response},
        protocol::CloseFrame,
    },
};

pub struct WebSocket {
    runtime: Runtime,
    socket: WebSocketStream<TcpStream>,
}

/// What was heard.
#[derive(Debug)]
pub enum Heard {
    Event(Value),
    Closed(u16),
    /// Nothing in time.
    Silence,
}

type Rejected = Response<Option<Vec<u8>>>;

impl WebSocket {
    #[track_caller]
    pub fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        Self::try_open(address, path, headers).unwrap_or_else(|answer| panic!("{answer:?}"))
    }

    pub fn try_open(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Box<Rejected>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
        let opened = runtime.block_on(async {
            let stream = TcpStream::connect(address).await.unwrap();
            client_async(request, stream).await
        });
        match opened {
            Ok((socket, _)) => Ok(Self { runtime, socket }),
            Err(Error::Http(answer)) => Err(Box::new(*answer)),
            Err(error) => panic!("{error}"),
        }
    }

    pub fn send(&mut self, message: Message) {
        // Who has closed already does not hear it.
        let _ = self.runtime.block_on(self.socket.send(message));
    }

    pub fn hear(&mut self, within: Duration) -> Heard {
        let Self { runtime, socket } = self;
        let heard = async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Heard::Event(serde_json::from_str(&text).unwrap());
                    }
                    Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => {
                        return Heard::Closed(code.into());
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        runtime.block_on(async { timeout(within, heard).await.unwrap_or(Heard::Silence) })
    }

    #[track_caller]
    pub fn event(&mut self) -> Value {
        match self.hear(Duration::from_secs(10)) {
            Heard::Event(event) => event,
            other => panic!("{other:?}"),
        }
    }
}
