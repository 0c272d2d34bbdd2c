-- From version 1, before outbox.sql.

ALTER TABLE attempts ADD COLUMN origin TEXT;
