/* Feeds, their receipts and their health in the store. See store.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/store.h"
#include "wjz/clock.h"
#include "wjz/utf8.h"

static const wjz_stmt INSERT_BATCH = {
    "intake_insert_batch",
    "INSERT INTO intake.batch (region, feed, sequence, content_hash, receipt) VALUES ($1, $2, $3, $4, $5)", 0};
static const wjz_stmt INSERT_REQUEST = {
    "intake_insert_request",
    "INSERT INTO intake.idempotent_request (region, feed, key, content_hash, receipt) VALUES ($1, $2, $3, $4, $5)", 0};
static const wjz_stmt FIND_BATCH = {
    "intake_find_batch",
    "SELECT receipt, content_hash FROM intake.batch WHERE region = $1 AND feed = $2 AND sequence = $3", 2};
static const wjz_stmt FIND_REQUEST = {
    "intake_find_request",
    "SELECT receipt, content_hash FROM intake.idempotent_request WHERE region = $1 AND feed = $2 AND key = $3", 2};

int store_insert_receipt(wjz_tx *tx, const submission *from, const void *receipt, size_t length) {
    wjz_param key = from->key != NULL ? wjz_text(from->key) : wjz_i64((int64_t)from->sequence);
    return wjz_tx_send_v(tx, from->key != NULL ? &INSERT_REQUEST : &INSERT_BATCH, wjz_i32(from->feed->region),
                         wjz_i32(from->feed->number), key, wjz_i64((int64_t)from->hash), wjz_bytes(receipt, length));
}

int store_find_receipt(wjz_tx *tx, const submission *from, wjz_arena *arena, wjz_blob *ret_receipt, uint64_t *ret_hash,
                       wjz_err *err) {
    wjz_param key = from->key != NULL ? wjz_text(from->key) : wjz_i64((int64_t)from->sequence);
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, from->key != NULL ? &FIND_REQUEST : &FIND_BATCH, &rows, err, wjz_i32(from->feed->region),
                           wjz_i32(from->feed->number), key);
    if (r < 0) return r;
    *ret_receipt = (wjz_blob){NULL, 0};
    if (wjz_rows_count(rows) == 0) return 0;
    wjz_blob stored = wjz_row_bytes(rows, 0, 0);
    void *copy = wjz_arena_alloc(arena, stored.length);
    if (copy == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    memcpy(copy, stored.data, stored.length);
    *ret_receipt = (wjz_blob){copy, stored.length};
    *ret_hash = (uint64_t)wjz_row_int(rows, 0, 1);
    return 0;
}

/* --- definitions --- */

#define DEFINED                                                                                                        \
    "INSERT INTO intake.feed AS f (name, title, profile, region, legal_basis, clue_source, source_kind, organ,"        \
    " rate_per_second, disabled, curve_key, bearer_hash, from_file, silent_after_s) VALUES ($1, $2, $3, $4, $5, $6,"   \
    " $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (name) DO UPDATE SET title = excluded.title, profile = "        \
    "excluded.profile, region = "                                                                                      \
    "excluded.region,"                                                                                                 \
    " legal_basis = excluded.legal_basis, clue_source = excluded.clue_source, source_kind = excluded.source_kind,"     \
    " organ = excluded.organ, rate_per_second = excluded.rate_per_second, changed_at = now(), from_file = "            \
    "excluded.from_file, silent_after_s = excluded.silent_after_s"

static const wjz_stmt DEFINE_FROM_FILE = {
    "intake_define_from_file",
    DEFINED
    " WHERE f.from_file AND (f.title, f.profile, f.region, f.legal_basis, f.clue_source, f.source_kind, f.organ, "
    "f.rate_per_second, f.silent_after_s)"
    " IS DISTINCT FROM (excluded.title, excluded.profile, excluded.region, excluded.legal_basis, excluded.clue_source,"
    " excluded.source_kind, excluded.organ, excluded.rate_per_second, excluded.silent_after_s)",
    0};
static const wjz_stmt DEFINE = {"intake_define",
                                DEFINED
                                ", disabled = excluded.disabled, curve_key = coalesce(excluded.curve_key, f.curve_key),"
                                " bearer_hash = coalesce(excluded.bearer_hash, f.bearer_hash)",
                                0};

static int define(wjz_tx *tx, const wjz_stmt *stmt, const feed_definition *it, bool from_file) {
    return wjz_tx_send_v(tx, stmt, wjz_text(it->name), wjz_text(it->title), wjz_text(it->profile), wjz_i32(it->region),
                         wjz_text(it->legal_basis), wjz_text(it->clue_source), wjz_text(it->source_kind),
                         wjz_text(it->organ), wjz_i32(it->rate), wjz_bool(it->disabled), wjz_text(it->curve_key),
                         wjz_bytes(it->bearer_hash, it->bearer_hash != NULL ? WJZ_SEAL_MAC : 0), wjz_bool(from_file),
                         wjz_i32(it->silent_after_s));
}

int store_define_feed_from_file(wjz_tx *tx, const feed_definition *it) {
    return define(tx, &DEFINE_FROM_FILE, it, true);
}

int store_define_feed(wjz_tx *tx, const feed_definition *it) {
    return define(tx, &DEFINE, it, false);
}

static const wjz_stmt READ_DEFINITION = {"intake_read_definition",
                                         "SELECT title, profile, region, legal_basis, clue_source, source_kind, organ, "
                                         "rate_per_second, disabled, silent_after_s FROM intake.feed"
                                         " WHERE name = $1",
                                         10};

int store_read_definition(wjz_tx *tx, const char *name, wjz_arena *arena, feed_definition *ret_feed, bool *ret_found,
                          wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &READ_DEFINITION, &rows, err, wjz_text(name));
    if (r < 0) return r;
    *ret_found = wjz_rows_count(rows) == 1;
    *ret_feed = (feed_definition){
        .name = name, .title = "", .profile = "", .legal_basis = "", .clue_source = "", .source_kind = "", .organ = ""};
    if (!*ret_found) return 0;
    const char **texts[] = {&ret_feed->title,       &ret_feed->profile,     NULL,
                            &ret_feed->legal_basis, &ret_feed->clue_source, &ret_feed->source_kind,
                            &ret_feed->organ};
    for (int i = 0; i < (int)WJZ_COUNT(texts); i++) {
        if (texts[i] == NULL) continue;
        *texts[i] = wjz_arena_strdup(arena, wjz_row_text(rows, 0, i));
        if (*texts[i] == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    ret_feed->region = (int32_t)wjz_row_int(rows, 0, 2);
    ret_feed->rate = (int32_t)wjz_row_int(rows, 0, 7);
    ret_feed->disabled = wjz_row_bool(rows, 0, 8);
    ret_feed->silent_after_s = (int32_t)wjz_row_int(rows, 0, 9);
    return 0;
}

/* --- the registry --- */

static const wjz_stmt READ_FEEDS = {"intake_read_feeds",
                                    "SELECT name, number, region, profile, coalesce(curve_key, ''), bearer_hash, "
                                    "disabled, rate_per_second, sequence_floor, title, silent_after_s"
                                    " FROM intake.feed ORDER BY number",
                                    11};
static const wjz_stmt READ_SEQUENCES = {
    "intake_read_sequences",
    "SELECT min(sequence), max(sequence) FROM (SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS "
    "island"
    " FROM intake.batch WHERE region = $1 AND feed = $2 AND sequence > $3) s GROUP BY island ORDER BY 1 LIMIT 1024",
    2};
static const wjz_stmt READ_GAPS = {
    "intake_read_gaps",
    "SELECT b.sequence FROM unnest($3::int8[], $4::int8[]) g (first, last) JOIN intake.batch b"
    " ON b.region = $1 AND b.feed = $2 AND b.sequence BETWEEN g.first AND g.last LIMIT 4096",
    1};
static const wjz_stmt RAISE_FLOOR = {
    "intake_raise_floor", "UPDATE intake.feed SET sequence_floor = $2 WHERE number = $1 AND sequence_floor < $2", 0};

static void take_feed(feed *it, const wjz_rows *rows, int row) {
    int32_t number = (int32_t)wjz_row_int(rows, row, 1);
    if (it->number != number) { /* new, or made again after it was removed */
        sequences_free(&it->sequences);
        it->sequences_due = true;
    }
    it->number = number;
    it->region = (int32_t)wjz_row_int(rows, row, 2);
    (void)snprintf(it->profile, sizeof it->profile, "%s", wjz_row_text(rows, row, 3));
    (void)snprintf(it->curve_key, sizeof it->curve_key, "%s", wjz_row_text(rows, row, 4));
    wjz_blob hash = wjz_row_bytes(rows, row, 5);
    it->has_bearer = hash.length == WJZ_SEAL_MAC;
    if (it->has_bearer) memcpy(it->bearer_hash, hash.data, WJZ_SEAL_MAC);
    it->disabled = wjz_row_bool(rows, row, 6);
    it->rate = (uint32_t)wjz_row_int(rows, row, 7);
    it->stored_floor = (uint64_t)wjz_row_int(rows, row, 8);
    sequences_raise(&it->sequences, it->stored_floor);
    const char *title = wjz_row_text(rows, row, 9);
    size_t length = wjz_utf8_check(title, strnlen(title, sizeof it->title - 1)); /* cut between characters */
    (void)snprintf(it->title, sizeof it->title, "%.*s", (int)length, title);
    it->silent_after_us = wjz_row_int(rows, row, 10) * WJZ_SECOND_US;
}

/* known: how many there were when the store was asked; a later one came by another reading meanwhile. */
static int take_feeds(feeds *all, size_t known, uint64_t reading, const wjz_rows *rows, wjz_err *err) {
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        feed *it = feeds_put(all, wjz_row_text(rows, row, 0));
        if (it == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
        take_feed(it, rows, row);
        it->reading = reading;
    }
    for (size_t i = 0; i < known; i++)
        if (all->items[i]->reading != reading) feed_gone(all->items[i]);
    all->taken = reading;
    return 0;
}

int store_read_feeds(wjz_tx *tx, feeds *all, wjz_err *err) {
    wjz_rows *rows = NULL;
    size_t known = all->count;
    uint64_t reading = ++all->asked;
    int r = wjz_tx_query(tx, &READ_FEEDS, NULL, 0, &rows, err);
    if (r == 0 && reading > all->taken) r = take_feeds(all, known, reading, rows, err);
    for (size_t i = 0; r == 0 && i < all->count; i++) {
        feed *it = all->items[i];
        if (!it->sequences_due) continue;
        r = store_read_sequences(tx, it, err);
        if (r == 0) it->sequences_due = false;
    }
    return r;
}

int store_read_sequences(wjz_tx *tx, feed *of, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &READ_SEQUENCES, &rows, err, wjz_i32(of->region), wjz_i32(of->number),
                           wjz_i64((int64_t)of->sequences.floor));
    for (int row = 0; r == 0 && row < wjz_rows_count(rows); row++) {
        r = sequences_add_range(&of->sequences, (uint64_t)wjz_row_int(rows, row, 0),
                                (uint64_t)wjz_row_int(rows, row, 1));
        if (r < 0) return wjz_err_set(err, r, "out of memory");
    }
    return r;
}

int store_read_gaps(wjz_tx *tx, feed *of, const sequence_range *gaps, size_t count, wjz_err *err) {
    int64_t *first = wjz_arena_alloc(wjz_tx_arena(tx), (count + 1) * sizeof *first);
    int64_t *last = wjz_arena_alloc(wjz_tx_arena(tx), (count + 1) * sizeof *last);
    if (first == NULL || last == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        first[i] = (int64_t)gaps[i].first;
        last[i] = (int64_t)gaps[i].last;
    }
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &READ_GAPS, &rows, err, wjz_i32(of->region), wjz_i32(of->number), wjz_i64s(first, count),
                           wjz_i64s(last, count));
    for (int row = 0; r == 0 && row < wjz_rows_count(rows); row++) {
        r = sequences_add(&of->sequences, (uint64_t)wjz_row_int(rows, row, 0));
        if (r < 0) return wjz_err_set(err, r, "out of memory");
    }
    return r;
}

int store_raise_floor(wjz_tx *tx, const feed *of, uint64_t floor) {
    return wjz_tx_send_v(tx, &RAISE_FLOOR, wjz_i32(of->number), wjz_i64((int64_t)floor));
}

/* --- health --- */

static const wjz_stmt ADD_COUNTS = {
    "intake_add_counts",
    "INSERT INTO intake.feed_day AS d (region, feed, day, accepted, duplicate, revised, rejected, last_at, "
    "newest_report_at)"
    " VALUES ($1, $2, current_date, $3, $4, $5, $6, $7, $8) ON CONFLICT (region, feed, day) DO UPDATE SET"
    " accepted = d.accepted + excluded.accepted, duplicate = d.duplicate + excluded.duplicate,"
    " revised = d.revised + excluded.revised, rejected = d.rejected + excluded.rejected,"
    " last_at = greatest(d.last_at, excluded.last_at), newest_report_at = greatest(d.newest_report_at, "
    "excluded.newest_report_at)",
    0};
/* A gap that stayed so long is given up. */
static const wjz_stmt PASS_OLD_GAPS = {
    "intake_pass_old_gaps",
    "UPDATE intake.feed f SET sequence_floor = b.sequence FROM (SELECT region, feed, max(sequence) AS sequence FROM "
    "intake.batch"
    "  WHERE stored_at < now() - make_interval(days => $1) GROUP BY region, feed) b"
    " WHERE b.feed = f.number AND b.region = f.region AND f.sequence_floor < b.sequence",
    0};
static const wjz_stmt FORGET_BATCHES = {
    "intake_forget_batches",
    "DELETE FROM intake.batch b USING intake.feed f WHERE b.feed = f.number AND b.region = f.region"
    " AND b.sequence <= f.sequence_floor AND b.stored_at < now() - make_interval(days => $1)",
    0};
static const wjz_stmt FORGET_REQUESTS = {
    "intake_forget_requests",
    "DELETE FROM intake.idempotent_request WHERE stored_at < now() - make_interval(days => $1)", 0};
static const wjz_stmt READ_HEALTH = {
    "intake_read_health",
    "SELECT coalesce(sum(accepted), 0)::int8, coalesce(sum(duplicate), 0)::int8, coalesce(sum(revised), 0)::int8,"
    " coalesce(sum(rejected), 0)::int8, max(last_at), max(newest_report_at) FROM intake.feed_day WHERE region = $1 AND "
    "feed = $2",
    6};
static const wjz_stmt READ_TODAY = {
    "intake_read_today",
    "SELECT coalesce(sum(accepted) FILTER (WHERE day = current_date), 0)::int8,"
    " coalesce(sum(duplicate) FILTER (WHERE day = current_date), 0)::int8,"
    " coalesce(sum(revised) FILTER (WHERE day = current_date), 0)::int8,"
    " coalesce(sum(rejected) FILTER (WHERE day = current_date), 0)::int8, max(last_at), max(newest_report_at)"
    " FROM intake.feed_day WHERE region = $1 AND feed = $2",
    6};
static const wjz_stmt READ_REGIONS = {
    "intake_read_regions", "SELECT DISTINCT region FROM directory.organ WHERE region > 0 ORDER BY region", 1};
/* In force, as assignment reads the directory. */
static const wjz_stmt READ_COUNTY_ORGANS = {
    "intake_read_county_organs",
    "WITH organs AS (SELECT region, code FROM directory.organ WHERE region > 0 AND effective_from <= current_date"
    " AND (effective_to IS NULL OR effective_to > current_date))"
    " SELECT EXISTS (SELECT FROM organs WHERE region = $1 OR code = $2),"
    " coalesce(string_agg(region::text, ', ' ORDER BY abs(region - $1), region) FILTER (WHERE nth <= 12), '')"
    " FROM (SELECT region, row_number() OVER (ORDER BY abs(region - $1), region) AS nth"
    " FROM (SELECT DISTINCT region FROM organs) o) n",
    2};

int store_add_counts(wjz_tx *tx, const feed *of, const feed_counts *counts) {
    return wjz_tx_send_v(tx, &ADD_COUNTS, wjz_i32(of->region), wjz_i32(of->number), wjz_i64((int64_t)counts->accepted),
                         wjz_i64((int64_t)counts->duplicate), wjz_i64((int64_t)counts->revised),
                         wjz_i64((int64_t)counts->rejected), wjz_time(counts->last_us),
                         wjz_time(counts->newest_report_us));
}

static int read_health(wjz_tx *tx, const wjz_stmt *stmt, const feed *of, feed_health *ret_health, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, stmt, &rows, err, wjz_i32(of->region), wjz_i32(of->number));
    if (r < 0) return r;
    *ret_health = (feed_health){.accepted = (uint64_t)wjz_row_int(rows, 0, 0),
                                .duplicate = (uint64_t)wjz_row_int(rows, 0, 1),
                                .revised = (uint64_t)wjz_row_int(rows, 0, 2),
                                .rejected = (uint64_t)wjz_row_int(rows, 0, 3),
                                .last_us = wjz_row_time(rows, 0, 4),
                                .newest_report_us = wjz_row_time(rows, 0, 5)};
    return 0;
}

int store_read_health(wjz_tx *tx, const feed *of, feed_health *ret_health, wjz_err *err) {
    return read_health(tx, &READ_HEALTH, of, ret_health, err);
}

int store_read_today(wjz_tx *tx, const feed *of, feed_health *ret_health, wjz_err *err) {
    return read_health(tx, &READ_TODAY, of, ret_health, err);
}

int store_forget_receipts(wjz_tx *tx, int days) {
    int r = wjz_tx_send_v(tx, &PASS_OLD_GAPS, wjz_i32(days));
    if (r == 0) r = wjz_tx_send_v(tx, &FORGET_BATCHES, wjz_i32(days));
    return r < 0 ? r : wjz_tx_send_v(tx, &FORGET_REQUESTS, wjz_i32(days));
}

int store_read_regions(wjz_tx *tx, int32_t **ret_regions, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, &READ_REGIONS, NULL, 0, &rows, err);
    if (r < 0) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    int32_t *regions = calloc(count + 1, sizeof *regions);
    if (regions == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        regions[i] = (int32_t)wjz_row_int(rows, (int)i, 0);
    *ret_regions = regions;
    *ret_count = count;
    return 0;
}

int store_read_county_organs(wjz_tx *tx, int32_t region, const char *organ, wjz_arena *arena, county_organs *ret_organs,
                             wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &READ_COUNTY_ORGANS, &rows, err, wjz_i32(region), wjz_text(organ));
    if (r < 0) return r;
    const char *others = wjz_arena_strdup(arena, wjz_row_text(rows, 0, 1));
    if (others == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_organs = (county_organs){wjz_row_bool(rows, 0, 0), others};
    return 0;
}
