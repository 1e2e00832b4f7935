//! The two requests of a WHIP or WHEP session, over plain HTTP.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Endpoint;

/// An answered session.
pub struct Answered {
    /// The SDP answer.
    pub sdp: String,
    /// Path of the session.
    pub location: String,
}

/// Posts an offer.
pub async fn offer(endpoint: &Endpoint, sdp: String) -> Result<Answered> {
    let response = send(endpoint, Method::POST, &endpoint.path, sdp).await?;
    let (head, body) = response.into_parts();
    let body = String::from_utf8(body.collect().await?.to_bytes().into())?;
    ensure!(head.status == StatusCode::CREATED, "{} answered {}: {body}", endpoint.path, head.status);
    let location = head.headers.get(header::LOCATION).context("no Location")?.to_str()?.to_owned();
    Ok(Answered { sdp: body, location })
}

/// Ends a session.
pub async fn end(endpoint: &Endpoint, location: &str) -> Result<()> {
    let status = send(endpoint, Method::DELETE, location, String::new()).await?.status();
    ensure!(status.is_success(), "ending {location} answered {status}");
    Ok(())
}

async fn send(
    endpoint: &Endpoint,
    method: Method,
    path: &str,
    body: String,
) -> Result<Response<hyper::body::Incoming>> {
    let stream = TcpStream::connect(&endpoint.address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, &endpoint.address)
        .header(header::AUTHORIZATION, format!("Bearer {}", endpoint.token))
        .header(header::CONTENT_TYPE, "application/sdp")
        .body(Full::new(Bytes::from(body)))?;
    Ok(sender.send_request(request).await?)
}
