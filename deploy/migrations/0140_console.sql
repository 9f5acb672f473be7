-- console: accounts, sessions, who may see what, and who saw it.
--
-- What a person may see is decided here, not in the program: console.enter() sets who somebody is for one transaction, and
-- every policy and view of this schema asks for it. With nothing set there is nothing to see.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wjz_console') THEN
        CREATE ROLE wjz_console LOGIN;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO wjz_console', current_database());
    -- Filters are optional parameters: only a plan for the values at hand uses the right index. Days are days in China.
    IF NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                   WHERE r.rolname = 'wjz_console' AND s.setdatabase = 0) THEN
        ALTER ROLE wjz_console SET plan_cache_mode = force_custom_plan;
        ALTER ROLE wjz_console SET timezone = 'Asia/Shanghai';
        ALTER ROLE wjz_console SET jit = off;
        ALTER ROLE wjz_console SET statement_timeout = '30s';
    END IF;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON bus.instance TO wjz_console;
GRANT USAGE ON SEQUENCE bus.instance_number TO wjz_console;
CREATE SCHEMA console;
SELECT bus.make_queue_tables('console');
SET LOCAL search_path = console, public;

-- ---------------------------------------------------------------------------------------------------------------
-- accounts and sessions

CREATE TABLE account (
    login        text PRIMARY KEY CHECK (login ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
    region       int4 NOT NULL,
    person       text NOT NULL,
    roles        text[] NOT NULL DEFAULT '{}',
    password     text NOT NULL,                      -- argon2id, as libsodium writes it
    must_change  boolean NOT NULL DEFAULT true,
    totp         bytea,                              -- sealed; NULL: not enrolled
    totp_offered bytea,                              -- sealed; enrolment begun and not confirmed
    totp_step    int8 NOT NULL DEFAULT 0,            -- of the last code taken: none is taken twice
    failures     int4 NOT NULL DEFAULT 0,            -- since the last login that worked
    locked_until timestamptz,                        -- by failures; 'infinity': by an administrator
    revision     int4 NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz,
    FOREIGN KEY (region, person) REFERENCES directory.person,
    UNIQUE (region, person),
    CHECK (roles <@ ARRAY['prosecutor', 'station_staff', 'liaison', 'branch_head', 'chief_procurator', 'organ_administrator',
                          'system_administrator', 'security_administrator', 'audit_administrator']),
    -- 三员分立: each of the three administrators is that and nothing else.
    CONSTRAINT administrators_stand_apart CHECK (NOT roles && ARRAY['system_administrator', 'security_administrator', 'audit_administrator']
                                                 OR cardinality(roles) = 1)
);

CREATE TABLE session (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),  -- the token itself is only in the cookie
    login      text NOT NULL REFERENCES account ON DELETE CASCADE,
    stage      text NOT NULL CHECK (stage IN ('totp', 'enrol', 'password', 'open')), -- what is still asked for
    address    text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    idle_s     int4 NOT NULL,
    ends_at    timestamptz NOT NULL
);
CREATE INDEX session_of_login ON session (login);
CREATE INDEX session_ends ON session (ends_at);

-- Answers given to requests with an Idempotency-Key; kept for a day. status 0: still being worked on.
CREATE TABLE idempotent (
    login   text NOT NULL REFERENCES account ON DELETE CASCADE,
    key     text NOT NULL,
    request bytea NOT NULL,                          -- hash of operation, path and body
    status  int2 NOT NULL DEFAULT 0,
    answer  text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (login, key)
);
CREATE INDEX idempotent_age ON idempotent (made_at);

-- ---------------------------------------------------------------------------------------------------------------
-- who somebody is, within one transaction

CREATE FUNCTION setting(name text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('wjz.' || name, true), '');
CREATE FUNCTION settings(name text) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(NULLIF(current_setting('wjz.' || name, true), ''), ',');
CREATE FUNCTION has_role(VARIADIC wanted text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(string_to_array(NULLIF(current_setting('wjz.roles', true), ''), ',') && wanted, false);

-- The organs that a person's own one answers for: itself and those below it.
CREATE FUNCTION organs_of(organ text) RETURNS text[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE below AS (
        SELECT o.code FROM directory.organ o WHERE o.code = organ
        UNION SELECT o.code FROM directory.organ o JOIN below b ON o.parent = b.code)
    SELECT array_agg(code ORDER BY code) FROM below
$$;

-- Makes the transaction that of the session's person, and says who that is; no row for a session that is none. One that is
-- not open yet sets the login alone. Also keeps the session alive, at most once a minute.
CREATE FUNCTION enter(token_hash bytea)
RETURNS TABLE (login text, stage text, region int4, person text, name text, organ text, organ_name text, roles text[],
               branches text[], stations text[], totp boolean, locale text, idle_until timestamptz, ends_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    s console.session;
    a console.account;
    p directory.person;
BEGIN
    SELECT * INTO s FROM console.session x WHERE x.token_hash = enter.token_hash
        AND x.ends_at > now() AND x.seen_at + make_interval(secs => x.idle_s) > now();
    IF NOT FOUND THEN RETURN; END IF;
    SELECT * INTO a FROM console.account x WHERE x.login = s.login AND (x.locked_until IS NULL OR x.locked_until < now());
    IF NOT FOUND THEN RETURN; END IF;
    SELECT * INTO p FROM directory.person x WHERE x.region = a.region AND x.code = a.person AND x.active;
    IF NOT FOUND THEN RETURN; END IF;
    IF s.seen_at < now() - interval '1 minute' THEN
        UPDATE console.session x SET seen_at = now() WHERE x.token_hash = s.token_hash;
        s.seen_at := now();
    END IF;
    PERFORM set_config('wjz.login', a.login, true);
    IF s.stage = 'open' THEN
        PERFORM set_config('wjz.person', p.code, true), set_config('wjz.region', p.region::text, true),
                set_config('wjz.organ', p.organ, true), set_config('wjz.roles', array_to_string(a.roles, ','), true),
                set_config('wjz.branches', array_to_string(p.branches || 'none'::text, ','), true),
                set_config('wjz.stations', array_to_string(p.stations, ','), true),
                set_config('wjz.organs', CASE WHEN a.roles && ARRAY['system_administrator', 'security_administrator', 'audit_administrator']
                                              THEN '' ELSE array_to_string(console.organs_of(p.organ), ',') END, true),
                set_config('wjz.sees', CASE WHEN a.roles && ARRAY['chief_procurator', 'organ_administrator'] THEN 'organ'
                                            WHEN a.roles && ARRAY['branch_head', 'prosecutor'] THEN 'branch' ELSE 'station' END, true);
    END IF;
    RETURN QUERY SELECT a.login, s.stage, p.region, p.code, p.name, p.organ,
        (SELECT o.name FROM directory.organ o WHERE o.code = p.organ), a.roles, p.branches, p.stations, a.totp IS NOT NULL, p.locale,
        s.seen_at + make_interval(secs => s.idle_s), s.ends_at;
END
$$;

ALTER TABLE account ENABLE ROW LEVEL SECURITY;
-- Oneself — also while logging in, when only the login is set — and, for those whose task it is, everybody.
CREATE POLICY own_or_administered ON account USING (login = (SELECT setting('login'))
    OR (SELECT has_role('system_administrator', 'security_administrator')));
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_or_administered ON session USING (login = (SELECT setting('login'))
    OR (SELECT has_role('system_administrator', 'security_administrator')));
ALTER TABLE idempotent ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON idempotent USING (login = (SELECT setting('login')));

-- What has ended; called now and then by the service, which could not see the rows itself.
CREATE FUNCTION sweep_sessions() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM console.session s WHERE s.ends_at < now() OR s.seen_at + make_interval(secs => s.idle_s) < now();
    DELETE FROM console.idempotent WHERE made_at < now() - interval '1 day';
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- audit: rows are only ever added, and each holds a hash of itself and of the row before it in its lane. Lanes keep people
-- who work at the same time from waiting for each other.

CREATE TABLE audit (
    region      int4 NOT NULL,                       -- 0: nobody was logged in
    lane        int2 NOT NULL,
    number      int8 NOT NULL,                       -- 1, 2, 3 … in its lane
    id          int8 NOT NULL GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    login       text NOT NULL,
    person      text NOT NULL,
    organ       text NOT NULL,
    address     text NOT NULL,
    event       text NOT NULL,
    object_kind text NOT NULL,
    object      text NOT NULL,
    result      text NOT NULL CHECK (result IN ('done', 'refused', 'failed')),
    detail      jsonb NOT NULL,
    hash        bytea NOT NULL,
    PRIMARY KEY (region, lane, number)
);
CREATE INDEX audit_by_id ON audit (id);
CREATE INDEX audit_by_person ON audit (person, id);
CREATE INDEX audit_by_event ON audit (event, id);
CREATE INDEX audit_by_object ON audit (object, id) WHERE object <> '';
CREATE INDEX audit_by_time ON audit USING brin (at);

CREATE TABLE audit_head (
    region int4 NOT NULL,
    lane   int2 NOT NULL,
    number int8 NOT NULL,
    hash   bytea NOT NULL,
    PRIMARY KEY (region, lane)
);

CREATE FUNCTION audit_hash(before bytea, a audit) RETURNS bytea LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    SELECT sha256(before || convert_to(concat_ws(chr(31), a.region, a.lane, a.number, a.id, extract(epoch FROM a.at), a.login, a.person,
                  a.organ, a.address, a.event, a.object_kind, a.object, a.result, a.detail::text), 'UTF8'))
$$;

CREATE FUNCTION note(address text, event text, object_kind text, object text, result text, detail jsonb, anybody text DEFAULT '')
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a console.audit;
    before bytea;
BEGIN
    a.login := COALESCE(console.setting('login'), anybody);
    a.region := COALESCE(console.setting('region')::int4, 0);
    a.lane := abs(hashtext(a.login)::int8) % 16;
    a.person := COALESCE(console.setting('person'), '');
    a.organ := COALESCE(console.setting('organ'), '');
    a.address := note.address;
    a.event := note.event;
    a.object_kind := note.object_kind;
    a.object := note.object;
    a.result := note.result;
    a.detail := COALESCE(note.detail, '{}');
    INSERT INTO console.audit_head AS h VALUES (a.region, a.lane, 1, '')
        ON CONFLICT (region, lane) DO UPDATE SET number = h.number + 1 RETURNING h.number, h.hash INTO a.number, before;
    a.at := clock_timestamp();
    a.id := nextval(pg_get_serial_sequence('console.audit', 'id'));
    a.hash := console.audit_hash(before, a);
    INSERT INTO console.audit OVERRIDING SYSTEM VALUE VALUES (a.*);
    UPDATE console.audit_head h SET hash = a.hash WHERE h.region = a.region AND h.lane = a.lane;
END
$$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Every lane, from its first row to the one that its head names. first_bad: the first row that is not as it was written, or
-- whose predecessor is missing; 0 when all is well; -1 when rows at a lane's end are missing.
CREATE FUNCTION audit_verify(OUT chains int8, OUT rows int8, OUT first_bad int8, OUT checked_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH checked AS (
        SELECT a.region, a.lane, a.number, a.id, a.at, a.hash,
               a.hash IS DISTINCT FROM console.audit_hash(COALESCE(lag(a.hash) OVER lane, ''), a)
               OR a.number IS DISTINCT FROM COALESCE(lag(a.number) OVER lane, 0) + 1 AS bad
        FROM console.audit a WINDOW lane AS (PARTITION BY a.region, a.lane ORDER BY a.number)),
    ends AS (
        SELECT count(*) FILTER (WHERE c.number IS NULL OR c.hash <> h.hash) AS missing, count(*) AS chains
        FROM console.audit_head h LEFT JOIN checked c USING (region, lane, number))
    SELECT e.chains, (SELECT count(*) FROM checked),
           COALESCE((SELECT min(id) FROM checked WHERE bad), CASE WHEN e.missing > 0 THEN -1 ELSE 0 END),
           (SELECT max(at) FROM checked)
    FROM ends e
$$;

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditors ON audit FOR SELECT TO wjz_console USING ((SELECT has_role('audit_administrator')));
CREATE POLICY operators ON audit FOR SELECT TO wjz_operator USING (true);

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA console FROM PUBLIC;
GRANT EXECUTE ON FUNCTION setting, settings, has_role, organs_of, enter, sweep_sessions, note, audit_verify TO wjz_console;
GRANT EXECUTE ON FUNCTION audit_verify TO wjz_operator;
GRANT SELECT, INSERT, UPDATE ON account TO wjz_console;
GRANT SELECT, INSERT, UPDATE, DELETE ON session, idempotent TO wjz_console;
GRANT SELECT ON audit TO wjz_console, wjz_operator;
GRANT SELECT ON directory.organ, directory.station TO wjz_console;
