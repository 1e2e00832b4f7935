//! The delivery ledger: its events, and what each lesson counts as by them.

use jiff::civil::Date;
use ledger::{Event, Judgement, Plan, Reception, Verdict};
use protocol::{LessonId, UtcMs};
use serde::{Deserialize, Serialize};

use super::{
    Db,
    timetable::{from_json, json},
};

/// What a lesson counts as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The plan it was judged by.
    pub plan: Plan,
    /// In its master room.
    pub master: Verdict,
    /// In each receive room of the plan, in its order.
    pub points: Vec<Reception>,
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Verdicts {
    master: Verdict,
    points: Vec<Reception>,
}

impl Db {
    /// The events of a lesson, in the order in which they were appended.
    pub async fn ledger(&self, lesson: &LessonId) -> anyhow::Result<Vec<Event>> {
        let sql = "SELECT event FROM ledger_events WHERE lesson = $1 ORDER BY number";
        let rows: Vec<(String,)> = sqlx::query_as(sql).bind(lesson.as_str()).fetch_all(self.read()).await?;
        rows.iter().map(|(event,)| from_json(event)).collect()
    }

    /// Writes down what a lesson counts as. `settled_at` where that is its first judgement.
    pub async fn put_judgement(
        &self,
        lesson: &LessonId,
        judgement: &Judgement<'_>,
        settled_at: UtcMs,
    ) -> anyhow::Result<()> {
        let mut transaction = self.write.begin().await?;
        let points = judgement.points.iter().map(|point| point.reception).collect();
        let verdicts = json(&Verdicts { master: judgement.master, points })?;
        let sql = "INSERT INTO ledger_judged (lesson, date, plan, verdicts) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (lesson) DO UPDATE
                   SET date = excluded.date, plan = excluded.plan, verdicts = excluded.verdicts";
        let put = sqlx::query(sql).bind(lesson.as_str()).bind(judgement.plan.date.to_string());
        put.bind(json(judgement.plan)?).bind(verdicts).execute(&mut *transaction).await?;
        let sql = "UPDATE held_lessons SET settled_at = COALESCE(settled_at, $2) WHERE id = $1";
        sqlx::query(sql).bind(lesson.as_str()).bind(settled_at.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Lets a lesson that cannot be judged rest.
    pub async fn settle_unjudged(&self, lesson: &LessonId, at: UtcMs) -> anyhow::Result<()> {
        let sql = "UPDATE held_lessons SET settled_at = $2 WHERE id = $1";
        sqlx::query(sql).bind(lesson.as_str()).bind(at.0).execute(&self.write).await?;
        Ok(())
    }

    /// What the lessons of the dates from `first` to `last` count as.
    pub async fn judged(&self, first: Date, last: Date) -> anyhow::Result<Vec<Judged>> {
        let sql = "SELECT plan, verdicts FROM ledger_judged WHERE date >= $1 AND date <= $2";
        let rows: Vec<(String, String)> =
            sqlx::query_as(sql).bind(first.to_string()).bind(last.to_string()).fetch_all(self.read()).await?;
        let judged = rows.iter().map(|(plan, verdicts)| {
            let Verdicts { master, points } = from_json(verdicts)?;
            Ok(Judged { plan: from_json(plan)?, master, points })
        });
        judged.collect()
    }
}
