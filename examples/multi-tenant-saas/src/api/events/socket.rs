//! The same over a WebSocket (RFC 6455): a text frame `{id, event, data}` for each event.

use std::time::Duration;

use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code},
    },
    response::Response,
};
use serde_json::json;
use tenant::{StreamEnd, StreamWatch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::listener::{Listener, Told};
use crate::places::Place;

pub(super) struct Socket {
    listener: Listener,
    watch: StreamWatch,
    is_answered: bool,
    _place: Option<Place>,
}

/// Nothing is to be said here: this is for the frames of the protocol itself.
const MOST_HEARD: usize = 4 * 1024;
/// Who has not answered by the next one is gone.
const PING_EVERY: Duration = Duration::from_secs(15);
/// Who does not read for so long is gone as well.
const PATIENCE: Duration = Duration::from_secs(10);
const GOODBYE: Duration = Duration::from_secs(1);

/// Why it ends: what the other end is told, or nothing where it can't be.
type Ended = Option<CloseFrame>;

impl Socket {
    pub(super) const fn new(listener: Listener, watch: StreamWatch, place: Option<Place>) -> Self {
        Self { listener, watch, is_answered: true, _place: place }
    }

    pub(super) fn upgrade(self, upgrade: WebSocketUpgrade) -> Response {
        upgrade.max_message_size(MOST_HEARD).max_frame_size(MOST_HEARD).on_upgrade(|socket| self.run(socket))
    }

    async fn run(mut self, mut socket: WebSocket) {
        let Some(goodbye) = self.talk(&mut socket).await else { return };
        let part = async {
            if socket.send(Message::Close(Some(goodbye))).await.is_ok() {
                while let Some(Ok(_)) = socket.recv().await {}
            }
        };
        let _ = timeout(GOODBYE, part).await;
    }

    async fn talk(&mut self, socket: &mut WebSocket) -> Ended {
        let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let message = tokio::select! {
                biased;
                end = &mut self.watch => return Some(close(end)),
                heard = socket.recv() => match self.hear(&heard?.ok()?) {
                    true => continue,
                    false => return Some(spoken()),
                },
                told = self.listener.next() => match told {
                    Some(told) => Message::Text(told.to_frame().into()),
                    None => return Some(close(StreamEnd::Inactive)),
                },
                _ = pings.tick() => {
                    if !std::mem::take(&mut self.is_answered) {
                        return None;
                    }
                    Message::Ping(Vec::new().into())
                }
            };
            tokio::select! {
                biased;
                end = &mut self.watch => return Some(close(end)),
                sent = timeout(PATIENCE, socket.send(message)) => sent.ok()?.ok()?,
            }
        }
    }

    /// Whether nothing was said but what belongs to the protocol.
    fn hear(&mut self, message: &Message) -> bool {
        self.is_answered = true;
        match message {
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => true,
            Message::Text(_) | Message::Binary(_) => false,
        }
    }
}

fn close(end: StreamEnd) -> CloseFrame {
    let code = match end {
        StreamEnd::Stopped => close_code::AWAY,
        StreamEnd::Unknown => close_code::AGAIN,
        _ => close_code::POLICY,
    };
    CloseFrame { code, reason: end.to_string().into() }
}

const fn spoken() -> CloseFrame {
    CloseFrame { code: close_code::UNSUPPORTED, reason: Utf8Bytes::from_static("nothing is to be said here") }
}

impl Told {
    fn to_frame(&self) -> String {
        // The data are JSON already.
        format!(r#"{{"id":{},"event":{},"data":{}}}"#, json!(self.id), json!(self.name), self.data)
    }
}
