-- console: the first page of a list with at most one filter keeps its plan. Most of what such a page cost was planning it. Kept are those whose plan is the
-- same for every value and everybody whose sight is wide: the list's order is the order of an index, which is read until the page is full. All others are planned for
-- what they ask, as before; what is around the page is planned once per connection.

-- Also what leads to few clues or to many, as it happens, in the list's order.
CREATE INDEX clue_by_prosecutor_rank ON console.clue_copy (prosecutor, rank DESC, clue DESC) WHERE merged_into = 0 AND prosecutor <> '';
DROP INDEX console.clue_by_station, console.clue_by_subject;
CREATE INDEX clue_by_station ON console.clue_copy (station, rank DESC, clue DESC) WHERE merged_into = 0 AND station <> '';
CREATE INDEX clue_by_subject ON console.clue_copy (subject, rank DESC, clue DESC) WHERE merged_into = 0 AND subject <> '';
-- What is rare and looked for often.
CREATE INDEX clue_by_urgent ON console.clue_copy (rank DESC, clue DESC) WHERE merged_into = 0 AND urgent;
CREATE INDEX clue_by_focus ON console.clue_copy (rank DESC, clue DESC) WHERE merged_into = 0 AND focus;

-- Made of what differs, so that each condition stands in one place: console.conditions and console.sight.
DO $make$
DECLARE
    shown text := 'region, clue, assignment, assignment_revision, index, first_report_at, last_report_at, reported_at, scored_at, due_at, changed_at,'
        ' revision, rank, town, complaint_count, stars, urgent, mediation, confidential, focus, domain, branch, kind, organ, station, prosecutor, state, outcome,'
        ' subject, place, title';
    sight text := console.sight();
    names text[] := ARRAY['organs', 'me', 'sees = ''organ''', 'branches', 'stations', 'chief', 'granted'];
    kept text := '';
    form text;
    condition text;
    listed text;
BEGIN
    FOR i IN 1 .. cardinality(names) LOOP
        sight := replace(sight, '$' || i, names[i]);
    END LOOP;
    -- Each: how it is named, what it asks for besides, the order. A single value is compared with the variable "value".
    FOR form, condition, listed IN VALUES
        ('index',        '', 'rank DESC, clue DESC'),
        ('newest',       '', 'reported_at DESC, clue DESC'),
        ('oldest',       '', 'reported_at, clue'),
        ('due',          'state = ''assigned''', 'due_at, clue'),
        ('index domain', 'domain = value', 'rank DESC, clue DESC'),
        ('index branch', 'branch = value', 'rank DESC, clue DESC'),
        ('index kind',   'kind = value', 'rank DESC, clue DESC'),
        ('index organ',  'organ = value', 'rank DESC, clue DESC'),
        ('index feed',   'feed = value', 'rank DESC, clue DESC'),
        ('index town',   'town = value::int4', 'rank DESC, clue DESC'),
        ('index stars',  'stars = value::int2 AND rank >= value::int4 * 100000 AND rank < (value::int4 + 1) * 100000', 'rank DESC, clue DESC'),
        ('index state',  'state = value AND state <> ''none''', 'rank DESC, clue DESC'),
        ('index open',   'state IN (''assigned'', ''accepted'', ''verifying'')', 'rank DESC, clue DESC'),
        ('index outcome', 'outcome = value AND outcome <> ''''', 'rank DESC, clue DESC'),
        ('index mine',   'prosecutor = me AND prosecutor <> ''''', 'rank DESC, clue DESC'),
        ('index prosecutor', 'prosecutor = value AND prosecutor <> ''''', 'rank DESC, clue DESC'),
        ('index station', 'station = value AND station <> ''''', 'rank DESC, clue DESC'),
        ('index subject', 'subject = value AND subject <> ''''', 'rank DESC, clue DESC'),
        ('index urgent', 'urgent', 'rank DESC, clue DESC'),
        ('index mediation', 'mediation', 'rank DESC, clue DESC'),
        ('index focus',  'focus', 'rank DESC, clue DESC')
    LOOP
        -- The bound that stands there tells the planner that a page is short, and no page is longer.
        kept := kept || format('WHEN %L THEN RETURN QUERY SELECT p.* FROM (SELECT %s FROM console.clue_copy WHERE merged_into = 0%s AND %s ORDER BY %s LIMIT 201) p LIMIT rows;'
                               ' RETURN; ', form, shown, CASE condition WHEN '' THEN '' ELSE ' AND ' || condition END, sight, listed);
    END LOOP;
    EXECUTE format($function$
CREATE OR REPLACE FUNCTION console.clue_page(filters jsonb, sort text, last_key int8, last_clue int8, rows int8)
RETURNS TABLE (region int4, clue int8, assignment int8, assignment_revision int8, index float8, first_report_at timestamptz, last_report_at timestamptz,
               reported_at timestamptz, scored_at timestamptz, due_at timestamptz, changed_at timestamptz, revision int4, rank int4, town int4, complaint_count int4,
               stars int2, urgent boolean, mediation boolean, confidential boolean, focus boolean, domain text, branch text, kind text, organ text, station text,
               prosecutor text, state text, outcome text, subject text, place text, title text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    who text[] := console.who();
    me text := who[3];
    sees text := who[11];
    organs text[] := string_to_array(who[9], ',');
    branches text[] := CASE sees WHEN 'branch' THEN string_to_array(who[7], ',') END;
    stations text[] := string_to_array(who[8], ',');
    chief boolean := 'chief_procurator' = ANY (string_to_array(who[6], ','));
    granted int8[];
    filter text[];
    value text;
    direction text;
    key text;
    last text;
BEGIN
    IF me IS NULL THEN RETURN; END IF;
    IF NOT chief THEN
        granted := ARRAY(SELECT a.clue FROM console.clue_access a WHERE a.person = me);
    END IF;
    filter := ARRAY(SELECT jsonb_object_keys(filters));
    IF last_key IS NULL AND rows <= 201 AND sees IN ('organ', 'branch') AND cardinality(filter) < 2 THEN
        value := filters->>filter[1];
        CASE concat_ws(' ', sort, CASE WHEN value ~ ',|^$' THEN '-'
                                       WHEN filter[1] = 'state' AND value IN ('open', 'none') THEN value
                                       WHEN filter[1] IN ('urgent', 'mediation', 'focus', 'mine') AND value <> 'true' THEN '-'
                                       ELSE filter[1] END)
        %s ELSE NULL; END CASE;
    END IF;
    direction := CASE WHEN sort IN ('oldest', 'due') THEN '' ELSE ' DESC' END;
    key := CASE sort WHEN 'newest' THEN 'reported_at' WHEN 'oldest' THEN 'reported_at' WHEN 'due' THEN 'due_at' ELSE 'rank' END;
    last := CASE key WHEN 'rank' THEN '$9::int4' ELSE '''epoch''::timestamptz + interval ''1 microsecond'' * $9' END;
    RETURN QUERY EXECUTE 'SELECT %s FROM console.clue_copy WHERE ' || console.conditions(filters) || ' AND ' || console.sight()
        || CASE sort WHEN 'due' THEN ' AND state = ''assigned''' ELSE '' END
        || CASE WHEN last_key IS NULL THEN '' ELSE format(' AND (%%s, clue) %%s (%%s, $10)', key, CASE direction WHEN '' THEN '>' ELSE '<' END, last) END
        || format(' ORDER BY %%1$s%%2$s, clue%%2$s LIMIT $11', key, direction)
        -- The organ twice: of what costs the same the planner asks in the order of the text, and the filters settle most.
        USING organs || organs[1], me, sees = 'organ', branches, stations, chief, granted, filters, last_key, last_clue, rows,
              (filters->>'from')::timestamp AT TIME ZONE 'Asia/Shanghai', ((filters->>'to')::timestamp + interval '1 day') AT TIME ZONE 'Asia/Shanghai';
END
$$ $function$, kept, shown);
END
$make$;
