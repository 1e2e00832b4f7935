//! Bell schedules, courses, the weekly timetable and the dated lessons it makes.

use std::collections::HashMap;

use protocol::{LessonId, ParticipantId, UtcMs};
use timetable::{BellPeriod, BellSchedule, Entry, Lesson, Party, Weekday};

use super::Db;

/// A bell schedule and where it holds.
#[derive(Debug, Clone)]
pub struct Bells {
    /// Its id.
    pub id: String,
    /// The school.
    pub school: String,
    /// IANA name.
    pub time_zone: String,
    /// The periods.
    pub schedule: BellSchedule,
}

/// A course: one subject taught by one master teacher to fixed points.
#[derive(Debug, Clone)]
pub struct Course {
    /// Its id.
    pub id: String,
    /// 学科.
    pub subject: String,
    /// Class groups.
    pub class_group: String,
    /// The hub school's id.
    pub hub_school: String,
    /// 主讲教师.
    pub master_teacher: ParticipantId,
    /// Id of the bell schedule it keeps.
    pub bell_schedule: String,
    /// Teaching points in their fixed order.
    pub points: Vec<ParticipantId>,
}

/// A lesson with its course, its teacher and its school.
#[derive(sqlx::FromRow)]
struct LessonRow {
    id: String,
    course: String,
    title: String,
    period: i64,
    starts_at: i64,
    ends_at: i64,
    live_since: Option<i64>,
    ended_at: Option<i64>,
    subject: String,
    class_group: String,
    hub_school: String,
    master_id: String,
    master_name: String,
}

/// Lesson, point, and the name to show: the school's, for a point is a classroom.
type PointRow = (String, String, String);

impl Db {
    /// Writes a bell schedule in place of the one with its id.
    pub async fn put_bells(&self, bells: &Bells) -> anyhow::Result<()> {
        let mut transaction = self.write.begin().await?;
        let sql = "INSERT INTO bell_schedules (id, school, time_zone) VALUES ($1, $2, $3)
                   ON CONFLICT (id) DO UPDATE
                   SET school = excluded.school, time_zone = excluded.time_zone";
        let put = sqlx::query(sql).bind(&bells.id).bind(&bells.school);
        put.bind(&bells.time_zone).execute(&mut *transaction).await?;
        let clear = sqlx::query("DELETE FROM bell_periods WHERE bell_schedule = $1");
        clear.bind(&bells.id).execute(&mut *transaction).await?;
        for period in bells.schedule.periods() {
            let sql = "INSERT INTO bell_periods (bell_schedule, number, starts_min, ends_min)
                       VALUES ($1, $2, $3, $4)";
            let put = sqlx::query(sql).bind(&bells.id).bind(period.number);
            let put = put.bind(period.starts_min).bind(period.ends_min);
            put.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The bell schedule with this id.
    pub async fn bells(&self, id: &str) -> anyhow::Result<Option<Bells>> {
        let sql = "SELECT school, time_zone FROM bell_schedules WHERE id = $1";
        let found: Option<(String, String)> = sqlx::query_as(sql).bind(id).fetch_optional(&self.read).await?;
        let Some((school, time_zone)) = found else {
            return Ok(None);
        };
        let sql = "SELECT number, starts_min, ends_min FROM bell_periods
                   WHERE bell_schedule = $1 ORDER BY number";
        let rows: Vec<(u8, u16, u16)> = sqlx::query_as(sql).bind(id).fetch_all(&self.read).await?;
        let periods =
            rows.into_iter().map(|(number, starts_min, ends_min)| BellPeriod { number, starts_min, ends_min });
        Ok(Some(Bells { id: id.to_owned(), school, time_zone, schedule: BellSchedule::new(periods.collect())? }))
    }

    /// Writes a course and its points in place of the one with its id.
    pub async fn put_course(&self, course: &Course) -> anyhow::Result<()> {
        let mut transaction = self.write.begin().await?;
        let sql = "INSERT INTO courses (id, subject, class_group, hub_school, master_teacher, bell_schedule)
                   VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (id) DO UPDATE
                   SET subject = excluded.subject, class_group = excluded.class_group,
                       hub_school = excluded.hub_school, master_teacher = excluded.master_teacher,
                       bell_schedule = excluded.bell_schedule";
        let put = sqlx::query(sql).bind(&course.id).bind(&course.subject);
        let put = put.bind(&course.class_group).bind(&course.hub_school);
        let put = put.bind(course.master_teacher.as_str());
        put.bind(&course.bell_schedule).execute(&mut *transaction).await?;
        let clear = sqlx::query("DELETE FROM course_points WHERE course = $1");
        clear.bind(&course.id).execute(&mut *transaction).await?;
        for (position, point) in (0i64..).zip(&course.points) {
            let sql = "INSERT INTO course_points (course, position, point) VALUES ($1, $2, $3)";
            let put = sqlx::query(sql).bind(&course.id).bind(position);
            put.bind(point.as_str()).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Adds a row to the weekly timetable, if it is not there.
    pub async fn put_entry(&self, entry: &Entry) -> anyhow::Result<()> {
        let sql = "INSERT INTO timetable_entries (course, weekday, period) VALUES ($1, $2, $3)
                   ON CONFLICT (course, weekday, period) DO NOTHING";
        let put = sqlx::query(sql).bind(&entry.course);
        let put = put.bind(entry.weekday.iso()).bind(entry.period);
        put.execute(&self.write).await?;
        Ok(())
    }

    /// The weekly timetable of a course.
    pub async fn entries(&self, course: &str) -> anyhow::Result<Vec<Entry>> {
        let sql = "SELECT course, weekday, period FROM timetable_entries WHERE course = $1";
        let rows: Vec<(String, u8, u8)> = sqlx::query_as(sql).bind(course).fetch_all(&self.read).await?;
        let entries = rows.into_iter().filter_map(|(course, weekday, period)| {
            let weekday = Weekday::from_iso(weekday)?;
            Some(Entry { course, weekday, period })
        });
        Ok(entries.collect())
    }

    /// Adds a dated lesson with the points its course has now. False when there is one with this id.
    pub async fn add_lesson(
        &self,
        id: &LessonId,
        title: &str,
        planned: &timetable::PlannedLesson,
    ) -> anyhow::Result<bool> {
        let mut transaction = self.write.begin().await?;
        let sql = "INSERT INTO lessons (id, course, title, period, starts_at, ends_at)
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
        let put = sqlx::query(sql).bind(id.as_str()).bind(&planned.course);
        let put = put.bind(title).bind(planned.period);
        let put = put.bind(planned.starts_at.0).bind(planned.ends_at.0);
        let added = put.execute(&mut *transaction).await?.rows_affected() == 1;
        if added {
            let sql = "INSERT INTO lesson_points (lesson, position, point)
                       SELECT $1, position, point FROM course_points WHERE course = $2";
            let put = sqlx::query(sql).bind(id.as_str()).bind(&planned.course);
            put.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(added)
    }

    /// The lesson went live.
    pub async fn lesson_went_live(&self, id: &LessonId, at: UtcMs) -> anyhow::Result<()> {
        let sql = "UPDATE lessons SET live_since = $2 WHERE id = $1 AND live_since IS NULL";
        let set = sqlx::query(sql).bind(id.as_str()).bind(at.0);
        set.execute(&self.write).await?;
        Ok(())
    }

    /// The lesson is over.
    pub async fn lesson_ended(&self, id: &LessonId, at: UtcMs) -> anyhow::Result<()> {
        let sql = "UPDATE lessons SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
        let set = sqlx::query(sql).bind(id.as_str()).bind(at.0);
        set.execute(&self.write).await?;
        Ok(())
    }

    /// The lesson with this id.
    pub async fn lesson(&self, id: &LessonId) -> anyhow::Result<Option<Lesson>> {
        let sql = "SELECT lessons.id, lessons.course, title, period, starts_at, ends_at, live_since, ended_at,
                          subject, class_group, schools.name AS hub_school,
                          people.id AS master_id, people.name AS master_name
                   FROM lessons
                   JOIN courses ON courses.id = lessons.course
                   JOIN schools ON schools.id = courses.hub_school
                   JOIN people ON people.id = courses.master_teacher
                   WHERE lessons.id = $1";
        let found: Option<LessonRow> = sqlx::query_as(sql).bind(id.as_str()).fetch_optional(&self.read).await?;
        let Some(row) = found else {
            return Ok(None);
        };
        let sql = "SELECT lesson, people.id, schools.name
                   FROM lesson_points
                   JOIN people ON people.id = lesson_points.point
                   JOIN schools ON schools.id = people.school
                   WHERE lesson = $1 ORDER BY position";
        let points: Vec<PointRow> = sqlx::query_as(sql).bind(id.as_str()).fetch_all(&self.read).await?;
        Ok(lessons(vec![row], points)?.pop())
    }

    /// The lessons that start within `[from, to)`, first bell first.
    pub async fn lessons_between(&self, from: UtcMs, to: UtcMs) -> anyhow::Result<Vec<Lesson>> {
        let sql = "SELECT lessons.id, lessons.course, title, period, starts_at, ends_at, live_since, ended_at,
                          subject, class_group, schools.name AS hub_school,
                          people.id AS master_id, people.name AS master_name
                   FROM lessons
                   JOIN courses ON courses.id = lessons.course
                   JOIN schools ON schools.id = courses.hub_school
                   JOIN people ON people.id = courses.master_teacher
                   WHERE starts_at >= $1 AND starts_at < $2
                   ORDER BY starts_at, lessons.id";
        let query = sqlx::query_as(sql).bind(from.0).bind(to.0);
        let rows: Vec<LessonRow> = query.fetch_all(&self.read).await?;
        let sql = "SELECT lesson, people.id, schools.name
                   FROM lesson_points
                   JOIN lessons ON lessons.id = lesson_points.lesson
                   JOIN people ON people.id = lesson_points.point
                   JOIN schools ON schools.id = people.school
                   WHERE starts_at >= $1 AND starts_at < $2
                   ORDER BY lesson, position";
        let query = sqlx::query_as(sql).bind(from.0).bind(to.0);
        lessons(rows, query.fetch_all(&self.read).await?)
    }

    /// How many lessons a course has had and has planned.
    pub async fn lesson_count(&self, course: &str) -> anyhow::Result<usize> {
        let sql = "SELECT COUNT(*) FROM lessons WHERE course = $1";
        let (count,): (i64,) = sqlx::query_as(sql).bind(course).fetch_one(&self.read).await?;
        Ok(usize::try_from(count)?)
    }

    /// The lessons that have a recording, newest first, at most `limit`.
    pub async fn recorded_lessons(&self, limit: u32) -> anyhow::Result<Vec<Lesson>> {
        let sql = "SELECT lessons.id, lessons.course, title, period, starts_at, ends_at, live_since, ended_at,
                          subject, class_group, schools.name AS hub_school,
                          people.id AS master_id, people.name AS master_name
                   FROM lessons
                   JOIN recordings ON recordings.lesson = lessons.id
                   JOIN courses ON courses.id = lessons.course
                   JOIN schools ON schools.id = courses.hub_school
                   JOIN people ON people.id = courses.master_teacher
                   ORDER BY starts_at DESC, lessons.id DESC LIMIT $1";
        let query = sqlx::query_as(sql).bind(i64::from(limit));
        let rows: Vec<LessonRow> = query.fetch_all(&self.read).await?;
        let sql = "SELECT lesson_points.lesson, people.id, schools.name
                   FROM lesson_points
                   JOIN recordings ON recordings.lesson = lesson_points.lesson
                   JOIN people ON people.id = lesson_points.point
                   JOIN schools ON schools.id = people.school
                   ORDER BY lesson_points.lesson, position";
        lessons(rows, sqlx::query_as(sql).fetch_all(&self.read).await?)
    }
}

/// Puts rows and their points together.
fn lessons(rows: Vec<LessonRow>, points: Vec<PointRow>) -> anyhow::Result<Vec<Lesson>> {
    let mut points_of: HashMap<String, Vec<Party>> = HashMap::new();
    for (lesson, id, name) in points {
        let id = ParticipantId::parse(id)?;
        points_of.entry(lesson).or_default().push(Party { id, name });
    }
    let lesson = |row: LessonRow| {
        Ok(Lesson {
            points: points_of.remove(&row.id).unwrap_or_default(),
            id: LessonId::parse(row.id)?,
            course: row.course,
            title: row.title,
            subject: row.subject,
            class_group: row.class_group,
            hub_school: row.hub_school,
            period: u8::try_from(row.period)?,
            starts_at: UtcMs(row.starts_at),
            ends_at: UtcMs(row.ends_at),
            live_since: row.live_since.map(UtcMs),
            ended_at: row.ended_at.map(UtcMs),
            master: Party { id: ParticipantId::parse(row.master_id)?, name: row.master_name },
        })
    };
    rows.into_iter().map(lesson).collect()
}
