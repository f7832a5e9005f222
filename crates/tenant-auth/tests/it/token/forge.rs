//! Keys made for a run of the tests, and tokens signed with them, whatever is written in them.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256},
};
use data_encoding::BASE64URL_NOPAD;

pub(super) const NOW: u64 = 1_700_000_000;
pub(super) const SECRET: &[u8] = b"a secret of thirty-two bytes ...";

/// What a token says that is taken.
pub(super) const CLAIMS: &str = r#"{"iss":"https://id.example","aud":"api","sub":"ada","tenant_id":"acme","roles":["member"],"iat":1699999990,"exp":1700000600,"jti":"t-1"}"#;

/// The valid claims, with one piece of them replaced.
pub(super) fn claims(old: &str, new: &str) -> String {
    assert!(CLAIMS.contains(old), "{old}");
    CLAIMS.replacen(old, new, 1)
}

/// The valid claims, and more.
pub(super) fn claims_and(more: &str) -> String {
    claims("{", &format!("{{{more},"))
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

pub(super) enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Secret(Vec<u8>),
}

/// A key, its name, and how tokens of it begin.
pub(super) struct TestKey {
    pub(super) kid: String,
    pub(super) alg: &'static str,
    signer: Signer,
}

pub(super) static RSA: LazyLock<TestKey> = LazyLock::new(|| TestKey::rsa("rsa-1"));
pub(super) static EC: LazyLock<TestKey> = LazyLock::new(|| TestKey::ec("ec-1"));
pub(super) static ED: LazyLock<TestKey> = LazyLock::new(|| TestKey::ed("ed-1"));

/// The public keys of all three.
pub(super) fn jwks() -> String {
    set_of(&[&RSA.jwk(), &EC.jwk(), &ED.jwk()])
}

pub(super) fn set_of(keys: &[&str]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

impl TestKey {
    pub(super) fn rsa(kid: &str) -> Self {
        let signer = Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        Self { kid: kid.into(), alg: "RS256", signer }
    }

    pub(super) fn ec(kid: &str) -> Self {
        let signer = Signer::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
        Self { kid: kid.into(), alg: "ES256", signer }
    }

    pub(super) fn ed(kid: &str) -> Self {
        Self { kid: kid.into(), alg: "EdDSA", signer: Signer::Ed(Ed25519KeyPair::generate().unwrap()) }
    }

    pub(super) fn secret(secret: &[u8]) -> Self {
        Self { kid: "secret".into(), alg: "HS256", signer: Signer::Secret(secret.into()) }
    }

    /// The header that a token of this key has.
    pub(super) fn header(&self) -> String {
        format!(r#"{{"alg":"{}","kid":"{}"}}"#, self.alg, self.kid)
    }

    /// A token of these claims.
    pub(super) fn token(&self, claims: &str) -> String {
        self.sign(&self.header(), claims)
    }

    /// A token of this header and these claims, as they stand.
    pub(super) fn sign(&self, header: &str, claims: &str) -> String {
        self.sign_encoded(&format!("{}.{}", encode(header), encode(claims)))
    }

    pub(super) fn sign_encoded(&self, signed: &str) -> String {
        format!("{signed}.{}", encode(self.signature(signed.as_bytes())))
    }

    pub(super) fn signature(&self, signed: &[u8]) -> Vec<u8> {
        match &self.signer {
            Signer::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature).unwrap();
                signature
            }
            Signer::Ec(pair) => pair.sign(&SystemRandom::new(), signed).unwrap().as_ref().to_vec(),
            Signer::Ed(pair) => pair.sign(signed).as_ref().to_vec(),
            Signer::Secret(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed).as_ref().to_vec()
            }
        }
    }

    /// What is public of the key, as it is: for RSA the DER of modulus and exponent.
    pub(super) fn public(&self) -> Vec<u8> {
        match &self.signer {
            Signer::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Signer::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Signer::Ed(pair) => pair.public_key().as_ref().to_vec(),
            Signer::Secret(_) => Vec::new(),
        }
    }

    /// The private key in PKCS #8.
    pub(super) fn private(&self) -> Vec<u8> {
        match &self.signer {
            Signer::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).unwrap().as_ref().to_vec(),
            Signer::Ec(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            Signer::Ed(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            Signer::Secret(secret) => secret.clone(),
        }
    }

    /// The public key in PEM, which a confused verifier would take for a secret.
    pub(super) fn pem(&self) -> String {
        let body = data_encoding::BASE64.encode(&self.public());
        format!("-----BEGIN RSA PUBLIC KEY-----\n{body}\n-----END RSA PUBLIC KEY-----\n")
    }

    /// The members of the JWK that are the key itself.
    pub(super) fn material(&self) -> String {
        let public = self.public();
        match &self.signer {
            // 30 82 xx xx 02 82 01 01 00, the modulus, 02 03, the exponent
            Signer::Rsa(_) => format!(
                r#""kty":"RSA","n":"{}","e":"{}""#,
                encode(&public[9..265]),
                encode(&public[267..270])
            ),
            Signer::Ec(_) => format!(
                r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#,
                encode(&public[1..33]),
                encode(&public[33..65])
            ),
            Signer::Ed(_) => format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, encode(&public)),
            Signer::Secret(secret) => format!(r#""kty":"oct","k":"{}""#, encode(secret)),
        }
    }

    pub(super) fn jwk(&self) -> String {
        self.jwk_with(r#""use":"sig""#)
    }

    /// Its JWK, with one more member.
    pub(super) fn jwk_with(&self, more: &str) -> String {
        format!(r#"{{"kid":"{}",{more},{}}}"#, self.kid, self.material())
    }
}
