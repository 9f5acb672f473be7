/* Statistics: the funnel, stars and domains, response times, repeat and satisfaction rates; every figure with the
 * filter that lists its rows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "console/document.h"
#include "console/read.h"
#include "console/sheet.h"

/* clang-format off */
/* A clue with an outcome is past being verified, also when nobody said that it began: a funnel only narrows.
 * Counts add up: all clues are gone through once, in one hash table of a few cells for each key and domain; the times of the few that have any are
 * kept in the cells, for percentiles do not. */
#define SQL_COUNTS \
    "sum(c.complaint_count) AS complaints, count(*) AS clues, count(*) FILTER (WHERE c.stars = 1) AS s1, count(*) FILTER (WHERE c.stars = 2) AS s2," \
    " count(*) FILTER (WHERE c.stars = 3) AS s3, count(*) FILTER (WHERE c.stars = 4) AS s4, count(*) FILTER (WHERE c.stars = 5) AS s5," \
    " count(*) FILTER (WHERE c.focus) AS focus, count(c.assigned_at) AS assigned, count(c.accepted_at) AS accepted," \
    " count(*) FILTER (WHERE c.verified_at IS NOT NULL OR c.outcome <> '') AS verified," \
    " count(*) FILTER (WHERE c.outcome <> '') AS closed, count(*) FILTER (WHERE c.outcome = 'filed') AS filed," \
    " count(*) FILTER (WHERE c.outcome = 'mediated') AS mediated, count(*) FILTER (WHERE c.repeat_count > 1) AS repeated," \
    " sum(c.dissatisfied) AS dissatisfied, sum(c.rated) AS rated," \
    " array_agg(c.accepted_at - c.assigned_at) FILTER (WHERE c.accepted_at - c.assigned_at IS NOT NULL) AS accepting," \
    " array_agg(c.closed_at - c.assigned_at) FILTER (WHERE c.closed_at - c.assigned_at IS NOT NULL) AS closing"
#define SQL_SUM(column) "COALESCE(sum(" #column "), 0) AS " #column
#define SQL_SUMS \
    SQL_SUM(complaints) "," SQL_SUM(clues) "," SQL_SUM(s1) "," SQL_SUM(s2) "," SQL_SUM(s3) "," SQL_SUM(s4) "," SQL_SUM(s5) "," SQL_SUM(focus) "," SQL_SUM(assigned) \
    "," SQL_SUM(accepted) "," SQL_SUM(verified) "," SQL_SUM(closed) "," SQL_SUM(filed) "," SQL_SUM(mediated) \
    ", round(sum(repeated) / NULLIF(sum(clues), 0), 4) AS repeat_rate, round(sum(dissatisfied)::numeric / NULLIF(sum(rated), 0), 4) AS dissatisfied_rate"
/* Hours at these parts of all, by key and on the whole. */
#define SQL_TIMES(column, parts) \
    "(SELECT key, GROUPING(key) AS whole, percentile_cont(" parts ") WITHIN GROUP (ORDER BY hours) AS at" \
    " FROM (SELECT key, extract(epoch FROM unnest(" column "))::float8 / 3600 AS hours FROM cells) h GROUP BY GROUPING SETS ((key), ()))"
#define SQL_AT(times, place) "(SELECT t.at[" place "] FROM " times " t WHERE t.whole = g.whole AND t.key IS NOT DISTINCT FROM g.key)"

#define SQL_ROW(name, key, filter) \
    "json_build_object('key', " key ", 'name', " name ", 'complaints', g.complaints, 'clues', g.clues, 'stars', json_build_array(g.s1, g.s2, g.s3, g.s4, g.s5)," \
    " 'assigned', g.assigned, 'accepted', g.accepted, 'closed', g.closed, 'filed', g.filed, 'mediated', g.mediated," \
    " 'accept_hours_median', round(" SQL_AT("accepting", "1") "::numeric, 1), 'accept_hours_p90', round(" SQL_AT("accepting", "2") "::numeric, 1)," \
    " 'close_days_median', round((" SQL_AT("closing", "1") " / 24)::numeric, 1)," \
    " 'repeat_rate', g.repeat_rate, 'dissatisfied_rate', g.dissatisfied_rate, 'filter', " filter ")"

/* $1 by, $2 from, $3 to, $4 organ, $5 town, $6 and $7 domain, $8 and $9 branch. */
#define SQL_STATISTICS \
    "WITH cells AS MATERIALIZED (" \
    "SELECT CASE $1::text WHEN 'town' THEN c.by_town::text WHEN 'month' THEN to_char(c.by_month, 'YYYY-MM') ELSE c.by_word END AS key, c.* FROM (" \
    " SELECT CASE $1::text WHEN 'town' THEN c.town END AS by_town, CASE $1::text WHEN 'month' THEN date_trunc('month', c.reported_at) END AS by_month," \
    "  CASE $1::text WHEN 'organ' THEN c.organ WHEN 'domain' THEN c.domain WHEN 'branch' THEN c.branch END AS by_word, c.domain, " SQL_COUNTS \
    " FROM console.clue c WHERE c.merged_into = 0 AND ($2::timestamptz IS NULL OR c.reported_at >= $2) AND ($3::timestamptz IS NULL OR c.reported_at < $3)" \
    "  AND ($4::text IS NULL OR c.organ = $4) AND ($5::int8 IS NULL OR c.town = $5)" \
    "  AND ($6::text IS NULL OR c.domain = $6) AND (cardinality($7::text[]) = 0 OR c.domain = ANY ($7))" \
    "  AND ($8::text IS NULL OR c.branch = $8) AND (cardinality($9::text[]) = 0 OR c.branch = ANY ($9)) GROUP BY 1, 2, 3, 4) c)," \
    " accepting AS MATERIALIZED " SQL_TIMES("accepting", "ARRAY[0.5, 0.9]") ", closing AS MATERIALIZED " SQL_TIMES("closing", "ARRAY[0.5]") "," \
    " sums AS MATERIALIZED (SELECT key, GROUPING(key) AS whole, " SQL_SUMS " FROM cells GROUP BY GROUPING SETS ((key), ()))," \
    " rows AS (SELECT * FROM sums WHERE whole = 0), total AS (SELECT * FROM sums WHERE whole = 1)," \
    " common AS (SELECT jsonb_strip_nulls(jsonb_build_object('from', to_char($2, 'YYYY-MM-DD'), 'to', to_char($3 - interval '1 day', 'YYYY-MM-DD')," \
    "  'organ', $4, 'town', $5::text, 'domain', COALESCE($6, NULLIF(array_to_string($7, ','), ''))," \
    "  'branch', COALESCE($8, NULLIF(array_to_string($9, ','), '')))) AS filter)"
/* clang-format on */

#define SQL_NAME                                                                                                       \
    "COALESCE(CASE $1 WHEN 'organ' THEN (SELECT o.name FROM directory.organ o WHERE o.code = g.key) WHEN 'town' THEN " \
    "(SELECT t.name FROM console.town t WHERE t.code::text = g.key) END, g.key)"
#define SQL_KEY_FILTER                                                                                                 \
    "(c.filter || CASE $1 WHEN 'month' THEN jsonb_build_object('from', g.key || '-01', 'to', to_char(to_date(g.key, "  \
    "'YYYY-MM') + interval '1 month' - interval '1 day', 'YYYY-MM-DD'))"                                               \
    " ELSE jsonb_build_object($1, g.key) END)"

static const read_spec STATISTICS = {
    {"console_statistics",
     SQL_STATISTICS
     " SELECT json_build_object('from', COALESCE(to_char($2, 'YYYY-MM-DD'), '2000-01-01'), 'to', to_char(COALESCE($3 - "
     "interval '1 day', now()), 'YYYY-MM-DD'), 'by', $1,"
     " 'funnel', (SELECT json_agg(json_build_object('id', f.id, 'value', f.value, 'filter', c.filter || f.filter) "
     "ORDER BY f.place) FROM total g, common c, LATERAL (VALUES"
     "  (1, 'complaints', g.complaints, '{}'::jsonb), (2, 'clues', g.clues, '{}'), (3, 'three_star', g.s3 "
     "+ g.s4 + g.s5, '{\"stars\": \"3,4,5\"}'),"
     "  (4, 'five_star', g.s5, '{\"stars\": \"5\"}'), (5, 'focus', g.focus, '{\"focus\": \"true\"}'), (6, 'assigned', "
     "g.assigned, '{\"state\": \"open,closed\"}'),"
     "  (7, 'accepted', g.accepted, '{\"state\": \"accepted,verifying,closed\"}'), (8, 'verified', g.verified, "
     "'{\"state\": \"verifying,closed\"}'),"
     "  (9, 'outcome', g.closed, '{\"state\": \"closed\"}'), (10, 'filed', g.filed, '{\"outcome\": \"filed\"}')) "
     "f(place, id, value, filter)),"
     " 'stars', (SELECT json_agg(json_build_object('id', f.id::text, 'value', f.value, 'filter', c.filter || "
     "jsonb_build_object('stars', f.id::text)) ORDER BY f.id) FROM total g, common c,"
     "  LATERAL (VALUES (1, g.s1), (2, g.s2), (3, g.s3), (4, g.s4), (5, g.s5)) f(id, value)),"
     " 'domains', COALESCE((SELECT json_agg(json_build_object('id', d.domain, 'value', d.value, 'filter', c.filter || "
     "jsonb_build_object('domain', d.domain)) ORDER BY d.value DESC, d.domain)"
     "  FROM (SELECT domain, sum(clues) AS value FROM cells GROUP BY domain) d, common c), '[]'),"
     " 'rows', COALESCE((SELECT json_agg(" SQL_ROW(
         SQL_NAME, "g.key",
         SQL_KEY_FILTER) " ORDER BY CASE WHEN $1 = 'month' THEN g.key END, g.clues DESC, g.key) FROM rows g, common "
                         "c), '[]'),"
                         " 'total', (SELECT " SQL_ROW("'合计'", "'total'",
                                                      "c.filter") " FROM total g, common c), 'as_of', now())::text",
     1},
    {{"by", BIND_TEXT},
     {"from", BIND_FROM},
     {"to", BIND_TO},
     {"organ", BIND_TEXT},
     {"town", BIND_NUMBER},
     {"domain", BIND_LIST},
     {"branch", BIND_LIST},
     {0}}};

/* --- the same as a sheet --- */

static const char *const TITLES[] = {"代码",
                                     "名称",
                                     "诉求",
                                     "线索",
                                     "一星",
                                     "二星",
                                     "三星",
                                     "四星",
                                     "五星",
                                     "已分派",
                                     "已受理",
                                     "已有结果",
                                     "立案",
                                     "调解",
                                     "受理用时中位数（小时）",
                                     "受理用时九成分位（小时）",
                                     "办结用时中位数（天）",
                                     "重复率",
                                     "不满意率"};
static const char *const MEMBERS[] = {"key",
                                      "name",
                                      "complaints",
                                      "clues",
                                      NULL,
                                      NULL,
                                      NULL,
                                      NULL,
                                      NULL,
                                      "assigned",
                                      "accepted",
                                      "closed",
                                      "filed",
                                      "mediated",
                                      "accept_hours_median",
                                      "accept_hours_p90",
                                      "close_days_median",
                                      "repeat_rate",
                                      "dissatisfied_rate"};
_Static_assert(WJZ_COUNT(TITLES) == WJZ_COUNT(MEMBERS), "a title for each member");

static int add_row(sheet *s, const json_t *row) {
    json_t *cells = json_array();
    size_t star = 0;
    for (size_t i = 0; i < WJZ_COUNT(MEMBERS); i++) {
        json_t *cell =
            MEMBERS[i] ? json_object_get(row, MEMBERS[i]) : json_array_get(json_object_get(row, "stars"), star++);
        (void)json_array_append(cells, cell);
    }
    int r = sheet_add(s, cells);
    json_decref(cells);
    return r;
}

static int make_sheet(const char *text, sheet **ret_sheet) {
    json_t *all = json_loads(text, 0, NULL), *row;
    size_t i;
    int r = all ? sheet_new(TITLES, WJZ_COUNT(TITLES), ret_sheet) : -ENOMEM;
    json_array_foreach(json_object_get(all, "rows"), i, row) {
        if (r == 0) r = add_row(*ret_sheet, row);
    }
    if (r == 0) r = add_row(*ret_sheet, json_object_get(all, "total"));
    json_decref(all);
    return r;
}

static int file_run(exchange *x, wjz_err *err) {
    sheet *s = NULL;
    int r = make_sheet(wjz_row_text(wjz_tx_rows(x->tx, 1), 0, 0), &s);
    if (r == 0)
        r = strcmp(x->operation->id, "downloadStatisticsXlsx") == 0 ? sheet_answer_xlsx(x, s, "statistics.xlsx")
                                                                    : sheet_answer_csv(x, s, "statistics.csv");
    sheet_destroy(&s);
    return r < 0 ? wjz_err_set(err, r, "could not make the file") : 0;
}

const endpoint STATISTICS_ENDPOINTS[] = {
    READ_ONE("readStatistics", HEADS | PROSECUTOR, &STATISTICS),
    {"downloadStatisticsCsv", HEADS | PROSECUTOR, read_prepare, file_run, &STATISTICS, "export", "statistics"},
    {"downloadStatisticsXlsx", HEADS | PROSECUTOR, read_prepare, file_run, &STATISTICS, "export", "statistics"},
    {0},
};
