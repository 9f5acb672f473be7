-- assignment: who has how many open ones is counted from the index that keeps a clue from having two, read alone every few seconds;
-- an index for that by itself cost each new assignment more than its counting.

SET LOCAL search_path = assignment, public;

DROP INDEX assignment_load, assignment_open;
CREATE UNIQUE INDEX assignment_open ON assignment (region, clue) INCLUDE (prosecutor) WHERE ended_at IS NULL;
