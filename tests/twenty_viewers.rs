//! One bot publishes, twenty bots watch, all on a WebRTC stack the server does not share: everyone gets every packet.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code outside test functions")]

use std::{collections::BTreeSet, time::Duration};

use bots::{Arrival, Endpoint, Kind, Published, Publisher, Viewer};
use nix::sys::signal::Signal;
use server::{Demo, PATIENCE, TempDir};
use tokio::{sync::mpsc, time::timeout};

#[allow(dead_code, reason = "shared with the tests of signaling, which use the rest")]
#[path = "signaling/server.rs"]
mod server;

const VIEWERS: usize = 20;
/// CI publishes this long; tests/long.sh asks for more.
const LENGTH_S: u64 = 6;

/// Numbers of the packets one viewer got, by stream.
#[derive(Default)]
struct Got {
    voice: BTreeSet<u32>,
    picture: BTreeSet<u32>,
}

impl Got {
    fn of(&mut self, kind: Kind) -> &mut BTreeSet<u32> {
        match kind {
            Kind::Voice => &mut self.voice,
            Kind::Picture => &mut self.picture,
        }
    }
}

fn endpoint(demo: &Demo, protocol: &str, who: &str) -> Endpoint {
    let path = format!("/{protocol}/{}", demo.ready.lesson);
    Endpoint { address: demo.address().to_owned(), path, token: demo.token(who).to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_viewers_on_another_stack_receive_every_packet_of_one_publisher() {
    let length_s = std::env::var("TONGKE_LESSON_S").map_or(LENGTH_S, |text| text.parse().expect("seconds"));
    let dir = TempDir::new();
    let demo = Demo::start(&dir.join("data"));
    let (arrivals, mut arrived) = mpsc::unbounded_channel();

    let mut publisher =
        timeout(PATIENCE, Publisher::connect(endpoint(&demo, "whip", "master"))).await.unwrap().unwrap();
    let connecting: Vec<_> = (0..VIEWERS)
        .map(|number| tokio::spawn(Viewer::connect(number, endpoint(&demo, "whep", "observer"), arrivals.clone())))
        .collect();
    let mut viewers = Vec::new();
    for connecting in connecting {
        viewers.push(timeout(PATIENCE, connecting).await.expect("a viewer connects in time").unwrap().unwrap());
    }
    let published = publisher.publish(Duration::from_secs(length_s)).await.unwrap();
    assert!(u64::from(published.voice) >= length_s * 49);

    let mut got: Vec<Got> = (0..VIEWERS).map(|_| Got::default()).collect();
    let everything = VIEWERS * (published.voice + published.picture) as usize;
    let mut count = 0;
    // What was lost on the way is asked for again and still comes.
    while count < everything {
        let Ok(next) = timeout(PATIENCE / 4, arrived.recv()).await else { break };
        let Arrival { viewer, kind, number } = next.expect("viewers are there");
        count += usize::from(got[viewer].of(kind).insert(number));
    }
    assert_eq!(missing(&mut got, published), "", "of {published:?} for each viewer");

    for viewer in viewers {
        assert!(viewer.is_connected());
        viewer.end().await.unwrap();
    }
    publisher.end().await.unwrap();
    let (exit, _) = demo.end(Signal::SIGINT);
    assert!(exit.success());
}

/// What each viewer lacks, in words; nothing if nobody lacks anything.
fn missing(got: &mut [Got], published: Published) -> String {
    let mut told = String::new();
    for (viewer, got) in got.iter_mut().enumerate() {
        for (kind, sent) in [(Kind::Voice, published.voice), (Kind::Picture, published.picture)] {
            let lost: Vec<u32> = (0..sent).filter(|number| !got.of(kind).contains(number)).collect();
            if !lost.is_empty() {
                let first = &lost[..lost.len().min(10)];
                told += &format!("viewer {viewer} lacks {} of its {kind:?}, from {first:?} on\n", lost.len());
            }
        }
    }
    told
}

#[test]
fn a_packet_that_one_viewer_lacks_is_told() {
    let all = Got { voice: (0..3).collect(), picture: (0..2).collect() };
    let one_short = Got { voice: [0, 2].into(), picture: (0..2).collect() };
    let published = Published { voice: 3, picture: 2 };
    assert_eq!(missing(&mut [all, one_short], published), "viewer 1 lacks 1 of its Voice, from [1] on\n");
}
