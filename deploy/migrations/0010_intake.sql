-- What platforms sent, exactly as it came, and what changed afterwards. Inserting complaints is the bottleneck of the
-- whole product: the table has the indexes that identity needs and no other but a BRIN, short keys, fixed-size columns
-- first, and no foreign key. Rows of complaint, revision, feedback and the enforcement tables are never changed: the service's
-- own role has no right to.

-- ---------------------------------------------------------------------------------------------------------------
-- feeds

CREATE TABLE intake.feed (
    number        int4 PRIMARY KEY GENERATED ALWAYS AS IDENTITY,  -- short key of the growing tables
    name          text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    title         text NOT NULL,
    profile       text NOT NULL,               -- mapping profile of its files, deploy/config/profiles
    region        int4 NOT NULL CHECK (region BETWEEN 110000 AND 999999),
    legal_basis   text NOT NULL CHECK (legal_basis <> ''),
    clue_source   text NOT NULL CHECK (clue_source IN
                      ('complaint', 'own_case', 'enforcement_platform', 'state_organ_or_deputy', 'media', 'other')),
    source_kind   text NOT NULL CHECK (source_kind IN
                      ('hotline', 'enforcement', 'state_organ', 'grid', 'photo', 'media', 'anonymous')),
    organ         text NOT NULL DEFAULT '',    -- takes what lies at places the gazetteer does not know
    rate_per_second int4 NOT NULL DEFAULT 0 CHECK (rate_per_second >= 0),  -- items; 0: the service's default
    curve_key     text UNIQUE CHECK (length(curve_key) = 40),              -- Z85 public key admitted at the feed door
    bearer_hash   bytea,                       -- keyed hash of the HTTP and Open311 key
    disabled      boolean NOT NULL DEFAULT false,
    from_file     boolean NOT NULL DEFAULT false,  -- feeds.yaml defines it, until an operator changes it
    sequence_floor int8 NOT NULL DEFAULT 0,    -- every batch up to this sequence was received
    changed_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE intake.feed IS 'one upstream platform''s stream';

-- Receipts, so that a batch sent again is answered as it was the first time.
CREATE TABLE intake.batch (
    region       int4 NOT NULL,                -- the feed's
    feed         int4 NOT NULL,
    sequence     int8 NOT NULL,
    content_hash int8 NOT NULL,                -- tells a repetition from a number used twice
    receipt      bytea NOT NULL,               -- wjz.intake.FeedReceipt without external ids
    stored_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, feed, sequence)
);

-- The same for HTTP requests with an Idempotency-Key.
CREATE TABLE intake.idempotent_request (
    region       int4 NOT NULL,
    feed         int4 NOT NULL,
    key          text NOT NULL,
    content_hash int8 NOT NULL,
    receipt      bytea NOT NULL,
    stored_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, feed, key)
);

-- Feed health, written every few seconds by each instance.
CREATE TABLE intake.feed_day (
    region     int4 NOT NULL,
    feed       int4 NOT NULL,
    day        date NOT NULL,
    accepted   int8 NOT NULL DEFAULT 0,
    duplicate  int8 NOT NULL DEFAULT 0,
    revised    int8 NOT NULL DEFAULT 0,
    rejected   int8 NOT NULL DEFAULT 0,
    last_at    timestamptz NOT NULL,
    newest_report_at timestamptz,              -- latest report time seen: how far the feed lags behind
    PRIMARY KEY (region, feed, day)
);

-- ---------------------------------------------------------------------------------------------------------------
-- complaints: the original, its revisions, and what was heard of it later. Texts are '' and times NULL when not known.

CREATE TABLE intake.complaint (
    id               int8 NOT NULL,
    content_hash     int8 NOT NULL,
    reporter_hash    int8 NOT NULL,            -- HMAC of the reporter, cut; 0: anonymous or not known
    received_at      timestamptz,
    dispatched_at    timestamptz,
    due_at           timestamptz,
    finished_at      timestamptz,
    visited_at       timestamptz,
    stored_at        timestamptz NOT NULL DEFAULT now(),
    longitude        float8,
    latitude         float8,
    region           int4 NOT NULL,
    feed             int4 NOT NULL,
    redispatch_count int4 NOT NULL,
    return_count     int4 NOT NULL,
    urge_count       int4 NOT NULL,
    delay_days       int4 NOT NULL,
    votes_for        int4 NOT NULL,
    votes_against    int4 NOT NULL,
    photo_count      int4 NOT NULL,
    satisfaction     int2 NOT NULL,            -- numbers of proto/intake.proto
    solved           int2 NOT NULL,
    anonymous        boolean NOT NULL,
    confidential     boolean NOT NULL,
    external_id      text COLLATE "C" NOT NULL,
    source_channel   text NOT NULL,
    order_type       text NOT NULL,
    title            text NOT NULL,
    content          text COMPRESSION lz4 NOT NULL,
    categories       text NOT NULL,            -- from the widest to the narrowest, divided by U+001F
    incident_address text NOT NULL,
    town             text NOT NULL,
    village          text NOT NULL,
    handler_unit     text NOT NULL,
    handle_result    text COMPRESSION lz4 NOT NULL,
    status           text NOT NULL,
    visit_note       text COMPRESSION lz4 NOT NULL,
    parent_id        text NOT NULL,
    reporter_cipher  bytea,                    -- name, phone and ID number, sealed with a key outside the database
    PRIMARY KEY (region, id),
    UNIQUE (region, feed, external_id)
);
COMMENT ON TABLE intake.complaint IS 'one report as received; never changed';
CREATE INDEX complaint_received ON intake.complaint USING brin (received_at) WITH (pages_per_range = 32);
-- A table that only grows is vacuumed for visibility and freezing alone; analysed early, so that plans find it full.
ALTER TABLE intake.complaint SET (autovacuum_vacuum_insert_threshold = 100000, autovacuum_analyze_threshold = 2000);

-- The whole complaint again, as the platform sent it later with other content.
CREATE TABLE intake.revision (
    LIKE intake.complaint INCLUDING DEFAULTS INCLUDING COMPRESSION,
    revision int4 NOT NULL CHECK (revision > 0),
    PRIMARY KEY (region, id, revision),
    FOREIGN KEY (region, id) REFERENCES intake.complaint
);

-- Satisfaction, closing, reopening; may come before its complaint.
CREATE TABLE intake.feedback (
    id                    int8 NOT NULL,
    identity              int8 NOT NULL,       -- hash of its external id, or of its content
    at                    timestamptz,
    finished_at           timestamptz,
    stored_at             timestamptz NOT NULL DEFAULT now(),
    region                int4 NOT NULL,
    feed                  int4 NOT NULL,
    redispatch_count      int4 NOT NULL,
    return_count          int4 NOT NULL,
    urge_count            int4 NOT NULL,
    satisfaction          int2 NOT NULL,
    solved                int2 NOT NULL,
    complaint_external_id text COLLATE "C" NOT NULL,
    status                text NOT NULL,
    note                  text COMPRESSION lz4 NOT NULL,
    handle_result         text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (region, id),
    UNIQUE (region, feed, complaint_external_id, identity)
);

-- Complaints that feedback speaks of and that have not come so far; looked for again at due_at.
CREATE TABLE intake.feedback_waiting (
    region                int4 NOT NULL,
    feed                  int4 NOT NULL,
    complaint_external_id text COLLATE "C" NOT NULL,
    since                 timestamptz NOT NULL DEFAULT now(),
    due_at                timestamptz NOT NULL,
    PRIMARY KEY (region, feed, complaint_external_id)
);
CREATE INDEX feedback_waiting_due ON intake.feedback_waiting (due_at);

-- Where a complaint stands after its revisions and feedback: a pure function of those rows, computed whenever one is
-- added. Only complaints that something happened to have a row. NULL: nothing was said beyond the complaint itself.
CREATE TABLE intake.standing (
    region           int4 NOT NULL,
    complaint        int8 NOT NULL,
    changes          int4 NOT NULL DEFAULT 0,  -- the revision that scoring sees
    revision         int4 NOT NULL DEFAULT 0,  -- latest in intake.revision, 0: none
    satisfaction     int2,
    solved           int2,
    status           text,
    finished_at      timestamptz,
    handle_result    text COMPRESSION lz4,
    visit_note       text COMPRESSION lz4,
    redispatch_count int4 NOT NULL DEFAULT 0,
    return_count     int4 NOT NULL DEFAULT 0,
    urge_count       int4 NOT NULL DEFAULT 0,
    changed_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, complaint),
    FOREIGN KEY (region, complaint) REFERENCES intake.complaint
);

-- ---------------------------------------------------------------------------------------------------------------
-- enforcement records (行政执法记录); -1 fen: not said

CREATE TABLE intake.enforcement_record (
    id                   int8 NOT NULL,
    content_hash         int8 NOT NULL,
    stored_at            timestamptz NOT NULL DEFAULT now(),
    fine_fen             int8 NOT NULL,
    confiscated_fen      int8 NOT NULL,
    region               int4 NOT NULL,
    feed                 int4 NOT NULL,
    decided_on           date,
    pay_until            date,
    executed_on          date,
    court_application_on date,
    rectified            int2 NOT NULL,
    transferred_to_police int2 NOT NULL,
    revoked              boolean NOT NULL,
    document_no          text COLLATE "C" NOT NULL,
    subject_name         text NOT NULL,
    subject_kind         text NOT NULL,
    credit_code          text NOT NULL,
    violation_kind       text NOT NULL,
    facts                text COMPRESSION lz4 NOT NULL,
    legal_basis          text COMPRESSION lz4 NOT NULL,
    penalty_kind         text NOT NULL,
    penalty              text COMPRESSION lz4 NOT NULL,
    agency               text NOT NULL,
    agency_code          text NOT NULL,
    place                text NOT NULL,
    remark               text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (region, id),
    UNIQUE (region, feed, document_no)
);

CREATE TABLE intake.enforcement_revision (
    LIKE intake.enforcement_record INCLUDING DEFAULTS INCLUDING COMPRESSION,
    revision int4 NOT NULL CHECK (revision > 0),
    PRIMARY KEY (region, id, revision),
    FOREIGN KEY (region, id) REFERENCES intake.enforcement_record
);

-- ---------------------------------------------------------------------------------------------------------------
-- imports: the file lies in the store, so that any instance goes on where a killed one stopped

CREATE TABLE intake.import (
    region      int4 NOT NULL,
    id          int8 NOT NULL,
    feed        int4 NOT NULL REFERENCES intake.feed,
    file_name   text NOT NULL,
    size        int8 NOT NULL CHECK (size >= 0),
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    dry_run     boolean NOT NULL,
    actor       text NOT NULL,
    stage       int2 NOT NULL DEFAULT 1,       -- ImportState.Stage
    received    int8 NOT NULL DEFAULT 0,       -- bytes
    rows_read   int8 NOT NULL DEFAULT 0,
    rows_total  int8 NOT NULL DEFAULT 0,
    accepted    int8 NOT NULL DEFAULT 0,
    duplicate   int8 NOT NULL DEFAULT 0,
    revised     int8 NOT NULL DEFAULT 0,
    rejected    int8 NOT NULL DEFAULT 0,
    error       text NOT NULL DEFAULT '',
    profile     text NOT NULL DEFAULT '',
    encoding    text NOT NULL DEFAULT '',
    owner       int4 NOT NULL DEFAULT 0,       -- instance that runs it, until lease_until
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    begun_at    timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (region, id),
    UNIQUE (region, feed, sha256, dry_run)
);
CREATE INDEX import_running ON intake.import (lease_until) WHERE stage = 2;

CREATE TABLE intake.import_chunk (
    region int4 NOT NULL,
    import int8 NOT NULL,
    first  int8 NOT NULL,                      -- offset of its first byte
    data   bytea NOT NULL,
    PRIMARY KEY (region, import, first),
    FOREIGN KEY (region, import) REFERENCES intake.import ON DELETE CASCADE
);
ALTER TABLE intake.import_chunk ALTER COLUMN data SET STORAGE EXTERNAL;

-- What was wrong in rows. The value is shortened and never personal.
CREATE TABLE intake.import_error (
    region  int4 NOT NULL,
    import  int8 NOT NULL,
    sheet   int4 NOT NULL,
    line    int8 NOT NULL,                     -- row of the sheet, line of the CSV file
    number  int4 NOT NULL,                     -- of the error within the row
    field   text NOT NULL,
    value   text NOT NULL,
    code    text NOT NULL,
    message text NOT NULL,
    remedy  text NOT NULL,
    taken   boolean NOT NULL,                  -- the row was stored without this value
    PRIMARY KEY (region, import, sheet, line, number),
    FOREIGN KEY (region, import) REFERENCES intake.import ON DELETE CASCADE
);

-- ---------------------------------------------------------------------------------------------------------------
-- what scoring sees: the present state, without the reporter

CREATE VIEW intake.complaint_for_scoring AS
SELECT c.region, c.id, f.name AS feed, c.external_id,
       CASE WHEN (CASE WHEN r.id IS NULL THEN c.anonymous AND c.photo_count = 0
                       ELSE r.anonymous AND r.photo_count = 0 END)
            THEN 'anonymous' ELSE f.source_kind END AS source_kind,
       CASE WHEN r.id IS NULL THEN c.order_type ELSE r.order_type END AS order_type,
       CASE WHEN r.id IS NULL THEN c.title ELSE r.title END AS title,
       CASE WHEN r.id IS NULL THEN c.content ELSE r.content END AS content,
       string_to_array(CASE WHEN r.id IS NULL THEN c.categories ELSE r.categories END, E'\x1f') AS categories,
       CASE WHEN r.id IS NULL THEN c.incident_address ELSE r.incident_address END AS incident_address,
       CASE WHEN r.id IS NULL THEN c.town ELSE r.town END AS town,
       CASE WHEN r.id IS NULL THEN c.village ELSE r.village END AS village,
       CASE WHEN r.id IS NULL THEN c.longitude ELSE r.longitude END AS longitude,
       CASE WHEN r.id IS NULL THEN c.latitude ELSE r.latitude END AS latitude,
       CASE WHEN r.id IS NULL THEN c.received_at ELSE r.received_at END AS received_at,
       CASE WHEN r.id IS NULL THEN c.due_at ELSE r.due_at END AS due_at,
       COALESCE(s.finished_at, c.finished_at) AS finished_at,
       CASE WHEN r.id IS NULL THEN c.handler_unit ELSE r.handler_unit END AS handler_unit,
       COALESCE(s.handle_result, c.handle_result) AS handle_result,
       COALESCE(s.status, c.status) AS status,
       COALESCE(s.satisfaction, c.satisfaction) AS satisfaction,
       COALESCE(s.solved, c.solved) AS solved,
       COALESCE(s.visit_note, c.visit_note) AS visit_note,
       GREATEST(s.redispatch_count, c.redispatch_count) AS redispatch_count,
       GREATEST(s.return_count, c.return_count) AS return_count,
       GREATEST(s.urge_count, c.urge_count) AS urge_count,
       CASE WHEN r.id IS NULL THEN c.delay_days ELSE r.delay_days END AS delay_days,
       CASE WHEN r.id IS NULL THEN c.votes_for ELSE r.votes_for END AS votes_for,
       CASE WHEN r.id IS NULL THEN c.votes_against ELSE r.votes_against END AS votes_against,
       CASE WHEN r.id IS NULL THEN c.photo_count ELSE r.photo_count END AS photo_count,
       CASE WHEN r.id IS NULL THEN c.parent_id ELSE r.parent_id END AS parent_id,
       CASE WHEN r.id IS NULL THEN c.reporter_hash ELSE r.reporter_hash END AS reporter_hash,
       CASE WHEN r.id IS NULL THEN c.confidential ELSE r.confidential END AS confidential,
       COALESCE(s.changes, 0) AS revision
FROM intake.complaint c
JOIN intake.feed f ON f.number = c.feed
-- LIMIT keeps these two index probes per complaint, also in a plan that was cached while the tables were empty.
LEFT JOIN LATERAL (SELECT * FROM intake.standing s WHERE s.region = c.region AND s.complaint = c.id LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT * FROM intake.revision r
                   WHERE r.region = c.region AND r.id = c.id AND r.revision = s.revision LIMIT 1) r ON true;
COMMENT ON VIEW intake.complaint_for_scoring IS 'latest revision and feedback state; ask by region and id';

CREATE VIEW intake.enforcement_for_scoring AS
SELECT e.region, e.id, f.name AS feed, e.document_no,
       l.subject_name, l.subject_kind, l.credit_code, l.violation_kind, l.facts, l.legal_basis, l.penalty_kind, l.penalty,
       l.fine_fen, l.confiscated_fen, l.decided_on, l.pay_until, l.executed_on, l.court_application_on, l.rectified,
       l.transferred_to_police, l.revoked, l.agency, l.agency_code, l.place, l.remark, l.revision
FROM intake.enforcement_record e
JOIN intake.feed f ON f.number = e.feed
CROSS JOIN LATERAL (
    SELECT * FROM intake.enforcement_revision r WHERE r.region = e.region AND r.id = e.id
    UNION ALL
    SELECT e.*, 0
    ORDER BY revision DESC LIMIT 1
) l;
COMMENT ON VIEW intake.enforcement_for_scoring IS 'latest revision; ask by region and id';

-- ---------------------------------------------------------------------------------------------------------------
-- grants

GRANT SELECT, INSERT, UPDATE ON intake.feed TO wjz_intake;
GRANT SELECT, INSERT ON intake.complaint, intake.revision, intake.feedback, intake.enforcement_record,
    intake.enforcement_revision TO wjz_intake;
GRANT SELECT, INSERT, DELETE ON intake.batch, intake.idempotent_request, intake.import_error TO wjz_intake;
GRANT SELECT, INSERT, UPDATE ON intake.feed_day, intake.standing TO wjz_intake;
GRANT SELECT, INSERT, UPDATE, DELETE ON intake.feedback_waiting, intake.import, intake.import_chunk TO wjz_intake;
GRANT SELECT ON intake.complaint_for_scoring, intake.enforcement_for_scoring TO wjz_intake;

GRANT USAGE ON SCHEMA intake TO wjz_scoring, wjz_assignment, wjz_scheduling, wjz_notification;
GRANT SELECT ON intake.complaint_for_scoring, intake.enforcement_for_scoring TO wjz_scoring;

-- Who a feed is and where its matters go; its keys stay with intake.
GRANT SELECT (number, name, title, profile, region, legal_basis, clue_source, source_kind, organ, rate_per_second,
              disabled, from_file, sequence_floor, changed_at)
    ON intake.feed TO wjz_scoring, wjz_assignment, wjz_scheduling, wjz_notification, wjz_operator;

-- Operators see what arrived and what became of it, not what it says and not who said it.
GRANT SELECT (id, content_hash, received_at, dispatched_at, due_at, finished_at, visited_at, stored_at, region, feed,
              redispatch_count, return_count, urge_count, delay_days, votes_for, votes_against, photo_count, satisfaction,
              solved, anonymous, confidential, external_id, source_channel, order_type, categories, town, village,
              handler_unit, status, parent_id)
    ON intake.complaint TO wjz_operator;
GRANT SELECT (id, content_hash, stored_at, region, feed, revision, satisfaction, solved, status, external_id)
    ON intake.revision TO wjz_operator;
GRANT SELECT (id, identity, at, finished_at, stored_at, region, feed, satisfaction, solved, complaint_external_id, status)
    ON intake.feedback TO wjz_operator;
GRANT SELECT (region, complaint, changes, revision, satisfaction, solved, status, finished_at, changed_at)
    ON intake.standing TO wjz_operator;
GRANT SELECT (id, content_hash, stored_at, region, feed, document_no, decided_on, agency) ON intake.enforcement_record TO wjz_operator;
GRANT SELECT ON intake.batch, intake.feed_day, intake.feedback_waiting, intake.import, intake.import_error TO wjz_operator;
