use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Bytes;
use http_body::{Body, Frame};
use serde::Serialize;
use tenant::{
    TenantContext,
    quota::{Cost, Reservation},
};
use tokio::task::coop::poll_proceed;

use super::request::ChatRequest;
use crate::places::Place;

/// The answer as it is made: an event per word, as the reader takes them, and one that tells what was used.
///
/// It holds the reservation. That is settled with the last event, before it is sent; where the reader goes away, with
/// what was made until then. A reader that stalls keeps it, and one of the tenant's places, of which there is an end. It
/// ends with its tenant, and with the credential that was shown: then nothing tells what was used, as it is no whole answer.
pub(super) struct Answer {
    tenant: TenantContext,
    echo: String,
    /// Where the next word is looked for.
    position: usize,
    /// How many words may still be said.
    left: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
    /// The model reads when the first word is asked for.
    has_begun: bool,
    reservation: Option<Reservation>,
    _place: Place,
}

impl Answer {
    pub(super) fn new(
        tenant: TenantContext,
        request: ChatRequest,
        reservation: Reservation,
        place: Place,
    ) -> Self {
        Self {
            tenant,
            left: request.max_tokens(),
            prompt_tokens: request.prompt_tokens(),
            echo: request.into_echo(),
            position: 0,
            completion_tokens: 0,
            has_begun: false,
            reservation: Some(reservation),
            _place: place,
        }
    }

    /// `None` at the end.
    fn next_event(&mut self) -> Option<Event> {
        self.reservation.as_ref()?;
        if self.tenant.ensure_active().is_err() {
            self.settle();
            return None;
        }
        self.has_begun = true;
        if let Some(word) = self.next_word() {
            return Some(Event::Delta(word));
        }
        self.settle();
        Some(Event::Usage { prompt_tokens: self.prompt_tokens, completion_tokens: self.completion_tokens })
    }

    fn next_word(&mut self) -> Option<String> {
        self.left = self.left.checked_sub(1)?;
        let rest = self.echo.get(self.position..)?;
        let word = rest.split_whitespace().next()?;
        let blanks = rest.len() - rest.trim_start().len();
        self.position += blanks + word.len();
        self.completion_tokens += 1;
        Some(word.to_owned())
    }

    fn settle(&mut self) {
        let used = if self.has_begun { self.prompt_tokens + self.completion_tokens } else { 0 };
        if let Some(reservation) = self.reservation.take() {
            reservation.settle(&[Cost::tokens(used)]);
        }
    }
}

/// What is told with one event: `{"delta": "…"}` or `{"usage": {…}}`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Delta(String),
    Usage { prompt_tokens: u64, completion_tokens: u64 },
}

impl Event {
    fn to_bytes(&self) -> Bytes {
        // Strings and numbers never fail.
        let data = serde_json::to_string(self).unwrap_or_default();
        format!("data: {data}\n\n").into()
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // Words are always at hand: without a budget a fast reader would keep this thread until the answer has ended.
        ready!(poll_proceed(cx)).made_progress();
        Poll::Ready(self.next_event().map(|event| Ok(Frame::data(event.to_bytes()))))
    }

    fn is_end_stream(&self) -> bool {
        self.reservation.is_none()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, sync::Arc};

    use serde_json::json;
    use tenant::{InMemoryConfigManager, InMemoryQuotaManager, TenantConfig, TenantContext, TenantId};

    use super::*;
    use crate::places::Places;

    async fn answer(words: usize) -> Answer {
        let id = TenantId::parse("acme").unwrap();
        let configs = InMemoryConfigManager::with([TenantConfig::builder(id).build().unwrap()]).unwrap();
        let tenant = TenantContext::of(&configs, &id).await.unwrap();
        let quotas = Arc::new(InMemoryQuotaManager::new());
        let reservation = Reservation::reserve(quotas, &tenant, &[]).await.unwrap().unwrap();
        let messages = json!([{ "role": "user", "content": "a ".repeat(words) }]);
        let request = json!({ "model": "m", "messages": messages, "max_tokens": words });
        let place = Places::new(1).enter(&id).unwrap();
        Answer::new(tenant, serde_json::from_value(request).unwrap(), reservation, place)
    }

    #[tokio::test]
    async fn a_reader_who_takes_all_there_is_lets_others_run_in_between() {
        let mut answer = pin!(answer(10_000).await);
        let taken = poll_fn(|cx| {
            let events = std::iter::from_fn(|| match answer.as_mut().poll_frame(cx) {
                Poll::Ready(event) => event,
                Poll::Pending => None,
            });
            Poll::Ready(events.count())
        });
        let taken = taken.await;
        assert!((1..1_000).contains(&taken), "{taken}");
    }
}
