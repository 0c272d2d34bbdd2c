-- What a report's parameters cell said when a schedule was first seen.

CREATE TABLE defaults (
    schedule TEXT NOT NULL,
    report TEXT NOT NULL,
    parameter TEXT NOT NULL,
    value TEXT NOT NULL,  -- as JSON
    PRIMARY KEY (schedule, report, parameter)
);
