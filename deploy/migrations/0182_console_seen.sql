-- console: whether somebody sees a row's clue is asked of the table of clues once per statement, not by a function for every row.

SET LOCAL search_path = public;

DO $$
DECLARE
    name text;
    before text;
    after text;
BEGIN
    FOREACH name IN ARRAY ARRAY['scored', 'assigned', 'assignment_history', 'outcome', 'recusal', 'rating', 'decision', 'review', 'complaint', 'feedback',
                                'complaint_clue', 'visit', 'rehearsal_change'] LOOP
        before := pg_get_viewdef(('console.' || name)::regclass);
        after := regexp_replace(before, 'console\.sees\(([a-z.]+), ([a-z_.]+)\)', '(EXISTS (SELECT FROM console.clue seen WHERE seen.region = \1 AND seen.clue = \2))', 'g');
        IF after = before THEN
            RAISE EXCEPTION 'view % does not ask who sees the clue', name;
        END IF;
        EXECUTE format('CREATE OR REPLACE VIEW console.%I AS %s', name, after);
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION console.sees(clue_region int4, clue_id int8) RETURNS boolean LANGUAGE plpgsql STABLE COST 1000
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN EXISTS (SELECT FROM console.clue c WHERE c.region = clue_region AND c.clue = clue_id);
END
$$;
