-- The timetable becomes a set of records with a log of changes, and what was held becomes a ledger.

ALTER TABLE schools ADD COLUMN area TEXT NOT NULL DEFAULT '';

-- Every record of the timetable, as JSON. Read whole at the start; no query looks inside.
CREATE TABLE timetable_records (
    key    TEXT PRIMARY KEY,
    record TEXT NOT NULL
);

-- What was changed by whom: append-only, but for the mark that a change was taken back.
CREATE TABLE timetable_changes (
    number    BIGINT PRIMARY KEY,
    at        BIGINT NOT NULL,
    person    TEXT,
    person_name TEXT NOT NULL,
    what      TEXT   NOT NULL,
    change    TEXT   NOT NULL,
    inverse   TEXT   NOT NULL,
    undone_by BIGINT
);

-- Lessons whose time has come, as the timetable had them when their doors opened (JSON): a later change of the timetable does
-- not rewrite what was taught.
CREATE TABLE held_lessons (
    id         TEXT PRIMARY KEY,
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    lesson     TEXT   NOT NULL,
    live_since BIGINT,
    ended_at   BIGINT,
    -- When it was judged, at last.
    settled_at BIGINT
);

INSERT INTO held_lessons (id, starts_at, ends_at, lesson, live_since, ended_at, settled_at)
SELECT lessons.id, starts_at, ends_at,
       json_object(
           'id', lessons.id, 'term', 'before', 'course', courses.id, 'title', title, 'subject', subject, 'grade', '',
           'class_group', class_group, 'kind', 'dedicated_lesson', 'hub_school', schools.name,
           'hub_school_id', schools.id, 'master_room', NULL,
           'date', strftime('%Y-%m-%d', (starts_at + 28800000) / 1000, 'unixepoch'), 'week_no', 0, 'period', period,
           'starts_at', starts_at, 'ends_at', ends_at, 'latest_end', ends_at + 1800000,
           'master', json_object('id', people.id, 'name', people.name),
           'points', (SELECT json_group_array(json_object('id', points.id, 'name', point_schools.name))
                      FROM lesson_points
                      JOIN people AS points ON points.id = lesson_points.point
                      JOIN schools AS point_schools ON point_schools.id = points.school
                      WHERE lesson_points.lesson = lessons.id),
           'cancelled', NULL, 'moved', json('false'), 'substituted', json('false'),
           'live_since', NULL, 'ended_at', NULL),
       live_since, COALESCE(ended_at, ends_at), ends_at
FROM lessons
JOIN courses ON courses.id = lessons.course
JOIN schools ON schools.id = courses.hub_school
JOIN people ON people.id = courses.master_teacher;

CREATE INDEX held_lessons_by_start ON held_lessons (starts_at);
CREATE INDEX held_lessons_unsettled ON held_lessons (ends_at) WHERE settled_at IS NULL;

CREATE TABLE recordings_of_held (
    lesson      TEXT PRIMARY KEY REFERENCES held_lessons (id),
    state       TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    duration_ms BIGINT
);
INSERT INTO recordings_of_held (lesson, state, started_at, duration_ms)
SELECT lesson, state, started_at, duration_ms FROM recordings;

CREATE TABLE events_of_held (
    lesson TEXT    NOT NULL REFERENCES held_lessons (id),
    number INTEGER NOT NULL,
    at     BIGINT  NOT NULL,
    what   TEXT    NOT NULL,
    person TEXT,
    PRIMARY KEY (lesson, number)
);
INSERT INTO events_of_held (lesson, number, at, what, person)
SELECT lesson, number, at, what, person FROM lesson_events;

DROP TABLE recordings;
DROP TABLE lesson_events;
DROP TABLE lesson_points;
DROP TABLE lessons;
DROP TABLE timetable_entries;
DROP TABLE course_points;
DROP TABLE courses;
DROP TABLE bell_periods;
DROP TABLE bell_schedules;
ALTER TABLE recordings_of_held RENAME TO recordings;
ALTER TABLE events_of_held RENAME TO lesson_events;

-- The delivery ledger: append-only. Each event is JSON of the ledger crate.
CREATE TABLE ledger_events (
    lesson TEXT    NOT NULL REFERENCES held_lessons (id),
    number INTEGER NOT NULL,
    event  TEXT    NOT NULL,
    PRIMARY KEY (lesson, number)
);

-- What each lesson counts as, in the order of the rooms of its plan. Worked out from the events, and can be again.
CREATE TABLE ledger_judged (
    lesson   TEXT PRIMARY KEY REFERENCES held_lessons (id),
    date     TEXT NOT NULL,
    plan     TEXT NOT NULL,
    verdicts TEXT NOT NULL
);

CREATE INDEX ledger_judged_by_date ON ledger_judged (date);

-- Secret addresses of calendar feeds: only the SHA-256 of each is stored.
CREATE TABLE feeds (
    -- A person, or a room
    subject TEXT PRIMARY KEY,
    hash    TEXT NOT NULL UNIQUE
);

-- Single values the program remembers, such as when it was last known to run.
CREATE TABLE remembered (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
