//! Joins and leaves: offers over HTTP, so many at a time.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};

use anyhow::{Error, Result, bail};
use futures_util::future::try_join_all;
use tokio::time::{Instant, interval, sleep_until};

use crate::{
    answer::Answer,
    handshake::Identity,
    http::{Client, Endpoint},
    offer::{self, Lines},
    receiver::{Joining, Order, Receiver},
    stun::Credentials,
    viewer::Manner,
};

/// How long joins may take in all.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether all are connected.
const LOOK: Duration = Duration::from_millis(2);

/// Lets viewers come and go.
pub struct Door<'r> {
    endpoint: Endpoint,
    identity: Identity,
    lines: (usize, usize),
    tells: bool,
    receiver: &'r Receiver,
    next_number: Cell<usize>,
    /// Viewers that behave and are in, the oldest first: number and path.
    inside: RefCell<VecDeque<(usize, String)>>,
}

/// Fresh credentials; `number` tells sessions apart.
pub fn credentials(number: usize) -> Credentials {
    let password = format!("load-password-{:010}-{:08x}", number, std::process::id());
    Credentials { ufrag: format!("load{number:06}"), password }
}

impl<'r> Door<'r> {
    /// A door to this server, for viewers with so many audio and video lines, that tell of what comes or not.
    pub fn new(
        endpoint: Endpoint,
        identity: Identity,
        lines: (usize, usize),
        tells: bool,
        receiver: &'r Receiver,
    ) -> Self {
        Self { endpoint, identity, lines, tells, receiver, next_number: Cell::new(0), inside: RefCell::default() }
    }

    async fn join(&self, client: &mut Client, manner: Manner) -> Result<()> {
        let number = self.next_number.replace(self.next_number.get() + 1);
        let ice = credentials(number);
        // Nonsense is only heard from those who may tell something.
        let tells = self.tells || matches!(manner, Manner::Bad(_));
        let lines = Lines::Receive { audio: self.lines.0, video: self.lines.1, tells };
        let answered = client.offer(offer::write(&ice, &self.identity.fingerprint(), lines)).await?;
        let answer = Answer::read(&answered.sdp)?;
        self.receiver.tell(Order::Join(Box::new(Joining { number, manner, ice, answer })))?;
        if !matches!(manner, Manner::Bad(_)) {
            self.inside.borrow_mut().push_back((number, answered.location));
        }
        Ok(())
    }

    /// Lets one in for each of `manners`, `at_a_time` or at `ramp` a second, and waits until all are connected.
    pub async fn join_all(&self, manners: Vec<Manner>, at_a_time: usize, ramp: Option<f64>) -> Result<()> {
        let connected = || self.receiver.counts.connected.load(std::sync::atomic::Ordering::Relaxed);
        let goal = connected() + manners.len() as u64;
        let began = Instant::now();
        let waiting = Rc::new(RefCell::new(manners.into_iter().enumerate().collect::<VecDeque<_>>()));
        let workers = (0..at_a_time).map(|_| async {
            let mut client = Client::new(self.endpoint.clone());
            loop {
                let Some((turn, manner)) = waiting.borrow_mut().pop_front() else { return Ok::<(), Error>(()) };
                if let Some(ramp) = ramp {
                    sleep_until(began + Duration::from_secs_f64(turn as f64 / ramp)).await;
                }
                self.join(&mut client, manner).await?;
            }
        });
        try_join_all(workers).await?;
        let mut looks = interval(LOOK);
        while connected() < goal {
            looks.tick().await;
            if self.receiver.has_ended() {
                bail!("a viewer could not connect");
            }
            if began.elapsed() > PATIENCE + ramp.map_or(Duration::ZERO, |_| PATIENCE) {
                bail!("{} viewers were answered but did not connect", goal - connected());
            }
        }
        Ok(())
    }

    /// `rate` times a second one joins and the oldest leaves, for `length`. Returns how often.
    pub async fn churn(&self, rate: f64, length: Duration, manner: Manner) -> Result<u64> {
        let end = Instant::now() + length;
        let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
        let mut client = Client::new(self.endpoint.clone());
        let mut count = 0;
        while ticks.tick().await < end {
            self.join(&mut client, manner).await?;
            let oldest = self.inside.borrow_mut().pop_front();
            if let Some((number, location)) = oldest {
                // Told first: what comes after the request is nobody's.
                self.receiver.tell(Order::Leave(number))?;
                client.end(&location).await?;
            }
            count += 1;
        }
        Ok(count)
    }

    /// Ends every session at the server.
    pub async fn close(&self, at_a_time: usize) -> Result<()> {
        let workers = (0..at_a_time).map(|_| async {
            let mut client = Client::new(self.endpoint.clone());
            loop {
                let Some((_, location)) = self.inside.borrow_mut().pop_front() else { return Ok::<(), Error>(()) };
                client.end(&location).await?;
            }
        });
        try_join_all(workers).await.map(drop)
    }
}
