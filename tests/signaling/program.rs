//! Stories of the operator: starting, stopping, and what goes wrong.

use std::{fs, net::TcpListener, process::Output, sync::Arc};

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::server::{Demo, PATIENCE, Server, TempDir, run, tongke};

/// Exit code 2, nothing on stdout, one sentence on stderr that names `what`.
fn assert_fault(output: &Output, what: &str) {
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(output.stdout.is_empty());
    assert_eq!(told.trim_end().lines().count(), 1, "{told}");
    assert!(told.contains(what), "{told}");
}

#[test]
fn the_demo_says_in_one_line_where_it_is_and_who_one_can_be() {
    let dir = TempDir::new();
    let demo = Demo::start_with(&dir.join("data"), &["--points", "4"]);
    let keys: Vec<&str> = demo.ready.tokens.keys().map(String::as_str).collect();
    assert_eq!(keys, ["admin", "master", "observer", "point-1", "point-2", "point-3", "point-4", "student"]);
    let (status, me) = demo.get("/api/me", "point-4");
    assert_eq!(status, 200);
    assert_eq!(me["current"]["id"], demo.ready.lesson.as_str());
    let (status, people) = demo.get("/api/demo/people", "master");
    assert_eq!((status, people["people"].as_array().unwrap().len()), (200, 8));
    let (exit, rest) = demo.end(Signal::SIGTERM);
    assert!(exit.success());
    assert_eq!(rest, "", "exactly one line");
}

#[test]
fn ctrl_c_ends_the_demo_cleanly_and_a_second_start_goes_on() {
    let dir = TempDir::new();
    let data = dir.join("data");
    let first = Demo::start(&data);
    let before = first.ready.clone();
    let (exit, _) = first.end(Signal::SIGINT);
    assert_eq!(exit.code(), Some(0));
    let second = Demo::start(&data);
    assert_eq!(second.ready.lesson, before.lesson);
    assert_ne!(second.ready.tokens, before.tokens);
    let (status, _) = second.get("/api/me", "master");
    assert_eq!(status, 200);
}

#[test]
fn an_address_in_use_is_one_sentence() {
    let (dir, taken) = (TempDir::new(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = taken.local_addr().unwrap().to_string();
    let data = dir.join("data");
    let output = run(&["demo", "--listen", &address, "--media-port", "0", "--data", &data]);
    assert_fault(&output, &address);
}

#[test]
fn a_media_port_in_use_is_one_sentence() {
    let (dir, taken) = (TempDir::new(), std::net::UdpSocket::bind("127.0.0.1:0").unwrap());
    let port = taken.local_addr().unwrap().port().to_string();
    let data = dir.join("data");
    let output = run(&["demo", "--listen", "127.0.0.1:0", "--media-port", &port, "--data", &data]);
    assert_fault(&output, &port);
}

#[test]
fn a_data_directory_that_cannot_be_written_or_is_in_use_is_one_sentence() {
    let dir = TempDir::new();
    fs::write(dir.join("file"), "").unwrap();
    let below = dir.join("file/data");
    assert_fault(&run(&["demo", "--listen", "127.0.0.1:0", "--data", &below]), &below);
    let data = dir.join("data");
    let _demo = Demo::start(&data);
    assert_fault(&run(&["demo", "--listen", "127.0.0.1:0", "--data", &data]), "in use by another Tongke");
}

#[test]
fn a_wrong_key_in_the_configuration_names_the_nearest() {
    let dir = TempDir::new();
    let file = dir.join("tongke.toml");
    fs::write(&file, "[media]\nanounce = []\n").unwrap();
    assert_fault(&run(&["serve", "--config", &file]), "media.announce");
    assert_fault(&run(&["serve", "--config", &dir.join("none")]), "none");
    fs::write(&file, "[tls]\ncertificate = \"no.pem\"\nkey = \"no.pem\"\ndata = 1\n").unwrap();
    assert_fault(&run(&["serve", "--config", &file]), "tls.data");
    let data = dir.join("data");
    fs::write(&file, format!("data = {data:?}\n[tls]\ncertificate = \"no.pem\"\nkey = \"no.pem\"\n")).unwrap();
    assert_fault(&run(&["serve", "--config", &file]), "no.pem");
}

#[test]
fn help_and_version_are_printed_and_a_wrong_line_is_a_fault() {
    let help = run(&["--help"]);
    assert!(help.status.success() && String::from_utf8(help.stdout).unwrap().contains("tongke demo"));
    let version = run(&["--version"]);
    assert!(String::from_utf8(version.stdout).unwrap().starts_with("tongke "));
    assert_fault(&run(&["paint"]), "--help");
}

#[test]
fn a_running_demo_can_be_backed_up_and_restored() {
    let dir = TempDir::new();
    let (data, copy, restored) = (dir.join("data"), dir.join("copy"), dir.join("restored"));
    let demo = Demo::start(&data);
    assert!(run(&["backup", "--data", &data, "--out", &copy]).status.success());
    let lesson = demo.ready.lesson.clone();
    drop(demo);
    assert!(run(&["restore", "--from", &copy, "--data", &restored]).status.success());
    assert_fault(&run(&["restore", "--from", &copy, "--data", &restored]), "not empty");
    assert_eq!(Demo::start(&restored).ready.lesson, lesson);
}

#[test]
fn the_holder_of_a_token_comes_into_a_server_that_is_no_demo() {
    let dir = TempDir::new();
    let (data, config) = (dir.join("data"), dir.join("tongke.toml"));
    let lesson = Demo::start(&data).end(Signal::SIGTERM).0;
    assert!(lesson.success());
    let issued = run(&["token", "--data", &data, "--person", "master", "--days", "1"]);
    let token = String::from_utf8(issued.stdout).unwrap();
    assert_fault(&run(&["token", "--data", &data, "--person", "nobody"]), "nobody");
    fs::write(&config, format!("listen = \"127.0.0.1:0\"\ndata = {data:?}\n[media]\nport = 0\n")).unwrap();
    let server = Server::start(&config);
    assert_eq!(server.get("/api/me", token.trim_end()).0, 200);
    assert_eq!(server.get("/api/me", "nonsense").0, 401);
    assert_eq!(server.get("/api/demo/people", token.trim_end()).0, 404);
}

#[tokio::test]
async fn pages_come_over_tls_with_a_certificate_of_our_own() {
    let dir = TempDir::new();
    let (certs, data, config) = (dir.join("certs"), dir.join("data"), dir.join("tongke.toml"));
    assert!(run(&["cert", "--out", &certs, "--name", "localhost", "--name", "127.0.0.1"]).status.success());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = format!(
        "listen = \"127.0.0.1:{port}\"\ndata = {data:?}\n[media]\nport = 0\n\
         [tls]\ncertificate = \"{certs}/server.pem\"\nkey = \"{certs}/server-key.pem\"\n"
    );
    fs::write(&config, text).unwrap();
    let mut server = tongke(&["serve", "--config", &config]).spawn().unwrap();
    let answer = tokio::time::timeout(PATIENCE, ask_securely(port, &format!("{certs}/ca.pem"))).await;
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(answer.unwrap().starts_with("HTTP/1.1 200"));
}

/// Asks `/healthz` as soon as the server listens.
async fn ask_securely(port: u16, ca: &str) -> String {
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let mut tries = tokio::time::interval(PATIENCE / 400);
    let listening = tokio::time::timeout(PATIENCE, async {
        loop {
            tries.tick().await;
            if let Ok(stream) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
                break stream;
            }
        }
    });
    let stream = listening.await.expect("the server listens in time");
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}
