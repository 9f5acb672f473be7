-- console: who somebody is, in a way that the console's own database role cannot make up.
--
-- console.enter() set plain settings, and whoever could run SQL as wjz_console could set others. What it sets now is sealed for this one transaction
-- of this one connection with keys that only functions of the owner can read, and everything that asks who somebody is checks the seal. What the program
-- alone may do (read a password, open a session, change an account) needs its own key besides, which lies in its key file: SQL that somebody smuggles
-- in is still only the person who is logged in, and without a login nobody.

SET LOCAL search_path = console, public;

-- The seal is NMAC over SHA-256 with two keys of a block each, made here and never shown.
CREATE TABLE binding (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    inner_key bytea NOT NULL CHECK (length(inner_key) = 64),
    outer_key bytea NOT NULL CHECK (length(outer_key) = 64),
    program   bytea CHECK (length(program) = 32)     -- hash of the program's key, from its first start on
);
INSERT INTO binding (inner_key, outer_key)
SELECT string_agg(half, '') FILTER (WHERE g <= 2), string_agg(half, '') FILTER (WHERE g > 2)
FROM (SELECT g, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS half FROM generate_series(1, 4) g) halves;

-- What is said of who is asking: texts in this order, a seal of 64 hexadecimal digits before them, in the setting wjz.who.
CREATE FUNCTION say(login text, program boolean, person text, region text, organ text, roles text[], branches text[], stations text[], organs text[], regions int4[], sees text)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    said text := array_to_string(ARRAY[login, CASE WHEN program THEN 'true' END, person, region, organ, array_to_string(roles, ','), array_to_string(branches, ','),
                                       array_to_string(stations, ','), array_to_string(organs, ','), array_to_string(regions, ','), sees], chr(31), '');
    inside bytea;
    outside bytea;
BEGIN
    SELECT b.inner_key, b.outer_key INTO inside, outside FROM console.binding b;
    PERFORM set_config('wjz.who', encode(sha256(outside || sha256(inside || int4send(pg_backend_pid()) || timestamptz_send(now()) || convert_to(said, 'UTF8'))), 'hex') || said, true);
END
$$;

-- These texts; NULL for nobody, and for what somebody else set. Asked for several times in each reading: kept short.
CREATE FUNCTION who() RETURNS text[] LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    said text := current_setting('wjz.who', true);
    inside bytea;
    outside bytea;
BEGIN
    IF said IS NULL OR length(said) < 64 THEN RETURN NULL; END IF;
    SELECT b.inner_key, b.outer_key INTO inside, outside FROM console.binding b;
    IF encode(sha256(outside || sha256(inside || int4send(pg_backend_pid()) || timestamptz_send(now()) || convert_to(substr(said, 65), 'UTF8'))), 'hex') <> left(said, 64) THEN
        RETURN NULL;
    END IF;
    RETURN string_to_array(substr(said, 65), chr(31), '');
END
$$;
-- One of them; NULL also where it is empty.
CREATE OR REPLACE FUNCTION setting(name text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
BEGIN
    RETURN (console.who())[CASE name WHEN 'login' THEN 1 WHEN 'program' THEN 2 WHEN 'person' THEN 3 WHEN 'region' THEN 4 WHEN 'organ' THEN 5 WHEN 'roles' THEN 6
        WHEN 'branches' THEN 7 WHEN 'stations' THEN 8 WHEN 'organs' THEN 9 WHEN 'regions' THEN 10 WHEN 'sees' THEN 11 END];
END
$$;
CREATE OR REPLACE FUNCTION settings(name text) RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
BEGIN
    RETURN string_to_array(console.setting(name), ',');
END
$$;
CREATE OR REPLACE FUNCTION has_role(VARIADIC wanted text[]) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
BEGIN
    RETURN COALESCE(string_to_array(console.setting('roles'), ',') && wanted, false);
END
$$;

CREATE OR REPLACE FUNCTION enter(token_hash bytea)
RETURNS TABLE (login text, stage text, region int4, person text, name text, organ text, organ_name text, roles text[],
               branches text[], stations text[], totp boolean, locale text, idle_until timestamptz, ends_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    r record;
    organs text[] := '{}';
    regions int4[] := '{}';
BEGIN
    SELECT x.stage, x.seen_at, x.idle_s, x.ends_at, y.login, y.roles, y.totp IS NOT NULL AS totp, z.region, z.code, z.name, z.organ, z.branches, z.stations, z.locale
        INTO r FROM console.session x
        JOIN console.account y ON y.login = x.login AND (y.locked_until IS NULL OR y.locked_until < now())
        JOIN directory.person z ON z.region = y.region AND z.code = y.person AND z.active
        WHERE x.token_hash = enter.token_hash AND x.ends_at > now() AND x.seen_at + make_interval(secs => x.idle_s) > now();
    IF NOT FOUND THEN RETURN; END IF;
    IF r.seen_at < now() - interval '1 minute' THEN
        UPDATE console.session x SET seen_at = now() WHERE x.token_hash = enter.token_hash;
        r.seen_at := now();
    END IF;
    IF r.stage = 'open' THEN
        -- An organ's people answer for it and those below it; of the three administrators the system's looks after its county's installation.
        IF NOT r.roles && ARRAY['system_administrator', 'security_administrator', 'audit_administrator'] THEN
            WITH RECURSIVE below AS (
                SELECT o.code, o.region FROM directory.organ o WHERE o.code = r.organ
                UNION SELECT o.code, o.region FROM directory.organ o JOIN below b ON o.parent = b.code)
            SELECT array_agg(b.code ORDER BY b.code), array_agg(DISTINCT b.region) INTO organs, regions FROM below b;
        ELSIF 'system_administrator' = ANY (r.roles) THEN
            regions := ARRAY[r.region];
        END IF;
        PERFORM console.say(r.login, false, r.code, r.region::text, r.organ, r.roles, r.branches || 'none'::text, r.stations,
            organs, regions,
            CASE WHEN r.roles && ARRAY['chief_procurator', 'organ_administrator'] THEN 'organ'
                 WHEN r.roles && ARRAY['branch_head', 'prosecutor'] THEN 'branch' ELSE 'station' END);
    ELSE
        PERFORM console.say(r.login, false, '', '', '', '{}', '{}', '{}', '{}', '{}', '');
    END IF;
    RETURN QUERY SELECT r.login, r.stage, r.region, r.code, r.name, r.organ,
        (SELECT o.name FROM directory.organ o WHERE o.code = r.organ), r.roles, r.branches, r.stations, r.totp, r.locale,
        r.seen_at + make_interval(secs => r.idle_s), r.ends_at;
END
$$;

DROP FUNCTION organs_of;

-- The counties that are one's business.
CREATE OR REPLACE FUNCTION my_regions() RETURNS int4[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
BEGIN
    RETURN COALESCE(console.settings('regions')::int4[], '{}');
END
$$;
DROP FUNCTION in_charge;

-- The program speaks, in this transaction: whoever is logged in stays so. Its first start says which key that is.
CREATE FUNCTION vouch(key bytea) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known bytea := (SELECT b.program FROM console.binding b);
BEGIN
    IF known IS NULL THEN
        UPDATE console.binding b SET program = sha256(key) WHERE b.program IS NULL;
        known := (SELECT b.program FROM console.binding b);
    END IF;
    IF known <> sha256(key) THEN
        RAISE EXCEPTION 'the key of the console is not the one that this store knows'
            USING ERRCODE = 'insufficient_privilege', HINT = 'bring back keys/console.key, or as the owner: UPDATE console.binding SET program = NULL';
    END IF;
    PERFORM console.say(console.setting('login'), true, console.setting('person'), console.setting('region'), console.setting('organ'), console.settings('roles'),
                        console.settings('branches'), console.settings('stations'), console.settings('organs'), console.settings('regions')::int4[], console.setting('sees'));
    RETURN true;
END
$$;
CREATE FUNCTION vouched() RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
BEGIN
    RETURN console.setting('program') IS NOT NULL;
END
$$;

-- Who is logging in, before that is known; and the operator, who speaks to the program over the bus. Both only for the program.
CREATE FUNCTION be(as_login text) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT console.vouched() THEN RETURN false; END IF;
    IF console.setting('login') IS DISTINCT FROM as_login THEN
        PERFORM console.say(as_login, true, '', '', '', '{}', '{}', '{}', '{}', '{}', '');
    END IF;
    RETURN true;
END
$$;
CREATE FUNCTION be_operator() RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT console.vouched() THEN RETURN false; END IF;
    PERFORM console.say('operator', true, 'operator', '', '', ARRAY['system_administrator', 'security_administrator'], '{}', '{}', '{}', '{}', '');
    RETURN true;
END
$$;

-- Passwords, authenticators, rights and sessions: only while the program speaks.
DROP POLICY own_or_administered ON account;
CREATE POLICY own_or_administered ON account USING ((SELECT vouched()) AND (login = (SELECT setting('login'))
    OR (SELECT has_role('system_administrator', 'security_administrator'))));
DROP POLICY own_or_administered ON session;
CREATE POLICY own_or_administered ON session USING ((SELECT vouched()) AND (login = (SELECT setting('login'))
    OR (SELECT has_role('system_administrator', 'security_administrator'))));

REVOKE EXECUTE ON FUNCTION say, who, vouch, vouched, be, be_operator FROM PUBLIC;
GRANT EXECUTE ON FUNCTION who, vouch, vouched, be, be_operator TO wjz_console;
