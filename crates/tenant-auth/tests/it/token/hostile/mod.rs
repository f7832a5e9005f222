//! Tokens that are refused, and by what: each is one step away from one that is taken.

mod claims;
mod header;
mod others;
mod spelling;

use super::{
    builder, clock,
    forge::{CLAIMS, EC, ED, RSA},
    refused, show,
};

const MALFORMED: &str = "the token is malformed";
const CLAIMS_MALFORMED: &str = "the token's claims are malformed";
const HEADER: &str = "the token's header is malformed";
const MEMBER: &str = "the token's header has a member that is not taken";
const TYPE: &str = "the token is of another type";
const ALGORITHM: &str = "the token's algorithm is not that of its key";
const SIGNATURE: &str = "the token's signature does not hold";
const UNKNOWN: &str = "the token names a key that is not known";
const UNSAID: &str = "the token does not say which key has signed it";
const ISSUER: &str = "the token is of another issuer, or of none";
const AUDIENCE: &str = "the token is for others, or for nobody";
const EXPIRED: &str = "the token has expired";
const ENDLESS: &str = "the token has no end";
const EARLY: &str = "the token is not valid yet";
const MOMENT: &str = "a moment in the token is no whole number of seconds";
const SUBJECT: &str = "the token has no subject";
const TENANT: &str = "the token's tenant is no tenant's id";
const TENANTS: &str = "the token's tenants are malformed";
const ROLES: &str = "the token's roles are malformed";
const SCOPES: &str = "the token's scopes are malformed";
const ID: &str = "the token's id is malformed";
const NO_TOKEN: &str = "this is no token";

type Case = (&'static str, String);

async fn all_refused(cases: Vec<Case>) {
    let verifier = builder(&clock()).build();
    for key in [&*RSA, &*EC, &*ED] {
        show(&verifier, &key.token(CLAIMS))
            .await
            .expect("what is forged here is one step away from a valid token");
    }
    for (number, (reason, token)) in cases.into_iter().enumerate() {
        let shown: String = token.chars().take(120).collect();
        let refused = refused(&verifier, &token).await;
        assert_eq!(refused, reason, "case {number}: {shown}");
    }
}
