//! The algorithms that tokens are taken in. Each key has one; a token never chooses it (RFC 8725, section 3.1).

use std::fmt;

use aws_lc_rs::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    },
};

/// What holds signatures against a key.
pub(super) enum Verifying {
    /// RFC 7518, section 3.2.
    Hs256(Box<hmac::Key>),
    /// RFC 7518, section 3.3.
    Rs256(ParsedPublicKey),
    /// RFC 7518, section 3.4: the two numbers behind each other, not DER.
    Es256(ParsedPublicKey),
    /// RFC 8037, section 3.1, with Ed25519.
    EdDsa(ParsedPublicKey),
}

impl Verifying {
    pub(super) fn hs256(secret: &[u8]) -> Self {
        Self::Hs256(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    pub(super) fn rs256(n: &[u8], e: &[u8]) -> Option<Self> {
        let key = RsaPublicKeyComponents { n, e };
        key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok().map(Self::Rs256)
    }

    /// `None` where the point is not on the curve.
    pub(super) fn es256(x: &[u8], y: &[u8]) -> Option<Self> {
        let uncompressed = [&[4], x, y].concat();
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, uncompressed).ok().map(Self::Es256)
    }

    pub(super) fn ed_dsa(x: &[u8]) -> Option<Self> {
        ParsedPublicKey::new(&ED25519, x).ok().map(Self::EdDsa)
    }

    /// Whether the header of a token may call the algorithm so; RFC 9864, section 2.2 gives the last its second name.
    pub(super) fn is_called(&self, alg: &str) -> bool {
        match self {
            Self::Hs256(_) => alg == "HS256",
            Self::Rs256(_) => alg == "RS256",
            Self::Es256(_) => alg == "ES256",
            Self::EdDsa(_) => matches!(alg, "EdDSA" | "Ed25519"),
        }
    }

    /// Whether the signature is one of this text; in constant time where the key is secret.
    pub(super) fn holds(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hs256(key) => hmac::verify(key, signed, signature).is_ok(),
            Self::Rs256(key) | Self::Es256(key) | Self::EdDsa(key) => {
                key.verify_sig(signed, signature).is_ok()
            }
        }
    }
}

impl fmt::Debug for Verifying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hs256(_) => "HS256",
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
        })
    }
}
