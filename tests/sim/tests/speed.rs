//! How a plain lesson goes by: for a first look.
#[test]
fn a_plain_lesson_goes_by() {
    use sfu::{
        command::ParticipantKey,
        seats::{Stage, View},
    };
    use sim::*;
    let mut w = World::new(1);
    w.set_stage(Stage { lead: Some(ParticipantKey(0)), ..Stage::default() });
    let good = Conditions::delayed(20);
    let s = w.site(good, good);
    let m = w.publish(s, ParticipantKey(0), Publishes::camera(&[SINGLE]));
    let r: Vec<_> = (1..5)
        .map(|i| {
            let s = w.site(good, good);
            w.receive(s, ParticipantKey(i), View::Class, Receives::POINT)
        })
        .collect();
    let t = std::time::Instant::now();
    w.run(100.0);
    println!("100 s in {:?}", t.elapsed());
    println!("{:?} {:?}", w.counters(), w.events());
    let (a, b) = (w.at(5.0), w.at(100.0));
    println!("{:?}", w.publisher(m).encodings().collect::<Vec<_>>());
    for r in r {
        let r = w.receiver(r);
        println!(
            "{:?} {:?} {:?} {:?} {:?}",
            r.voice(0).heard(a, b),
            r.picture(0).seen(a, b),
            r.bytes(a, b),
            r.requests(),
            r.session.rtt()
        );
    }
}
