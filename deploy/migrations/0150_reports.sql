-- Photo reports (随手拍): photos by their hash, and which report they belong to.

SET LOCAL search_path = intake, public;

-- The photo as it came, with the metadata that the camera wrote into it: shown to nobody. Renditions are made of it.
CREATE TABLE attachment (
    region    int4 NOT NULL,
    hash      bytea NOT NULL CHECK (length(hash) = 32),    -- SHA-256 of data
    type      text NOT NULL CHECK (type IN ('image/jpeg', 'image/png', 'image/webp', 'image/heic')),
    width     int4 NOT NULL,                               -- pixels, upright
    height    int4 NOT NULL,
    taken_at  timestamptz,                                 -- as the camera says
    longitude float8,
    latitude  float8,
    stored_at timestamptz NOT NULL DEFAULT now(),
    data      bytea NOT NULL,
    PRIMARY KEY (region, hash)
);
ALTER TABLE attachment ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX attachment_stored ON attachment USING brin (stored_at);

-- What may be shown: encoded again as JPEG, upright, without metadata.
CREATE TABLE rendition (
    region int4 NOT NULL,
    hash   bytea NOT NULL,
    kind   text NOT NULL CHECK (kind IN ('display', 'thumbnail')),
    width  int4 NOT NULL,
    height int4 NOT NULL,
    data   bytea NOT NULL,
    PRIMARY KEY (region, hash, kind),
    FOREIGN KEY (region, hash) REFERENCES attachment ON DELETE CASCADE
);
ALTER TABLE rendition ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE complaint_attachment (
    region    int4 NOT NULL,
    complaint int8 NOT NULL,
    ordinal   int2 NOT NULL,
    hash      bytea NOT NULL,
    PRIMARY KEY (region, complaint, ordinal),
    FOREIGN KEY (region, complaint) REFERENCES complaint,
    FOREIGN KEY (region, hash) REFERENCES attachment
);
CREATE INDEX complaint_attachment_hash ON complaint_attachment (region, hash);

-- What a report has beside the complaint that it is.
CREATE TABLE report (
    region         int4 NOT NULL,
    complaint      int8 NOT NULL,
    role           text NOT NULL CHECK (role IN ('citizen', 'observer', 'liaison', 'grid')),
    person         text NOT NULL DEFAULT '',               -- who was logged in
    domain_hint    text NOT NULL DEFAULT '',
    notice_version text NOT NULL DEFAULT '',
    submitted_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, complaint),
    FOREIGN KEY (region, complaint) REFERENCES complaint
);
CREATE INDEX report_by_person ON report (region, person, complaint) WHERE person <> '';

GRANT SELECT, INSERT, DELETE ON attachment, rendition TO wjz_intake;
GRANT SELECT, INSERT ON complaint_attachment, report TO wjz_intake;
-- Locks rows against deletion while a report begins to name them.
GRANT UPDATE (stored_at) ON attachment TO wjz_intake;
GRANT SELECT (region, hash, type, width, height, stored_at) ON attachment TO wjz_operator;
GRANT SELECT ON complaint_attachment, report TO wjz_operator;

-- What became of a report is told to whoever made it: where its clue stands, nothing else.
GRANT USAGE ON SCHEMA assignment TO wjz_intake;
GRANT SELECT (region, clue, state, changed_at, ended_at) ON assignment.assignment TO wjz_intake;
GRANT SELECT (region, clue, settled_by) ON assignment.clue_state TO wjz_intake;
GRANT SELECT (region, assignment, outcome, at) ON assignment.outcome TO wjz_intake;
