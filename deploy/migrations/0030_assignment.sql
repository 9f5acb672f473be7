-- assignment: who works on a clue. Whoever changes an assignment holds the lock of its clue's row in clue_state.

CREATE TABLE assignment.clue_state (
    region       int4 NOT NULL,
    clue         int8 NOT NULL,
    revision     int8 NOT NULL,                  -- of scoring; only higher ones replace it
    index        float8 NOT NULL,
    stars        int2 NOT NULL,
    kind         text NOT NULL,
    branch       text NOT NULL,
    domain       text NOT NULL,
    town         int4 NOT NULL,
    village      int8 NOT NULL,
    place        text COMPRESSION lz4 NOT NULL,  -- names as found, for routing
    mediation    boolean NOT NULL,
    urgent       boolean NOT NULL,
    confidential boolean NOT NULL,
    look_on_spot boolean NOT NULL,
    complaints   int4 NOT NULL,
    merged_into  int8 NOT NULL,                  -- 0: stands for itself
    feed         text NOT NULL,
    report_region int4 NOT NULL,
    agencies     text COMPRESSION lz4 NOT NULL,  -- one a line
    subject      text COMPRESSION lz4 NOT NULL,
    settled_by   int8 NOT NULL DEFAULT 0,        -- the assignment that ended with an outcome
    settled_complaints int4 NOT NULL DEFAULT 0,  -- how many complaints there were then
    excluded     text NOT NULL DEFAULT '',       -- people recused from it, one code a line
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, clue)
) WITH (fillfactor = 80);
COMMENT ON TABLE assignment.clue_state IS 'the latest revision of each clue that was told';

CREATE TABLE assignment.assignment (
    region       int4 NOT NULL,
    id           int8 NOT NULL,
    clue         int8 NOT NULL,
    state        text NOT NULL CHECK (state IN ('assigned', 'accepted', 'verifying', 'returned', 'transferred', 'escalated',
                                                'closed', 'withdrawn')),
    organ        text NOT NULL,
    station      text NOT NULL,                  -- '' when none
    prosecutor   text NOT NULL,                  -- '' when a station alone has it
    consult      text NOT NULL,                  -- special organ that must be asked, '' when none
    branch       text NOT NULL,
    domain       text NOT NULL,
    stars        int2 NOT NULL,
    town         int4 NOT NULL,
    village      int8 NOT NULL,
    urgent       boolean NOT NULL,
    mediation    boolean NOT NULL,
    look_on_spot boolean NOT NULL,
    accept_until timestamptz,                    -- while a clock runs
    revision     int8 NOT NULL,                  -- one line of history each
    predecessor  int8 NOT NULL DEFAULT 0,        -- the one it went on from
    sent_here    boolean NOT NULL DEFAULT false, -- by another organ: cannot be returned or passed on
    escalations  int2 NOT NULL DEFAULT 0,
    tried        text COMPRESSION lz4 NOT NULL DEFAULT '', -- people who had it, one code a line
    trace        text COMPRESSION lz4 NOT NULL,  -- why it went where it is, one step a line
    opened_at    timestamptz NOT NULL DEFAULT now(),
    changed_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    CHECK ((ended_at IS NOT NULL) = (state IN ('returned', 'transferred', 'escalated', 'closed', 'withdrawn'))),
    PRIMARY KEY (region, id)
) WITH (fillfactor = 85);
-- Two open assignments of one clue cannot be.
CREATE UNIQUE INDEX assignment_open ON assignment.assignment (region, clue) WHERE ended_at IS NULL;
-- Not led by region: a plan made while the table was empty must find only one index for (region, clue).
CREATE INDEX assignment_load ON assignment.assignment (prosecutor) WHERE ended_at IS NULL;
CREATE INDEX assignment_due ON assignment.assignment (accept_until) WHERE state = 'assigned';

CREATE TABLE assignment.history (
    region      int4 NOT NULL,
    assignment  int8 NOT NULL,
    revision    int8 NOT NULL,
    clue        int8 NOT NULL,
    from_state  text NOT NULL,
    to_state    text NOT NULL,
    prosecutor  text NOT NULL,                   -- who had it after the change
    actor       text NOT NULL,                   -- person code, or system
    reason_code text NOT NULL,
    reason      text COMPRESSION lz4 NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, assignment, revision)
);
COMMENT ON TABLE assignment.history IS 'every change of every assignment; rows are only ever added';

CREATE TABLE assignment.recusal (
    region      int4 NOT NULL,
    id          int8 NOT NULL,
    assignment  int8 NOT NULL,
    clue        int8 NOT NULL,
    person      text NOT NULL,
    procedure   text NOT NULL CHECK (procedure IN ('pil', 'civil', 'criminal')),
    ground      text COMPRESSION lz4 NOT NULL,
    suspended   boolean NOT NULL,                -- taken off the clue until it is decided
    declared_at timestamptz NOT NULL DEFAULT now(),
    due_at      timestamptz NOT NULL,            -- to be decided by then
    reminded_at timestamptz,
    granted     boolean,
    decided_by  text,
    decided_at  timestamptz,
    note        text,
    CHECK ((decided_at IS NULL) = (granted IS NULL)),
    PRIMARY KEY (region, id),
    FOREIGN KEY (region, assignment) REFERENCES assignment.assignment
);
CREATE UNIQUE INDEX recusal_open ON assignment.recusal (region, assignment) WHERE decided_at IS NULL;
CREATE INDEX recusal_due ON assignment.recusal (due_at) WHERE decided_at IS NULL AND reminded_at IS NULL;

CREATE TABLE assignment.outcome (
    region      int4 NOT NULL,
    assignment  int8 NOT NULL,
    clue        int8 NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('filed', 'recommended', 'mediated', 'transferred', 'aided', 'reported_up',
                                                 'no_action')),
    note        text COMPRESSION lz4 NOT NULL,
    actor       text NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, assignment),
    FOREIGN KEY (region, assignment) REFERENCES assignment.assignment
);

GRANT SELECT, INSERT, UPDATE ON assignment.clue_state, assignment.assignment, assignment.recusal TO wjz_assignment;
GRANT SELECT, INSERT ON assignment.history, assignment.outcome TO wjz_assignment;

-- Operators see who has what; the names of places and of units complained of stay here.
GRANT SELECT ON assignment.assignment, assignment.history, assignment.outcome TO wjz_operator;
GRANT SELECT (region, clue, revision, index, stars, kind, branch, domain, town, village, mediation, urgent, look_on_spot,
              complaints, merged_into, feed, report_region, settled_by, updated_at) ON assignment.clue_state TO wjz_operator;
GRANT SELECT (region, id, assignment, clue, person, procedure, suspended, declared_at, due_at, granted, decided_by, decided_at)
    ON assignment.recusal TO wjz_operator;
