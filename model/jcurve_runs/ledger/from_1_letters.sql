-- From version 1, after outbox.sql: it had a row for each run, all its recipients in one state.

INSERT INTO messages (id, topic, kind, schedule, occurrence, content, begun, queued)
    SELECT substr(message_id, 2, 32), 'version 1/' || run || '/' || channel, kind, '', '', content,
        CASE WHEN kind = 'success' THEN tries > 0 ELSE 1 END, queued FROM outbox;
INSERT INTO message_editions (run, message, edition, before)
    SELECT run, substr(message_id, 2, 32), json_extract(content, '$.edition'),
        json_extract(content, '$.before') FROM outbox WHERE kind = 'success';
INSERT INTO recipients (message, address, state, tries, due, problem, sent)
    SELECT substr(message_id, 2, 32), each.value, state, tries, due, problem, sent
    FROM outbox, json_each(content, '$.to') AS each;
DROP TABLE outbox;
