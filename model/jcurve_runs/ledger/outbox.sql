-- What is owed to whom, since version 2; and what was found wrong with schedules.

CREATE TABLE messages (
    id TEXT PRIMARY KEY,         -- the same at every try, also as the mail's Message-ID
    topic TEXT NOT NULL UNIQUE,  -- what it is about; nothing is told twice
    kind TEXT NOT NULL CHECK (kind IN ('success', 'failure', 'alarm', 'mistake', 'refusal')),
    schedule TEXT NOT NULL,
    occurrence TEXT NOT NULL,    -- the schedule's moment; empty where it is about none
    content TEXT NOT NULL,       -- facts as JSON
    begun INTEGER NOT NULL DEFAULT 0,  -- whether sending was tried: nothing is added after that
    queued TEXT NOT NULL
);
CREATE TABLE message_editions (
    run TEXT PRIMARY KEY,  -- an edition is announced in one message
    message TEXT NOT NULL REFERENCES messages (id),
    edition TEXT NOT NULL, -- report/series/edition
    before TEXT            -- the one before it in its series
);
CREATE TABLE recipients (
    message TEXT NOT NULL REFERENCES messages (id),
    address TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused')),
    tries INTEGER NOT NULL DEFAULT 0,
    due TEXT NOT NULL,
    problem TEXT NOT NULL DEFAULT '',
    sent TEXT,
    PRIMARY KEY (message, address)
);
