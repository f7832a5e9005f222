//! Tokens in the DNS.

use hickory_resolver::proto::rr::RecordType;
use tenant_auth::{DomainProof, TxtProof};

use super::name_server::NameServer;

const HOST: &str = "shop.acme.example";
const NAME: &str = "_tenant-verification.shop.acme.example";
const TOKEN: &str = "the-token-of-this-claim";

async fn proves(server: &NameServer) -> bool {
    TxtProof::new(server.dns()).prove(HOST, TOKEN).await.is_ok()
}

#[tokio::test]
async fn the_token_is_found_among_others_as_it_is() {
    let server = NameServer::start().await;
    server.text(NAME, &["another deployment's"]);
    server.text(NAME, &["the-token-", "of-this-claim"]);
    assert!(proves(&server).await);
    // Under the one name, which no search list changes.
    assert_eq!(server.asked(), [(format!("{NAME}."), RecordType::TXT)]);
}

#[tokio::test]
async fn what_merely_holds_the_token_or_lies_elsewhere_proves_nothing() {
    let server = NameServer::start().await;
    for text in
        ["the-token-of-this-claim ", "x the-token-of-this-claim", "THE-TOKEN-OF-THIS-CLAIM", "the-token"]
    {
        server.text(NAME, &[text]);
    }
    for name in [
        HOST,
        "acme.example",
        "_tenant-verification.acme.example",
        "_tenant-verification.shop.acme.example.evil",
    ] {
        server.text(name, &[TOKEN]);
    }
    server.address(NAME, "192.0.2.1");
    assert!(!proves(&server).await);
}

#[tokio::test]
async fn an_alias_speaks_for_nobody() {
    let server = NameServer::start().await;
    // As `*.shop.acme.example. CNAME` would make it.
    server.alias(NAME, "left-behind.hoster.example");
    server.text("left-behind.hoster.example", &[TOKEN]);
    assert!(!proves(&server).await);
}

#[tokio::test]
async fn a_record_is_found_as_soon_as_it_is_there_and_lost_as_soon_as_it_is_not() {
    let server = NameServer::start().await;
    let proof = TxtProof::new(server.dns());
    assert!(proof.prove(HOST, TOKEN).await.is_err());
    server.text(NAME, &[TOKEN]);
    assert!(proof.prove(HOST, TOKEN).await.is_ok());
    assert!(proof.prove(HOST, TOKEN).await.is_ok());
    assert_eq!(server.asked().len(), 3, "it was asked each time");
}
