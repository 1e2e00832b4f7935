//! Who sends a request: bearer tokens (RFC 6750), of which the database knows only the hashes.

use std::fmt::Write;

use access::{Action, Person};
use aws_lc_rs::{digest, rand};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};

use super::{
    App,
    problem::{Kind, Problem},
};
use crate::clock::utc_now;

/// Bytes of chance in a token.
const TOKEN_BYTES: usize = 32;
/// What a token is preceded by when it comes as a WebSocket subprotocol.
const SUBPROTOCOL_PREFIX: &str = "bearer.";

/// A fresh token, in lower-case hexadecimal.
pub fn fresh_token() -> anyhow::Result<String> {
    let mut bytes = [0; TOKEN_BYTES];
    rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
    Ok(hex(&bytes))
}

/// What the database keeps of a token.
pub fn hash(token: &str) -> String {
    hex(digest::digest(&digest::SHA256, token.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The person a request comes from. Routes with a permission have one.
pub struct Bearer(pub Person);

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let person = parts.extensions.get::<Person>().cloned();
        let person = person.ok_or_else(missing)?;
        Ok(Self(person))
    }
}

/// Lets a request pass whose bearer may do one of `any_of`.
pub async fn check(
    State((app, any_of)): State<(App, &'static [Action])>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let token = token(request.headers()).ok_or_else(missing)?;
    let now = utc_now();
    let person = app.tokens().person(app.db(), &hash(token), now).await?;
    let person =
        person.ok_or_else(|| Problem::new(Kind::InvalidToken, "sign in again: the token is unknown or has expired"))?;
    if !any_of.iter().any(|&action| person.may(action)) {
        return Err(Problem::new(Kind::NotAllowed, "another role is needed for this"));
    }
    app.seen().note(&person.id, now);
    request.extensions_mut().insert(person);
    Ok(next.run(request).await)
}

fn missing() -> Problem {
    Problem::new(Kind::MissingToken, "send the header Authorization: Bearer TOKEN").at("Authorization")
}

/// The token of a request: in the Authorization header, or, because pages cannot set headers of a WebSocket, as the
/// subprotocol `bearer.TOKEN`.
fn token(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(header::AUTHORIZATION);
    let from_header = authorization.and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let mut offered = offered.iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    from_header.or_else(|| offered.find_map(|p| p.trim().strip_prefix(SUBPROTOCOL_PREFIX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_the_header_or_among_the_subprotocols() {
        let rows = [
            ("authorization", "Bearer abc", Some("abc")),
            ("authorization", "bearer  abc", Some("abc")),
            ("authorization", "Basic abc", None),
            ("authorization", "abc", None),
            ("sec-websocket-protocol", "tongke.v1, bearer.abc", Some("abc")),
            ("sec-websocket-protocol", "tongke.v1", None),
        ];
        for (name, value, expected) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(token(&headers), expected, "{name}: {value}");
        }
    }

    #[test]
    fn only_the_hash_of_a_token_is_kept_and_no_two_are_alike() {
        let (one, two) = (fresh_token().unwrap(), fresh_token().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 2 * TOKEN_BYTES);
        assert_ne!(hash(&one), one);
        // FIPS 180-4, the test vector "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash("abc"), abc);
    }
}
