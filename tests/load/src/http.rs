//! WHIP and WHEP (RFC 9725, draft-ietf-wish-whep) over plain HTTP connections that are kept.

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Longest answer of a server that is quoted in an error.
const QUOTED: usize = 300;

/// Where sessions are offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host and port.
    pub authority: String,
    /// Begins with a slash.
    pub path: String,
    /// Bearer token; none is sent if it is empty.
    pub token: String,
}

/// An open session.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The SDP answer.
    pub sdp: String,
    /// Path of the session.
    pub location: String,
}

/// One connection to a server, opened when it is needed.
pub struct Client {
    endpoint: Endpoint,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Endpoint {
    /// Of a URL such as `http://127.0.0.1:8080/whep/1`.
    pub fn new(url: &str, token: &str) -> Result<Self> {
        let rest =
            url.strip_prefix("http://").with_context(|| format!("{url} is not a URL that begins with http://"))?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { authority, path: path.into(), token: token.into() })
    }

    /// The path that a `Location` header means (RFC 3986 section 5.2, as far as servers use it).
    fn resolve(&self, location: &str) -> String {
        if let Some((_, rest)) = location.split_once("://") {
            return rest.find('/').map_or("/".into(), |at| rest[at..].into());
        }
        if location.starts_with('/') {
            return location.into();
        }
        let directory = self.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        format!("{directory}/{location}")
    }
}

impl Client {
    /// A client of this endpoint, not connected yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, sender: None }
    }

    /// Offers a session.
    pub async fn offer(&mut self, sdp: String) -> Result<Answered> {
        let path = self.endpoint.path.clone();
        let response = self.send(Method::POST, &path, sdp).await?;
        let (head, body) = response.into_parts();
        let body = String::from_utf8_lossy(&body).into_owned();
        if head.status != StatusCode::CREATED {
            let told: String = body.chars().take(QUOTED).collect();
            bail!("the server refused POST {path}: {} {told}", head.status);
        }
        let location = head.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let location = self.endpoint.resolve(location.context("the server's answer has no Location")?);
        Ok(Answered { sdp: body, location })
    }

    /// Ends a session.
    pub async fn end(&mut self, location: &str) -> Result<()> {
        let status = self.send(Method::DELETE, location, String::new()).await?.status();
        ensure!(status.is_success(), "the server refused DELETE {location}: {status}");
        Ok(())
    }

    async fn send(&mut self, method: Method, path: &str, body: String) -> Result<hyper::Response<Bytes>> {
        let mut builder = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.endpoint.authority)
            .header(header::CONTENT_TYPE, "application/sdp");
        if !self.endpoint.token.is_empty() {
            builder = builder.header(header::AUTHORIZATION, format!("Bearer {}", self.endpoint.token));
        }
        let request = builder.body(Full::new(Bytes::from(body)))?;
        let response = self.connected().await?.send_request(request).await?;
        let (head, body) = response.into_parts();
        // Read to its end, so that the connection can be used again.
        Ok(hyper::Response::from_parts(head, body.collect().await?.to_bytes()))
    }

    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        let usable = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let authority = &self.endpoint.authority;
            let stream = TcpStream::connect(authority).await.with_context(|| format!("no server at {authority}"))?;
            let _ = stream.set_nodelay(true);
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            self.sender = Some(sender);
        }
        self.sender.as_mut().context("no connection")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_may_be_whole_absolute_or_relative() {
        let endpoint = Endpoint::new("http://a:7/whep/1", "t").unwrap();
        assert_eq!((endpoint.authority.as_str(), endpoint.path.as_str()), ("a:7", "/whep/1"));
        for (location, path) in [("http://a:7/s/1", "/s/1"), ("/s/2", "/s/2"), ("3", "/whep/3"), ("https://b", "/")] {
            assert_eq!(endpoint.resolve(location), path);
        }
        assert_eq!(Endpoint::new("http://a", "").unwrap().authority, "a:80");
        assert!(Endpoint::new("https://a/", "").unwrap_err().to_string().contains("http://"));
    }
}
