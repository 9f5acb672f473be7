-- scoring: rule packs as versions that two people answer for, the runs that follow an activation, rehearsals, and the stars
-- that people give. Packs hold for all regions, so they are not led by one.

SET LOCAL search_path = scoring, public;

CREATE TABLE pack (
    version      text PRIMARY KEY CHECK (version <> ''),
    state        text NOT NULL DEFAULT 'submitted' CHECK (state IN ('submitted', 'approved', 'active', 'retired')),
    content      bytea COMPRESSION lz4 NOT NULL,    -- wjz.scoring.PackContent
    checksum     text NOT NULL,                     -- SHA-256 of content, hexadecimal
    outline      bytea COMPRESSION lz4 NOT NULL,    -- wjz.scoring.PackOutline
    note         text NOT NULL,
    author       text NOT NULL CHECK (btrim(author) <> ''),
    approver     text CHECK (btrim(approver) <> ''),
    activated_by text,
    submitted_at timestamptz NOT NULL DEFAULT now(),
    approved_at  timestamptz,
    activated_at timestamptz,                       -- by the last activation
    retired_at   timestamptz,
    CONSTRAINT two_people CHECK (approver IS NULL OR lower(btrim(approver)) <> lower(btrim(author))),
    CONSTRAINT approved_before_active CHECK (state = 'submitted' OR (approver IS NOT NULL AND approved_at IS NOT NULL)),
    CONSTRAINT active_since CHECK (state <> 'active' OR (activated_at IS NOT NULL AND activated_by IS NOT NULL))
);
-- Two active versions cannot be.
CREATE UNIQUE INDEX pack_active ON pack (state) WHERE state = 'active';

CREATE TABLE pack_event (
    id      int8 PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    version text NOT NULL REFERENCES pack,
    event   text NOT NULL CHECK (event IN ('submitted', 'approved', 'activated', 'rolled_back', 'retired')),
    actor   text NOT NULL CHECK (btrim(actor) <> ''),
    note    text NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE pack_event IS 'every change of every version; rows are only ever added';

-- A run that scores again what a region has scored before an activation. It goes through the complaints by id.
CREATE TABLE rescore (
    region      int4 NOT NULL,
    id          int8 NOT NULL,
    version     text NOT NULL,
    state       text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'superseded')),
    scored_from timestamptz NOT NULL,               -- what was scored from then on needs nothing
    cursor      int8 NOT NULL DEFAULT -9223372036854775808, -- complaints up to this one are done
    last        int8,                               -- complaint to end with; NULL: not counted yet
    total       int8 NOT NULL DEFAULT 0,
    done        int8 NOT NULL DEFAULT 0,
    busy_us     int8 NOT NULL DEFAULT 0,
    owner       int4 NOT NULL DEFAULT 0,            -- bus.instance that has the lease
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    began_at    timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    CHECK ((ended_at IS NULL) = (state = 'running')),
    PRIMARY KEY (region, id)
);
CREATE UNIQUE INDEX rescore_running ON rescore (region) WHERE state = 'running';

CREATE TABLE rehearsal (
    id            int8 PRIMARY KEY,
    version       text NOT NULL REFERENCES pack,
    beside        text NOT NULL REFERENCES pack,   -- the version that was active
    days          int4 NOT NULL CHECK (days BETWEEN 1 AND 3650),
    actor         text NOT NULL CHECK (btrim(actor) <> ''),
    state         text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed')),
    since         timestamptz NOT NULL,             -- clues last reported from then on
    cursor_region int4 NOT NULL DEFAULT 0,          -- clues up to this one are done
    cursor_clue   int8 NOT NULL DEFAULT -9223372036854775808,
    total         int8,                             -- NULL: not counted yet
    done          int8 NOT NULL DEFAULT 0,
    complaints    int8 NOT NULL DEFAULT 0,
    changed       int8 NOT NULL DEFAULT 0,
    before        int8[] NOT NULL DEFAULT '{0,0,0,0,0}', -- clues with 1, 2, 3, 4, 5 stars
    after         int8[] NOT NULL DEFAULT '{0,0,0,0,0}',
    busy_us       int8 NOT NULL DEFAULT 0,
    owner         int4 NOT NULL DEFAULT 0,
    lease_until   timestamptz NOT NULL DEFAULT '-infinity',
    requested_at  timestamptz NOT NULL DEFAULT now(),
    ended_at      timestamptz,
    error         text NOT NULL DEFAULT '',
    CHECK ((ended_at IS NULL) = (state = 'running'))
);
CREATE INDEX rehearsal_running ON rehearsal (id) WHERE state = 'running';

CREATE TABLE rehearsal_change (
    region       int4 NOT NULL,
    rehearsal    int8 NOT NULL,
    clue         int8 NOT NULL,
    index_before float8 NOT NULL,
    index_after  float8 NOT NULL,
    stars_before int2 NOT NULL,
    stars_after  int2 NOT NULL,
    why          bytea NOT NULL,                    -- wjz.scoring.ChangeReasons
    PRIMARY KEY (region, rehearsal, clue)
);

-- A person's own star beside the computed one. A later one of the same person withdraws the earlier one; nothing is deleted.
CREATE TABLE rating (
    region           int4 NOT NULL,
    id               int8 NOT NULL,
    clue             int8 NOT NULL,
    rater            text NOT NULL CHECK (btrim(rater) <> ''),
    stars            int2 NOT NULL CHECK (stars BETWEEN 1 AND 5),
    reason           text NOT NULL CHECK (btrim(reason) <> ''),
    computed_stars   int2 NOT NULL,
    computed_index   float8 NOT NULL,
    pack             text NOT NULL,
    rated_at         timestamptz NOT NULL DEFAULT now(),
    withdrawn_at     timestamptz,
    withdrawn_reason text NOT NULL DEFAULT '',
    PRIMARY KEY (region, id),
    FOREIGN KEY (region, clue) REFERENCES clue
);
CREATE UNIQUE INDEX rating_valid ON rating (region, clue, rater) WHERE withdrawn_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON pack, rescore, rehearsal, rating TO wjz_scoring;
GRANT SELECT, INSERT ON pack_event TO wjz_scoring;
GRANT SELECT, INSERT, DELETE ON rehearsal_change TO wjz_scoring;
-- Reasons of ratings are written by prosecutors about a matter: they are for those who may see the matter.
GRANT SELECT (region, id, clue, rater, stars, computed_stars, computed_index, pack, rated_at, withdrawn_at) ON rating TO wjz_operator;
GRANT SELECT ON pack, pack_event, rescore, rehearsal, rehearsal_change TO wjz_operator;

-- How much live work waits, for runs that go beside it: no more of the outbox than that.
GRANT SELECT (destination, created_at, due_at) ON intake.outbox TO wjz_scoring;
