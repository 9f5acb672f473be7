-- scoring: what people keep an eye on, and what areas show: watch lists, saved searches, area warnings, space-time scans.

SET LOCAL search_path = scoring, public;

-- Where a matter is, for maps, warnings and scans; and the stars it has without the points of a warning of its area, so
-- that a warning never feeds itself. Rows scored before have neither until they are scored again.
ALTER TABLE clue ADD COLUMN longitude float8, ADD COLUMN latitude float8, ADD COLUMN own_stars int2 NOT NULL DEFAULT 0;
CREATE INDEX clue_by_report ON clue (region, last_report_at) WHERE own_stars >= 3 AND merged_into = 0;

-- What changes for all complaints of a region at once: raised under the region's lock, which every batch takes too.
CREATE TABLE region_state (
    region          int4 PRIMARY KEY,
    watch_version   int8 NOT NULL DEFAULT 0,
    warning_version int8 NOT NULL DEFAULT 0
);

-- Work that one instance does for a region at a time, however many there are.
CREATE TABLE round (
    region      int4 NOT NULL,
    name        text NOT NULL,                        -- alarms, warnings, scan, digests
    owner       int4 NOT NULL DEFAULT 0,              -- instance that does it
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    due_at      timestamptz NOT NULL DEFAULT '-infinity',
    done_at     timestamptz,
    PRIMARY KEY (region, name)
);

-- --- watch lists ---

CREATE TABLE watch (
    region      int4 NOT NULL,
    id          int8 NOT NULL,
    title       text NOT NULL CHECK (title <> ''),
    words       text[] NOT NULL,
    branches    text[] NOT NULL,
    domains     text[] NOT NULL,
    towns       int4[] NOT NULL,
    from_day    date NOT NULL,
    to_day      date,                                 -- the last one; NULL: until it is ended
    alert_count int4 NOT NULL CHECK (alert_count > 0),
    alert_days  int4 NOT NULL CHECK (alert_days > 0),
    alert_clues boolean NOT NULL,
    tell        text[] NOT NULL,
    defined_by  text NOT NULL,
    defined_at  timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    ended_by    text,
    ended_at    timestamptz,
    CHECK (from_day <= to_day),
    CHECK ((ended_by IS NULL) = (ended_at IS NULL)),
    CHECK (cardinality(words) + cardinality(branches) + cardinality(domains) + cardinality(towns) > 0),
    PRIMARY KEY (region, id)
);

CREATE TABLE watch_hit (
    region    int4 NOT NULL,
    complaint int8 NOT NULL,
    watch     int8 NOT NULL,
    at        timestamptz NOT NULL,                   -- when it was reported; when that is not known, when it came
    dated     boolean NOT NULL,                       -- it is known
    counted   boolean NOT NULL DEFAULT false,         -- the watch's alarm has seen it
    field     int2 NOT NULL,                          -- wjz.scoring.Field and bytes of the original; 0: no word was asked for
    span_from int4 NOT NULL,
    span_to   int4 NOT NULL,
    word      text NOT NULL,                          -- the watch's own
    hit_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, complaint, watch)
);
CREATE INDEX watch_hit_by_time ON watch_hit (region, watch, at);
CREATE INDEX watch_hit_new ON watch_hit (region, watch) WHERE NOT counted;

-- Each time that a watch reached its threshold, from the first complaint that counted to the last one.
CREATE TABLE watch_alert (
    region     int4 NOT NULL,
    watch      int8 NOT NULL,
    crossed_at timestamptz NOT NULL,                  -- report time of the complaint that reached it
    from_at    timestamptz NOT NULL,
    to_at      timestamptz NOT NULL,
    complaints int4 NOT NULL,
    clues      int4 NOT NULL,
    undated    int4 NOT NULL,                         -- complaints counted by the time they came
    told       boolean NOT NULL,                      -- false: it was over before anybody could be told
    raised_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, watch, crossed_at)
);

CREATE TABLE saved_search (
    region      int4 NOT NULL,
    id          int8 NOT NULL,
    owner       text NOT NULL,
    title       text NOT NULL CHECK (title <> ''),
    digest      text NOT NULL CHECK (digest IN ('none', 'daily', 'weekly')),
    least_stars int2 NOT NULL,
    kinds       text[] NOT NULL,
    branches    text[] NOT NULL,
    domains     text[] NOT NULL,
    towns       int4[] NOT NULL,
    villages    int8[] NOT NULL,
    feed        text NOT NULL,
    subject     text NOT NULL,
    focus       boolean NOT NULL,
    urgent      boolean NOT NULL,
    mediation   boolean NOT NULL,
    watch       int8 NOT NULL,
    saved_at    timestamptz NOT NULL DEFAULT now(),
    digested_on date,                                 -- day of the last digest
    digested_to timestamptz NOT NULL DEFAULT now(),   -- clues scored up to then were in one
    PRIMARY KEY (region, id)
);
CREATE INDEX saved_search_by_owner ON saved_search (region, owner);

-- --- area warnings (domain.md 3.4) ---

-- Micro-grids (微网格) and others with a known extent, as far as an operator has them (`wjz directory load`).
CREATE TABLE directory.grid (
    region     int4 NOT NULL,
    code       text NOT NULL,                         -- domain.md 5.1
    name       text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('general', 'micro', 'dedicated')),
    village    int8 NOT NULL,
    households int4 CHECK (households > 0),
    outline    polygon,                               -- longitude, latitude
    PRIMARY KEY (region, code)
);
GRANT SELECT ON directory.grid TO wjz_intake, wjz_scoring, wjz_assignment, wjz_scheduling, wjz_notification;
GRANT SELECT, INSERT, UPDATE, DELETE ON directory.grid TO wjz_operator;

CREATE TABLE area_warning (
    region         int4 NOT NULL,
    id             int8 NOT NULL,
    unit_kind      text NOT NULL CHECK (unit_kind IN ('grid', 'village', 'town')),
    unit           text NOT NULL,                     -- its code
    unit_name      text NOT NULL,
    domain         text NOT NULL,
    state          text NOT NULL CHECK (state IN ('proposed', 'issued', 'acknowledged', 'cleared')),
    level          int2 NOT NULL CHECK (level BETWEEN 0 AND 3), -- now; 0: no more, but nobody has cleared it
    peak_level     int2 NOT NULL CHECK (peak_level BETWEEN 1 AND 3),
    reason         text NOT NULL CHECK (reason IN ('clues', 'repeated', 'recurrence')),
    least          int4 NOT NULL,                     -- clues, or repeats of the one clue, that the level asks for
    window_days    int4 NOT NULL,
    clue_count     int4 NOT NULL,
    previous_count int4 NOT NULL,                     -- in as many days before
    undated_count  int4 NOT NULL,                     -- clues of the area and domain without a time of report: not counted
    per_thousand   float8,                            -- clues per 1,000 households, where their number is known
    clues          int8[] NOT NULL,                   -- the worthiest first, at most 200
    department     text NOT NULL,                     -- addressee: who is responsible …
    superior       text NOT NULL,                     -- … and who is above them
    longitude      float8,                            -- middle of its clues
    latitude       float8,
    revision       int4 NOT NULL,                     -- of wjz.scoring.warning_event
    proposed_at    timestamptz NOT NULL DEFAULT now(),
    raised_at      timestamptz NOT NULL DEFAULT now(), -- when it reached its peak
    checked_at     timestamptz NOT NULL DEFAULT now(),
    issued_by       text, issued_at       timestamptz, issued_note       text,
    acknowledged_by text, acknowledged_at timestamptz, acknowledged_note text,
    cleared_by      text, cleared_at      timestamptz, cleared_note      text,
    CHECK ((state = 'cleared') = (cleared_at IS NOT NULL)),
    CHECK (state NOT IN ('issued', 'acknowledged') OR issued_at IS NOT NULL),
    CHECK (state <> 'acknowledged' OR acknowledged_at IS NOT NULL),
    PRIMARY KEY (region, id)
);
CREATE UNIQUE INDEX area_warning_open ON area_warning (region, unit_kind, unit, domain) WHERE state <> 'cleared';
CREATE INDEX area_warning_by_unit ON area_warning (region, unit_kind, unit, domain, cleared_at);

-- Every change of a warning; rows are only ever added.
CREATE TABLE warning_event (
    region     int4 NOT NULL,
    warning    int8 NOT NULL,
    revision   int4 NOT NULL,
    from_state text NOT NULL,                         -- '' when it was proposed
    to_state   text NOT NULL,
    level      int2 NOT NULL,
    actor      text NOT NULL,                         -- person code, or system
    note       text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, warning, revision)
);

-- --- space-time scan ---

CREATE TABLE scan_run (
    region       int4 NOT NULL,
    id           int8 NOT NULL,
    day          date NOT NULL,                       -- the last one that was looked at
    days         int4 NOT NULL,
    seed         int8 NOT NULL,
    permutations int4 NOT NULL,
    cases        int4 NOT NULL,                       -- clues with a domain, a place and a time
    undated      int4 NOT NULL,                       -- left out: no time of report
    unplaced     int4 NOT NULL,                       -- left out: no position, not even a village's or a town's
    cells        int4 NOT NULL,
    scans        int4 NOT NULL,                       -- domains with enough cases
    ran_at       timestamptz NOT NULL DEFAULT now(),
    took_ms      int4 NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX scan_run_by_day ON scan_run (region, day);

CREATE TABLE scan_cluster (
    region    int4 NOT NULL,
    run       int8 NOT NULL,
    number    int4 NOT NULL,                          -- within the run, the least likely to be chance first
    domain    text NOT NULL,
    longitude float8 NOT NULL,
    latitude  float8 NOT NULL,
    radius_m  float8 NOT NULL,                        -- 0: one cell
    from_day  date NOT NULL,
    to_day    date NOT NULL,
    cases     int4 NOT NULL,
    expected  float8 NOT NULL,
    statistic float8 NOT NULL,                        -- log likelihood ratio
    p_value   float8 NOT NULL,                        -- of the domain's scan
    p_run     float8 NOT NULL,                        -- for as many scans as the run had (Bonferroni)
    clues     int8[] NOT NULL,                        -- at most 200
    PRIMARY KEY (region, run, number),
    FOREIGN KEY (region, run) REFERENCES scan_run
);

GRANT SELECT, INSERT, UPDATE ON region_state, round, watch, watch_alert, saved_search, area_warning TO wjz_scoring;
GRANT SELECT, INSERT, UPDATE, DELETE ON watch_hit TO wjz_scoring;
GRANT DELETE ON saved_search TO wjz_scoring;
GRANT SELECT, INSERT ON warning_event, scan_run, scan_cluster TO wjz_scoring;
GRANT SELECT ON region_state, round, watch, watch_hit, watch_alert, saved_search, area_warning, warning_event, scan_run,
    scan_cluster TO wjz_operator;

-- What became of earlier clues, for similar cases and for warnings that come back.
GRANT USAGE ON SCHEMA assignment TO wjz_scoring;
GRANT SELECT ON assignment.outcome TO wjz_scoring;
CREATE INDEX outcome_by_clue ON assignment.outcome (region, clue);
CREATE INDEX outcome_by_time ON assignment.outcome (region, at);
