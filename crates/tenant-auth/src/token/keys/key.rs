//! One key, and the JWK that it is read from (RFC 7517, section 4).

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

use aws_lc_rs::digest::{SHA256, digest};

use super::algorithm::Verifying;
use crate::token::{
    compact::decode,
    json::{Json, Members},
};

/// A key that tokens are taken of.
pub(in crate::token) struct TokenKey {
    kid: Option<Box<str>>,
    verifying: Verifying,
    /// The same for the same key under the same name: a set that is read again keeps it.
    fingerprint: [u8; 32],
    retired: AtomicBool,
}

/// Why a key of a set is left out. RFC 7517, section 5 wants keys that are not understood ignored; those that are not safe are
/// left out as well, so that one of them does not lock out everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LeftOut {
    /// It is no JWK, or lacks a member.
    Malformed,
    /// It is for something else: `use` is not `sig`, or `key_ops` has no `verify`.
    OtherUse,
    /// Its type, curve or algorithm is none that tokens are taken in.
    OtherAlgorithm,
    /// It is secret: symmetric, or with its private part. Whoever reads the set could sign with it.
    Secret,
    /// It is RSA with fewer than 2048 or more than 8192 bits, or with an exponent below 65537.
    Weak,
}

impl TokenKey {
    pub(super) fn hs256(secret: &[u8]) -> Self {
        Self::new(None, Verifying::hs256(secret), &[b"HS256", secret])
    }

    fn new(kid: Option<&str>, verifying: Verifying, parts: &[&[u8]]) -> Self {
        let mut identity = Vec::new();
        for part in [kid.unwrap_or_default().as_bytes(), &[u8::from(kid.is_some())]].iter().chain(parts) {
            identity.extend_from_slice(&(part.len() as u64).to_be_bytes());
            identity.extend_from_slice(part);
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, &identity).as_ref());
        Self { kid: kid.map(Into::into), verifying, fingerprint, retired: AtomicBool::new(false) }
    }

    pub(super) fn from_jwk(jwk: &Json) -> Result<Self, LeftOut> {
        let jwk = jwk.object().ok_or(LeftOut::Malformed)?;
        let kid = match jwk.get("kid") {
            None => None,
            Some(kid) => Some(kid.text().filter(|kid| !kid.is_empty()).ok_or(LeftOut::Malformed)?),
        };
        check_use(jwk)?;
        if ["k", "d", "p", "q", "dp", "dq", "qi", "oth"].iter().any(|name| jwk.contains_key(*name)) {
            return Err(LeftOut::Secret);
        }
        match text(jwk, "kty")? {
            "RSA" => rsa(jwk, kid),
            "EC" => p256(jwk, kid),
            "OKP" => ed25519(jwk, kid),
            "oct" => Err(LeftOut::Secret),
            _ => Err(LeftOut::OtherAlgorithm),
        }
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }

    pub(in crate::token) fn is_called(&self, alg: &str) -> bool {
        self.verifying.is_called(alg)
    }

    pub(in crate::token) fn holds(&self, signed: &str, signature: &[u8]) -> bool {
        !self.is_retired() && self.verifying.holds(signed.as_bytes(), signature)
    }

    /// No token of this key is taken any more.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    pub(in crate::token) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("kid", &self.kid)
            .field("alg", &self.verifying)
            .finish_non_exhaustive()
    }
}

/// RFC 7517, sections 4.2 and 4.3.
fn check_use(jwk: &Members) -> Result<(), LeftOut> {
    let for_signatures = jwk.get("use").is_none_or(|meant| meant.text() == Some("sig"));
    let for_verifying =
        jwk.get("key_ops").is_none_or(|all| all.texts().is_some_and(|all| all.contains(&"verify")));
    if for_signatures && for_verifying { Ok(()) } else { Err(LeftOut::OtherUse) }
}

fn text<'a>(jwk: &'a Members, name: &str) -> Result<&'a str, LeftOut> {
    jwk.get(name).and_then(Json::text).ok_or(LeftOut::Malformed)
}

fn bytes(jwk: &Members, name: &str) -> Result<Vec<u8>, LeftOut> {
    decode(text(jwk, name)?).ok_or(LeftOut::Malformed)
}

/// The algorithm that a JWK says it is for, if it does, is the one that its type means here (RFC 7517, section 4.4).
fn check_alg(jwk: &Members, names: &[&str]) -> Result<(), LeftOut> {
    let fits = jwk.get("alg").is_none_or(|alg| alg.text().is_some_and(|alg| names.contains(&alg)));
    if fits { Ok(()) } else { Err(LeftOut::OtherAlgorithm) }
}

/// RFC 7518, section 6.3.1; the least size is that of section 3.3.
fn rsa(jwk: &Members, kid: Option<&str>) -> Result<TokenKey, LeftOut> {
    check_alg(jwk, &["RS256"])?;
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    let (size, exponent) = (bits(&n)?, bits(&e)?);
    if !(2048..=8192).contains(&size) || !(17..=33).contains(&exponent) {
        return Err(LeftOut::Weak);
    }
    let verifying = Verifying::rs256(&n, &e).ok_or(LeftOut::Malformed)?;
    Ok(TokenKey::new(kid, verifying, &[b"RS256", &n, &e]))
}

/// How many bits a number has; it has no zeros in front (RFC 7518, section 2, "Base64urlUInt").
fn bits(number: &[u8]) -> Result<usize, LeftOut> {
    match number.first() {
        None | Some(0) => Err(LeftOut::Malformed),
        Some(first) => Ok(number.len() * 8 - first.leading_zeros() as usize),
    }
}

/// RFC 7518, section 6.2.1.
fn p256(jwk: &Members, kid: Option<&str>) -> Result<TokenKey, LeftOut> {
    check_alg(jwk, &["ES256"])?;
    if text(jwk, "crv")? != "P-256" {
        return Err(LeftOut::OtherAlgorithm);
    }
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    if (x.len(), y.len()) != (32, 32) {
        return Err(LeftOut::Malformed);
    }
    let verifying = Verifying::es256(&x, &y).ok_or(LeftOut::Malformed)?;
    Ok(TokenKey::new(kid, verifying, &[b"ES256", &x, &y]))
}

/// RFC 8037, section 2.
fn ed25519(jwk: &Members, kid: Option<&str>) -> Result<TokenKey, LeftOut> {
    check_alg(jwk, &["EdDSA", "Ed25519"])?;
    if text(jwk, "crv")? != "Ed25519" {
        return Err(LeftOut::OtherAlgorithm);
    }
    let x = bytes(jwk, "x")?;
    if x.len() != 32 {
        return Err(LeftOut::Malformed);
    }
    let verifying = Verifying::ed_dsa(&x).ok_or(LeftOut::Malformed)?;
    Ok(TokenKey::new(kid, verifying, &[b"EdDSA", &x]))
}
