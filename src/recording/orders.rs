//! Orders on their way to the writer thread. The lessons that give them never wait, and none that matters is lost.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Order, limits::ORDERS};

/// The orders that wait, in the order they came.
#[derive(Debug, Default)]
pub struct Orders(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    orders: VecDeque<Order>,
    /// Nobody will take any more.
    closed: bool,
}

impl Orders {
    /// Gives an order. `false` if it is not taken: the recorder has ended, or `limits::ORDERS` wait and this one is of those
    /// that come often. To begin and to end is kept whatever waits: a lesson does each once, so there are few.
    pub fn give(&self, order: Order) -> bool {
        let mut waiting = self.lock();
        let is_rare = matches!(order, Order::Begin { .. } | Order::End { .. } | Order::Finish { .. });
        if waiting.closed || !is_rare && waiting.orders.len() >= ORDERS {
            return false;
        }
        waiting.orders.push_back(order);
        true
    }

    /// Everything that waits.
    pub fn take(&self) -> VecDeque<Order> {
        std::mem::take(&mut self.lock().orders)
    }

    /// From now on no order is taken; what waits is dropped, so that whoever waits for an answer learns there is none.
    pub fn close(&self) {
        *self.lock() = Waiting { orders: VecDeque::new(), closed: true };
    }

    /// A queue is whole whoever panicked while holding it.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use protocol::{LessonId, ParticipantId};
    use sfu::command::{LessonKey, ParticipantKey};

    use super::*;

    #[test]
    fn to_begin_and_to_end_is_kept_whatever_waits() {
        let orders = Orders::default();
        let participant = ParticipantId::parse("master").unwrap();
        let introduce = |n| Order::Introduce {
            key: LessonKey(1),
            participant_key: ParticipantKey(n),
            participant: participant.clone(),
        };
        let taken = (0..ORDERS as u32 + 5).filter(|n| orders.give(introduce(*n))).count();
        assert_eq!(taken, ORDERS);
        let lesson = LessonId::parse("music-3a").unwrap();
        assert!(orders.give(Order::Begin { key: LessonKey(2), lesson, lead: None }));
        assert!(orders.give(Order::End { key: LessonKey(2) }));
        let waited = orders.take();
        assert!(matches!(waited.iter().next_back(), Some(Order::End { .. })));
        assert_eq!((waited.len(), orders.take().len()), (ORDERS + 2, 0));
    }

    #[test]
    fn nothing_is_taken_after_the_end() {
        let orders = Orders::default();
        let (done, mut closed) = tokio::sync::oneshot::channel();
        assert!(orders.give(Order::Finish { done }));
        orders.close();
        assert!(!orders.give(Order::End { key: LessonKey(1) }));
        assert!(matches!(closed.try_recv(), Err(tokio::sync::oneshot::error::TryRecvError::Closed)));
    }
}
