/* Complaints as intake has them, without their reporters. In a flood they are read by runs of neighbouring ids, as one
 * stretch of the index each, and what they are joined with comes beside them: less than half of what it costs to ask for
 * them one by one. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/store.h"
#include "scoring/store_rows.h"
#include "wjz/id.h"

#define BEFORE_KIND "SELECT c.id, "
#define BEFORE_CATEGORIES " c.order_type, c.title, c.content, "
#define BEHIND_CATEGORIES                                                                                              \
    " c.incident_address, c.town, c.village, c.longitude, c.latitude, c.received_at, c.due_at, c.finished_at,"         \
    " c.handler_unit, c.handle_result, c.status, c.satisfaction, c.solved, c.visit_note, c.redispatch_count,"          \
    " c.return_count, c.urge_count, c.delay_days, c.votes_for, c.votes_against, c.photo_count, c.parent_id,"           \
    " c.reporter_hash, c.confidential,"

enum { COLUMNS = 33 /* of a flood; else feed and kind are one */, CHANGED = -1 /* in place of a revision */ };
enum { FLOOD = 32 /* complaints */, RUN_LEAST = 16 /* of them in a run, on average */, RUN_GAP_US = 1000 };

/* Nearly all are read when nothing has changed them yet. LIMIT keeps it at one index probe for each complaint, and the
 * order at the index of ids, also in a plan that was made while the tables were empty: then a region seems to be as few
 * rows as one complaint, and any index that begins with it as good. What stands beside a complaint is asked for in the
 * list: each further table in FROM would take all columns through one more step, at a sixth of the whole for a single
 * complaint. */
#define ONE " AND v.id >= wanted.number AND v.id <= wanted.number ORDER BY v.id LIMIT 1"

static const wjz_stmt LOAD_RECEIVED = {
    "scoring_load_received",
    BEFORE_KIND "(SELECT f.name || E'\\x1f' || CASE WHEN c.anonymous THEN 'anonymous' ELSE f.source_kind END"
                " FROM intake.feed f WHERE f.number = c.feed), c.external_id," BEFORE_CATEGORIES
                "c.categories," BEHIND_CATEGORIES
                " CASE WHEN EXISTS (SELECT FROM intake.complaint_changed v WHERE v.region = $1 AND v.complaint = c.id)"
                " THEN -1 ELSE 0 END"
                " FROM unnest($2::int8[]) AS wanted (number) CROSS JOIN LATERAL (SELECT * FROM"
                " intake.complaint_as_received v WHERE v.region = $1" ONE ") c",
    COLUMNS - 1};

/* Each run is the ids of complaints that were stored together; order and limit as above. */
#define RUNS " FROM unnest($2::int8[], $3::int8[]) AS run (first, last) CROSS JOIN LATERAL ("

static const wjz_stmt LOAD_RUNS = {
    "scoring_load_runs",
    BEFORE_KIND "c.feed, c.external_id, c.anonymous," BEFORE_CATEGORIES "c.categories," BEHIND_CATEGORIES " 0" RUNS
                "SELECT * FROM intake.complaint_as_received v WHERE v.region = $1 AND v.id BETWEEN run.first AND run.last"
                " ORDER BY v.id LIMIT 1000000) c",
    COLUMNS};

static const wjz_stmt CHANGED_IN_RUNS = {
    "scoring_changed_in_runs",
    "SELECT c.complaint" RUNS "SELECT v.complaint FROM intake.complaint_changed v WHERE v.region = $1"
    " AND v.complaint BETWEEN run.first AND run.last LIMIT 1000000) c",
    1};

static const wjz_stmt LOAD_FEEDS = {"scoring_load_feeds", "SELECT number, name, source_kind FROM intake.feed", 3};

static const wjz_stmt LOAD_CHANGED = {
    "scoring_load_changed",
    BEFORE_KIND
    "c.feed || E'\\x1f' || c.source_kind, c.external_id," BEFORE_CATEGORIES
    "array_to_string(c.categories, E'\\x1f')," BEHIND_CATEGORIES " c.revision"
    " FROM unnest($2::int8[]) AS wanted (number) CROSS JOIN LATERAL (SELECT * FROM intake.complaint_for_scoring v"
    " WHERE v.region = $1" ONE ") c",
    COLUMNS - 1};

static source_kind source_of(const char *name) {
    static const char *const names[] = {
        [SOURCE_HOTLINE] = "hotline",
        [SOURCE_ENFORCEMENT] = "enforcement",
        [SOURCE_STATE_ORGAN] = "state_organ",
        [SOURCE_GRID] = "grid",
        [SOURCE_PHOTO] = "photo",
        [SOURCE_MEDIA] = "media",
        [SOURCE_ANONYMOUS] = "anonymous",
    };
    for (size_t i = 0; i < WJZ_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) return (source_kind)i;
    }
    return SOURCE_HOTLINE;
}

/* Categories as intake keeps them, divided as people write them. The text is the arena's. */
static const char *divided(const char *categories) {
    for (char *at = strchr((char *)(uintptr_t)categories, '\x1f'); at; at = strchr(at + 1, '\x1f'))
        *at = '/';
    return categories;
}

/* From order_type on; the next column. */
static int read_said(const wjz_rows *rows, int row, int at, row_texts *texts, complaint *ret) {
    ret->order_type = row_text(texts, rows, row, at++);
    ret->title = row_text(texts, rows, row, at++);
    ret->content = row_text(texts, rows, row, at++);
    ret->categories = divided(row_text(texts, rows, row, at++));
    ret->incident_address = row_text(texts, rows, row, at++);
    ret->town = row_text(texts, rows, row, at++);
    ret->village = row_text(texts, rows, row, at++);
    ret->has_position = !wjz_row_null(rows, row, at) && !wjz_row_null(rows, row, at + 1);
    ret->longitude = ret->has_position ? wjz_row_real(rows, row, at) : 0;
    ret->latitude = ret->has_position ? wjz_row_real(rows, row, at + 1) : 0;
    at += 2;
    ret->received_at_us = wjz_row_time(rows, row, at++);
    ret->due_at_us = wjz_row_time(rows, row, at++);
    ret->finished_at_us = wjz_row_time(rows, row, at++);
    ret->handler_unit = row_text(texts, rows, row, at++);
    ret->handle_result = row_text(texts, rows, row, at++);
    ret->status = row_text(texts, rows, row, at++);
    ret->satisfaction = (satisfaction)wjz_row_int(rows, row, at++);
    ret->solved = (answer)wjz_row_int(rows, row, at++);
    ret->visit_note = row_text(texts, rows, row, at++);
    int32_t *const numbers[] = {&ret->redispatch_count, &ret->return_count,  &ret->urge_count, &ret->delay_days,
                                &ret->votes_for,        &ret->votes_against, &ret->photo_count};
    for (size_t i = 0; i < WJZ_COUNT(numbers); i++)
        *numbers[i] = (int32_t)wjz_row_int(rows, row, at++);
    ret->parent_id = row_text(texts, rows, row, at++);
    ret->reporter = (uint64_t)wjz_row_int(rows, row, at++);
    ret->confidential = wjz_row_bool(rows, row, at++);
    return at;
}

/* A feed's name and what kind of source it is. */
static void read_feed(const char *both, complaint *ret) {
    char *between = strchr((char *)(uintptr_t)both, '\x1f');
    if (between) *between = '\0';
    ret->feed = both;
    ret->source = source_of(between ? between + 1 : "");
}

/* Every text of the complaint is the arena's: it outlives the rows. */
static int read_complaint(const wjz_rows *rows, int row, row_texts *texts, complaint *ret) {
    int at = 0;
    ret->id = wjz_row_int(rows, row, at++);
    read_feed(row_text(texts, rows, row, at++), ret);
    ret->external_id = row_text(texts, rows, row, at++);
    at = read_said(rows, row, at, texts, ret);
    ret->revision = (int32_t)wjz_row_int(rows, row, at);
    return texts->failed ? -ENOMEM : 0;
}

static int load(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                complaint **ret_complaints, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, stmt, &rows, err, wjz_i32(region), wjz_i64s(ids, count));
    if (r) return r;
    int found = wjz_rows_count(rows);
    complaint *complaints = wjz_arena_calloc(arena, (size_t)found, sizeof *complaints);
    row_texts texts = {.arena = arena};
    for (int i = 0; complaints && !r && i < found; i++) {
        complaints[i].region = region;
        r = read_complaint(rows, i, &texts, &complaints[i]);
    }
    if (!complaints || r) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_complaints = complaints;
    *ret_count = (size_t)found;
    return 0;
}

/* --- a flood --- */

typedef struct id_runs {
    int64_t *first, *last;
    size_t count; /* 0: ids are too far apart, or not ascending */
} id_runs;

static int find_runs(const int64_t *ids, size_t count, wjz_arena *arena, id_runs *ret) {
    *ret = (id_runs){0};
    if (count < FLOOD) return 0;
    int64_t *first = wjz_arena_alloc(arena, 2 * count * sizeof *first), *last = first + count;
    if (!first) return -ENOMEM;
    size_t runs = 0;
    for (size_t i = 0; i < count; i++) {
        if (i && ids[i] <= ids[i - 1]) return 0;
        if (!i || wjz_id_time_us(ids[i]) - wjz_id_time_us(ids[i - 1]) > RUN_GAP_US) first[runs++] = ids[i];
        last[runs - 1] = ids[i];
    }
    if (runs <= count / RUN_LEAST) *ret = (id_runs){first, last, runs};
    return 0;
}

typedef struct known_feed {
    int32_t number;
    const char *name;
    source_kind source;
} known_feed;

/* What complaints of a flood are read with. */
typedef struct flood {
    const int64_t *wanted; /* ascending */
    size_t wanted_count;
    int64_t *changed; /* ascending */
    size_t changed_count;
    known_feed *feeds;
    size_t feed_count;
    row_texts texts;
} flood;

static int read_beside(flood *f, const wjz_rows *feeds, const wjz_rows *changed) {
    f->feed_count = (size_t)wjz_rows_count(feeds);
    f->changed_count = (size_t)wjz_rows_count(changed);
    f->feeds = wjz_arena_alloc(f->texts.arena, f->feed_count * sizeof *f->feeds);
    f->changed = wjz_arena_alloc(f->texts.arena, f->changed_count * sizeof *f->changed);
    if (!f->feeds || !f->changed) return -ENOMEM;
    for (size_t i = 0; i < f->feed_count; i++)
        f->feeds[i] = (known_feed){.number = (int32_t)wjz_row_int(feeds, (int)i, 0),
                                   .name = row_text(&f->texts, feeds, (int)i, 1),
                                   .source = source_of(wjz_row_text(feeds, (int)i, 2))};
    for (size_t i = 0; i < f->changed_count; i++)
        f->changed[i] = wjz_row_int(changed, (int)i, 0);
    if (f->changed_count) qsort(f->changed, f->changed_count, sizeof *f->changed, wjz_id_order);
    return f->texts.failed ? -ENOMEM : 0;
}

/* One of a feed that was not there when feeds were read is left to store_renew_complaints, like one that changed. */
static void read_received(flood *f, const wjz_rows *rows, int row, complaint *ret) {
    int32_t number = (int32_t)wjz_row_int(rows, row, 1);
    const known_feed *feed = NULL;
    for (size_t i = 0; i < f->feed_count && !feed; i++)
        if (f->feeds[i].number == number) feed = &f->feeds[i];
    ret->feed = feed ? feed->name : "";
    ret->external_id = row_text(&f->texts, rows, row, 2);
    ret->source = !feed || wjz_row_bool(rows, row, 3) ? SOURCE_ANONYMOUS : feed->source;
    read_said(rows, row, 4, &f->texts, ret);
    ret->revision = !feed || wjz_id_among(f->changed, f->changed_count, ret->id) ? CHANGED : 0;
}

static int read_flood(flood *f, const wjz_rows *rows, int32_t region, complaint **ret_complaints, size_t *ret_count) {
    complaint *complaints = wjz_arena_calloc(f->texts.arena, f->wanted_count, sizeof *complaints);
    if (!complaints) return -ENOMEM;
    size_t count = 0;
    for (int i = 0; i < wjz_rows_count(rows); i++) {
        int64_t id = wjz_row_int(rows, i, 0);
        if (!wjz_id_among(f->wanted, f->wanted_count, id)) continue;
        complaints[count] = (complaint){.region = region, .id = id};
        read_received(f, rows, i, &complaints[count++]);
    }
    *ret_complaints = complaints;
    *ret_count = count;
    return f->texts.failed ? -ENOMEM : 0;
}

static int load_runs(wjz_tx *tx, int32_t region, flood *f, const id_runs *runs, complaint **ret_complaints,
                     size_t *ret_count, wjz_err *err) {
    const wjz_param params[] = {wjz_i32(region), wjz_i64s(runs->first, runs->count), wjz_i64s(runs->last, runs->count)};
    wjz_rows *rows = NULL;
    int beside = wjz_tx_next(tx), r = wjz_tx_send(tx, &LOAD_FEEDS, NULL, 0);
    if (!r) r = wjz_tx_send(tx, &CHANGED_IN_RUNS, params, WJZ_COUNT(params));
    if (r) return wjz_err_set(err, r, "could not ask for complaints of region %d", (int)region);
    r = wjz_tx_query(tx, &LOAD_RUNS, params, WJZ_COUNT(params), &rows, err);
    if (r) return r;
    r = read_beside(f, wjz_tx_rows(tx, beside), wjz_tx_rows(tx, beside + 1));
    if (!r) r = read_flood(f, rows, region, ret_complaints, ret_count);
    return r ? wjz_err_set(err, r, "out of memory") : 0;
}

int store_load_complaints(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                          complaint **ret_complaints, size_t *ret_count, wjz_err *err) {
    id_runs runs;
    if (find_runs(ids, count, arena, &runs)) return wjz_err_set(err, -ENOMEM, "out of memory");
    if (!runs.count) return load(tx, &LOAD_RECEIVED, region, ids, count, arena, ret_complaints, ret_count, err);
    flood f = {.wanted = ids, .wanted_count = count, .texts = {.arena = arena}};
    return load_runs(tx, region, &f, &runs, ret_complaints, ret_count, err);
}

int store_renew_complaints(wjz_tx *tx, int32_t region, complaint *complaints, size_t *count, wjz_arena *arena,
                           wjz_err *err) {
    int64_t *ids = wjz_arena_alloc(arena, *count * sizeof *ids);
    complaint *present = NULL;
    size_t changed = 0, kept = 0, found = 0;
    if (!ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < *count; i++) {
        if (complaints[i].revision == CHANGED)
            ids[changed++] = complaints[i].id;
        else
            complaints[kept++] = complaints[i];
    }
    if (!changed) return 0;
    int r = load(tx, &LOAD_CHANGED, region, ids, changed, arena, &present, &found, err);
    if (r) return r;
    if (found) memcpy(complaints + kept, present, found * sizeof *complaints);
    *count = kept + found;
    return 0;
}
