-- scheduling: who is at which station when, who is away, and what takes the time of a shift.
-- Never two shifts of one person at once, never two bookings of one shift at once: the store refuses, nobody checks first.

SET LOCAL search_path = scheduling, public;

-- One duty on one day: what a duty pattern asks for, and who fills it.
CREATE TABLE shift (
    region      int4 NOT NULL,
    id          int8 NOT NULL,
    station     text NOT NULL,
    prosecutor  text,                           -- who comes; NULL while unmet
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    during      tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED,
    state       text NOT NULL CHECK (state IN ('planned', 'unmet', 'cancelled')),
    pinned      boolean NOT NULL DEFAULT false, -- decided by a person: replanning leaves it alone
    duty_day    date NOT NULL,                  -- with station, duty_from and duty_of: the duty it fills
    duty_from   time NOT NULL,
    duty_of     text NOT NULL,                  -- whose turn it is by the pattern
    reason      text NOT NULL DEFAULT '',       -- why somebody else comes, or nobody
    changes     int4 NOT NULL DEFAULT 0,
    planned_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, id),
    UNIQUE (region, station, duty_day, duty_from, duty_of),
    CHECK (starts_at < ends_at),
    CHECK ((state = 'planned') <= (prosecutor IS NOT NULL)),
    CHECK ((state = 'unmet') <= (prosecutor IS NULL)),
    -- Checked at the end of a statement, so that two shifts can swap their people.
    CONSTRAINT one_shift_at_a_time EXCLUDE USING gist (region WITH =, prosecutor WITH =, during WITH &&)
        WHERE (state <> 'cancelled') DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX shift_by_station ON shift (region, station, starts_at);
CREATE INDEX shift_by_time ON shift (region, starts_at);

-- Every change of a shift, a leave, an appointment or a visit. Nobody can rewrite it.
CREATE TABLE history (
    region  int4 NOT NULL,
    id      int8 NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('shift', 'leave', 'appointment', 'visit')),
    subject int8 NOT NULL,
    actor   text NOT NULL,                      -- person code, "guest" or "scheduling"
    change  text NOT NULL,
    reason  text NOT NULL DEFAULT '',
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, id)
);
CREATE INDEX history_by_subject ON history (region, subject, id);

CREATE TABLE leave (
    region      int4 NOT NULL,
    id          int8 NOT NULL,
    prosecutor  text NOT NULL,
    during      tstzrange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)),
    reason      text NOT NULL DEFAULT '',
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, id),
    UNIQUE (region, prosecutor, during)         -- asking twice records once
);
CREATE INDEX leave_by_time ON leave USING gist (region, prosecutor, during);

-- The time of a shift that is taken, by an appointment or a visit; its id is theirs. Freed by deleting.
CREATE TABLE booking (
    region    int4 NOT NULL,
    id        int8 NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('appointment', 'visit')),
    shift     int8 NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    during    tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED,
    PRIMARY KEY (region, id),
    FOREIGN KEY (region, shift) REFERENCES shift,
    CHECK (starts_at < ends_at),
    CONSTRAINT one_booking_at_a_time EXCLUDE USING gist (region WITH =, shift WITH =, during WITH &&)
);

CREATE TABLE appointment (
    region          int4 NOT NULL,
    id              int8 NOT NULL,
    shift           int8 NOT NULL,
    station         text NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    state           text NOT NULL CHECK (state IN ('held', 'confirmed', 'cancelled', 'expired', 'completed', 'no_show')),
    held_until      timestamptz NOT NULL,
    guest           bytea NOT NULL,             -- sealed: name, phone, e-mail, topic and token
    token_hash      bytea NOT NULL,             -- what the guest shows instead of a login
    idempotency_key text NOT NULL CHECK (idempotency_key <> ''),
    request_mac     bytea NOT NULL,             -- tells the same request from another under the same key
    clue            int8,
    made_at         timestamptz NOT NULL DEFAULT now(),
    reminded_at     timestamptz,
    note            bytea,                      -- sealed
    PRIMARY KEY (region, id),
    UNIQUE (region, idempotency_key),
    FOREIGN KEY (region, shift) REFERENCES shift
);
ALTER TABLE appointment ALTER COLUMN guest SET COMPRESSION lz4;
CREATE INDEX appointment_by_shift ON appointment (region, shift);
CREATE INDEX appointment_held ON appointment (held_until) WHERE state = 'held';
CREATE INDEX appointment_to_remind ON appointment (starts_at) WHERE state = 'confirmed' AND reminded_at IS NULL;

-- The newest state heard of an assignment, so that older news that comes later changes nothing.
CREATE TABLE assignment_heard (
    region     int4 NOT NULL,
    assignment int8 NOT NULL,
    revision   int8 NOT NULL,
    PRIMARY KEY (region, assignment)
);

CREATE TABLE visit (
    region     int4 NOT NULL,
    id         int8 NOT NULL,
    assignment int8 NOT NULL,
    clue       int8 NOT NULL,
    organ      text NOT NULL,
    station    text NOT NULL DEFAULT '',        -- the assignment's station, '' when it has none
    prosecutor text NOT NULL DEFAULT '',        -- the assignment's prosecutor, '' when a station alone has it
    stars      int2 NOT NULL,
    urgent     boolean NOT NULL,
    state      text NOT NULL CHECK (state IN ('proposed', 'accepted', 'waiting', 'withdrawn')),
    shift      int8,                            -- the slot, while proposed or accepted
    starts_at  timestamptz,
    ends_at    timestamptz,
    proposals  int4 NOT NULL DEFAULT 0,
    declined   int8[] NOT NULL DEFAULT '{}',    -- shifts whose slots were declined
    reason     text NOT NULL DEFAULT '',        -- why it waits
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, id),
    UNIQUE (region, assignment),
    FOREIGN KEY (region, shift) REFERENCES shift,
    CHECK ((state IN ('proposed', 'accepted')) = (shift IS NOT NULL)),
    CHECK ((shift IS NULL) = (starts_at IS NULL) AND (shift IS NULL) = (ends_at IS NULL))
);
CREATE INDEX visit_by_shift ON visit (region, shift) WHERE shift IS NOT NULL;
CREATE INDEX visit_waiting ON visit (region, urgent, stars, assignment) WHERE state = 'waiting';

GRANT SELECT, INSERT, UPDATE ON shift, leave, appointment, assignment_heard, visit TO wjz_scheduling;
GRANT SELECT, INSERT, UPDATE, DELETE ON booking TO wjz_scheduling;
GRANT SELECT, INSERT ON history TO wjz_scheduling;

GRANT USAGE ON SCHEMA scheduling TO wjz_assignment, wjz_notification;
GRANT SELECT ON shift TO wjz_assignment, wjz_notification, wjz_operator;
GRANT SELECT (region, id, prosecutor, during) ON leave TO wjz_assignment;
GRANT SELECT ON leave, history, booking, visit TO wjz_operator;
-- What a guest said stays with scheduling, which has the key.
GRANT SELECT (region, id, shift, station, starts_at, ends_at, state, held_until, clue, made_at, reminded_at)
    ON appointment TO wjz_operator;
