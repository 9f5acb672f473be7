-- console: which clues somebody sees, as a policy on the table itself, and pages of lists that are planned for the filters that are there.

SET LOCAL search_path = console, public;

-- Views that are subject to policies belong to this role, which logs in nowhere: the owner of the tables would not be.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wjz_console_view') THEN
        CREATE ROLE wjz_console_view NOLOGIN;
    END IF;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        GRANT wjz_console_view TO CURRENT_USER;
    END IF;
END
$$;
GRANT USAGE ON SCHEMA console TO wjz_console_view;
GRANT EXECUTE ON FUNCTION who, setting, settings, has_role TO wjz_console_view;
GRANT SELECT ON clue_copy, clue_access TO wjz_console_view;

CREATE INDEX clue_access_of_person ON clue_access (person);
CREATE FUNCTION granted() RETURNS int8[] LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    me text := console.setting('person');
BEGIN
    RETURN ARRAY(SELECT a.clue FROM console.clue_access a WHERE a.person = me);
END
$$;

-- The one rule of who sees which clue. Somebody's own organ and those below it ($1); of these one's own ($2); all ($3), or those of one's branches ($4),
-- or those of one's stations ($5); confidential ones only as a chief procurator ($6) or by their own list ($7).
CREATE FUNCTION sight() RETURNS text LANGUAGE sql IMMUTABLE RETURN
    '(organ = ANY ($1) AND (prosecutor = $2 OR (($3 OR branch = ANY ($4) OR station = ANY ($5)) AND (NOT confidential OR $6 OR clue = ANY ($7)))))';

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
ALTER TABLE clue_copy ENABLE ROW LEVEL SECURITY;

CREATE OR REPLACE VIEW clue AS SELECT c.* FROM clue_copy c;
GRANT CREATE ON SCHEMA console TO wjz_console_view;
ALTER VIEW clue OWNER TO wjz_console_view;
REVOKE CREATE ON SCHEMA console FROM wjz_console_view;
GRANT SELECT ON clue TO wjz_console;

-- ---------------------------------------------------------------------------------------------------------------
-- lists

-- The condition that a list's filters make: fixed texts, of which the filters only say whether they are there. Their values stay values, in $8, where the
-- planner sees them: each page is planned for what it asks, in the time that its plain query would take. $2 is whoever asks.
CREATE FUNCTION conditions(filters jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
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
            WHEN name = 'mine' THEN CASE value WHEN 'true' THEN ' AND prosecutor = $2 AND prosecutor <> ''''' ELSE '' END
            WHEN name = 'from' THEN ' AND reported_at >= ($8->>''from'')::timestamp AT TIME ZONE ''Asia/Shanghai'''
            WHEN name = 'to' THEN ' AND reported_at < (($8->>''to'')::timestamp + interval ''1 day'') AT TIME ZONE ''Asia/Shanghai'''
            ELSE ' AND false' END;
    END LOOP;
    RETURN condition;
END
$$;

-- Clues that whoever asks sees and that fit the filters, in an order (index, newest, oldest, due), behind the one that the page before ended with: its
-- rank, or its time in microseconds, and its number; NULL: from the first on.
CREATE FUNCTION clue_page(filters jsonb, sort text, last_key int8, last_clue int8, rows int8) RETURNS SETOF clue_copy
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who text[] := console.who();
    me text := who[3];
    sees text := who[11];
    direction text := CASE WHEN sort IN ('oldest', 'due') THEN '' ELSE ' DESC' END;
    key text := CASE sort WHEN 'newest' THEN 'reported_at' WHEN 'oldest' THEN 'reported_at' WHEN 'due' THEN 'due_at' ELSE 'rank' END;
    last text := CASE key WHEN 'rank' THEN '$9::int4' ELSE '''epoch''::timestamptz + interval ''1 microsecond'' * $9' END;
BEGIN
    IF me IS NULL THEN RETURN; END IF;
    RETURN QUERY EXECUTE 'SELECT * FROM console.clue_copy WHERE ' || console.conditions(filters) || ' AND ' || console.sight()
        || CASE sort WHEN 'due' THEN ' AND state = ''assigned''' ELSE '' END
        || CASE WHEN last_key IS NULL THEN '' ELSE format(' AND (%s, clue) %s (%s, $10)', key, CASE direction WHEN '' THEN '>' ELSE '<' END, last) END
        || format(' ORDER BY %1$s%2$s, clue%2$s LIMIT $11', key, direction)
        USING string_to_array(who[9], ','), me, sees = 'organ', CASE sees WHEN 'branch' THEN string_to_array(who[7], ',') END, string_to_array(who[8], ','),
              'chief_procurator' = ANY (string_to_array(who[6], ',')), ARRAY(SELECT a.clue FROM console.clue_access a WHERE a.person = me), filters, last_key, last_clue, rows;
END
$$;

REVOKE EXECUTE ON FUNCTION granted, sight, conditions, clue_page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION granted TO wjz_console_view, wjz_console;
GRANT EXECUTE ON FUNCTION clue_page TO wjz_console;
