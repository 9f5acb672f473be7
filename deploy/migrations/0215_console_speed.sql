-- console: what a request costs before and besides its reading. Who somebody is was put together anew for each: now that is kept with the session and
-- thrown away by whatever it is made of. Pages of lists carry what lists show, and figures are read from an index alone.

SET LOCAL search_path = console, public;

-- ---------------------------------------------------------------------------------------------------------------
-- who is asking

-- What enter() found out, for at most a minute; said NULL: to be found out again.
ALTER TABLE session
    ADD COLUMN said       text,                      -- what say() is to seal, but the login and the program's word
    ADD COLUMN region     int4,
    ADD COLUMN person     text,
    ADD COLUMN name       text,
    ADD COLUMN organ      text,
    ADD COLUMN organ_name text,
    ADD COLUMN roles      text[],
    ADD COLUMN branches   text[],
    ADD COLUMN stations   text[],
    ADD COLUMN locale     text;

-- Sessions of everybody, for an organ's change is one of all that are above it; both change seldom.
CREATE FUNCTION forget_who() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE console.session SET said = NULL WHERE said IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_who AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON directory.person FOR EACH STATEMENT EXECUTE FUNCTION forget_who();
CREATE TRIGGER forget_who AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON directory.organ FOR EACH STATEMENT EXECUTE FUNCTION forget_who();
CREATE TRIGGER forget_who AFTER UPDATE OF roles, region, person ON account FOR EACH STATEMENT EXECUTE FUNCTION forget_who();

CREATE FUNCTION forget_stage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.said := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER forget_stage BEFORE UPDATE OF stage, login, token_hash ON session FOR EACH ROW EXECUTE FUNCTION forget_stage();
REVOKE EXECUTE ON FUNCTION forget_who, forget_stage FROM PUBLIC;

-- Puts the seal before it, for this transaction of this connection.
CREATE FUNCTION seal(said text) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    inside bytea;
    outside bytea;
BEGIN
    SELECT b.inner_key, b.outer_key INTO inside, outside FROM console.binding b;
    PERFORM set_config('wjz.who', encode(sha256(outside || sha256(inside || int4send(pg_backend_pid()) || timestamptz_send(now()) || convert_to(said, 'UTF8'))), 'hex') || said, true);
END
$$;
CREATE OR REPLACE FUNCTION say(login text, program boolean, person text, region text, organ text, roles text[], branches text[], stations text[], organs text[], regions int4[], sees text)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM console.seal(array_to_string(ARRAY[login, CASE WHEN program THEN 'true' END, person, region, organ, array_to_string(roles, ','), array_to_string(branches, ','),
                                               array_to_string(stations, ','), array_to_string(organs, ','), array_to_string(regions, ','), sees], chr(31), ''));
END
$$;
REVOKE EXECUTE ON FUNCTION seal FROM PUBLIC;

-- Finds out anew who the session's person is, and keeps it. The session is locked first: what is read after that is not older than what forgets it.
CREATE FUNCTION find_out(of_token bytea) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    r record;
    organs text[] := '{}';
    regions int4[] := '{}';
BEGIN
    PERFORM FROM console.session x WHERE x.token_hash = of_token FOR UPDATE;
    SELECT x.stage, y.login, y.roles, z.region, z.code, z.name, z.organ, z.branches, z.stations, z.locale,
           (SELECT o.name FROM directory.organ o WHERE o.code = z.organ) AS organ_name
        INTO r FROM console.session x JOIN console.account y ON y.login = x.login
        JOIN directory.person z ON z.region = y.region AND z.code = y.person AND z.active WHERE x.token_hash = of_token;
    IF NOT FOUND THEN
        UPDATE console.session x SET said = NULL WHERE x.token_hash = of_token;
        RETURN;
    END IF;
    -- An organ's people answer for it and those below it; of the three administrators the system's looks after its county's installation.
    IF r.stage <> 'open' THEN
        NULL;
    ELSIF NOT r.roles && ARRAY['system_administrator', 'security_administrator', 'audit_administrator'] THEN
        WITH RECURSIVE below AS (
            SELECT o.code, o.region FROM directory.organ o WHERE o.code = r.organ
            UNION SELECT o.code, o.region FROM directory.organ o JOIN below b ON o.parent = b.code)
        SELECT array_agg(b.code ORDER BY b.code), array_agg(DISTINCT b.region) INTO organs, regions FROM below b;
    ELSIF 'system_administrator' = ANY (r.roles) THEN
        regions := ARRAY[r.region];
    END IF;
    UPDATE console.session x SET seen_at = now(), region = r.region, person = r.code, name = r.name, organ = r.organ, organ_name = r.organ_name, roles = r.roles,
        branches = r.branches, stations = r.stations, locale = r.locale,
        said = CASE WHEN r.stage = 'open' THEN array_to_string(ARRAY[NULL, r.code, r.region::text, r.organ, array_to_string(r.roles, ','),
                    array_to_string(r.branches || 'none'::text, ','), array_to_string(r.stations, ','), array_to_string(organs, ','), array_to_string(regions, ','),
                    CASE WHEN r.roles && ARRAY['chief_procurator', 'organ_administrator'] THEN 'organ'
                         WHEN r.roles && ARRAY['branch_head', 'prosecutor'] THEN 'branch' ELSE 'station' END], chr(31), '')
               ELSE repeat(chr(31), 9) END
        WHERE x.token_hash = of_token;
END
$$;
REVOKE EXECUTE ON FUNCTION find_out FROM PUBLIC;

CREATE OR REPLACE FUNCTION enter(token_hash bytea)
RETURNS TABLE (login text, stage text, region int4, person text, name text, organ text, organ_name text, roles text[],
               branches text[], stations text[], totp boolean, locale text, idle_until timestamptz, ends_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    words text;
    seen timestamptz;
    idle int4;
    inside bytea;
    outside bytea;
BEGIN
    FOR turn IN 1 .. 2 LOOP
        SELECT y.login, x.stage, x.region, x.person, x.name, x.organ, x.organ_name, x.roles, x.branches, x.stations, y.totp IS NOT NULL, x.locale, x.ends_at, x.said,
               x.seen_at, x.idle_s, b.inner_key, b.outer_key
            INTO login, stage, region, person, name, organ, organ_name, roles, branches, stations, totp, locale, ends_at, words, seen, idle, inside, outside
            FROM console.session x JOIN console.account y ON y.login = x.login AND (y.locked_until IS NULL OR y.locked_until < now())
            CROSS JOIN console.binding b
            WHERE x.token_hash = enter.token_hash AND x.ends_at > now() AND x.seen_at + make_interval(secs => x.idle_s) > now();
        IF NOT FOUND THEN RETURN; END IF;
        EXIT WHEN words IS NOT NULL AND seen >= now() - interval '1 minute';
        IF turn = 2 THEN RETURN; END IF;  -- a person who is not there any more
        PERFORM console.find_out(enter.token_hash);
    END LOOP;
    idle_until := seen + make_interval(secs => idle);
    words := login || chr(31) || words;
    PERFORM set_config('wjz.who', encode(sha256(outside || sha256(inside || int4send(pg_backend_pid()) || timestamptz_send(now()) || convert_to(words, 'UTF8'))), 'hex') || words, true);
    RETURN NEXT;
END
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- which clues they see: the same rule, with what settles most first

CREATE OR REPLACE FUNCTION sight() RETURNS text LANGUAGE sql IMMUTABLE RETURN
    '(organ = ANY ($1) AND (($3 AND $6) OR prosecutor = $2 OR (($3 OR branch = ANY ($4) OR station = ANY ($5)) AND (NOT confidential OR $6 OR clue = ANY ($7)))))';

DROP POLICY sight ON clue_copy;
DO $$
DECLARE
    values text[] := ARRAY['(SELECT console.settings(''organs''))::text[]', '(SELECT console.setting(''person''))', '(SELECT console.setting(''sees'') = ''organ'')',
        '(SELECT CASE WHEN console.setting(''sees'') = ''branch'' THEN console.settings(''branches'') END)::text[]', '(SELECT console.settings(''stations''))::text[]',
        '(SELECT console.has_role(''chief_procurator''))', '(SELECT console.granted())::int8[]'];
    rule text := console.sight();
BEGIN
    FOR i IN 1 .. cardinality(values) LOOP
        rule := replace(rule, '$' || i, values[i]);
    END LOOP;
    EXECUTE 'CREATE POLICY sight ON console.clue_copy FOR SELECT TO wjz_console_view USING (' || rule || ')';
END
$$;

-- What figures are made of, and what the rule asks: read without the table.
CREATE INDEX clue_figures ON clue_copy (reported_at, clue) INCLUDE (organ, prosecutor, station, branch, confidential, town, stars, state, outcome, domain, focus,
    complaint_count, repeat_count, rated, dissatisfied, assigned_at, accepted_at, verified_at, closed_at) WHERE merged_into = 0;
-- Few have an outcome.
CREATE INDEX clue_by_outcome ON clue_copy (outcome, rank DESC, clue DESC) WHERE merged_into = 0 AND outcome <> '';

-- ---------------------------------------------------------------------------------------------------------------
-- lists

-- As before, and what is overdue to be accepted; days are made times once ($12, $13), not for every row.
CREATE OR REPLACE FUNCTION conditions(filters jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    condition text := 'merged_into = 0';
    name text;
    value text;
BEGIN
    FOR name, value IN SELECT * FROM jsonb_each_text(filters) LOOP
        condition := condition || CASE
            WHEN name = 'q' THEN ' AND grams @> console.query_grams($8->>''q'') AND body LIKE ALL (console.query_patterns($8->>''q''))'
            WHEN name = 'stars' AND value ~ ',' THEN ' AND stars = ANY (string_to_array($8->>''stars'', '','')::int2[])'
            WHEN name = 'stars' THEN ' AND stars = ($8->>''stars'')::int2 AND rank >= ($8->>''stars'')::int4 * 100000 AND rank < (($8->>''stars'')::int4 + 1) * 100000'
            WHEN name = 'town' AND value ~ ',' THEN ' AND town = ANY (string_to_array($8->>''town'', '','')::int4[])'
            WHEN name = 'town' THEN ' AND town = ($8->>''town'')::int4'
            WHEN name = 'state' AND value ~ '(^|,)open(,|$)' THEN
                ' AND state = ANY (string_to_array(replace($8->>''state'', ''open'', ''assigned,accepted,verifying''), '',''))'
            WHEN name IN ('domain', 'branch', 'kind', 'state', 'outcome') AND value ~ ',' THEN format(' AND %1$I = ANY (string_to_array($8->>%1$L, '',''))', name)
            WHEN name IN ('domain', 'branch', 'kind', 'state', 'outcome', 'organ', 'feed') THEN format(' AND %1$I = $8->>%1$L', name)
            WHEN name IN ('station', 'prosecutor', 'subject') THEN format(' AND %1$I = $8->>%1$L AND %1$I <> ''''', name)
            WHEN name IN ('urgent', 'mediation', 'focus') THEN format(CASE value WHEN 'true' THEN ' AND %I' ELSE ' AND NOT %I' END, name)
            WHEN name = 'overdue' THEN CASE value WHEN 'true' THEN ' AND state = ''assigned'' AND due_at < now()' ELSE ' AND NOT (state = ''assigned'' AND due_at < now())' END
            WHEN name = 'mine' THEN CASE value WHEN 'true' THEN ' AND prosecutor = $2 AND prosecutor <> ''''' ELSE '' END
            WHEN name = 'from' THEN ' AND reported_at >= $12'
            WHEN name = 'to' THEN ' AND reported_at < $13'
            ELSE ' AND false' END;
    END LOOP;
    RETURN condition;
END
$$;

-- The columns that lists and their export show; what is searched stays where it is.
DROP FUNCTION clue_page;
CREATE FUNCTION clue_page(filters jsonb, sort text, last_key int8, last_clue int8, rows int8)
RETURNS TABLE (region int4, clue int8, assignment int8, assignment_revision int8, index float8, first_report_at timestamptz, last_report_at timestamptz,
               reported_at timestamptz, scored_at timestamptz, due_at timestamptz, changed_at timestamptz, revision int4, rank int4, town int4, complaint_count int4,
               stars int2, urgent boolean, mediation boolean, confidential boolean, focus boolean, domain text, branch text, kind text, organ text, station text,
               prosecutor text, state text, outcome text, subject text, place text, title text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who text[] := console.who();
    me text := who[3];
    sees text := who[11];
    chief boolean := 'chief_procurator' = ANY (string_to_array(who[6], ','));
    direction text := CASE WHEN sort IN ('oldest', 'due') THEN '' ELSE ' DESC' END;
    key text := CASE sort WHEN 'newest' THEN 'reported_at' WHEN 'oldest' THEN 'reported_at' WHEN 'due' THEN 'due_at' ELSE 'rank' END;
    last text := CASE key WHEN 'rank' THEN '$9::int4' ELSE '''epoch''::timestamptz + interval ''1 microsecond'' * $9' END;
BEGIN
    IF me IS NULL THEN RETURN; END IF;
    RETURN QUERY EXECUTE 'SELECT region, clue, assignment, assignment_revision, index, first_report_at, last_report_at, reported_at, scored_at, due_at, changed_at,'
        ' revision, rank, town, complaint_count, stars, urgent, mediation, confidential, focus, domain, branch, kind, organ, station, prosecutor, state, outcome,'
        ' subject, place, title FROM console.clue_copy WHERE ' || console.conditions(filters) || ' AND ' || console.sight()
        || CASE sort WHEN 'due' THEN ' AND state = ''assigned''' ELSE '' END
        || CASE WHEN last_key IS NULL THEN '' ELSE format(' AND (%s, clue) %s (%s, $10)', key, CASE direction WHEN '' THEN '>' ELSE '<' END, last) END
        || format(' ORDER BY %1$s%2$s, clue%2$s LIMIT $11', key, direction)
        USING string_to_array(who[9], ','), me, sees = 'organ', CASE sees WHEN 'branch' THEN string_to_array(who[7], ',') END, string_to_array(who[8], ','), chief,
              CASE WHEN NOT chief THEN ARRAY(SELECT a.clue FROM console.clue_access a WHERE a.person = me) END, filters, last_key, last_clue, rows,
              (filters->>'from')::timestamp AT TIME ZONE 'Asia/Shanghai', ((filters->>'to')::timestamp + interval '1 day') AT TIME ZONE 'Asia/Shanghai';
END
$$;
REVOKE EXECUTE ON FUNCTION clue_page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION clue_page TO wjz_console;

-- ---------------------------------------------------------------------------------------------------------------
-- the audit: who is asking is looked at once

CREATE OR REPLACE FUNCTION note(address text, event text, object_kind text, object text, result text, detail jsonb, anybody text DEFAULT '')
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    who text[] := console.who();
    a console.audit;
    before bytea;
BEGIN
    a.login := COALESCE(who[1], anybody);
    a.region := COALESCE(who[4]::int4, 0);
    a.lane := abs(hashtext(a.login)::int8) % 16;
    a.person := COALESCE(who[3], '');
    a.organ := COALESCE(who[5], '');
    a.address := note.address;
    a.event := note.event;
    a.object_kind := note.object_kind;
    a.object := note.object;
    a.result := note.result;
    a.detail := COALESCE(note.detail, '{}');
    INSERT INTO console.audit_head AS h VALUES (a.region, a.lane, 1, '')
        ON CONFLICT (region, lane) DO UPDATE SET number = h.number + 1 RETURNING h.number, h.hash INTO a.number, before;
    a.at := clock_timestamp();
    a.id := nextval('console.audit_id_seq'::regclass);
    a.hash := console.audit_hash(before, a);
    INSERT INTO console.audit OVERRIDING SYSTEM VALUE VALUES (a.*);
    UPDATE console.audit_head h SET hash = a.hash WHERE h.region = a.region AND h.lane = a.lane;
END
$$;
