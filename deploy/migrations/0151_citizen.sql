-- What everybody may know on the citizen's page: the county, its procuratorate's name, and its stations.

CREATE FUNCTION console.citizen_region() RETURNS int4 LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
$$ SELECT region FROM intake.feed WHERE name = 'photo-report' AND NOT disabled $$;
COMMENT ON FUNCTION console.citizen_region IS 'the county that photo reports come into; none: no feed takes them';

CREATE FUNCTION console.citizen_stations(wanted int4) RETURNS TABLE (county text, code text, name text, town int4)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
$$ SELECT o.name, coalesce(s.code, ''), coalesce(s.name, ''), coalesce(s.town, 0)
   FROM directory.organ o LEFT JOIN directory.station s ON s.region = o.region AND s.organ = o.code AND s.active
   WHERE o.region = wanted AND o.level = 'county' ORDER BY s.code $$;

REVOKE ALL ON FUNCTION console.citizen_region(), console.citizen_stations(int4) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console.citizen_region(), console.citizen_stations(int4) TO wjz_console;
