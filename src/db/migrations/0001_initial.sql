-- Everything is UTC milliseconds; zones exist only in bell schedules. Kept to what SQLite and PostgreSQL both take.

CREATE TABLE schools (
    id   TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- hub_school, teaching_point or bureau
    kind TEXT NOT NULL
);

-- People and the devices of classrooms: whoever can hold a token.
CREATE TABLE people (
    id     TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    role   TEXT NOT NULL,
    school TEXT NOT NULL REFERENCES schools (id)
);

-- Only the SHA-256 of a token is stored, in lower-case hexadecimal.
CREATE TABLE tokens (
    hash       TEXT PRIMARY KEY,
    person     TEXT NOT NULL REFERENCES people (id),
    expires_at BIGINT NOT NULL
);

CREATE TABLE bell_schedules (
    id        TEXT PRIMARY KEY,
    school    TEXT NOT NULL REFERENCES schools (id),
    -- IANA name
    time_zone TEXT NOT NULL
);

-- Minutes count from local midnight.
CREATE TABLE bell_periods (
    bell_schedule TEXT    NOT NULL REFERENCES bell_schedules (id),
    number        INTEGER NOT NULL,
    starts_min    INTEGER NOT NULL,
    ends_min      INTEGER NOT NULL,
    PRIMARY KEY (bell_schedule, number)
);

CREATE TABLE courses (
    id             TEXT PRIMARY KEY,
    subject        TEXT NOT NULL,
    class_group    TEXT NOT NULL,
    hub_school     TEXT NOT NULL REFERENCES schools (id),
    master_teacher TEXT NOT NULL REFERENCES people (id),
    bell_schedule  TEXT NOT NULL REFERENCES bell_schedules (id)
);

-- The teaching points of a course, in their fixed order.
CREATE TABLE course_points (
    course   TEXT    NOT NULL REFERENCES courses (id),
    position INTEGER NOT NULL,
    point    TEXT    NOT NULL REFERENCES people (id),
    PRIMARY KEY (course, position)
);

-- The weekly timetable. Monday is 1 (ISO 8601).
CREATE TABLE timetable_entries (
    course  TEXT    NOT NULL REFERENCES courses (id),
    weekday INTEGER NOT NULL,
    period  INTEGER NOT NULL,
    PRIMARY KEY (course, weekday, period)
);

-- Dated lessons. The points are copied: a later change of the course does not rewrite what was taught.
CREATE TABLE lessons (
    id         TEXT PRIMARY KEY,
    course     TEXT    NOT NULL REFERENCES courses (id),
    title      TEXT    NOT NULL,
    period     INTEGER NOT NULL,
    starts_at  BIGINT  NOT NULL,
    ends_at    BIGINT  NOT NULL,
    live_since BIGINT,
    ended_at   BIGINT
);

CREATE INDEX lessons_by_start ON lessons (starts_at);

CREATE TABLE lesson_points (
    lesson   TEXT    NOT NULL REFERENCES lessons (id),
    position INTEGER NOT NULL,
    point    TEXT    NOT NULL REFERENCES people (id),
    PRIMARY KEY (lesson, position)
);

-- One row for each lesson that was or is being recorded; the files are under the data directory.
CREATE TABLE recordings (
    lesson      TEXT PRIMARY KEY REFERENCES lessons (id),
    state       TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    duration_ms BIGINT
);

-- The journal of live lessons: append-only.
CREATE TABLE lesson_events (
    lesson TEXT    NOT NULL REFERENCES lessons (id),
    number INTEGER NOT NULL,
    at     BIGINT  NOT NULL,
    what   TEXT    NOT NULL,
    person TEXT,
    PRIMARY KEY (lesson, number)
);
