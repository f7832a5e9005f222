//! Where a tenant can have this process connect to.

use std::sync::{Arc, atomic::Ordering};

use tenant_control::{AttemptOutcome, InvalidAuthority, WebhookReach};
use tokio_rustls::TlsAcceptor;

use super::{
    house::{House, Names, house},
    receiver::{Receiver, Reply},
};

/// Acme listens at a name, on the port of this receiver.
async fn named(receiver: &Receiver, scheme: &str) -> House {
    let house = house().await;
    let url = format!("{scheme}://hooks.acme.example:{}/x", receiver.port);
    house.listen(&house.acme, &url, &["*"]).await;
    house.tell(&house.acme, "u1").await;
    house
}

#[tokio::test]
async fn a_name_that_leads_inside_by_one_of_its_addresses_leads_nowhere() {
    let receiver = Receiver::always(Reply::Status(200)).await;
    for (reach, addresses) in [
        (WebhookReach::Public, &["127.0.0.1"][..]),
        (WebhookReach::Public, &["::1"]),
        (WebhookReach::Public, &["10.0.0.1"]),
        (WebhookReach::Public, &["172.16.0.1"]),
        (WebhookReach::Public, &["192.168.0.1"]),
        (WebhookReach::Public, &["0.0.0.0"]),
        (WebhookReach::Public, &["169.254.169.254"]),
        (WebhookReach::Public, &["100.64.0.1"]),
        (WebhookReach::Public, &["fc00::1"]),
        (WebhookReach::Public, &["fd12::1"]),
        (WebhookReach::Public, &["fe80::1"]),
        (WebhookReach::Public, &["::ffff:169.254.169.254"]),
        (WebhookReach::Public, &["64:ff9b::a00:1"]),
        // Wherever it stands.
        (WebhookReach::Public, &["127.0.0.1", "1.1.1.1"]),
        (WebhookReach::Public, &["2606:4700::1111", "1.1.1.1", "1.1.1.2", "1.1.1.3", "127.0.0.1"]),
        (WebhookReach::Public, &["::ffff:127.0.0.1"]),
        (WebhookReach::PrivateToo, &["127.0.0.1", "169.254.169.254"]),
        (WebhookReach::PrivateToo, &["127.0.0.1", "0.0.0.0"]),
        (WebhookReach::PrivateToo, &["::ffff:127.0.0.1"]),
    ] {
        let house = named(&receiver, "http").await;
        let outcomes = house.outcomes(Names::leading_to(addresses), reach).await;
        assert_eq!(outcomes, [AttemptOutcome::Refused], "{reach:?} {addresses:?}");
    }
    assert_eq!(receiver.received(), []);
}

#[tokio::test]
async fn a_name_is_asked_for_once_in_a_try_and_what_was_checked_is_connected_to() {
    let receiver = Receiver::always(Reply::Status(200)).await;
    let house = named(&receiver, "http").await;
    let names = Names::leading_to(&["127.0.0.1"]);
    let outcomes = house.outcomes(Arc::clone(&names), WebhookReach::PrivateToo).await;
    assert_eq!(outcomes, [AttemptOutcome::Answered(200)]);
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    let [received] = &receiver.received()[..] else { panic!() };
    assert_eq!(received.headers["host"], format!("hooks.acme.example:{}", receiver.port));
    // A name without addresses, and one whose address nobody is at.
    for (addresses, outcome) in
        [(&[][..], AttemptOutcome::Unknown), (&["127.0.0.2"][..], AttemptOutcome::Unreachable)]
    {
        let house = named(&receiver, "http").await;
        assert_eq!(house.outcomes(Names::leading_to(addresses), WebhookReach::PrivateToo).await, [outcome]);
    }
}

#[tokio::test]
async fn a_url_that_was_allowed_once_is_looked_at_again_with_each_try() {
    let receiver = Receiver::always(Reply::Status(200)).await;
    let house = house().await;
    house.listen(&house.acme, &receiver.url(), &["*"]).await;
    house.tell(&house.acme, "u1").await;
    // A name that only a private network has is not even asked for, wherever it would lead.
    house.listen(&house.acme, "http://hooks.internal/x", &["*"]).await;
    house.tell(&house.acme, "u2").await;
    let names = Names::leading_to(&["1.1.1.1"]);
    let outcomes = house.outcomes(Arc::clone(&names), WebhookReach::Public).await;
    assert_eq!(outcomes, [AttemptOutcome::Refused; 3]);
    assert_eq!((names.asked.load(Ordering::SeqCst), receiver.received().len()), (0, 0));
}

#[tokio::test]
async fn a_redirection_to_a_private_address_is_not_followed() {
    let inside = Receiver::always(Reply::Status(200)).await;
    let receiver = Receiver::always(Reply::Redirect(inside.url())).await;
    let house = house().await;
    house.listen(&house.acme, &receiver.url(), &["*"]).await;
    house.tell(&house.acme, "u1").await;
    let outcomes = house.outcomes(Names::leading_to(&[]), WebhookReach::PrivateToo).await;
    assert_eq!(outcomes, [AttemptOutcome::Answered(307)]);
    assert_eq!((receiver.received().len(), inside.received().len()), (1, 0));
}

fn certified(host: &str) -> (Vec<u8>, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
    let (certificate, key) = (made.cert.der().clone(), made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.clone()], key.try_into().unwrap()).unwrap();
    (certificate.to_vec(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn over_https_the_host_shows_a_certificate_of_its_own_that_is_trusted() {
    for (host, trusts_it, outcome) in [
        ("hooks.acme.example", true, AttemptOutcome::Answered(200)),
        ("hooks.acme.example", false, AttemptOutcome::Untrusted),
        ("hooks.globex.example", true, AttemptOutcome::Untrusted),
    ] {
        let (certificate, acceptor) = certified(host);
        let receiver = Receiver::encrypted(Reply::Status(200), acceptor).await;
        let house = named(&receiver, "https").await;
        let (heard, outcomes) = std::sync::mpsc::channel();
        let sender = house.builder(Names::leading_to(&["127.0.0.1"]));
        let sender = sender.listen(move |attempt| heard.send(attempt.outcome).unwrap());
        let sender = if trusts_it { sender.trusting(&certificate).unwrap() } else { sender };
        assert_eq!(sender.build().deliver_due().await.unwrap(), 1);
        assert_eq!(outcomes.recv().unwrap(), outcome, "{host} {trusts_it}");
        assert_eq!(receiver.received().len(), usize::from(outcome.is_taken()));
    }
    let house = house().await;
    let wrong = house.builder(Names::leading_to(&[])).trusting(b"no certificate");
    assert_eq!(wrong.unwrap_err(), InvalidAuthority);
}

#[tokio::test]
async fn plain_http_to_who_speaks_tls_and_the_other_way_round_is_no_answer() {
    let (certificate, acceptor) = certified("hooks.acme.example");
    let encrypted = Receiver::encrypted(Reply::Status(200), acceptor).await;
    let house = named(&encrypted, "http").await;
    let outcomes = house.outcomes(Names::leading_to(&["127.0.0.1"]), WebhookReach::PrivateToo).await;
    assert!(matches!(outcomes[..], [AttemptOutcome::Broken | AttemptOutcome::TooSlow]), "{outcomes:?}");
    let plain = Receiver::always(Reply::Status(200)).await;
    let house = named(&plain, "https").await;
    let sender = house.builder(Names::leading_to(&["127.0.0.1"])).trusting(&certificate).unwrap().build();
    assert_eq!(sender.deliver_due().await.unwrap(), 1);
    assert_eq!((encrypted.received().len(), plain.received().len()), (0, 0));
}
