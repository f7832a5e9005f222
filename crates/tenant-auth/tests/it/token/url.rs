//! Key sets at URLs: what stands between the issuer and this process must not choose the keys.

use tenant_auth::{KeyRefresh, KeySource, KeyUrl, TokenKeys, TokenKeysErrorKind};

use super::{
    clock,
    forge::{CLAIMS, ED, jwks},
    of, show,
};
use crate::web_server::{Certified, Says, WebServer, certified, ok};

fn plain(web: &WebServer) -> KeyUrl {
    KeyUrl::new(&format!("http://127.0.0.1:{}/keys?of=all", web.port)).unwrap()
}

#[tokio::test]
async fn the_set_is_read_from_exactly_this_url() {
    let web = WebServer::start(ok(&jwks())).await;
    let keys = TokenKeys::source(plain(&web), KeyRefresh::default()).await.unwrap();
    assert!(show(&of(keys, &clock()).build(), &ED.token(CLAIMS)).await.is_ok());
    let head = web.heads().remove(0);
    assert!(head.starts_with("GET /keys?of=all HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("host: 127.0.0.1:{}\r\n", web.port)), "{head}");
}

#[tokio::test]
async fn the_issuer_shows_a_certificate_of_its_own() {
    let of = async |host: &str, is_trusted: bool| {
        let Certified { certificate, acceptor } = certified(host);
        let web = WebServer::encrypted(ok(&jwks()), acceptor).await;
        let url = KeyUrl::new(&format!("https://localhost:{}/keys", web.port)).unwrap();
        let url = if is_trusted { url.trusting(&certificate).unwrap() } else { url };
        url.fetch().await.map_err(|error| error.kind())
    };
    assert_eq!(of("localhost", true).await, Ok(jwks()));
    assert_eq!(of("other.example", true).await, Err(TokenKeysErrorKind::Unreadable));
    assert_eq!(of("localhost", false).await, Err(TokenKeysErrorKind::Unreadable));
}

#[tokio::test]
async fn neither_a_redirection_nor_an_error_nor_an_endless_answer_is_a_key_set() {
    let elsewhere = WebServer::start(ok(&jwks())).await;
    let to = format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{}/\r\n\r\n", elsewhere.port);
    let long = jwks() + &" ".repeat(400 * 1024);
    for says in [
        Says::Bytes(to),
        Says::Bytes("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n".into()),
        Says::Bytes(format!("HTTP/1.1 204 No\r\n\r\n{}", jwks())),
        ok(&long),
        Says::Bytes("nothing of HTTP".into()),
        Says::Bytes(String::new()),
    ] {
        let web = WebServer::start(says).await;
        let error = plain(&web).fetch().await.unwrap_err();
        assert_eq!((error.kind(), web.connections()), (TokenKeysErrorKind::Unreadable, 1));
    }
    assert_eq!(elsewhere.connections(), 0);
    let error = TokenKeys::jwks_url("http://127.0.0.1:9/keys").await.unwrap_err();
    assert_eq!(error.kind(), TokenKeysErrorKind::Unreadable);
}

#[test]
fn what_anybody_on_the_way_could_change_is_no_place_for_keys() {
    for url in [
        "http://id.example/keys",
        "http://10.0.0.1/keys",
        "http://localhost/keys",
        "http://127.0.0.1.evil.example/keys",
        "https://ada:secret@id.example/keys",
        "ftp://id.example/keys",
        "file:///etc/keys",
        "id.example/keys",
        "/keys",
        "",
    ] {
        let error = KeyUrl::new(url).unwrap_err();
        assert_eq!(error.kind(), TokenKeysErrorKind::Unreadable, "{url}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for url in
        ["https://id.example/keys", "https://id.example", "http://127.0.0.1:8080/", "http://[::1]/keys"]
    {
        assert!(KeyUrl::new(url).is_ok(), "{url}");
    }
    assert!(KeyUrl::new("https://id.example").unwrap().trusting(b"nothing").is_err());
}
