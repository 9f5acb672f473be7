-- notification: what must be told, to whom, over which channels it went, and whether it was seen.

SET LOCAL search_path = notification, public;

-- One notice per event and person, however often it is asked for. The row itself is the inbox.
CREATE TABLE notice (
    region       int4 NOT NULL,                 -- of the recipient
    id           int8 NOT NULL,
    event        text NOT NULL CHECK (event <> ''),
    recipient    text NOT NULL CHECK (recipient <> ''), -- person code, "role:operator" when nobody has the role, "guest:..."
    guest        bytea,                         -- sealed address of a guest
    template     text NOT NULL,
    locale       text NOT NULL,
    urgency      text NOT NULL CHECK (urgency IN ('low', 'normal', 'urgent')),
    title        text NOT NULL,
    body         text NOT NULL,
    subject_kind text NOT NULL DEFAULT '',
    subject      int8 NOT NULL DEFAULT 0,
    made_at      timestamptz NOT NULL DEFAULT now(),
    acknowledge_until timestamptz,              -- NULL: need not be acknowledged
    escalate_to  text,                          -- told when it is not
    chase_at     timestamptz,                   -- when to look again: repeat, then escalate; NULL: no more
    repeats      int2 NOT NULL DEFAULT 0,
    escalated_at timestamptz,
    acknowledged_at  timestamptz,
    acknowledged_by  text,
    acknowledged_via text CHECK (acknowledged_via IN ('link', 'console')),
    PRIMARY KEY (region, id),
    UNIQUE (region, event, recipient)
);
ALTER TABLE notice ALTER COLUMN body SET COMPRESSION lz4;
CREATE INDEX notice_by_recipient ON notice (region, recipient, id);
CREATE INDEX notice_by_subject ON notice (region, subject_kind, subject);
CREATE INDEX notice_to_chase ON notice (chase_at) WHERE chase_at IS NOT NULL;

-- What still has to leave over a channel. A row being sent is leased: due_at is the end of its lease.
CREATE TABLE sending (
    region   int4 NOT NULL,
    notice   int8 NOT NULL,
    channel  text NOT NULL CHECK (channel IN ('email', 'webhook')),
    state    text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed')),
    due_at   timestamptz NOT NULL,
    attempts int4 NOT NULL DEFAULT 0,
    round    int2 NOT NULL DEFAULT 1,           -- 2: the repetition of a notice that was not acknowledged
    owner    int4 NOT NULL DEFAULT 0,           -- instance that is sending it
    PRIMARY KEY (region, notice, channel),
    FOREIGN KEY (region, notice) REFERENCES notice
) WITH (fillfactor = 70);
CREATE INDEX sending_due ON sending (channel, due_at) WHERE state IN ('waiting', 'sending');

-- Proof of delivery: one row when an attempt begins and one with how it ended. Nobody can rewrite it.
CREATE TABLE delivery (
    region   int4 NOT NULL,
    id       int8 NOT NULL,
    notice   int8 NOT NULL,
    channel  text NOT NULL,
    round    int2 NOT NULL,
    attempt  int4 NOT NULL,
    result   text NOT NULL CHECK (result IN ('started', 'sent', 'deferred', 'failed', 'acknowledged')),
    address  text NOT NULL DEFAULT '',          -- shortened: enough to recognise, not to write to
    status   int4 NOT NULL DEFAULT 0,           -- SMTP or HTTP code of the other side, 0: none came
    answer   text NOT NULL DEFAULT '',          -- the other side's words, or what prevented them
    instance text NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (region, id),
    FOREIGN KEY (region, notice) REFERENCES notice
);
CREATE INDEX delivery_by_notice ON delivery (region, notice, id);

-- A person's wishes about a channel; no row: the channel is used when the directory has an address for it.
CREATE TABLE preference (
    region     int4 NOT NULL,
    person     text NOT NULL,
    channel    text NOT NULL CHECK (channel IN ('email', 'webhook')),
    enabled    boolean NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, person, channel)
);

-- Signed links that acknowledge without a login; the token itself is only in the message sent.
CREATE TABLE ack_token (
    region     int4 NOT NULL,
    notice     int8 NOT NULL,
    hash       bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (region, notice),
    FOREIGN KEY (region, notice) REFERENCES notice
);

-- A person's code is looked up without knowing the county.
CREATE INDEX person_by_code ON directory.person (code);

GRANT SELECT, INSERT, UPDATE ON notice, sending, preference, ack_token TO wjz_notification;
GRANT SELECT, INSERT ON delivery TO wjz_notification;
GRANT SELECT ON sending, delivery, preference TO wjz_operator;
GRANT SELECT (region, id, event, recipient, template, locale, urgency, title, body, subject_kind, subject, made_at,
              acknowledge_until, escalate_to, chase_at, repeats, escalated_at, acknowledged_at, acknowledged_by, acknowledged_via)
    ON notice TO wjz_operator;
