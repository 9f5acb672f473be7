-- scoring: what each complaint says, which complaints are one matter, and what a matter is worth.
-- Texts stay with intake; here are places in them (spans), hashes and numbers.

SET LOCAL search_path = scoring, public;

-- One row per complaint that was scored, and the clue that it is in: always exactly one.
CREATE TABLE finding (
    region    int4 NOT NULL,
    complaint int8 NOT NULL,
    clue      int8 NOT NULL,
    revision  int4 NOT NULL,                       -- of content and feedback as scored (intake.complaint_for_scoring)
    scored_at timestamptz NOT NULL DEFAULT now(),
    finding   bytea COMPRESSION lz4 NOT NULL,      -- wjz.scoring.Finding
    matter    bytea COMPRESSION lz4 NOT NULL,      -- services/scoring/matter.h
    PRIMARY KEY (region, complaint)
) WITH (fillfactor = 90);
CREATE INDEX finding_by_clue ON finding (region, clue);

-- One row per matter. Hot columns for lists and maps; the card has the rest.
CREATE TABLE clue (
    region          int4 NOT NULL,
    id              int8 NOT NULL,
    index           float8 NOT NULL CHECK (index BETWEEN 0 AND 100),
    confidence      float8 NOT NULL,
    village         int8 NOT NULL,                 -- twelve digits; 0: not known, as for town and report_region
    merged_into     int8 NOT NULL DEFAULT 0,       -- not 0: has become part of that clue and has no complaint any more
    told_state      int8 NOT NULL DEFAULT 0,       -- hash of what was last told to others
    first_report_at timestamptz,                   -- NULL: no complaint says when it was made
    last_report_at  timestamptz,
    scored_at       timestamptz NOT NULL DEFAULT now(),
    revision        int4 NOT NULL,
    town            int4 NOT NULL,
    report_region   int4 NOT NULL,
    complaint_count int4 NOT NULL,
    reporter_count  int4 NOT NULL,
    repeat_count    int4 NOT NULL,
    stars           int2 NOT NULL CHECK (stars BETWEEN 1 AND 5),
    told            boolean NOT NULL DEFAULT false, -- assignment knows of it
    mediation       boolean NOT NULL,
    urgent          boolean NOT NULL,
    confidential    boolean NOT NULL,
    look_on_spot    boolean NOT NULL,
    focus           boolean NOT NULL,
    kind            text NOT NULL,
    branch          text NOT NULL,
    domain          text NOT NULL,
    place           text NOT NULL,
    subject         text NOT NULL,
    feed            text NOT NULL,                 -- of the earliest complaint
    pack            text NOT NULL,                 -- version of the rule pack
    card            bytea COMPRESSION lz4 NOT NULL, -- wjz.scoring.ScoreCard
    PRIMARY KEY (region, id)
) WITH (fillfactor = 85);
-- Few clues are worth a list, a map or an alarm; the others cost no index entry.
CREATE INDEX clue_worth_seeing ON clue (region, stars, index) WHERE stars >= 3 AND merged_into = 0;
CREATE INDEX clue_by_subject ON clue (region, subject) WHERE subject <> '' AND merged_into = 0;

-- What each batch changed in the matters of a region: keys, links and clues of its complaints. Every scoring process
-- follows it to hold the same index of repeats in memory (services/scoring/repeats_index.h).
CREATE TABLE journal (
    region  int4 NOT NULL,
    turn    int8 NOT NULL,
    stamp   int8 NOT NULL,                          -- unique to the transaction that wrote it
    entries bytea COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (region, turn)
);

-- What an agency decided about a subject, as far as it can lift or explain a complaint's score.
CREATE TABLE penalty (
    region               int4 NOT NULL,
    record               int8 NOT NULL,             -- intake.enforcement_record
    pay_until            date,
    executed_on          date,
    court_application_on date,
    revoked              boolean NOT NULL,
    subject              text NOT NULL,             -- normalised
    PRIMARY KEY (region, record)
);
CREATE INDEX penalty_by_subject ON penalty (region, subject) WHERE subject <> '';

GRANT USAGE ON SCHEMA scoring TO wjz_assignment, wjz_intake;
GRANT SELECT, INSERT, UPDATE ON finding, clue, penalty TO wjz_scoring;
GRANT SELECT, INSERT ON journal TO wjz_scoring;
GRANT SELECT ON finding, clue, journal, penalty TO wjz_operator;
GRANT SELECT ON clue TO wjz_assignment;
GRANT SELECT (region, complaint, clue, revision, scored_at) ON finding TO wjz_assignment, wjz_intake;
