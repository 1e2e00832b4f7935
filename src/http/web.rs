//! The web client: embedded files, and `index.html` for the paths of its pages.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::{Kind, Problem};

#[derive(RustEmbed)]
#[folder = "web-client/dist"]
#[allow_missing = true]
struct Client;

/// The page that stands for all pages.
const INDEX: &str = "index.html";
/// Files under this have a hash of their content in the name.
const HASHED: &str = "assets/";
/// Paths of the interface: what is not there is a problem document, never a page.
const INTERFACE: [&str; 7] = ["api", "whip", "whep", "ws", "replay", "healthz", "metrics"];

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Scripts only from here, and nothing that was not asked for.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; worker-src 'self' blob:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Shown when the program was built without the web client.
const NOT_BUILT: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>同课</title>\
     <p>这个程序编译时没有带网页（TONGKE_SKIP_WEB=1）。请去掉它重新编译。</p>\
     <p lang=\"en\">This program was built without its web pages (TONGKE_SKIP_WEB=1). Build it again without that.</p></html>";

/// Answers whatever no route answers.
pub async fn page_or_asset(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if INTERFACE.contains(&first) {
        return Problem::new(Kind::NotFound, "there is nothing at this path").into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Problem::new(Kind::MethodNotAllowed, "pages are only read").into_response();
    }
    if let Some(found) = Client::get(path) {
        return file(path, found, &headers);
    }
    // A page has no extension; a missing file must not look like one.
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    if !is_page {
        return Problem::new(Kind::NotFound, "there is no such file").into_response();
    }
    match Client::get(INDEX) {
        Some(index) => file(INDEX, index, &headers),
        None => Html(NOT_BUILT).into_response(),
    }
}

/// What a file is answered with: compressed where it is kept so beside it and whoever asks takes that.
fn file(path: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let compressed = Client::get(&format!("{path}.gz"));
    let varies = compressed.is_some();
    let compressed = compressed.filter(|_| takes_gzip(asked));
    let is_compressed = compressed.is_some();
    let mut response = compressed.map_or(file.data, |compressed| compressed.data).into_response();
    let headers = response.headers_mut();
    if is_compressed {
        headers.insert(header::CONTENT_ENCODING, GZIP);
    }
    if varies {
        headers.insert(header::VARY, HeaderValue::from(header::ACCEPT_ENCODING));
    }
    if let Ok(mime) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, mime);
    }
    let caching = match path.starts_with(HASHED) {
        true => FOREVER,
        false => REVALIDATE,
    };
    headers.insert(header::CACHE_CONTROL, caching);
    response
}

/// Whether a request takes gzip (RFC 9110 section 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let values = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        is_gzip && weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0))
    })
}

/// Headers that keep browsers from doing what nobody asked for, on every answer.
pub async fn guard(request: Request, next: Next) -> Response {
    const GUARDS: [(HeaderName, &str); 5] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
        ),
    ];
    let mut response = next.run(request).await;
    for (name, value) in GUARDS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let rows = [
            ("gzip, deflate", true),
            ("br;q=1.0, GZIP;q=0.8", true),
            ("deflate, br", false),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("gzip;q=none", false),
            ("", false),
        ];
        for (value, expected) in rows {
            let asked = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(takes_gzip(&asked), expected, "{value}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
