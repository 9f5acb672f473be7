-- scoring: less work for the store in each turn.

SET LOCAL search_path = scoring, public;

-- A turn's entries are mostly hashes: compressing them costs more than it saves.
ALTER TABLE journal ALTER entries SET STORAGE EXTERNAL;

-- What a question's signs are called, written by scoring when it starts, instead of beside each sign of each question.
-- Questions that were asked before say it themselves.
CREATE TABLE sign (
    name text PRIMARY KEY,
    zh   text NOT NULL,
    en   text NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON sign TO wjz_scoring;
GRANT SELECT ON sign TO wjz_operator;

CREATE VIEW console.sign AS SELECT name, zh, en FROM scoring.sign;
GRANT SELECT ON console.sign TO wjz_console;
