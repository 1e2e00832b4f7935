//! The recorder, seen from the rest of the program.

use protocol::LessonId;
use sfu::command::LessonKey;

/// How to talk to the recorder.
#[derive(Debug, Clone, Default)]
pub struct Recorder;

impl Recorder {
    /// Writes down what is published into this lesson from now on.
    pub fn begin(&self, _key: LessonKey, _lesson: LessonId) {}

    /// The lesson is over: closes its files.
    pub fn end(&self, _key: LessonKey) {}
}
