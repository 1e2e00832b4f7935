-- How the lines of a lesson's parties did, minute by minute: JSON of `protocol::line::ParticipantLine`. One row for each time
-- the lesson ran, which is more than once where the program was started again in its middle.
CREATE TABLE lesson_lines (
    lesson      TEXT   NOT NULL REFERENCES held_lessons (id),
    participant TEXT   NOT NULL,
    begun_at    BIGINT NOT NULL,
    line        TEXT   NOT NULL,
    PRIMARY KEY (lesson, participant, begun_at)
);
