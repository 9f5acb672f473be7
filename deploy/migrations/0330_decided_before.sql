-- scoring: where the complaints of a decision were when it was made. When it is undone they go back there, and a clue that has been
-- merged away since lives again.

ALTER TABLE scoring.decision ADD COLUMN were_in int8[] NOT NULL DEFAULT '{}'; -- for each of members, then others; empty: not known

UPDATE scoring.decision SET were_in = array_fill(clues[1], ARRAY[cardinality(members) + cardinality(others)]) WHERE kind = 'split';

ALTER TABLE scoring.decision ADD CONSTRAINT decision_were_in CHECK (cardinality(were_in) IN (0, cardinality(members) + cardinality(others)));
