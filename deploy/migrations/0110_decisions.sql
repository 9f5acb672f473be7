-- scoring: what people decided about which complaints are one matter, and what they are asked.

SET LOCAL search_path = scoring, public;

-- Rows are only ever added; of a decision that was undone, undone_by names the row that did it. The decisions that
-- stand are, with the complaints, all that the partition into matters depends on (services/scoring/decisions.h).
CREATE TABLE decision (
    region     int4 NOT NULL,
    id         int8 NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    undoes     int8 NOT NULL DEFAULT 0,              -- kind undo: the decision it takes back
    undone_by  int8 NOT NULL DEFAULT 0,
    review     int8 NOT NULL DEFAULT 0,              -- the question it answers, 0: nobody had asked
    kind       text NOT NULL CHECK (kind IN ('merge', 'split', 'apart', 'undo')),
    person     text NOT NULL CHECK (person <> ''),   -- code in the directory
    reason     text NOT NULL CHECK (reason <> ''),
    clues      int8[] NOT NULL,                      -- that it was about, as they were called then
    -- Complaints. merge: all of `members` are one matter. split: `members` are one matter, `others` are another one.
    -- apart: none of `members` is one matter with any of `others`.
    members    int8[] NOT NULL,
    others     int8[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (region, id),
    CHECK ((kind = 'undo') = (undoes <> 0)),
    CHECK (kind = 'undo' OR cardinality(members) > 0),
    CHECK ((kind IN ('split', 'apart')) = (cardinality(others) > 0))
);
CREATE UNIQUE INDEX decision_undone_once ON decision (region, undoes) WHERE undoes <> 0;
CREATE INDEX decision_by_time ON decision (region, decided_at);

-- What a person is asked to look at. A question is open until it is decided, or until it does not arise any more
-- (obsolete; open again when it does). One that was decided is not asked again.
CREATE TABLE review (
    region      int4 NOT NULL,
    id          int8 NOT NULL,
    complaint_a int8 NOT NULL DEFAULT 0,             -- kind repeat: the first complaints of both sides, a before b
    complaint_b int8 NOT NULL DEFAULT 0,
    clue        int8 NOT NULL,                       -- that it is about; kind repeat: the clue of complaint_a
    other_clue  int8 NOT NULL DEFAULT 0,             -- kind repeat: the clue of complaint_b; may be the same clue
    decision    int8 NOT NULL DEFAULT 0,             -- kind repeat, decided: scoring.decision
    opened_at   timestamptz NOT NULL DEFAULT now(),
    closed_at   timestamptz,
    weight      float8 NOT NULL,                     -- repeat: above 0 one matter; confidence: 0–1; edge: points to the cut
    revision    int4 NOT NULL DEFAULT 1,
    stars       int2 NOT NULL DEFAULT 0,             -- kinds about a clue: its stars when it was asked
    kind        text NOT NULL CHECK (kind IN ('repeat', 'confidence', 'edge', 'star')),
    -- repeat: weak_link (joined on little), near_miss (apart by little), objection (linked, but the group is against it)
    cause       text NOT NULL DEFAULT '',
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'decided', 'obsolete')),
    answer      text NOT NULL DEFAULT '',            -- decided: accepted, rejected; star: free
    person      text NOT NULL DEFAULT '',            -- who decided, code in the directory
    reason      text NOT NULL DEFAULT '',
    -- What was measured: [{"sign": …, "zh": …, "en": …, "value": …, "points": …}], points above 0 speak for one matter.
    signs       jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (region, id)
);
CREATE UNIQUE INDEX review_of_pair ON review (region, complaint_a, complaint_b) WHERE kind = 'repeat';
CREATE UNIQUE INDEX review_of_clue ON review (region, clue, kind) WHERE kind <> 'repeat';
CREATE INDEX review_open ON review (region, kind, opened_at) WHERE state = 'open';
CREATE INDEX review_open_by_complaint ON review (region, complaint_a) WHERE state = 'open' AND kind = 'repeat';

GRANT SELECT, INSERT ON decision TO wjz_scoring;
GRANT UPDATE (undone_by) ON decision TO wjz_scoring;
GRANT SELECT, INSERT, UPDATE ON review TO wjz_scoring;
GRANT SELECT ON decision, review TO wjz_operator;
