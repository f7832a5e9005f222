//! Tokens that are cut, padded or spelled in another way.

use super::{MALFORMED, NO_TOKEN, SIGNATURE, all_refused};
use crate::token::forge::{CLAIMS, EC, ED, RSA, claims, claims_and, encode};

#[tokio::test]
async fn no_token_in_another_spelling() {
    let token = ED.token(CLAIMS);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    let other = ED.signature(format!("{head}.{}", encode(claims("acme", "globex"))).as_bytes());
    let malleable = |at: usize| format!("{signed}.{}", encode(flipped(&ED.signature(signed.as_bytes()), at)));
    let mut cases = vec![
        (NO_TOKEN, String::new()),
        (NO_TOKEN, ".".into()),
        (NO_TOKEN, signed.to_owned()),
        (NO_TOKEN, format!("{token}.")),
        (NO_TOKEN, format!("{token}.AAAA.AAAA")),
        (MALFORMED, "..".into()),
        (MALFORMED, format!(" {token}")),
        (MALFORMED, format!("{token} ")),
        (MALFORMED, format!("{token}\n")),
        (MALFORMED, format!("{token}\0")),
        (MALFORMED, format!("Bearer {token}")),
        (MALFORMED, format!("{head} .{body}.{signature}")),
        (MALFORMED, format!("{head}=.{body}.{signature}")),
        (MALFORMED, format!("{token}==")),
        (MALFORMED, format!("{token}%3D")),
        (MALFORMED, token.replace('.', ".\u{200b}")),
        (MALFORMED, format!("{signed}.{}", standard(signature))),
        (MALFORMED, format!("{signed}.{}", with_trailing_bits(signature))),
        (SIGNATURE, format!("{signed}.")),
        (SIGNATURE, format!("{signed}.{}", &signature[..signature.len() - 2])),
        (SIGNATURE, format!("{signed}.{signature}AAAA")),
        (SIGNATURE, format!("{signed}.{}", encode([0; 64]))),
        (SIGNATURE, format!("{signed}.{}", encode([0xff; 64]))),
        (SIGNATURE, format!("{signed}.{}", encode(other))),
        (SIGNATURE, malleable(0)),
        (SIGNATURE, malleable(63)),
        (SIGNATURE, format!("{head}.{}.{signature}", encode(claims("acme", "globex")))),
        (SIGNATURE, format!("{head}.{}.{signature}", encode(format!("{CLAIMS} ")))),
        (SIGNATURE, format!("{head}..{signature}")),
        ("the token is too long", ED.token(&claims_and(&format!(r#""x":"{}""#, "y".repeat(1 << 20))))),
        ("the token is too long", ED.token(&claims_and(&format!(r#""x":"{}""#, "y".repeat(6_000))))),
        ("the token is too long", format!("{}.{body}.{signature}", "A".repeat(1 << 20))),
    ];
    // A signature of zeros, which a library once took for any text: r = s = 0, and the order of the group.
    let ec = EC.token(CLAIMS);
    let ec_signed = ec.rsplit_once('.').unwrap().0;
    for forged in
        [vec![0; 64], vec![0; 63], Vec::new(), vec![1; 64], der_of(&EC.signature(ec_signed.as_bytes()))]
    {
        cases.push((SIGNATURE, format!("{ec_signed}.{}", encode(forged))));
    }
    let rsa = RSA.token(CLAIMS);
    let rsa_signed = rsa.rsplit_once('.').unwrap().0;
    for forged in
        [vec![0; 256], [&[0][..], &RSA.signature(rsa_signed.as_bytes())].concat(), vec![0; 255], vec![1]]
    {
        cases.push((SIGNATURE, format!("{rsa_signed}.{}", encode(forged))));
    }
    all_refused(cases).await;
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 0x20;
    bytes
}

/// The other alphabet, of which this must use a letter.
fn standard(signature: &str) -> String {
    let standard = signature.replace('-', "+").replace('_', "/");
    if standard == signature { format!("+{}", &signature[1..]) } else { standard }
}

/// The same bytes in another spelling: 64 bytes leave four bits over at the end.
fn with_trailing_bits(signature: &str) -> String {
    let (start, last) = signature.split_at(signature.len() - 1);
    let next = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        "w" => "x",
        _ => panic!("{last}"),
    };
    format!("{start}{next}")
}

/// A signature of two numbers in DER, which is how others than JOSE write it.
fn der_of(fixed: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| [&[2, 33, 0][..], bytes].concat();
    let numbers = [number(&fixed[..32]), number(&fixed[32..])].concat();
    [&[0x30, 70][..], &numbers].concat()
}
