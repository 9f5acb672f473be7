-- console: the end of a flood is looked at again for some seconds, not for half a minute. Its last three seconds, some ten thousand complaints, were
-- compared again every second, half of the time of a processor, also when the next flood began. Scoring counts its turns: what was looked at from
-- beginning to end with no turn between, long enough after the last that its clues are assigned, needs no further look until there is another turn.

SET LOCAL search_path = console, public;

ALTER TABLE follow
    ADD COLUMN turn  int8 NOT NULL DEFAULT -1,       -- of scoring, when the last look at new complaints reached their end
    ADD COLUMN whole boolean NOT NULL DEFAULT false; -- nothing has come since that look began, nor for some seconds before

-- One step: of what is new by its complaints (ids go nearly by time, so that the last three seconds are looked at again until
-- nothing has come for some seconds), and of the walk that finds every other change, at most `portion` clues each are copied.
-- Looked at are four times as many complaints, and fifty times as many clues once nothing new waits. One process at a time.
-- How many clues were copied, whether there is more to do at once, and whether complaints are coming in just now.
CREATE OR REPLACE FUNCTION follow_step(the_region int4, portion int4, OUT copied int4, OUT more boolean, OUT busy boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, console, pg_temp SET plan_cache_mode = auto AS $$
DECLARE
    f console.follow;
    fresh int8[];             -- clues to be copied, in the order of their complaints
    met_at int8[];            -- the first new complaint of each
    looked_at int4;
    last_complaint int8;
    newest_at timestamptz;    -- when the last complaint of all was scored
    newest int8;              -- scoring's last turn
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

    newest := COALESCE((SELECT j.turn FROM scoring.journal j WHERE j.region = the_region ORDER BY j.turn DESC LIMIT 1), 0);
    newest_at := (SELECT y.scored_at FROM scoring.finding y WHERE y.region = the_region ORDER BY y.complaint DESC LIMIT 1);
    WITH next AS MATERIALIZED (
        SELECT y.complaint, y.clue FROM scoring.finding y
        WHERE y.region = the_region AND y.complaint > f.complaint AND NOT (f.whole AND f.turn = newest) ORDER BY y.complaint LIMIT portion * 4),
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
        turn = CASE WHEN at_the_end THEN newest ELSE x.turn END,
        whole = at_the_end AND x.turn = newest AND COALESCE(newest_at < now() - interval '5 seconds', true),
        walk = CASE WHEN cardinality(stale) > portion THEN stale[portion]
                    WHEN cardinality(walked) < walk_look THEN -9223372036854775808
                    ELSE walked[walk_look] END,
        walked_at = CASE WHEN cardinality(stale) <= portion AND cardinality(walked) < walk_look THEN now() ELSE x.walked_at END
    WHERE x.region = the_region;
    copied := cardinality(wanted);
    more := NOT at_the_end OR cardinality(stale) > portion;
    busy := COALESCE(newest_at > now() - interval '2 seconds', false);
END
$$;
