//! How the lines of a lesson did, from the running lesson and from what was written down.

use protocol::{LessonId, line::ParticipantLine};
use tokio::sync::oneshot;

use super::{Lessons, actor::Input};

impl Lessons {
    /// The lines of a lesson: as they do now where it runs, and as they did before. `None`: there is no such lesson.
    pub async fn lines(&self, lesson: &LessonId) -> anyhow::Result<Option<Vec<ParticipantLine>>> {
        let mut lines = self.0.db.lines(lesson).await?;
        if let Some(running) = self.running(lesson) {
            let (reply, answer) = oneshot::channel();
            if running.inputs.send(Input::Lines { reply }).await.is_ok() {
                lines.extend(answer.await.unwrap_or_default());
            }
        } else if lines.is_empty() && self.dated(lesson).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(joined(lines)))
    }
}

/// One line for each party, its minutes in their order. `lines`: the oldest first.
fn joined(lines: Vec<ParticipantLine>) -> Vec<ParticipantLine> {
    let mut parties: Vec<ParticipantLine> = Vec::new();
    for line in lines {
        match parties.iter_mut().find(|party| party.participant == line.participant) {
            Some(party) => {
                let mut minutes = std::mem::take(&mut party.minutes);
                // What was written while the lesson still runs comes a second time from the lesson itself.
                minutes.retain(|minute| line.minutes.first().is_none_or(|first| minute.at < first.at));
                *party = line;
                minutes.append(&mut party.minutes);
                party.minutes = minutes;
            }
            None => parties.push(line),
        }
    }
    parties
}

#[cfg(test)]
mod tests {
    use protocol::{
        ParticipantId, UtcMs,
        line::{LineMinute, LineReport},
    };

    use super::*;

    fn line(who: &str, rtt_ms: u32, minutes: &[i64]) -> ParticipantLine {
        let minute = |&at: &i64| LineMinute {
            at: UtcMs(at),
            rtt_ms: None,
            up_kbps: None,
            down_kbps: None,
            up_lost_permille: None,
            down_lost_permille: None,
            concealed_permille: None,
            frozen_ms: 0,
        };
        ParticipantLine {
            participant: ParticipantId::parse(who).unwrap(),
            name: who.into(),
            at: UtcMs(minutes.last().copied().unwrap_or(0)),
            latest: LineReport { rtt_ms: Some(rtt_ms), ..LineReport::default() },
            minutes: minutes.iter().map(minute).collect(),
        }
    }

    #[test]
    fn a_lesson_that_ran_twice_has_one_line_for_each_party() {
        let joined =
            joined(vec![line("a", 1, &[0, 60]), line("b", 2, &[0]), line("a", 3, &[60, 120]), line("c", 4, &[120])]);
        assert_eq!(joined, [line("a", 3, &[0, 60, 120]), line("b", 2, &[0]), line("c", 4, &[120])]);
    }
}
