//! The two things a room must receive: picture and sound.

use serde::{Deserialize, Serialize};

/// Picture or sound of a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Camera, board, screen: whatever is on air to be seen.
    Picture,
    /// Whatever is on air to be heard.
    Sound,
}

/// One of each stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerStream<T> {
    /// Of the picture.
    pub picture: T,
    /// Of the sound.
    pub sound: T,
}

impl<T> PerStream<T> {
    /// The one of `stream`.
    pub fn of_mut(&mut self, stream: Stream) -> &mut T {
        match stream {
            Stream::Picture => &mut self.picture,
            Stream::Sound => &mut self.sound,
        }
    }

    /// What `f` makes of each.
    pub fn map<U>(self, f: impl Fn(T) -> U) -> PerStream<U> {
        PerStream { picture: f(self.picture), sound: f(self.sound) }
    }

    /// What `f` makes of each with its like of `other`.
    pub fn zip<U, V>(self, other: PerStream<U>, f: impl Fn(T, U) -> V) -> PerStream<V> {
        PerStream { picture: f(self.picture, other.picture), sound: f(self.sound, other.sound) }
    }
}

impl PerStream<bool> {
    /// Both.
    pub const BOTH: Self = Self { picture: true, sound: true };

    /// Whether it holds of picture and sound.
    pub fn both(self) -> bool {
        self.picture && self.sound
    }

    /// Whether it holds of picture or sound.
    pub fn either(self) -> bool {
        self.picture || self.sound
    }

    /// Where it holds of both.
    pub fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a && b)
    }
}
