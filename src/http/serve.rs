//! Listening, with or without TLS.

use std::{future::ready, io, net::SocketAddr, path::Path, pin::Pin, sync::Arc, time::Duration};

use axum::serve::Listener;
use sfu::demux::begins_media;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};

use super::{App, routes};
use crate::{fault::Fault, media::Door};

/// Connections greeted at once: their first byte and their TLS handshake; further ones wait to be accepted.
const GREETINGS: usize = 256;
/// A greeting that takes longer is given up.
const GREETING_LIMIT: Duration = Duration::from_secs(10);
/// How long requests under way may take when the program ends.
const SHUTDOWN: Duration = Duration::from_secs(3);

/// A bound address that does not answer yet.
pub struct Server {
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
}

/// Takes the address `HOST:PORT`; `tls` are the files of certificate chain and key.
pub async fn bind(listen: &str, tls: Option<(&Path, &Path)>) -> anyhow::Result<Server> {
    let tls = match tls {
        Some((certificate, key)) => Some(Arc::new(tls_config(certificate, key)?)),
        None => None,
    };
    let listener = TcpListener::bind(listen).await.map_err(|e| {
        let (chinese, english) = match e.kind() {
            io::ErrorKind::AddrInUse => ("已被别的程序占用", "is in use by another program"),
            io::ErrorKind::PermissionDenied => ("没有权限使用", "may not be used: no permission"),
            io::ErrorKind::AddrNotAvailable => ("不是本机地址", "is no address of this machine"),
            _ => ("不能监听", "cannot be listened on"),
        };
        Fault::new(format_args!("地址 {listen} {chinese}"), format_args!("address {listen} {english}"))
    })?;
    Ok(Server { listener, tls })
}

impl Server {
    /// The address really taken.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Whether pages come over HTTPS.
    pub fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Answers requests until `stop` is done.
    pub async fn run(self, app: App, stop: impl Future<Output = ()> + Send + 'static) {
        let door = app.media().door().cloned();
        let router = routes::router(app);
        let (begin, begun) = tokio::sync::oneshot::channel();
        let stop = async move {
            stop.await;
            let _ = begin.send(());
        };
        let serving: Pin<Box<dyn Future<Output = io::Result<()>> + Send>> = match self.tls {
            None => match Lobby::new(self.listener, door, |stream| ready(Some(stream))) {
                Ok(lobby) => Box::pin(axum::serve(lobby, router).with_graceful_shutdown(stop).into_future()),
                Err(error) => Box::pin(ready(Err(error))),
            },
            Some(tls) => match Lobby::new(self.listener, door, over_tls(tls)) {
                Ok(lobby) => Box::pin(axum::serve(lobby, router).with_graceful_shutdown(stop).into_future()),
                Err(error) => Box::pin(ready(Err(error))),
            },
        };
        let too_long = async {
            let _ = begun.await;
            tokio::time::sleep(SHUTDOWN).await;
        };
        tokio::select! {
            served = serving => {
                if let Err(error) = served {
                    tracing::error!(%error, "the web server stopped: restart the program");
                }
            }
            () = too_long => tracing::debug!("some requests were cut off"),
        }
    }
}

/// The greeting of connections that are encrypted.
fn over_tls(tls: Arc<ServerConfig>) -> impl Greet<Pin<Box<dyn Future<Output = Option<TlsStream<TcpStream>>> + Send>>> {
    let acceptor = TlsAcceptor::from(tls);
    move |stream| {
        let shaken = acceptor.accept(stream);
        Box::pin(async move { shaken.await.ok() })
    }
}

fn tls_config(certificate: &Path, key: &Path) -> Result<ServerConfig, Fault> {
    let unusable = |path: &Path, why: String| {
        let path = path.display();
        Fault::new(format_args!("不能用 TLS 文件 {path}：{why}"), format_args!("cannot use the TLS file {path}"))
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| unusable(certificate, e.to_string()))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|e| unusable(key, e.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable(certificate, e.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|e| unusable(key, e.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Connections that have been greeted, each in a task of its own so that a slow one holds nobody up. Those of media, which
/// share the port, are brought to their door instead.
struct Lobby<S> {
    ready: mpsc::Receiver<(S, SocketAddr)>,
    local: SocketAddr,
}

impl<S: Send + 'static> Lobby<S> {
    /// `greet` makes of a connection what pages are served over, or nothing.
    fn new<F>(listener: TcpListener, door: Option<Door>, greet: impl Greet<F>) -> io::Result<Self>
    where
        F: Future<Output = Option<S>> + Send + 'static,
    {
        let local = listener.local_addr()?;
        let (done, ready) = mpsc::channel(GREETINGS);
        tokio::spawn(receive(listener, door, greet, done));
        Ok(Self { ready, local })
    }
}

/// What a greeting must be so that tasks can do it.
trait Greet<F>: Fn(TcpStream) -> F + Clone + Send + Sync + 'static {}

impl<F, G: Fn(TcpStream) -> F + Clone + Send + Sync + 'static> Greet<F> for G {}

async fn receive<S: Send + 'static, F: Future<Output = Option<S>> + Send + 'static>(
    mut listener: TcpListener,
    door: Option<Door>,
    greet: impl Greet<F>,
    done: mpsc::Sender<(S, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(GREETINGS));
    while let Ok(place) = places.clone().acquire_owned().await {
        // axum's own accept logs and retries what may pass by itself.
        let (stream, remote) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = done.closed() => return,
        };
        let (door, greet, done) = (door.clone(), greet.clone(), done.clone());
        tokio::spawn(async move {
            let greeted = timeout(GREETING_LIMIT, async {
                match sort(stream, remote, door.as_ref()).await {
                    Some(stream) => greet(stream).await,
                    None => None,
                }
            });
            let greeted = greeted.await;
            drop(place);
            if let Ok(Some(stream)) = greeted {
                let _ = done.send((stream, remote)).await;
            }
        });
    }
}

/// Brings a connection that begins as media does to its door; returns any other.
async fn sort(stream: TcpStream, remote: SocketAddr, door: Option<&Door>) -> Option<TcpStream> {
    let Some(door) = door else { return Some(stream) };
    let mut first = [0];
    let came = stream.peek(&mut first).await.ok()?;
    if came == 0 || !begins_media(first[0]) {
        return Some(stream);
    }
    door.admit(stream, remote).await;
    None
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Listener for Lobby<S> {
    type Io = S;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use sfu::sdp::Protocol;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::media::{
        self, Media, MediaAddress,
        tcp::testing::{Client, PATIENCE, Session, address},
    };

    /// A lobby that shares its port with media, and a viewer to be connected.
    async fn shared() -> (Lobby<TcpStream>, Media, Session) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let web = Some(listener.local_addr().unwrap());
        let media = media::start(&MediaAddress { web, ..address(2) }).unwrap();
        let lobby = Lobby::new(listener, media.handle.door().cloned(), |stream| ready(Some(stream))).unwrap();
        let session = Session::open(&media.handle);
        (lobby, media, session)
    }

    async fn served(lobby: &mut Lobby<TcpStream>) -> String {
        let (mut stream, _) = timeout(PATIENCE, Listener::accept(lobby)).await.unwrap();
        let mut first = vec![0; 5];
        stream.read_exact(&mut first).await.unwrap();
        String::from_utf8(first).unwrap()
    }

    #[tokio::test]
    async fn pages_and_media_share_a_port_and_who_says_nothing_holds_nobody_up() {
        let (mut lobby, _media, session) = shared().await;
        let web = lobby.local;
        let ways: Vec<_> = session.candidates.iter().filter(|one| one.address == web).collect();
        assert!(ways.len() == 1 && ways[0].protocol == Protocol::Tcp, "the port of the pages is told");
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(Client::connect(web).await);
        }
        let mut page = Client::connect(web).await;
        page.stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut over_media = Client::connect(web).await;
        over_media.check(&session).await;
        assert_eq!(served(&mut lobby).await, "GET /");
        over_media.check(&session).await;
        silent[0].stream.write_all(b"POST /").await.unwrap();
        assert_eq!(served(&mut lobby).await, "POST ");
    }

    #[tokio::test]
    async fn what_begins_as_media_and_is_none_is_closed_without_a_word() {
        let (lobby, media, _session) = shared().await;
        let mut client = Client::connect(lobby.local).await;
        client.send(&[0; 40]).await;
        assert_eq!(client.receive().await, None);
        assert_eq!(media.handle.door().unwrap().turned_away(), 1);
    }

    #[tokio::test]
    async fn without_a_door_every_connection_is_one_for_pages() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut lobby = Lobby::new(listener, None, |stream| ready(Some(stream))).unwrap();
        let mut client = Client::connect(lobby.local).await;
        client.stream.write_all(b"\0\0\0\0\0").await.unwrap();
        assert_eq!(served(&mut lobby).await, "\0\0\0\0\0");
    }

    #[tokio::test]
    async fn one_number_is_shared_where_pages_have_it_already() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let web = listener.local_addr().unwrap();
        // Somebody else may have this number over UDP: then there is nothing to show.
        let shared = MediaAddress { web: Some(web), port: web.port(), ..address(1) };
        let Ok(media) = media::start(&shared) else { return };
        let lobby = Lobby::new(listener, media.handle.door().cloned(), |stream| ready(Some(stream))).unwrap();
        let session = Session::open(&media.handle);
        assert_eq!(session.candidates.iter().filter(|one| one.protocol == Protocol::Tcp).count(), 1);
        Client::connect(session.at(Protocol::Tcp)).await.check(&session).await;
        drop(lobby);
    }
}
