//! Real connections on the loopback interface to real media threads.

use std::{
    net::{IpAddr, Ipv6Addr, UdpSocket},
    time::{Duration, Instant},
};

use sfu::{Identity, NtpClock, Shard, limits::MAX_DATAGRAM, relay::ShardId, sdp::Protocol};
use tokio::time::{interval, timeout};

use super::{
    testing::{Client, PATIENCE, Session, address},
    *,
};
use crate::media::{self, MediaAddress, MediaHandle};

/// What all shards together count of connections, once `is_reached` says so.
async fn counted(media: &MediaHandle, is_reached: impl Fn(&StreamsReport) -> bool) -> StreamsReport {
    let mut ticks = interval(Duration::from_millis(20));
    let counted = async {
        loop {
            ticks.tick().await;
            let mut sum = StreamsReport::default();
            for streams in media.reports().all().iter().map(|report| report.streams) {
                sum.open += streams.open;
                sum.received += streams.received;
                sum.dropped += streams.dropped;
            }
            if is_reached(&sum) {
                return sum;
            }
        }
    };
    timeout(PATIENCE, counted).await.expect("the figures")
}

#[tokio::test]
async fn a_check_is_answered_whichever_ports_it_comes_to() {
    let media = media::start(&address(2)).unwrap();
    let sessions = [0, 1].map(|_| Session::open(&media.handle));
    assert_ne!(sessions[0].shard, sessions[1].shard);
    let ports = sessions.each_ref().map(|session| session.at(Protocol::Tcp));
    assert_eq!(ports, sessions.each_ref().map(|session| session.at(Protocol::Udp)), "one number for both");
    for session in &sessions {
        for port in ports {
            let mut client = Client::connect(port).await;
            client.check(session).await;
            client.check(session).await;
        }
    }
    counted(&media.handle, |streams| streams.received == 8 && streams.open == 0).await;
}

#[tokio::test]
async fn what_does_not_begin_as_media_is_closed_without_a_word() {
    let media = media::start(&address(1)).unwrap();
    let session = Session::open(&media.handle);
    let framed = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let rows: [Vec<u8>; 6] = [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        framed(&[0x80; 40]),
        framed(&[0; 40]),
        vec![0xff; 4000],
        // A binding request without a user name.
        framed(b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl"),
    ];
    let port = session.at(Protocol::Tcp);
    for (number, bytes) in rows.iter().enumerate() {
        use tokio::io::AsyncWriteExt;
        let mut client = Client::connect(port).await;
        client.stream.write_all(bytes).await.unwrap();
        assert_eq!(client.receive().await, None, "{bytes:?}");
        assert_eq!(media.handle.door().unwrap().turned_away(), number as u64 + 1);
    }
    let mut client = Client::connect(port).await;
    client.check(&session).await;
}

#[tokio::test]
async fn a_frame_too_long_ends_the_connection_and_only_that() {
    use tokio::io::AsyncWriteExt;
    let media = media::start(&address(1)).unwrap();
    let session = Session::open(&media.handle);
    let port = session.at(Protocol::Tcp);
    let (mut one, mut other) = (Client::connect(port).await, Client::connect(port).await);
    one.check(&session).await;
    other.check(&session).await;
    one.stream.write_all(&(MAX_DATAGRAM as u16 + 1).to_be_bytes()).await.unwrap();
    assert_eq!(one.receive().await, None);
    other.check(&session).await;
}

#[tokio::test]
async fn half_a_frame_is_not_waited_for_for_ever_and_holds_nobody_up() {
    use tokio::io::AsyncWriteExt;
    let (newcomers, arriving) = std::sync::mpsc::sync_channel(1);
    let wake = std::sync::Arc::new(media::thread::Wake::new().unwrap());
    let door = Door::new(vec![Gate { newcomers, wake }]).with_patience(Duration::from_millis(50));
    let listening = listener(IpAddr::from([127, 0, 0, 1]), 0).unwrap();
    let port = listening.local_addr().unwrap();
    door.keep(listening).unwrap();
    let (mut silent, mut half) = (Client::connect(port).await, Client::connect(port).await);
    half.stream.write_all(&[0, 100, 0, 1]).await.unwrap();
    assert_eq!((silent.receive().await, half.receive().await), (None, None));
    assert_eq!(door.turned_away(), 2);
    assert!(arriving.try_recv().is_err());
}

#[tokio::test]
async fn one_who_does_not_read_loses_what_is_theirs_and_nobody_else_does() {
    let media = media::start(&address(1)).unwrap();
    let [stalled, lively] = [0, 0].map(|_| Session::open(&media.handle));
    let mut one = Client::connect_narrow(stalled.at(Protocol::Tcp)).await;
    let mut other = Client::connect(lively.at(Protocol::Tcp)).await;
    one.check(&stalled).await;
    let check = stalled.check();
    for _ in 0..100 {
        // Answers pile up that nobody fetches.
        for _ in 0..100 {
            one.send(&check).await;
        }
        other.check(&lively).await;
    }
    let count = counted(&media.handle, |streams| streams.received == 10_101).await;
    assert!(count.dropped > 5000, "{count:?}");
    // What was begun came whole, and it goes on where there is room again.
    let mut answers = 0;
    while answers < 10 {
        assert!(stalled.told_by(&one.receive().await.unwrap()).is_some());
        answers += 1;
    }
    other.check(&lively).await;
}

#[tokio::test]
async fn a_session_that_ends_takes_its_connections_along() {
    let media = media::start(&address(1)).unwrap();
    let session = Session::open(&media.handle);
    let mut client = Client::connect(session.at(Protocol::Tcp)).await;
    client.check(&session).await;
    counted(&media.handle, |streams| streams.open == 1).await;
    media.handle.send(sfu::command::Command::Close { peer: session.peer });
    assert_eq!(client.receive().await, None);
}

#[tokio::test]
async fn a_wildcard_of_ipv6_serves_both_families_over_both_protocols() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return;
    }
    let media = media::start(&MediaAddress { bind: Ipv6Addr::UNSPECIFIED.into(), ..address(1) }).unwrap();
    let session = Session::open(&media.handle);
    for ip in [IpAddr::from([127, 0, 0, 1]), Ipv6Addr::LOCALHOST.into()] {
        let at = |protocol| {
            let found = session.candidates.iter().find(|one| one.protocol == protocol && one.address.ip() == ip);
            found.expect("both families are announced").address
        };
        Client::connect(at(Protocol::Tcp)).await.check(&session).await;
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.send_to(&session.check(), at(Protocol::Udp)).unwrap();
        let mut answer = [0; 2000];
        let (len, from) = socket.recv_from(&mut answer).unwrap();
        assert_eq!((session.told_by(&answer[..len]), from), (Some(socket.local_addr().unwrap()), at(Protocol::Udp)));
    }
}

#[test]
fn who_passes_no_check_in_time_is_closed() {
    let now = Instant::now();
    let mut shard = Shard::new(ShardId(0), Identity::generate().unwrap(), NtpClock::new(now, Duration::ZERO));
    let mut streams = Streams::new().unwrap();
    let listening = listener(IpAddr::from([127, 0, 0, 1]), 0).unwrap();
    let _client = TcpStream::connect(listening.local_addr().unwrap()).unwrap();
    let strangers = door::Strangers::default();
    let (socket, remote) = loop {
        match listening.accept() {
            Ok(accepted) => break accepted,
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
    };
    let pass = strangers.pass(remote.ip()).unwrap();
    let deframer = Deframer::default();
    streams.adopt(now, &mut shard, Newcomer { socket, remote, since: now, first: vec![0; 20], deframer, pass });
    streams.sweep(now + door::ADMISSION_LIMIT, &mut shard);
    assert_eq!(streams.report().open, 1);
    streams.sweep(now + door::ADMISSION_LIMIT + Duration::from_millis(1), &mut shard);
    assert_eq!((streams.report().open, streams.readiness().is_none()), (0, true));
}
