-- scoring: whether people may have been asked about a clue, so that questions are only looked for where there are some. Of clues
-- that were scored before nothing is known.

ALTER TABLE scoring.clue ADD COLUMN asked boolean NOT NULL DEFAULT true;
