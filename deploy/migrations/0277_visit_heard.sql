-- scheduling: a visit remembers the newest revision heard of its assignment; a row beside it, for each assignment that ever needed a
-- visit, is kept only for those that have none. And what happened to one shift, leave, appointment or visit lies together:
-- one index finds it and keeps it single, instead of two.

SET LOCAL search_path = scheduling, public;

ALTER TABLE visit ADD COLUMN revision int8 NOT NULL DEFAULT 0;
UPDATE visit v SET revision = h.revision FROM assignment_heard h WHERE h.region = v.region AND h.assignment = v.assignment;
DELETE FROM assignment_heard h USING visit v WHERE v.region = h.region AND v.assignment = h.assignment;
-- Room for a revision that changes nothing else.
ALTER TABLE visit SET (fillfactor = 90);

ALTER TABLE history DROP CONSTRAINT history_pkey, ADD PRIMARY KEY (region, subject, id);
DROP INDEX history_by_subject;
