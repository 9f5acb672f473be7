-- console: clues as lists, maps, searches and statistics need them.
--
-- One row per clue, copied from scoring, assignment and intake a moment after they changed (console.follow, called by the
-- service every second): nothing is added to what those write, and their tables need no index for the sake of a page.

SET LOCAL search_path = console, public;

CREATE TABLE clue_copy (
    region          int4 NOT NULL,
    clue            int8 NOT NULL,
    assignment      int8 NOT NULL DEFAULT 0,         -- the open one, else the one that ended with an outcome; 0: none
    assignment_revision int8 NOT NULL DEFAULT 0,
    index           float8 NOT NULL,
    longitude       float8,
    latitude        float8,
    first_report_at timestamptz,
    last_report_at  timestamptz,
    reported_at     timestamptz NOT NULL,            -- last report, else when it was scored: never NULL
    scored_at       timestamptz NOT NULL,
    due_at          timestamptz NOT NULL DEFAULT '9999-12-31+00', -- to be accepted by then
    assigned_at     timestamptz,
    accepted_at     timestamptz,
    verified_at     timestamptz,
    closed_at       timestamptz,
    changed_at      timestamptz,                     -- of the assignment
    revision        int4 NOT NULL,                   -- of scoring
    rank            int4 NOT NULL,                   -- stars × 100 000 + index × 100: what lists go by
    town            int4 NOT NULL,
    merged_into     int8 NOT NULL DEFAULT 0,
    complaint_count int4 NOT NULL,
    repeat_count    int4 NOT NULL,
    rated           int4 NOT NULL DEFAULT 0,         -- complaints whose reporters gave an opinion
    dissatisfied    int4 NOT NULL DEFAULT 0,
    stars           int2 NOT NULL,
    own_stars       int2 NOT NULL DEFAULT 0,         -- a person's, the latest; 0: none
    urgent          boolean NOT NULL,
    mediation       boolean NOT NULL,
    confidential    boolean NOT NULL,
    focus           boolean NOT NULL,
    domain          text NOT NULL,
    branch          text NOT NULL,
    kind            text NOT NULL,
    organ           text NOT NULL,                   -- assigned to; before that, the county's own
    station         text NOT NULL DEFAULT '',
    prosecutor      text NOT NULL DEFAULT '',
    state           text NOT NULL DEFAULT 'none',    -- of the assignment
    outcome         text NOT NULL DEFAULT '',
    feed            text NOT NULL,
    subject         text NOT NULL,
    place           text NOT NULL,
    title           text NOT NULL,                   -- of the first complaint, masked
    body            text COMPRESSION lz4 NOT NULL,   -- masked, in the form in which it is searched
    grams           int4[] NOT NULL,                 -- of body: every two characters that stand together
    PRIMARY KEY (region, clue)
) WITH (fillfactor = 80, autovacuum_analyze_threshold = 2000);
CREATE INDEX clue_by_id ON clue_copy (clue);
CREATE INDEX clue_by_assignment ON clue_copy (assignment) WHERE assignment <> 0;
-- Lists go by rank, time or deadline whatever else they ask for: single values lead an index in that order.
CREATE INDEX clue_by_rank ON clue_copy (rank DESC, clue DESC) WHERE merged_into = 0;
CREATE INDEX clue_by_time ON clue_copy (reported_at DESC, clue DESC) WHERE merged_into = 0;
CREATE INDEX clue_by_due ON clue_copy (due_at, clue) WHERE merged_into = 0 AND state = 'assigned';
CREATE INDEX clue_by_domain ON clue_copy (domain, rank DESC, clue DESC) WHERE merged_into = 0;
CREATE INDEX clue_by_town ON clue_copy (town, rank DESC, clue DESC) WHERE merged_into = 0;
CREATE INDEX clue_by_state ON clue_copy (state, rank DESC, clue DESC) WHERE merged_into = 0 AND state <> 'none';
CREATE INDEX clue_by_prosecutor ON clue_copy (prosecutor, due_at, clue) WHERE merged_into = 0 AND prosecutor <> '';
CREATE INDEX clue_by_station ON clue_copy (station, due_at, clue) WHERE merged_into = 0 AND station <> '';
CREATE INDEX clue_by_subject ON clue_copy (subject) WHERE merged_into = 0 AND subject <> '';
CREATE INDEX clue_by_grams ON clue_copy USING gin (grams);

-- Who besides its prosecutor and the chief procurator may see a confidential clue.
CREATE TABLE clue_access (
    region     int4 NOT NULL,
    clue       int8 NOT NULL,
    person     text NOT NULL,
    granted_by text NOT NULL,
    reason     text NOT NULL CHECK (reason <> ''),
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, clue, person)
);

-- The one rule of who sees which clue; everything else about clues asks here. Somebody's own organ and those below it; of these
-- all, or those of one's branches, or those of one's stations; one's own always. Confidential ones by their own list.
CREATE VIEW clue AS
SELECT c.* FROM clue_copy c
WHERE c.organ = ANY ((SELECT settings('organs'))::text[])
  AND ((SELECT setting('sees')) = 'organ'
       OR c.prosecutor = (SELECT setting('person'))
       OR ((SELECT setting('sees')) = 'branch' AND c.branch = ANY ((SELECT settings('branches'))::text[]))
       OR c.station = ANY ((SELECT settings('stations'))::text[]))
  AND (NOT c.confidential
       OR c.prosecutor = (SELECT setting('person'))
       OR (SELECT has_role('chief_procurator'))
       OR EXISTS (SELECT FROM clue_access a WHERE a.region = c.region AND a.clue = c.clue AND a.person = (SELECT setting('person'))));

ALTER TABLE clue_access ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_or_chief ON clue_access TO wjz_console
    USING (person = (SELECT setting('person')) OR (SELECT has_role('chief_procurator')))
    WITH CHECK ((SELECT has_role('chief_procurator')));

-- Whether who is set may see the clue.
CREATE FUNCTION sees(clue_region int4, clue_id int8) RETURNS boolean LANGUAGE sql STABLE COST 1000 AS
    'SELECT EXISTS (SELECT FROM console.clue c WHERE c.region = clue_region AND c.clue = clue_id)';

-- ---------------------------------------------------------------------------------------------------------------
-- masking and searching

-- Telephone, identity and bank card numbers, digit for digit, so that places in the text stay where they are.
CREATE FUNCTION mask(original text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN original !~ '[0-9]{7}|[0-9]-[0-9]{6}' THEN original ELSE
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(original,
            '(?<![0-9])([0-9]{6})[0-9]{8}([0-9]{3}[0-9Xx])(?![0-9])', '\1********\2', 'g'),
            '(?<![0-9])([0-9]{4})[0-9]{8}([0-9]{4,7})(?![0-9])', '\1********\2', 'g'),
            '(?<![0-9])(1[3-9][0-9])[0-9]{6}([0-9]{2})(?![0-9])', '\1******\2', 'g'),
            '(?<![0-9])(0[0-9]{2,3}-?)[0-9]{5}([0-9]{2,3})(?![0-9])', '\1*****\2', 'g') END
$$;

CREATE FUNCTION searched_form(original text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(normalize(original, NFKC));

-- Every two neighbouring characters but white space, as numbers. Two texts with a number in common may still differ: what
-- is found is compared with the text itself.
CREATE FUNCTION grams(searched text) RETURNS int4[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(array_agg(DISTINCT ((ascii(c)::int8 * 65599 + ascii(d)) % 2147483647)::int4), '{}')
    FROM (SELECT c, lead(c) OVER (ORDER BY i) AS d FROM unnest(string_to_array(searched, NULL)) WITH ORDINALITY AS x(c, i)) pairs
    WHERE d IS NOT NULL AND c !~ '\s' AND d !~ '\s'
$$;

-- What is asked for: words divided by white space, all of which must stand in the text.
CREATE FUNCTION query_words(query text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_split_to_array(btrim(console.searched_form(query)), '\s+');
CREATE FUNCTION query_grams(query text) RETURNS int4[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(array_agg(DISTINCT g), '{}') FROM unnest(console.query_words(query)) w, unnest(console.grams(w)) g
$$;
CREATE FUNCTION query_patterns(query text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg('%' || replace(replace(replace(w, '\', '\\'), '%', '\%'), '_', '\_') || '%') FROM unnest(console.query_words(query)) w
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- following the services that own the facts

CREATE TABLE follow (
    region    int4 PRIMARY KEY,
    complaint int8 NOT NULL DEFAULT 0,               -- scoring.finding was looked at up to here
    walk      int8 NOT NULL DEFAULT -9223372036854775808, -- and all clues, again and again, are compared from here on
    walked_at timestamptz                            -- when the last whole walk ended
);

-- Copies clues as they are now.
CREATE FUNCTION refresh(the_region int4, clues int8[]) RETURNS int8 LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, console, pg_temp AS $$
    WITH written AS (
    INSERT INTO console.clue_copy AS k (region, clue, assignment, assignment_revision, index, longitude, latitude, first_report_at, last_report_at,
        reported_at, scored_at, due_at, assigned_at, accepted_at, verified_at, closed_at, changed_at, revision, rank, town, merged_into,
        complaint_count, repeat_count, rated, dissatisfied, stars, own_stars, urgent, mediation, confidential, focus, domain, branch, kind, organ, station,
        prosecutor, state, outcome, feed, subject, place, title, body, grams)
    SELECT c.region, c.id, COALESCE(a.id, 0), COALESCE(a.revision, 0), c.index, COALESCE(c.longitude, t.longitude), COALESCE(c.latitude, t.latitude), c.first_report_at, c.last_report_at,
        COALESCE(c.last_report_at, c.scored_at), c.scored_at, CASE WHEN a.state = 'assigned' THEN COALESCE(a.accept_until, '9999-12-31+00') ELSE '9999-12-31+00' END,
        a.opened_at, h.accepted_at, h.verified_at, o.at, a.changed_at, c.revision,
        c.stars * 100000 + (c.index * 100)::int4, c.town, c.merged_into, c.complaint_count, c.repeat_count, t.rated, t.dissatisfied,
        c.stars, COALESCE(r.stars, 0), c.urgent, c.mediation, c.confidential, c.focus, c.domain, c.branch, c.kind,
        COALESCE(a.organ, 'JCY-' || c.region), COALESCE(a.station, ''), COALESCE(a.prosecutor, ''), COALESCE(a.state, 'none'), COALESCE(o.outcome, ''),
        c.feed, c.subject, c.place, COALESCE(t.title, ''), COALESCE(t.body, ''), console.grams(COALESCE(t.body, ''))
    FROM unnest(clues) AS wanted(id)
    JOIN scoring.clue c ON c.region = the_region AND c.id = wanted.id
    LEFT JOIN LATERAL (
        SELECT x.* FROM assignment.assignment x WHERE x.region = c.region AND x.clue = c.id AND x.ended_at IS NULL
        UNION ALL
        SELECT x.* FROM assignment.clue_state s JOIN assignment.assignment x ON x.region = s.region AND x.id = s.settled_by
        WHERE s.region = c.region AND s.clue = c.id
        LIMIT 1) a ON true
    LEFT JOIN LATERAL (
        SELECT min(x.at) FILTER (WHERE x.to_state = 'accepted') AS accepted_at, min(x.at) FILTER (WHERE x.to_state = 'verifying') AS verified_at
        FROM assignment.history x WHERE x.region = a.region AND x.assignment = a.id) h ON true
    LEFT JOIN assignment.outcome o ON o.region = a.region AND o.assignment = a.id
    LEFT JOIN LATERAL (
        SELECT x.stars FROM scoring.rating x WHERE x.region = c.region AND x.clue = c.id AND x.withdrawn_at IS NULL
        ORDER BY x.rated_at DESC LIMIT 1) r ON true
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE p.satisfaction BETWEEN 1 AND 5) AS rated, count(*) FILTER (WHERE p.satisfaction IN (4, 5)) AS dissatisfied,
               (array_agg(console.mask(CASE WHEN p.title <> '' THEN left(p.title, 80) ELSE left(p.content, 60) END) ORDER BY p.received_at, p.id))[1] AS title,
               console.searched_form(left(string_agg(console.mask(concat_ws(E'\n', p.title, p.content, p.incident_address)), E'\n' ORDER BY p.received_at, p.id), 6000)
                                     || E'\n' || c.subject || E'\n' || c.place) AS body,
               (array_agg(p.longitude ORDER BY p.received_at, p.id) FILTER (WHERE p.longitude IS NOT NULL))[1] AS longitude,
               (array_agg(p.latitude ORDER BY p.received_at, p.id) FILTER (WHERE p.latitude IS NOT NULL))[1] AS latitude
        FROM (SELECT f.complaint FROM scoring.finding f WHERE f.region = c.region AND f.clue = c.id ORDER BY f.complaint LIMIT 50) f
        JOIN intake.complaint_for_scoring p ON p.region = c.region AND p.id = f.complaint) t ON true
    ON CONFLICT (region, clue) DO UPDATE SET assignment = excluded.assignment, assignment_revision = excluded.assignment_revision,
        index = excluded.index, longitude = excluded.longitude, latitude = excluded.latitude, first_report_at = excluded.first_report_at,
        last_report_at = excluded.last_report_at, reported_at = excluded.reported_at, scored_at = excluded.scored_at, due_at = excluded.due_at,
        assigned_at = excluded.assigned_at, accepted_at = excluded.accepted_at, verified_at = excluded.verified_at, closed_at = excluded.closed_at,
        changed_at = excluded.changed_at, revision = excluded.revision, rank = excluded.rank, town = excluded.town, merged_into = excluded.merged_into,
        complaint_count = excluded.complaint_count, repeat_count = excluded.repeat_count, rated = excluded.rated, dissatisfied = excluded.dissatisfied,
        stars = excluded.stars, own_stars = excluded.own_stars, urgent = excluded.urgent, mediation = excluded.mediation, confidential = excluded.confidential,
        focus = excluded.focus, domain = excluded.domain, branch = excluded.branch, kind = excluded.kind, organ = excluded.organ,
        station = excluded.station, prosecutor = excluded.prosecutor, state = excluded.state, outcome = excluded.outcome, feed = excluded.feed,
        subject = excluded.subject, place = excluded.place, title = excluded.title, body = excluded.body, grams = excluded.grams
    RETURNING 1)
    SELECT count(*) FROM written
$$;

-- Which of these clues are not as they were copied.
CREATE FUNCTION changed(the_region int4, clues int8[]) RETURNS int8[] LANGUAGE sql STABLE SET search_path = pg_catalog, console, pg_temp AS $$
    SELECT COALESCE(array_agg(c.id), '{}')
    FROM unnest(clues) AS wanted(id)
    JOIN scoring.clue c ON c.region = the_region AND c.id = wanted.id
    LEFT JOIN console.clue_copy k ON k.region = the_region AND k.clue = c.id
    LEFT JOIN assignment.assignment a ON a.region = the_region AND a.clue = c.id AND a.ended_at IS NULL
    WHERE k.clue IS NULL OR k.revision <> c.revision
       OR (a.id IS NOT NULL AND (k.assignment <> a.id OR k.assignment_revision <> a.revision))
       OR (a.id IS NULL AND k.state IN ('assigned', 'accepted', 'verifying'))
$$;

-- One step: what is new by its complaints (ids go nearly by time; the last three seconds are looked at again), and a portion
-- of the walk that finds every other change. One process at a time; the clues that were copied.
CREATE FUNCTION follow_step(the_region int4, portion int4) RETURNS int8[] LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, console, pg_temp AS $$
DECLARE
    f console.follow;
    fresh int8[];
    walked int8[];
    wanted int8[];
    last_complaint int8;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('console.follow'), the_region) THEN RETURN '{}'; END IF;
    INSERT INTO console.follow (region) VALUES (the_region) ON CONFLICT DO NOTHING;
    SELECT * INTO f FROM console.follow x WHERE x.region = the_region;
    SELECT array_agg(DISTINCT x.clue), max(x.complaint) INTO fresh, last_complaint FROM (
        SELECT y.complaint, y.clue FROM scoring.finding y
        WHERE y.region = the_region AND y.complaint > f.complaint - (3000::int8 << 22) ORDER BY y.complaint LIMIT portion * 4) x;
    SELECT array_agg(x.id) INTO walked FROM (
        SELECT y.id FROM scoring.clue y WHERE y.region = the_region AND y.id > f.walk ORDER BY y.id LIMIT portion) x;
    wanted := console.changed(the_region, COALESCE(fresh, '{}') || COALESCE(walked, '{}'));
    PERFORM console.refresh(the_region, ARRAY(SELECT DISTINCT unnest(wanted)));
    UPDATE console.follow x SET complaint = GREATEST(x.complaint, COALESCE(last_complaint, 0)),
        walk = CASE WHEN COALESCE(cardinality(walked), 0) < portion THEN -9223372036854775808 ELSE walked[cardinality(walked)] END,
        walked_at = CASE WHEN COALESCE(cardinality(walked), 0) < portion THEN now() ELSE x.walked_at END
    WHERE x.region = the_region;
    RETURN ARRAY(SELECT DISTINCT unnest(wanted));
END
$$;

CREATE FUNCTION regions() RETURNS int4[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    'SELECT COALESCE(array_agg(DISTINCT region), ''{}'') FROM intake.feed';

-- ---------------------------------------------------------------------------------------------------------------
-- what is read by id: the owners' rows, for whoever sees the clue

CREATE VIEW person_name AS SELECT region, code, name FROM directory.person;

CREATE VIEW scored AS
SELECT c.region, c.id AS clue, c.revision, c.village, c.look_on_spot, c.reporter_count, c.confidence, c.pack, c.card
FROM scoring.clue c WHERE console.sees(c.region, c.id);

CREATE VIEW assigned AS
SELECT a.region, a.id, a.clue, a.state, a.organ, a.station, a.prosecutor, a.consult, a.branch, a.accept_until, a.revision, a.predecessor, a.trace,
       a.opened_at, a.changed_at, a.ended_at
FROM assignment.assignment a WHERE console.sees(a.region, a.clue);

CREATE VIEW assignment_history AS
SELECT h.region, h.clue, h.assignment, h.revision, h.from_state, h.to_state, h.prosecutor, h.actor, h.reason_code, h.reason, h.at
FROM assignment.history h WHERE console.sees(h.region, h.clue);

CREATE VIEW outcome AS
SELECT o.region, o.assignment, o.clue, o.outcome, o.note, o.actor, o.at FROM assignment.outcome o WHERE console.sees(o.region, o.clue);

CREATE VIEW recusal AS
SELECT r.region, r.id, r.assignment, r.clue, r.person, r.procedure, r.declared_at, r.due_at, r.granted, r.decided_by, r.decided_at
FROM assignment.recusal r WHERE console.sees(r.region, r.clue);

CREATE VIEW rating AS
SELECT r.region, r.id, r.clue, r.rater, r.stars, r.reason, r.rated_at, r.withdrawn_at FROM scoring.rating r WHERE console.sees(r.region, r.clue);

CREATE VIEW decision AS
SELECT d.region, d.id, d.decided_at, d.undoes, d.undone_by, d.kind, d.person, d.reason, d.clues FROM scoring.decision d
WHERE EXISTS (SELECT FROM unnest(d.clues) x WHERE console.sees(d.region, x));

CREATE VIEW review AS
SELECT r.* FROM scoring.review r WHERE console.sees(r.region, r.clue) AND (r.other_clue = 0 OR console.sees(r.region, r.other_clue));

-- A complaint's texts, masked.
CREATE VIEW complaint AS
SELECT f.region, f.clue, p.id, p.feed, p.external_id, o.source_channel, p.order_type, mask(p.title) AS title, mask(p.content) AS content,
       p.categories, mask(p.incident_address) AS address, p.town, p.village, p.handler_unit, mask(p.handle_result) AS reply, mask(p.visit_note) AS visit_note,
       p.status, p.satisfaction, p.solved, p.received_at, o.dispatched_at, p.due_at, p.finished_at, o.stored_at, p.redispatch_count, p.return_count,
       p.urge_count, p.delay_days, p.photo_count, o.anonymous, p.confidential, o.reporter_cipher IS NOT NULL AS has_reporter, p.reporter_hash,
       p.longitude, p.latitude, f.finding
FROM scoring.finding f
JOIN intake.complaint_for_scoring p ON p.region = f.region AND p.id = f.complaint
JOIN intake.complaint o ON o.region = f.region AND o.id = f.complaint
WHERE console.sees(f.region, f.clue);

CREATE VIEW feedback AS
SELECT b.region, c.id AS complaint, b.id, b.at, b.satisfaction, b.solved, b.status, mask(b.note) AS note
FROM intake.complaint c
JOIN intake.feedback b ON b.region = c.region AND b.feed = c.feed AND b.complaint_external_id = c.external_id
JOIN scoring.finding f ON f.region = c.region AND f.complaint = c.id
WHERE console.sees(f.region, f.clue);

-- Which clue a complaint is in, for those who see it.
CREATE VIEW complaint_clue AS
SELECT f.region, f.complaint, f.clue FROM scoring.finding f WHERE console.sees(f.region, f.clue);

-- Unmasked texts: only through this, which cannot be asked without leaving a trace.
CREATE FUNCTION plain_text(the_complaint int8, reason text, address text)
RETURNS TABLE (title text, content text, incident_address text, reply text, visit_note text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_region int4;
    found_clue int8;
BEGIN
    IF btrim(reason) = '' OR console.setting('person') IS NULL THEN RETURN; END IF;
    SELECT k.region, f.clue INTO found_region, found_clue
    FROM unnest(console.regions()) AS k(region) JOIN scoring.finding f ON f.region = k.region AND f.complaint = the_complaint;
    IF NOT FOUND OR NOT console.sees(found_region, found_clue) THEN RETURN; END IF;
    PERFORM console.note(address, 'view_plain', 'complaint', the_complaint::text, 'done', jsonb_build_object('reason', reason, 'clue', found_clue::text));
    RETURN QUERY SELECT p.title, p.content, p.incident_address, p.handle_result, p.visit_note FROM intake.complaint_for_scoring p
        WHERE p.region = found_region AND p.id = the_complaint;
END
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA console FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sees, mask, searched_form, grams, query_words, query_grams, query_patterns, follow_step, regions, plain_text TO wjz_console;
GRANT EXECUTE ON FUNCTION refresh TO wjz_console;
GRANT SELECT ON clue, person_name, scored, assigned, assignment_history, outcome, recusal, rating, decision, review, complaint, feedback,
    complaint_clue TO wjz_console;
GRANT SELECT, INSERT, DELETE ON clue_access TO wjz_console;
