/* The map: values per town, points, the time line, warnings. Only console.clue is read; a figure's filter lists its
 * rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/ask.h"
#include "console/console.h"
#include "console/read.h"
#include "console/sql.h"
#include "proto/warning.pb-c.h"

/* What is measured of a clue, by the name of the measure in $1. */
#define SQL_MEASURE                                                                                                    \
    "CASE $1::text WHEN 'complaints' THEN c.complaint_count WHEN 'clues' THEN 1 WHEN 'five_star' THEN (c.stars = "     \
    "5)::int"                                                                                                          \
    " WHEN 'open' THEN (c.state IN ('assigned', 'accepted', 'verifying'))::int WHEN 'closed' THEN (c.state = "         \
    "'closed')::int"                                                                                                   \
    " WHEN 'dissatisfied' THEN c.dissatisfied WHEN 'repeated' THEN (c.repeat_count > 1)::int ELSE 0 END"

#define SQL_PERIOD(from, to)                                                                                           \
    "c.merged_into = 0 AND (" from "::timestamptz IS NULL OR c.reported_at >= " from ") AND (" to                      \
    "::timestamptz IS NULL OR c.reported_at < " to ")"

/* The query of /v1/clues that lists the clues behind a figure. */
#define SQL_MEASURE_FILTER                                                                                             \
    "jsonb_strip_nulls(jsonb_build_object('from', to_char($2::timestamptz, 'YYYY-MM-DD'), 'to', "                      \
    "to_char($3::timestamptz - interval '1 day', 'YYYY-MM-DD'),"                                                       \
    " 'domain', $4::text, 'branch', $6::text, 'stars', CASE $1 WHEN 'five_star' THEN '5' END, 'state', CASE $1 WHEN "  \
    "'open' THEN 'open' WHEN 'closed' THEN 'closed' END))"

static const read_spec TOWN_VALUES = {
    {"console_town_values",
     "WITH v AS (SELECT c.town, sum(" SQL_MEASURE
     ")::float8 AS value, count(*)::float8 AS clues FROM console.clue c WHERE $1 <> 'warnings' AND " SQL_PERIOD(
         "$2", "$3") " AND ($4::text IS NULL OR c.domain = $4) AND (cardinality($5::text[]) = 0 OR c.domain = ANY ($5))"
                     " AND ($6::text IS NULL OR c.branch = $6) AND (cardinality($7::text[]) = 0 OR c.branch = ANY "
                     "($7)) GROUP BY c.town"
                     " UNION ALL SELECT CASE w.unit_kind WHEN 'town' THEN w.unit::int8 ELSE left(w.unit, 9)::int8 "
                     "END::int4, count(*)::float8, count(*)::float8 FROM console.warning w"
                     " WHERE $1 = 'warnings' AND w.unit ~ '^[0-9]{9}' AND w.state <> 'cleared' GROUP BY 1)"
                     " SELECT json_build_object('measure', $1, 'from', COALESCE(to_char($2, 'YYYY-MM-DD'), "
                     "'2000-01-01'), 'to', to_char(COALESCE($3 - interval '1 day', now()), 'YYYY-MM-DD'),"
                     " 'towns', COALESCE((SELECT json_agg(json_build_object('town', t.code, 'name', t.name, 'value', "
                     "COALESCE(v.value, 0),"
                     "  'rate', CASE WHEN v.clues > 0 AND $1 IN ('five_star', 'open', 'closed', 'repeated') THEN "
                     "round((v.value / v.clues)::numeric, 3) END,"
                     "  'filter', " SQL_MEASURE_FILTER " || jsonb_build_object('town', t.code::text)) ORDER BY t.code)"
                     "  FROM console.town t LEFT JOIN v ON v.town = t.code WHERE t.region = ANY "
                     "(console.my_regions())), '[]'),"
                     " 'unplaced', COALESCE((SELECT sum(v.value) FROM v WHERE NOT EXISTS (SELECT FROM console.town t "
                     "WHERE t.code = v.town)), 0))::text",
     1},
    {{"measure", BIND_TEXT}, {"from", BIND_FROM}, {"to", BIND_TO}, {"domain", BIND_LIST}, {"branch", BIND_LIST}, {0}}};

static const read_spec TIMELINE = {
    {"console_timeline",
     "SELECT json_build_object('buckets', COALESCE((SELECT json_agg(json_build_object('day', to_char(d.day, "
     "'YYYY-MM-DD'), 'value', d.value) ORDER BY d.day) FROM ("
     "SELECT date_trunc('day', c.reported_at) AS day, sum(" SQL_MEASURE
     ")::float8 AS value FROM console.clue c WHERE " SQL_PERIOD(
         "$2", "$3") " AND ($4::int8 IS NULL OR c.town = $4) GROUP BY 1 ORDER BY 1 DESC LIMIT 1000) d), '[]'))::text",
     1},
    {{"measure", BIND_TEXT}, {"from", BIND_FROM}, {"to", BIND_TO}, {"town", BIND_NUMBER}, {0}}};

/* Up to 500 points as they are; more become clusters on a grid that the zoom makes finer. */
static const read_spec POINTS = {
    {"console_points",
     "WITH p AS MATERIALIZED (SELECT c.clue, c.longitude, c.latitude, c.stars, c.domain, c.title, c.state FROM "
     "console.clue c"
     " WHERE " SQL_PERIOD(
         "$5",
         "$6") " AND c.longitude BETWEEN $1::float8 AND $3::float8 AND c.latitude BETWEEN $2::float8 AND $4::float8"
               " AND (cardinality($7::int4[]) = 0 OR c.stars = ANY ($7)) AND ($8::text IS NULL OR c.domain = $8) AND "
               "(cardinality($9::text[]) = 0 OR c.domain = ANY ($9))"
               " AND ($10::int8 IS NULL OR c.town = $10) ORDER BY c.rank DESC, c.clue DESC LIMIT 20000), n AS (SELECT "
               "count(*) AS n FROM p)"
               " SELECT json_build_object('points', CASE WHEN n.n > 500 THEN '[]' ELSE COALESCE((SELECT "
               "json_agg(json_build_object('clue', p.clue::text, 'longitude', p.longitude,"
               " 'latitude', p.latitude, 'stars', p.stars, 'domain', p.domain, 'title', p.title, 'state', "
               "NULLIF(p.state, 'none'))) FROM p), '[]') END,"
               " 'clusters', CASE WHEN n.n <= 500 THEN '[]' ELSE COALESCE((SELECT "
               "json_agg(json_build_object('longitude', g.longitude, 'latitude', g.latitude, 'count', g.count, "
               "'stars_most', g.stars)) FROM ("
               " SELECT avg(p.longitude) AS longitude, avg(p.latitude) AS latitude, count(*) AS count, max(p.stars) AS "
               "stars FROM p"
               " GROUP BY floor(p.longitude / (45.0 / 2 ^ COALESCE($11::int8, 10))), floor(p.latitude / (45.0 / 2 ^ "
               "COALESCE($11, 10)))) g), '[]') END)::text FROM n",
     1},
    {{"bbox", BIND_BOX},
     {"from", BIND_FROM},
     {"to", BIND_TO},
     {"stars", BIND_NUMBERS},
     {"domain", BIND_LIST},
     {"town", BIND_NUMBER},
     {"zoom", BIND_NUMBER},
     {0}}};

static int outlines_run(exchange *x, WJZ_UNUSED wjz_err *err) {
    const char *outlines = reference_outlines(x->console->reference);
    return answer_text(x, 200, outlines ? outlines : "{\"type\":\"FeatureCollection\",\"features\":[]}");
}

/* --- warnings --- */

static const read_spec WARNINGS = {
    {"console_warnings",
     "SELECT json_build_object('id', w.id::text, 'unit_kind', w.unit_kind, 'unit', w.unit, 'unit_name', w.unit_name, "
     "'domain', w.domain, 'state', w.state, 'level', w.level,"
     " 'peak_level', w.peak_level, 'reason', w.reason, 'least', w.least, 'window_days', w.window_days, 'clue_count', "
     "w.clue_count, 'previous_count', w.previous_count,"
     " 'per_thousand', w.per_thousand, 'clues', (SELECT COALESCE(json_agg(x::text), '[]') FROM unnest(w.clues[1:50]) x "
     "WHERE console.sees(w.region, x)), 'department', w.department,"
     " 'superior', w.superior, 'position', " SQL_POSITION(
         "w.longitude",
         "w.latitude") ", 'proposed_at', w.proposed_at,"
                       " 'issued_by', " SQL_PERSON(
                           "w.issued_by") ", 'issued_at', w.issued_at, 'issued_note', w.issued_note,"
                                          " 'acknowledged_by', " SQL_PERSON(
                                              "w.acknowledged_by") ", 'acknowledged_at', w.acknowledged_at, "
                                                                   "'acknowledged_note', w.acknowledged_note,"
                                                                   " 'cleared_by', " SQL_PERSON(
                                                                       "w.cleared_by") ", 'cleared_at', w.cleared_at, "
                                                                                       "'cleared_note', "
                                                                                       "w.cleared_note)::text, w.id, "
                                                                                       "w.id FROM console.warning w"
                                                                                       " WHERE ($1::text IS NULL OR "
                                                                                       "w.state = $1) AND "
                                                                                       "(cardinality($2::text[]) = 0 "
                                                                                       "OR w.state = ANY ($2)) AND "
                                                                                       "($3::int8 IS NULL OR "
                                                                                       "left(w.unit, 9) = $3::text)"
                                                                                       " AND ($4::int8 IS NULL OR w.id "
                                                                                       "< $5::int8) ORDER BY w.id DESC "
                                                                                       "LIMIT $6",
     3},
    {{"state", BIND_LIST}, {"town", BIND_NUMBER}, {"cursor", BIND_CURSOR}, {"limit", BIND_LIMIT}, {0}}};

static const wjz_stmt WARNING_TARGET = {
    "console_warning_target",
    "SELECT region, '', 0::int8 FROM console.warning WHERE region = " SQL_REGIONS " AND id = $1", 3};

static json_t *show_warning(WJZ_UNUSED exchange *x, WJZ_UNUSED const target *t, const ProtobufCMessage *answer) {
    const Wjz__Scoring__WarningAnswer *a = (const void *)answer;
    static const char *const states[] = {"", "proposed", "issued", "acknowledged", "cleared"};
    return json_pack("{s:o, s:s, s:i}", "warning", json_sprintf("%llu", (unsigned long long)a->warning), "state",
                     states[a->state < WJZ_COUNT(states) ? a->state : 0], "level", (int)a->level);
}

#define ABOUT_WARNING(message)                                                                                         \
    {                                                                                                                  \
        .service = "scoring", .asks = &wjz__scoring__##message##__descriptor,                                          \
        .answers = &wjz__scoring__warning_answer__descriptor, .about = "warning", .target = &WARNING_TARGET,           \
        .actor = "actor", .show = show_warning                                                                         \
    }
static const question ISSUE = ABOUT_WARNING(issue_warning), ACKNOWLEDGE = ABOUT_WARNING(acknowledge_warning),
                      CLEAR = ABOUT_WARNING(clear_warning);

const endpoint MAP_ENDPOINTS[] = {
    {"readOutlines", ANYBODY, NULL, outlines_run, NULL, NULL, NULL},
    READ_ONE("readTownValues", READERS, &TOWN_VALUES),
    READ_ONE("readTimeline", READERS, &TIMELINE),
    READ_ONE("readPoints", READERS, &POINTS),
    READ_PAGE("listWarnings", READERS, &WARNINGS),
    ASK("issueWarning", HEADS, &ISSUE, "warning_issue", "warning"),
    ASK("acknowledgeWarning", READERS, &ACKNOWLEDGE, "warning_acknowledge", "warning"),
    ASK("clearWarning", HEADS, &CLEAR, "warning_clear", "warning"),
    {0},
};
