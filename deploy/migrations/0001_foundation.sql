-- Roles, the registry of running instances, the queue tables every service has, and the directory of organs and people.
-- A role per service; each owns nothing and may write only its own schema.

DO $$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY['intake', 'scoring', 'assignment', 'scheduling', 'notification', 'operator'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wjz_' || service) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', 'wjz_' || service);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), 'wjz_' || service);
    END LOOP;
END
$$;

CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- ---------------------------------------------------------------------------------------------------------------
-- bus: who runs where. Small, unlogged content in spirit: rows come and go with processes.

CREATE SCHEMA bus;
GRANT USAGE ON SCHEMA bus TO PUBLIC;

CREATE SEQUENCE bus.instance_number AS int4;

CREATE TABLE bus.instance (
    number           int4 PRIMARY KEY DEFAULT nextval('bus.instance_number'),
    service          text NOT NULL,
    name             text NOT NULL,
    queue_endpoint   text NOT NULL DEFAULT '',
    request_endpoint text NOT NULL DEFAULT '',
    publish_endpoint text NOT NULL DEFAULT '',
    public_key       text NOT NULL DEFAULT '',   -- CURVE, Z85; empty over ipc
    admin            text NOT NULL DEFAULT '',
    host             text NOT NULL DEFAULT '',
    pid              int4 NOT NULL DEFAULT 0,
    started_at       timestamptz NOT NULL DEFAULT now(),
    heartbeat_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (service, name)
);
COMMENT ON TABLE bus.instance IS 'running instances; a process that starts under the name of a dead one takes its place';
ALTER TABLE bus.instance ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_reads ON bus.instance FOR SELECT USING (true);
CREATE POLICY own_service_inserts ON bus.instance FOR INSERT WITH CHECK ('wjz_' || service = current_user);
CREATE POLICY own_service_updates ON bus.instance FOR UPDATE USING ('wjz_' || service = current_user);
-- The dead are buried by whoever finds them.
CREATE POLICY dead_or_own_deleted ON bus.instance FOR DELETE
    USING ('wjz_' || service = current_user OR heartbeat_at < now() - interval '1 minute');
GRANT SELECT, INSERT, UPDATE, DELETE ON bus.instance TO wjz_intake, wjz_scoring, wjz_assignment, wjz_scheduling, wjz_notification, wjz_operator;
GRANT USAGE ON SEQUENCE bus.instance_number TO wjz_intake, wjz_scoring, wjz_assignment, wjz_scheduling, wjz_notification, wjz_operator;

-- Outbox, inbox and dead letters of one service, writable by its role alone, readable by operators.
CREATE FUNCTION bus.make_queue_tables(service text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($sql$
        CREATE TABLE %1$I.outbox (
            region      int4 NOT NULL,
            id          int8 NOT NULL,
            destination text NOT NULL,
            type        text NOT NULL,
            envelope    bytea NOT NULL,
            created_at  timestamptz NOT NULL DEFAULT now(),
            attempts    int4 NOT NULL DEFAULT 0,        -- refused so far
            owner       int4 NOT NULL,                  -- instance that has it in hand
            due_at      timestamptz NOT NULL,           -- end of the lease, or of the backoff: free to take from then on
            error       text,
            PRIMARY KEY (region, id, destination)
        ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
        CREATE INDEX outbox_due ON %1$I.outbox (destination, due_at);
        CREATE TABLE %1$I.inbox (
            region     int4 NOT NULL,
            id         int8 NOT NULL,                   -- of the message handled
            handled_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (region, id)
        );
        CREATE INDEX inbox_handled ON %1$I.inbox USING brin (handled_at);
        CREATE TABLE %1$I.dead_letter (
            region      int4 NOT NULL,
            id          int8 NOT NULL,
            destination text NOT NULL,
            type        text NOT NULL,
            envelope    bytea NOT NULL,
            created_at  timestamptz NOT NULL,
            attempts    int4 NOT NULL,
            error       text NOT NULL,
            died_at     timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (region, id, destination)
        );
        GRANT USAGE ON SCHEMA %1$I TO %2$I, wjz_operator;
        GRANT SELECT, INSERT, UPDATE, DELETE ON %1$I.outbox, %1$I.inbox, %1$I.dead_letter TO %2$I;
        GRANT SELECT ON %1$I.outbox, %1$I.inbox, %1$I.dead_letter TO wjz_operator;
    $sql$, service, 'wjz_' || service);
END
$$;

CREATE SCHEMA intake;
CREATE SCHEMA scoring;
CREATE SCHEMA assignment;
CREATE SCHEMA scheduling;
CREATE SCHEMA notification;
SELECT bus.make_queue_tables(s) FROM unnest(ARRAY['intake', 'scoring', 'assignment', 'scheduling', 'notification']) s;

-- ---------------------------------------------------------------------------------------------------------------
-- directory: organs, stations and people as an administrator enters them (`wjz directory load`). Every service reads.

CREATE SCHEMA directory;
GRANT USAGE ON SCHEMA directory TO PUBLIC;

CREATE TABLE directory.organ (
    code    text PRIMARY KEY,              -- JCY-510184
    name    text NOT NULL,
    region  int4 NOT NULL,                 -- county it answers for; 0 for special organs
    level   text NOT NULL CHECK (level IN ('county', 'city', 'special')),
    parent  text REFERENCES directory.organ,
    effective_from date NOT NULL DEFAULT '2000-01-01',
    effective_to   date
);

CREATE TABLE directory.station (
    region   int4 NOT NULL,
    code     text NOT NULL,                -- ST-510184-01
    organ    text NOT NULL REFERENCES directory.organ,
    name     text NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('village', 'community', 'park', 'mobile')),
    town     int4 NOT NULL DEFAULT 0,      -- nine digits
    village  int8 NOT NULL DEFAULT 0,      -- twelve digits
    longitude float8,
    latitude  float8,
    specialities text[] NOT NULL DEFAULT '{}',  -- domains it looks after first
    serves   int4[] NOT NULL DEFAULT '{}', -- towns; empty: the whole county
    active   boolean NOT NULL DEFAULT true,
    PRIMARY KEY (region, code)
);

CREATE TABLE directory.person (
    region   int4 NOT NULL,
    code     text NOT NULL,                -- P-510184-007
    organ    text NOT NULL REFERENCES directory.organ,
    name     text NOT NULL,
    roles    text[] NOT NULL,              -- prosecutor, branch_head, chief_procurator, station_staff, liaison, operator
    branches text[] NOT NULL DEFAULT '{}', -- public_interest, administrative, civil, criminal
    specialities text[] NOT NULL DEFAULT '{}', -- domains
    stations text[] NOT NULL DEFAULT '{}',
    email    text,
    phone    text,
    webhook  text,
    webhook_secret text,
    locale   text NOT NULL DEFAULT 'zh-CN',
    quiet_from time,
    quiet_to   time,
    active   boolean NOT NULL DEFAULT true,
    PRIMARY KEY (region, code)
);

-- What a prosecutor must keep away from (domain.md 2.7).
CREATE TABLE directory.relation (
    region  int4 NOT NULL,
    person  text NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('relative', 'former_employer', 'village_of_origin', 'interest')),
    name    text NOT NULL,                 -- of the person or unit; for village_of_origin the village's code or name
    since   date,
    until   date,
    PRIMARY KEY (region, person, kind, name),
    FOREIGN KEY (region, person) REFERENCES directory.person
);

-- Weekly duty (定时到岗) as decided by the organ; scheduling makes shifts of it.
CREATE TABLE directory.duty_pattern (
    region     int4 NOT NULL,
    station    text NOT NULL,
    weekday    int2 NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    from_time  time NOT NULL,
    to_time    time NOT NULL,
    prosecutor text NOT NULL,
    substitute text,
    every_weeks int2 NOT NULL DEFAULT 1 CHECK (every_weeks BETWEEN 1 AND 8),
    first_on   date NOT NULL DEFAULT '2026-01-05',   -- a week that counts, for every_weeks > 1
    effective_from date NOT NULL DEFAULT '2000-01-01',
    effective_to   date,
    CHECK (from_time < to_time),
    PRIMARY KEY (region, station, weekday, from_time, prosecutor),
    FOREIGN KEY (region, station) REFERENCES directory.station,
    FOREIGN KEY (region, prosecutor) REFERENCES directory.person
);

-- Days that differ from the ordinary week: statutory holidays, and weekends worked to make up for them.
CREATE TABLE directory.holiday (
    day     date PRIMARY KEY,
    working boolean NOT NULL,
    name    text NOT NULL
);

GRANT SELECT ON ALL TABLES IN SCHEMA directory TO wjz_intake, wjz_scoring, wjz_assignment, wjz_scheduling, wjz_notification;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA directory TO wjz_operator;
