-- scoring: fewer indexes, and cheaper rows, in each turn.

SET LOCAL search_path = scoring, public;

-- Lists are read from the console's copy; nobody asks for clues in this order any more, and the index was written again
-- whenever a complaint joined.
DROP INDEX clue_worth_seeing;

-- A clue of many complaints has a card of two kilobytes, which was compressed, or put into another table, each time that one
-- more joined. Now rows are kept whole up to half a page.
ALTER TABLE clue SET (toast_tuple_target = 4080);

-- What is open for a complaint is found by the pair's own index just as well: few questions are closed.
DROP INDEX review_open_by_complaint;

-- What was measured of a pair is read when somebody looks at its question, which few do: kept as it is written.
DO $$
DECLARE
    shown text := pg_get_viewdef('console.review'::regclass);
BEGIN
    DROP VIEW console.review;
    ALTER TABLE review ALTER signs DROP DEFAULT, ALTER signs TYPE json USING signs::json, ALTER signs SET DEFAULT '[]';
    EXECUTE 'CREATE VIEW console.review AS ' || shown;
    GRANT SELECT ON console.review TO wjz_console;
END
$$;
