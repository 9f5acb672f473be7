-- console: what pages read of the other services' tables, for whoever console.enter() has set; nothing for nobody.

SET LOCAL search_path = console, public;

-- Names and places of towns, from the gazetteer that the service is started with.
CREATE TABLE town (
    code      int4 PRIMARY KEY,
    region    int4 NOT NULL,
    name      text NOT NULL,
    longitude float8,
    latitude  float8
);
GRANT SELECT, INSERT, UPDATE ON town TO wjz_console;

-- Whether something of a county is one's business: one's organ answers for it, or one administers the installation there.
CREATE FUNCTION in_charge(of_region int4) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT console.setting('person') IS NOT NULL AND (
        (console.has_role('system_administrator') AND of_region = console.setting('region')::int4)
        OR EXISTS (SELECT FROM directory.organ o WHERE o.region = of_region AND o.code = ANY (console.settings('organs'))))
$$;
CREATE FUNCTION my_regions() RETURNS int4[] LANGUAGE sql STABLE AS $$
    SELECT COALESCE(array_agg(DISTINCT o.region) FILTER (WHERE console.in_charge(o.region)), '{}') FROM directory.organ o
$$;

-- --- people and stations

CREATE VIEW colleague AS
SELECT p.region, p.code, p.name, p.organ, p.roles, p.branches, p.specialities, p.stations
FROM directory.person p WHERE p.active AND p.organ = ANY ((SELECT settings('organs'))::text[]);

CREATE VIEW person AS
SELECT p.region, p.code, p.name, p.organ, p.roles, p.branches, p.specialities, p.stations, p.email, p.active FROM directory.person p
WHERE (SELECT has_role('system_administrator', 'security_administrator')) AND p.region = (SELECT setting('region'))::int4
   OR (SELECT has_role('organ_administrator')) AND p.organ = ANY ((SELECT settings('organs'))::text[]);

CREATE VIEW station AS
SELECT s.* FROM directory.station s WHERE s.organ = ANY ((SELECT settings('organs'))::text[]);

CREATE VIEW duty AS
SELECT d.* FROM directory.duty_pattern d JOIN station s ON s.region = d.region AND s.code = d.station;

CREATE VIEW shift AS
SELECT x.region, x.id, x.station, x.prosecutor, x.starts_at, x.ends_at, x.state, x.pinned, x.duty_of, x.reason
FROM scheduling.shift x JOIN station s ON s.region = x.region AND s.code = x.station;

-- Without the guest, whom scheduling keeps sealed.
CREATE VIEW appointment AS
SELECT x.region, x.id, x.station, x.shift, h.prosecutor, x.starts_at, x.ends_at, x.state, x.held_until, x.clue
FROM scheduling.appointment x
JOIN station s ON s.region = x.region AND s.code = x.station
JOIN scheduling.shift h ON h.region = x.region AND h.id = x.shift;

CREATE VIEW visit AS
SELECT x.region, x.id, x.assignment, x.clue, x.organ, COALESCE(h.station, x.station) AS station, x.prosecutor, x.stars, x.urgent, x.state, x.starts_at, x.ends_at, x.reason
FROM scheduling.visit x LEFT JOIN scheduling.shift h ON h.region = x.region AND h.id = x.shift
WHERE x.organ = ANY ((SELECT settings('organs'))::text[]) AND console.sees(x.region, x.clue);

-- Why somebody is away is for them and for those who plan.
CREATE VIEW leave AS
SELECT x.region, x.id, x.prosecutor, lower(x.during) AS starts_at, upper(x.during) AS ends_at, x.recorded_by,
       CASE WHEN x.prosecutor = (SELECT setting('person')) OR (SELECT has_role('chief_procurator', 'branch_head', 'organ_administrator'))
            THEN x.reason ELSE '' END AS reason
FROM scheduling.leave x JOIN directory.person p ON p.region = x.region AND p.code = x.prosecutor
WHERE p.organ = ANY ((SELECT settings('organs'))::text[]);

CREATE VIEW holiday AS SELECT h.day, h.working, h.name FROM directory.holiday h WHERE (SELECT setting('person')) IS NOT NULL;

CREATE FUNCTION set_holiday(the_day date, is_working boolean, the_name text) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT console.has_role('organ_administrator', 'system_administrator') THEN RETURN false; END IF;
    IF the_name IS NULL THEN
        DELETE FROM directory.holiday WHERE day = the_day;
        RETURN FOUND;
    END IF;
    INSERT INTO directory.holiday VALUES (the_day, is_working, the_name)
        ON CONFLICT (day) DO UPDATE SET working = excluded.working, name = excluded.name;
    RETURN true;
END
$$;

-- --- notices

CREATE VIEW notice AS
SELECT n.region, n.id, n.event, n.template, n.title, n.body, n.urgency, n.subject_kind, n.subject, n.made_at, n.acknowledge_until, n.acknowledged_at
FROM notification.notice n WHERE n.region = (SELECT setting('region'))::int4 AND n.recipient = (SELECT setting('person'));

CREATE VIEW preference AS
SELECT p.channel, p.enabled FROM notification.preference p
WHERE p.region = (SELECT setting('region'))::int4 AND p.person = (SELECT setting('person'));

-- --- feeds

CREATE VIEW feed AS
SELECT f.number, f.name, f.title, f.profile, f.region, f.legal_basis, f.clue_source, f.source_kind, f.organ, f.rate_per_second, f.disabled, f.changed_at
FROM intake.feed f WHERE f.region = ANY ((SELECT my_regions())::int4[]);

CREATE VIEW feed_day AS SELECT d.* FROM intake.feed_day d JOIN feed f ON f.number = d.feed;

CREATE VIEW receipt AS
SELECT b.region, f.name AS feed, b.sequence, b.stored_at, b.receipt FROM intake.batch b JOIN feed f ON f.number = b.feed AND f.region = b.region;

-- Numbers of batches that are missing between those that came: at most a hundred gaps.
CREATE FUNCTION feed_gaps(the_feed text) RETURNS TABLE (first int8, last int8) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT g.before + 1, g.sequence - 1
    FROM console.feed v JOIN intake.feed f ON f.number = v.number
    CROSS JOIN LATERAL (SELECT b.sequence, lag(b.sequence, 1, f.sequence_floor) OVER (ORDER BY b.sequence) AS before
                        FROM intake.batch b WHERE b.region = f.region AND b.feed = f.number AND b.sequence > f.sequence_floor) g
    WHERE v.name = the_feed AND g.sequence > g.before + 1
    ORDER BY 1 LIMIT 100
$$;

-- Whether a feed of this name is there, anybody's.
CREATE FUNCTION feed_names(the_name text) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    'SELECT name FROM intake.feed WHERE name = the_name';
-- Complaints that feedback came for and that have not come themselves.
CREATE FUNCTION waiting_feedback(the_feed int4) RETURNS int8 LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    'SELECT count(*) FROM intake.feedback_waiting w JOIN console.feed f ON f.number = w.feed AND f.region = w.region WHERE w.feed = the_feed';

CREATE VIEW import AS
SELECT i.region, i.id, f.name AS feed, i.file_name, i.size, i.received, i.dry_run, i.actor, i.stage, i.rows_read, i.rows_total, i.accepted, i.duplicate,
       i.revised, i.rejected, i.error, i.profile, i.encoding, i.begun_at, i.finished_at
FROM intake.import i JOIN feed f ON f.number = i.feed;

CREATE VIEW import_error AS
SELECT e.* FROM intake.import_error e WHERE e.region = ANY ((SELECT my_regions())::int4[]);

-- --- rule packs

CREATE VIEW pack AS SELECT p.* FROM scoring.pack p WHERE (SELECT setting('person')) IS NOT NULL;
CREATE VIEW rehearsal AS SELECT r.* FROM scoring.rehearsal r WHERE (SELECT setting('person')) IS NOT NULL;
CREATE VIEW rehearsal_change AS
SELECT r.region, r.rehearsal, r.clue, r.index_before, r.index_after, r.stars_before, r.stars_after FROM scoring.rehearsal_change r
WHERE console.sees(r.region, r.clue);

-- --- the installation

CREATE VIEW queue AS
SELECT q.* FROM (
    SELECT s.service, o.destination, o.type, o.created_at, o.attempts, false AS dead FROM unnest(ARRAY['intake']) s(service), intake.outbox o
    UNION ALL SELECT 'scoring', destination, type, created_at, attempts, false FROM scoring.outbox
    UNION ALL SELECT 'assignment', destination, type, created_at, attempts, false FROM assignment.outbox
    UNION ALL SELECT 'scheduling', destination, type, created_at, attempts, false FROM scheduling.outbox
    UNION ALL SELECT 'notification', destination, type, created_at, attempts, false FROM notification.outbox
    UNION ALL SELECT 'console', destination, type, created_at, attempts, false FROM console.outbox
    UNION ALL SELECT 'intake', destination, type, created_at, attempts, true FROM intake.dead_letter
    UNION ALL SELECT 'scoring', destination, type, created_at, attempts, true FROM scoring.dead_letter
    UNION ALL SELECT 'assignment', destination, type, created_at, attempts, true FROM assignment.dead_letter
    UNION ALL SELECT 'scheduling', destination, type, created_at, attempts, true FROM scheduling.dead_letter
    UNION ALL SELECT 'notification', destination, type, created_at, attempts, true FROM notification.dead_letter
    UNION ALL SELECT 'console', destination, type, created_at, attempts, true FROM console.dead_letter) q
WHERE (SELECT has_role('system_administrator'));

CREATE VIEW dead_letters AS
SELECT d.* FROM (
    SELECT 'intake' AS service, region, id, destination, type, attempts, error, created_at, died_at FROM intake.dead_letter
    UNION ALL SELECT 'scoring', region, id, destination, type, attempts, error, created_at, died_at FROM scoring.dead_letter
    UNION ALL SELECT 'assignment', region, id, destination, type, attempts, error, created_at, died_at FROM assignment.dead_letter
    UNION ALL SELECT 'scheduling', region, id, destination, type, attempts, error, created_at, died_at FROM scheduling.dead_letter
    UNION ALL SELECT 'notification', region, id, destination, type, attempts, error, created_at, died_at FROM notification.dead_letter
    UNION ALL SELECT 'console', region, id, destination, type, attempts, error, created_at, died_at FROM console.dead_letter) d
WHERE (SELECT has_role('system_administrator'));

REVOKE EXECUTE ON FUNCTION in_charge, my_regions, set_holiday, feed_gaps, feed_names, waiting_feedback FROM PUBLIC;
GRANT EXECUTE ON FUNCTION in_charge, my_regions, set_holiday, feed_gaps, feed_names, waiting_feedback TO wjz_console;
GRANT SELECT ON colleague, person, station, duty, shift, appointment, visit, leave, holiday, notice, preference, feed, feed_day, receipt, import,
    import_error, pack, rehearsal, rehearsal_change, queue, dead_letters TO wjz_console;
