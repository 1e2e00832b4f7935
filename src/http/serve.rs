//! Listening, with or without TLS.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::serve::Listener;
use tokio::{
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
use crate::fault::Fault;

/// TLS handshakes under way at once; further connections wait to be accepted.
const HANDSHAKES: usize = 256;
/// A handshake that takes longer is given up.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
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
        let router = routes::router(app);
        let (begin, begun) = tokio::sync::oneshot::channel();
        let stop = async move {
            stop.await;
            let _ = begin.send(());
        };
        let serving: std::pin::Pin<Box<dyn Future<Output = io::Result<()>> + Send>> = match self.tls {
            None => Box::pin(axum::serve(self.listener, router).with_graceful_shutdown(stop).into_future()),
            Some(tls) => match TlsListener::new(self.listener, tls) {
                Ok(listener) => Box::pin(axum::serve(listener, router).with_graceful_shutdown(stop).into_future()),
                Err(error) => Box::pin(async move { Err(error) }),
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

/// Accepts TLS connections, each handshake in a task of its own so that a slow one holds nobody up.
struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    local: SocketAddr,
}

impl TlsListener {
    fn new(listener: TcpListener, config: Arc<ServerConfig>) -> io::Result<Self> {
        let local = listener.local_addr()?;
        let (done, ready) = mpsc::channel(HANDSHAKES);
        tokio::spawn(shake_hands(listener, TlsAcceptor::from(config), done));
        Ok(Self { ready, local })
    }
}

async fn shake_hands(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    done: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES));
    while let Ok(place) = places.clone().acquire_owned().await {
        // axum's own accept logs and retries what may pass by itself.
        let (stream, remote) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = done.closed() => return,
        };
        let (acceptor, done) = (acceptor.clone(), done.clone());
        tokio::spawn(async move {
            let shaken = timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await;
            drop(place);
            if let Ok(Ok(stream)) = shaken {
                let _ = done.send((stream, remote)).await;
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
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
