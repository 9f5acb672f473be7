-- scoring: a complaint that joins a clue changes its row in place, without a new entry in each index.

SET LOCAL search_path = scoring, public;

-- Time of a report, as coarsely as clues of a time are looked for by it: the beginning of its four weeks.
CREATE FUNCTION report_period(at timestamptz) RETURNS timestamptz IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN date_bin('28 days', at, '2000-01-03 00:00:00+00');

-- An index of the very time was written again whenever a complaint joined, and with it every other index of the row. This
-- changes once in four weeks. NULL: as last_report_at.
ALTER TABLE clue ADD COLUMN report_period timestamptz;
UPDATE clue SET report_period = report_period(last_report_at);
CREATE INDEX clue_by_period ON clue (region, report_period) WHERE own_stars >= 3 AND merged_into = 0;
DROP INDEX clue_by_report;

-- Rows of clues have one to two kilobytes: a page keeps room for one that is written again.
ALTER TABLE clue SET (fillfactor = 70);
