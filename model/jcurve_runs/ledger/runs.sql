-- Attempts, their events, and the occurrences of schedules.

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    report TEXT NOT NULL,
    scenario TEXT NOT NULL,
    series TEXT NOT NULL,
    view TEXT NOT NULL,
    hash TEXT NOT NULL,
    batch TEXT,
    origin TEXT,  -- the schedule's moment that asked for it and whom to tell, as JSON
    state TEXT NOT NULL CHECK (state IN (
        'queued', 'running', 'verifying', 'succeeded', 'failed', 'timed_out', 'lost',
        'cancelled', 'skipped_unchanged', 'nothing_to_report')),
    reason TEXT,
    message TEXT NOT NULL DEFAULT '',
    edition TEXT,
    owner TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    queued TEXT NOT NULL,
    started TEXT,
    heard TEXT NOT NULL,
    ended TEXT,
    UNIQUE (run, attempt)
);
CREATE INDEX attempts_of_series ON attempts (report, series, id);
CREATE INDEX attempts_of_batch ON attempts (batch, id);
CREATE INDEX attempts_by_state ON attempts (state);
-- A run is counted once, however many attempts it took.
CREATE UNIQUE INDEX one_success ON attempts (run) WHERE state = 'succeeded';
CREATE TRIGGER ended_is_ended BEFORE UPDATE ON attempts WHEN OLD.ended IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an attempt that has ended never changes'); END;
CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
    BEGIN SELECT RAISE(ABORT, 'attempts are never deleted'); END;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    at TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX events_of_attempt ON events (attempt, id);
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END;

CREATE TABLE occurrences (
    schedule TEXT NOT NULL,
    occurrence TEXT NOT NULL,  -- its moment in UTC: whoever inserts the row has decided
    deadline TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'claimed', 'done', 'failed', 'skipped')),
    detail TEXT NOT NULL DEFAULT '',
    batch TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    decided TEXT NOT NULL,
    ended TEXT,
    alarmed TEXT,
    PRIMARY KEY (schedule, occurrence)
);
CREATE TABLE schedules (
    schedule TEXT PRIMARY KEY,
    considered TEXT NOT NULL  -- every occurrence up to this moment has been decided on
);
