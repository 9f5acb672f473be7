-- console: warnings, watch lists and saved searches, for whoever console.enter() has set.

SET LOCAL search_path = console, public;

CREATE VIEW warning AS
SELECT w.* FROM scoring.area_warning w
WHERE w.region = ANY ((SELECT my_regions())::int4[]) AND (SELECT has_role('prosecutor', 'branch_head', 'chief_procurator', 'organ_administrator', 'station_staff'));

CREATE VIEW watch AS
SELECT w.* FROM scoring.watch w
WHERE w.region = ANY ((SELECT my_regions())::int4[]) AND (SELECT has_role('prosecutor', 'branch_head', 'chief_procurator', 'organ_administrator'));

CREATE VIEW watch_hits AS
SELECT h.region, h.watch, count(*) AS hits, max(h.at) AS last_at FROM scoring.watch_hit h
WHERE h.region = ANY ((SELECT my_regions())::int4[]) GROUP BY h.region, h.watch;

CREATE VIEW watch_alert AS SELECT a.* FROM scoring.watch_alert a WHERE a.region = ANY ((SELECT my_regions())::int4[]);

CREATE VIEW saved_search AS
SELECT s.* FROM scoring.saved_search s WHERE s.region = (SELECT setting('region'))::int4 AND s.owner = (SELECT setting('person'));

GRANT SELECT ON warning, watch, watch_hits, watch_alert, saved_search TO wjz_console;
