-- assignment: a clue that was merged away and lives again goes back to whoever had it. Which assignment that was is looked for when a clue that
-- should have one has none; few are ever withdrawn, so the index is small, and costs nothing but where one is.

SET LOCAL search_path = assignment, public;

CREATE INDEX assignment_withdrawn ON assignment (region, clue) WHERE state = 'withdrawn';
