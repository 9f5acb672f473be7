-- console: following a flood in small steps. A step looked at the last three seconds of complaints again and could not get
-- beyond what it looks at: of more than a few thousand in that time it met the same ones each time, and what came after
-- them waited for the walk over all clues. Now a step goes on from where the one before ended, and goes back by three
-- seconds only once it has reached the end; so that steps can be small, and none keeps a processor for long.

SET LOCAL search_path = console, public;

DROP FUNCTION follow_step(int4, int4);

-- One step: a portion of what is new by its complaints (ids go nearly by time, so that the last three seconds are looked at
-- again), and one of the walk that finds every other change, five times as large when nothing new waits. One process at a
-- time. How many clues were copied, and whether there is more to do at once.
CREATE FUNCTION follow_step(the_region int4, portion int4, OUT copied int4, OUT more boolean) LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, console, pg_temp AS $$
DECLARE
    f console.follow;
    fresh int8[];
    walked int8[];
    wanted int8[];
    last_complaint int8;
    at_the_end boolean;
    walk_portion int4;
    walk_is_over boolean;
BEGIN
    copied := 0;
    more := false;
    IF NOT pg_try_advisory_xact_lock(hashtext('console.follow'), the_region) THEN RETURN; END IF;
    INSERT INTO console.follow (region) VALUES (the_region) ON CONFLICT DO NOTHING;
    SELECT * INTO f FROM console.follow x WHERE x.region = the_region;
    SELECT array_agg(DISTINCT x.clue), COALESCE(max(x.complaint), f.complaint), count(*) < portion INTO fresh, last_complaint, at_the_end FROM (
        SELECT y.complaint, y.clue FROM scoring.finding y
        WHERE y.region = the_region AND y.complaint > f.complaint ORDER BY y.complaint LIMIT portion) x;
    walk_portion := CASE WHEN at_the_end THEN portion * 5 ELSE portion END;
    SELECT array_agg(x.id) INTO walked FROM (
        SELECT y.id FROM scoring.clue y WHERE y.region = the_region AND y.id > f.walk ORDER BY y.id LIMIT walk_portion) x;
    walk_is_over := COALESCE(cardinality(walked), 0) < walk_portion;
    wanted := ARRAY(SELECT DISTINCT unnest(console.changed(the_region, COALESCE(fresh, '{}') || COALESCE(walked, '{}'))));
    PERFORM console.refresh(the_region, wanted);
    UPDATE console.follow x SET
        complaint = CASE WHEN at_the_end THEN GREATEST(last_complaint - (3000::int8 << 22), 0) ELSE last_complaint END,
        walk = CASE WHEN walk_is_over THEN -9223372036854775808 ELSE walked[cardinality(walked)] END,
        walked_at = CASE WHEN walk_is_over THEN now() ELSE x.walked_at END
    WHERE x.region = the_region;
    copied := cardinality(wanted);
    more := NOT at_the_end OR copied >= portion;
END
$$;

REVOKE EXECUTE ON FUNCTION follow_step FROM PUBLIC;
GRANT EXECUTE ON FUNCTION follow_step TO wjz_console;
