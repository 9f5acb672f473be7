-- console: clues are copied in one order, by whomever. A step of the follower and a person's decision about several clues (merged, split, undone)
-- copied the same ones in different orders, and each waited for the other until the store ended one of them.

DO $$
DECLARE
    before text := pg_get_functiondef('console.refresh(int4, int8[])'::regprocedure);
    after text := replace(before, 'ON CONFLICT (region, clue) DO UPDATE', 'ORDER BY c.id ON CONFLICT (region, clue) DO UPDATE');
BEGIN
    IF after = before THEN
        RAISE EXCEPTION 'the copying of clues is not where it was';
    END IF;
    EXECUTE after;
END
$$;
