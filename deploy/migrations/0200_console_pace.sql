-- console: copying clues without getting into anybody's way. A step copied 200 clues, which kept a processor for a tenth of a
-- second while complaints that came one by one waited for it; and it made texts, masks and pairs of characters anew when
-- only the assignment had changed. Now a step is as small as is asked for, looks at more than it copies, and copies texts
-- when scoring has changed the clue.

SET LOCAL search_path = console, public;

-- As before, in the select list instead of a table for each array: a third less.
CREATE OR REPLACE FUNCTION console.grams(searched text) RETURNS int4[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(array_agg(DISTINCT ((ascii(c)::int8 * 65599 + ascii(d)) % 2147483647)::int4), '{}')
    FROM (SELECT unnest(s.characters) AS c, unnest(s.characters[2:]) AS d FROM (SELECT string_to_array(searched, NULL) AS characters) s) pairs
    WHERE d IS NOT NULL AND ascii(c) > 32 AND ascii(d) > 32
$$;

-- Which of these clues are not as they were copied. As before; in a language that keeps its plans, because a small step takes
-- less than planning does.
CREATE OR REPLACE FUNCTION changed(the_region int4, clues int8[]) RETURNS int8[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, console, pg_temp AS $$
BEGIN
    RETURN (
    SELECT COALESCE(array_agg(c.id), '{}')
    FROM unnest(clues) AS wanted(id)
    JOIN scoring.clue c ON c.region = the_region AND c.id = wanted.id
    LEFT JOIN console.clue_copy k ON k.region = the_region AND k.clue = c.id
    LEFT JOIN assignment.assignment a ON a.region = the_region AND a.clue = c.id AND a.ended_at IS NULL
    WHERE k.clue IS NULL OR k.revision <> c.revision
       OR (a.id IS NOT NULL AND (k.assignment <> a.id OR k.assignment_revision <> a.revision))
       OR (a.id IS NULL AND k.state IN ('assigned', 'accepted', 'verifying')));
END
$$;

-- Copies clues as they are now. What comes from their complaints is made anew when scoring's revision is another one: it
-- changes when a complaint joins, is revised, or gets feedback.
CREATE OR REPLACE FUNCTION refresh(the_region int4, clues int8[]) RETURNS int8 LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, console, pg_temp AS $$
DECLARE
    written int8;
BEGIN
    INSERT INTO console.clue_copy AS k (region, clue, assignment, assignment_revision, index, longitude, latitude, first_report_at, last_report_at,
        reported_at, scored_at, due_at, assigned_at, accepted_at, verified_at, closed_at, changed_at, revision, rank, town, merged_into,
        complaint_count, repeat_count, rated, dissatisfied, stars, own_stars, urgent, mediation, confidential, focus, domain, branch, kind, organ, station,
        prosecutor, state, outcome, feed, subject, place, title, body, grams)
    SELECT c.region, c.id, COALESCE(a.id, 0), COALESCE(a.revision, 0), c.index, COALESCE(c.longitude, s.longitude, t.longitude), COALESCE(c.latitude, s.latitude, t.latitude), c.first_report_at, c.last_report_at,
        COALESCE(c.last_report_at, c.scored_at), c.scored_at, CASE WHEN a.state = 'assigned' THEN COALESCE(a.accept_until, '9999-12-31+00') ELSE '9999-12-31+00' END,
        a.opened_at, h.accepted_at, h.verified_at, o.at, a.changed_at, c.revision,
        c.stars * 100000 + (c.index * 100)::int4, c.town, c.merged_into, c.complaint_count, c.repeat_count, COALESCE(s.rated, t.rated), COALESCE(s.dissatisfied, t.dissatisfied),
        c.stars, COALESCE(r.stars, 0), c.urgent, c.mediation, c.confidential, c.focus, c.domain, c.branch, c.kind,
        COALESCE(a.organ, 'JCY-' || c.region), COALESCE(a.station, ''), COALESCE(a.prosecutor, ''), COALESCE(a.state, 'none'), COALESCE(o.outcome, ''),
        c.feed, c.subject, c.place, COALESCE(s.title, t.title, ''), COALESCE(s.body, t.body, ''), COALESCE(s.grams, console.grams(COALESCE(t.body, '')))
    FROM unnest(clues) AS wanted(id)
    JOIN scoring.clue c ON c.region = the_region AND c.id = wanted.id
    LEFT JOIN console.clue_copy s ON s.region = the_region AND s.clue = c.id AND s.revision = c.revision -- what stands
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
        FROM (SELECT f.complaint FROM scoring.finding f WHERE s.clue IS NULL AND f.region = c.region AND f.clue = c.id ORDER BY f.complaint LIMIT 50) f
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
        subject = excluded.subject, place = excluded.place, title = excluded.title, body = excluded.body, grams = excluded.grams;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;

DROP FUNCTION follow_step(int4, int4);

-- One step: of what is new by its complaints (ids go nearly by time, so that the last three seconds are looked at again), and
-- of the walk that finds every other change, at most `portion` clues each are copied. Looked at are four times as many
-- complaints, and fifty times as many clues once nothing new waits. One process at a time. How many clues were copied, whether
-- there is more to do at once, and whether complaints are coming in just now.
CREATE FUNCTION follow_step(the_region int4, portion int4, OUT copied int4, OUT more boolean, OUT busy boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, console, pg_temp AS $$
DECLARE
    f console.follow;
    fresh int8[];             -- clues to be copied, in the order of their complaints
    met_at int8[];            -- the first new complaint of each
    looked_at int4;
    last_complaint int8;
    walked int8[];
    stale int8[];             -- of these, to be copied
    at_the_end boolean;
    walk_look int4;
    wanted int8[];
BEGIN
    copied := 0;
    more := false;
    busy := false;
    IF NOT pg_try_advisory_xact_lock(hashtext('console.follow'), the_region) THEN RETURN; END IF;
    PERFORM set_config('synchronous_commit', 'off', true); -- what a crash undoes is copied again, from where the step began
    INSERT INTO console.follow (region) VALUES (the_region) ON CONFLICT DO NOTHING;
    SELECT * INTO f FROM console.follow x WHERE x.region = the_region;

    WITH next AS MATERIALIZED (
        SELECT y.complaint, y.clue FROM scoring.finding y
        WHERE y.region = the_region AND y.complaint > f.complaint ORDER BY y.complaint LIMIT portion * 4),
    met AS (SELECT n.clue, min(n.complaint) AS complaint FROM next n GROUP BY n.clue),
    missing AS (SELECT m.clue, m.complaint FROM unnest(console.changed(the_region, ARRAY(SELECT clue FROM met))) AS c(id) JOIN met m ON m.clue = c.id)
    SELECT ARRAY(SELECT clue FROM missing ORDER BY complaint), ARRAY(SELECT complaint FROM missing ORDER BY complaint), count(*), max(n.complaint)
    INTO fresh, met_at, looked_at, last_complaint FROM next n;
    at_the_end := looked_at < portion * 4 AND cardinality(fresh) <= portion;

    walk_look := CASE WHEN at_the_end THEN portion * 50 ELSE portion END;
    walked := ARRAY(SELECT y.id FROM scoring.clue y WHERE y.region = the_region AND y.id > f.walk ORDER BY y.id LIMIT walk_look);
    stale := ARRAY(SELECT unnest(console.changed(the_region, walked)) ORDER BY 1);

    wanted := ARRAY(SELECT DISTINCT unnest(fresh[:portion] || stale[:portion]));
    PERFORM console.refresh(the_region, wanted);
    UPDATE console.follow x SET
        complaint = CASE WHEN at_the_end THEN COALESCE(last_complaint - (3000::int8 << 22), x.complaint)
                         WHEN cardinality(fresh) > portion THEN met_at[portion + 1] - 1
                         ELSE last_complaint END,
        walk = CASE WHEN cardinality(stale) > portion THEN stale[portion]
                    WHEN cardinality(walked) < walk_look THEN -9223372036854775808
                    ELSE walked[walk_look] END,
        walked_at = CASE WHEN cardinality(stale) <= portion AND cardinality(walked) < walk_look THEN now() ELSE x.walked_at END
    WHERE x.region = the_region;
    copied := cardinality(wanted);
    more := NOT at_the_end OR cardinality(stale) > portion;
    busy := COALESCE((SELECT y.scored_at > now() - interval '2 seconds' FROM scoring.finding y
                      WHERE y.region = the_region ORDER BY y.complaint DESC LIMIT 1), false);
END
$$;

REVOKE EXECUTE ON FUNCTION follow_step FROM PUBLIC;
GRANT EXECUTE ON FUNCTION follow_step TO wjz_console;
