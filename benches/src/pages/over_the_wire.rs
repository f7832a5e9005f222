use std::{net::SocketAddr, sync::Arc};

use futures_util::FutureExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Mutex,
};

use super::{Page, Scene};
use crate::{BoxError, seed::Bulk};

/// A bundled server that runs on the same database, and its operator's token.
#[derive(Clone, Debug)]
pub struct Address {
    /// Where it listens.
    pub server: SocketAddr,
    /// `ADMIN_TOKEN`.
    pub token: String,
}

/// The pages of a server, read over one connection.
///
/// # Errors
/// It can't be reached.
pub async fn pages_of_server<'a, DB: Bulk>(
    scene: &'a Scene<DB>,
    address: &Address,
) -> Result<Vec<Page<'a>>, BoxError> {
    let stream = TcpStream::connect(address.server).await?;
    stream.set_nodelay(true)?;
    let connection = Arc::new(Connection { stream: Mutex::new(stream), token: address.token.clone() });
    let page = |name: String, path: String| {
        let connection = Arc::clone(&connection);
        Page::new(name, move |_| {
            let (connection, path) = (Arc::clone(&connection), path.clone());
            async move { connection.get(&path).await }.boxed()
        })
    };
    Ok(paths(scene).into_iter().map(|path| page(format!("GET {}", shown(&path)), path)).collect())
}

fn paths<DB: Bulk>(scene: &Scene<DB>) -> Vec<String> {
    let Scene { tenants, middle_member, project, busy_actor, idle_actor, rare_action, .. } = scene;
    let last = tenants.saturating_sub(50);
    let big = scene.big.id();
    let of_big = |path: &str| format!("/organizations/{big}/{path}");
    vec![
        "/admin/tenants".to_owned(),
        format!("/admin/tenants?offset={}", last / 2),
        format!("/admin/tenants?offset={last}"),
        format!("/admin/tenants/{big}"),
        format!("/admin/tenants/{big}/usage"),
        of_big("users"),
        of_big(&format!("users?cursor={middle_member}")),
        of_big("users?role=owner"),
        of_big("users?status=invited"),
        of_big(&format!("users?project_id={project}")),
        of_big("projects"),
        of_big("usage"),
        of_big("usage/history"),
        of_big("audit"),
        of_big(&format!("audit?user_id={busy_actor}")),
        of_big(&format!("audit?user_id={idle_actor}")),
        of_big(&format!("audit?action={rare_action}")),
        "/admin/audit".to_owned(),
        format!("/admin/audit?tenant_id={big}&action={rare_action}"),
    ]
}

/// Without the ids, which tell nobody anything.
fn shown(path: &str) -> String {
    let is_id = |word: &str| word.len() == 36 || word.starts_with("org-");
    let parts = path.split_inclusive(['/', '=', '?', '&']);
    let parts = parts.map(|part| {
        let word = part.trim_end_matches(['/', '=', '?', '&']);
        if is_id(word) { part.replace(word, "…") } else { part.to_owned() }
    });
    parts.collect()
}

struct Connection {
    stream: Mutex<TcpStream>,
    token: String,
}

impl Connection {
    /// How many bytes a page has.
    async fn get(&self, path: &str) -> Result<usize, BoxError> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: app.example.com\r\nauthorization: Bearer {}\r\n\r\n",
            self.token
        );
        let mut stream = self.stream.lock().await;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(65_536);
        loop {
            if let Some(length) = complete(&answer)? {
                return Ok(length);
            }
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the server has closed the connection".into());
            }
        }
    }
}

/// The length of the body, once all of it is there. The server says how long it is.
fn complete(answer: &[u8]) -> Result<Option<usize>, BoxError> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = answer.split_at(end + 4);
    let head = std::str::from_utf8(head)?.to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")).ok_or("no length is told")?;
    let length: usize = length.trim().parse()?;
    if body.len() < length {
        return Ok(None);
    }
    match head.starts_with("http/1.1 200 ") {
        true => Ok(Some(length)),
        false => Err(String::from_utf8_lossy(answer).into_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_last_byte_and_must_be_a_200() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        for length in 0..answer.len() {
            assert_eq!(complete(&answer[..length]).unwrap(), None);
        }
        assert_eq!(complete(answer).unwrap(), Some(5));
        assert!(complete(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").is_err());
    }

    #[test]
    fn a_path_is_shown_without_ids() {
        let id = "0a1b2c3d-0000-4000-8000-000000000000";
        assert_eq!(
            shown(&format!("/organizations/org-1-00007/users?cursor={id}")),
            "/organizations/…/users?cursor=…"
        );
        assert_eq!(shown("/admin/tenants?offset=50"), "/admin/tenants?offset=50");
    }
}
