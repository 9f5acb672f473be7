/* Lists of texts come as one text each: rows are read by column, arrays of texts are not. */
#include "scoring/store_watching.h"

#include <errno.h>
#include <string.h>

#include "scoring/store_rows.h"

static const wjz_stmt LOAD_WATCHES = {
    "scoring_load_watches",
    "SELECT id, from_day, coalesce(to_day, 'infinity'), array_to_string(words, E'\\x1f'),"
    " array_to_string(branches, E'\\x1f'), array_to_string(domains, E'\\x1f'), towns"
    " FROM scoring.watch WHERE region = $1 AND ended_at IS NULL ORDER BY id",
    7};

static const wjz_stmt LOAD_WARNED = {
    "scoring_load_warned",
    "SELECT w.unit_kind, CASE WHEN w.unit_kind <> 'grid' THEN w.unit::int8 END, w.domain, w.level,"
    " g.outline::text FROM scoring.area_warning w LEFT JOIN directory.grid g ON g.region = w.region AND g.code = w.unit"
    " AND w.unit_kind = 'grid' WHERE w.region = $1 AND w.state <> 'cleared' ORDER BY w.unit_kind, w.unit, w.domain",
    5};

static const wjz_stmt DROP_HITS = {
    "scoring_drop_hits",
    "DELETE FROM scoring.watch_hit h WHERE h.region = $1 AND h.complaint = ANY ($2) AND h.watch = ANY ($3)"
    " AND NOT EXISTS (SELECT FROM unnest($4::int8[], $5::int8[]) AS u (complaint, watch)"
    " WHERE u.complaint = h.complaint AND u.watch = h.watch)",
    0};

/* A hit that now counts for another day is counted again. */
static const wjz_stmt PUT_HITS = {
    "scoring_put_hits",
    "INSERT INTO scoring.watch_hit AS h (region, complaint, watch, at, dated, field, span_from, span_to, word)"
    " SELECT $1, * FROM unnest($2::int8[], $3::int8[], $4::timestamptz[], $5::bool[], $6::int2[], $7::int4[],"
    " $8::int4[], $9::text[])"
    " ON CONFLICT (region, complaint, watch) DO UPDATE SET counted = h.counted AND h.at = excluded.at,"
    " at = excluded.at, dated = excluded.dated, field = excluded.field, span_from = excluded.span_from,"
    " span_to = excluded.span_to, word = excluded.word",
    0};

static watch_texts texts_of(row_texts *texts, const wjz_rows *rows, int row, int column) {
    row_list list = row_texts_of(texts, rows, row, column);
    return (watch_texts){list.items, list.count};
}

int store_load_watches(wjz_tx *tx, int32_t region, wjz_arena *arena, watch **ret_watches, size_t *ret_count,
                       wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_WATCHES, &rows, err, wjz_i32(region));
    if (r) return r;
    int count = wjz_rows_count(rows);
    watch *watches = wjz_arena_calloc(arena, (size_t)count, sizeof *watches);
    row_texts texts = {.arena = arena, .failed = !watches};
    for (int i = 0; i < count && !texts.failed; i++) {
        int64_t *towns = NULL;
        watches[i] = (watch){.id = wjz_row_int(rows, i, 0),
                             .from_day = wjz_row_date(rows, i, 1),
                             .to_day = wjz_row_date(rows, i, 2),
                             .words = texts_of(&texts, rows, i, 3),
                             .branches = texts_of(&texts, rows, i, 4),
                             .domains = texts_of(&texts, rows, i, 5)};
        if (wjz_row_ints(rows, i, 6, arena, &towns, &watches[i].town_count) < 0) texts.failed = true;
        watches[i].towns = towns;
    }
    if (texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_watches = watches;
    *ret_count = (size_t)count;
    return 0;
}

int store_load_warned(wjz_tx *tx, int32_t region, wjz_arena *arena, warned_areas *ret_areas, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_WARNED, &rows, err, wjz_i32(region));
    if (r) return r;
    int count = wjz_rows_count(rows);
    warned_area *areas = wjz_arena_calloc(arena, (size_t)count, sizeof *areas);
    row_texts texts = {.arena = arena, .failed = !areas};
    for (int i = 0; i < count && !texts.failed; i++) {
        areas[i] = (warned_area){.kind = area_kind_of(wjz_row_text(rows, i, 0)),
                                 .code = (uint64_t)wjz_row_int(rows, i, 1),
                                 .domain = row_text(&texts, rows, i, 2),
                                 .level = (int)wjz_row_int(rows, i, 3)};
        if (area_outline_parse(wjz_row_text(rows, i, 4), arena, &areas[i].outline) < 0) texts.failed = true;
    }
    if (texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_areas = (warned_areas){areas, (size_t)count};
    return 0;
}

int store_put_hits(wjz_tx *tx, int32_t region, const watch_hit *hits, size_t count, const int64_t *known,
                   size_t known_count, const int64_t *watches, size_t watch_count, wjz_arena *arena) {
    COLUMN(int64_t, complaint, hits[i].complaint);
    COLUMN(int64_t, of_watch, hits[i].watch);
    COLUMN(int64_t, at, hits[i].at_us);
    COLUMN(bool, dated, hits[i].dated);
    COLUMN(int16_t, field, (int16_t)hits[i].span.field);
    COLUMN(int32_t, from, (int32_t)hits[i].span.from);
    COLUMN(int32_t, to, (int32_t)hits[i].span.to);
    COLUMN(const char *, word, hits[i].word);
    int r = known_count == 0
                ? 0
                : wjz_tx_send_v(tx, &DROP_HITS, wjz_i32(region), wjz_i64s(known, known_count),
                                wjz_i64s(watches, watch_count), wjz_i64s(complaint, count), wjz_i64s(of_watch, count));
    if (r || !count) return r;
    return wjz_tx_send_v(tx, &PUT_HITS, wjz_i32(region), wjz_i64s(complaint, count), wjz_i64s(of_watch, count),
                         wjz_times(at, count), wjz_bools(dated, count), wjz_i16s(field, count), wjz_i32s(from, count),
                         wjz_i32s(to, count), wjz_texts(word, count));
}
