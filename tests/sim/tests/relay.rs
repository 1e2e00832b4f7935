//! The relay over real sockets.

#![expect(clippy::disallowed_types, reason = "it relays between real sockets")]
#![expect(clippy::unwrap_used, reason = "a test may stop where it finds something impossible")]

use std::{
    io::{BufRead, BufReader, Write},
    net::UdpSocket,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

struct Relay {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What each port listens on.
    listens: Vec<String>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Relay {
    fn to(targets: &[&UdpSocket], settings: &[&str]) -> Self {
        let pairs = targets.iter().map(|target| format!("127.0.0.1:0={}", target.local_addr().unwrap()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_impair"));
        command.args(pairs).args(settings).arg("--until-eof");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut relay = Self { process, input, output: BufReader::new(output), listens: Vec::new() };
        loop {
            let line = relay.line();
            match line.strip_prefix("relay ") {
                Some(pair) => relay.listens.push(pair.split(' ').next().unwrap().into()),
                None => break assert_eq!(line, "ready"),
            }
        }
        relay
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().into()
    }

    fn say(&mut self, text: &str) -> String {
        writeln!(self.input, "{text}").unwrap();
        self.line()
    }
}

/// A socket that gives up where nothing comes any more.
fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
}

#[test]
fn datagrams_go_through_every_port_and_back_to_whom_they_are_for() {
    let targets = [socket(), socket()];
    let relay = Relay::to(&[&targets[0], &targets[1]], &["--delay", "1"]);
    assert_eq!(relay.listens.len(), 2);
    let clients = [socket(), socket()];
    for (target, listen) in targets.iter().zip(&relay.listens) {
        for (i, client) in clients.iter().enumerate() {
            client.send_to(&[i as u8; 100], listen).unwrap();
            let mut room = [0; 200];
            let (len, from) = target.recv_from(&mut room).unwrap();
            assert_eq!(room[..len], [i as u8; 100]);
            target.send_to(b"back", from).unwrap();
            let (len, from) = client.recv_from(&mut room).unwrap();
            assert_eq!((&room[..len], from.to_string()), (&b"back"[..], listen.clone()));
        }
    }
}

#[test]
fn a_line_that_is_steered_loses_its_share_and_tells() {
    let target = socket();
    let mut relay = Relay::to(&[&target], &["--up-loss", "100", "--seed", "4"]);
    let client = socket();
    let listen = relay.listens[0].clone();
    client.send_to(b"lost", &listen).unwrap();
    // Commands are taken between datagrams: wait until it was counted.
    while !relay.say("stats").contains("offered=1 bytes=4 lost=1 dropped=0 delivered=0") {
        relay.line();
    }
    relay.line();
    assert_eq!(relay.say("up-loss 0"), "ok");
    assert!(relay.say("up-speed 1").starts_with("error: "));
    client.send_to(b"found", &listen).unwrap();
    let mut room = [0; 10];
    assert_eq!(target.recv(&mut room).unwrap(), 5);
    assert!(relay.say("stats").contains("up offered=2 bytes=9 lost=1 dropped=0 delivered=1"));
    assert!(relay.line().starts_with("down offered=0 "));
}
