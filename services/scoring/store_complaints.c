/* Complaints as intake has them, without their reporters. What was received never changes, so of those that came with
 * their message only that is asked which may: their feeds, and whether more is known of them by now. The others are read:
 * in a flood by runs of neighbouring ids, as one stretch of the index each, and what they are joined with comes beside
 * them, which is less than half of what it costs to ask for them one by one. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/received.h"
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

/* Of a few complaints that were brought: the same in one statement. */
static const wjz_stmt BESIDE_FEW = {
    "scoring_beside_few",
    "SELECT number, name, source_kind, ARRAY(SELECT v.complaint FROM intake.complaint_changed v WHERE v.region = $1"
    " AND v.complaint = ANY ($2)) FROM intake.feed WHERE number = ANY ($3)",
    4};

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

static int read_complaints(const wjz_rows *rows, int32_t region, row_texts *texts, complaint *ret_complaints) {
    int r = 0;
    for (int i = 0; !r && i < wjz_rows_count(rows); i++) {
        ret_complaints[i].region = region;
        r = read_complaint(rows, i, texts, &ret_complaints[i]);
    }
    return r;
}

/* --- runs of ids --- */

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

/* --- what stands beside complaints --- */

typedef struct known_feed {
    int32_t number;
    const char *name;
    source_kind source;
} known_feed;

typedef struct beside {
    known_feed *feeds;
    size_t feed_count;
    int64_t *changed; /* ascending */
    size_t changed_count;
} beside;

static int read_feeds(const wjz_rows *rows, row_texts *texts, beside *ret) {
    ret->feed_count = (size_t)wjz_rows_count(rows);
    ret->feeds = wjz_arena_alloc(texts->arena, ret->feed_count * sizeof *ret->feeds);
    if (!ret->feeds) return -ENOMEM;
    for (size_t i = 0; i < ret->feed_count; i++)
        ret->feeds[i] = (known_feed){.number = (int32_t)wjz_row_int(rows, (int)i, 0),
                                     .name = row_text(texts, rows, (int)i, 1),
                                     .source = source_of(wjz_row_text(rows, (int)i, 2))};
    return texts->failed ? -ENOMEM : 0;
}

static void sort_changed(beside *b) {
    if (b->changed_count) qsort(b->changed, b->changed_count, sizeof *b->changed, wjz_id_order);
}

static int ask_beside_runs(wjz_tx *tx, const wjz_param params[3]) {
    int r = wjz_tx_send(tx, &LOAD_FEEDS, NULL, 0);
    return r ? r : wjz_tx_send(tx, &CHANGED_IN_RUNS, params, 3);
}

static int read_beside_runs(wjz_tx *tx, int at, row_texts *texts, beside *ret) {
    const wjz_rows *changed = wjz_tx_rows(tx, at + 1);
    ret->changed_count = (size_t)wjz_rows_count(changed);
    ret->changed = wjz_arena_alloc(texts->arena, ret->changed_count * sizeof *ret->changed);
    if (!ret->changed) return -ENOMEM;
    for (size_t i = 0; i < ret->changed_count; i++)
        ret->changed[i] = wjz_row_int(changed, (int)i, 0);
    sort_changed(ret);
    return read_feeds(wjz_tx_rows(tx, at), texts, ret);
}

static int read_beside_few(wjz_tx *tx, int at, row_texts *texts, beside *ret) {
    const wjz_rows *rows = wjz_tx_rows(tx, at);
    int r = wjz_rows_count(rows) ? wjz_row_ints(rows, 0, 3, texts->arena, &ret->changed, &ret->changed_count) : 0;
    if (r) return r;
    sort_changed(ret);
    return read_feeds(rows, texts, ret);
}

/* One of a feed that was not there when feeds were read is left to store_renew_complaints, like one that changed. */
static void put_beside(const beside *b, int32_t number, bool anonymous, complaint *ret) {
    const known_feed *feed = NULL;
    for (size_t i = 0; i < b->feed_count && !feed; i++)
        if (b->feeds[i].number == number) feed = &b->feeds[i];
    ret->feed = feed ? feed->name : "";
    ret->source = !feed || anonymous ? SOURCE_ANONYMOUS : feed->source;
    ret->revision = !feed || wjz_id_among(b->changed, b->changed_count, ret->id) ? CHANGED : 0;
}

/* --- complaints, some of which have come with their message --- */

/* Some ids, and where the answer to what was asked about them is. */
typedef struct part {
    int64_t *ids;
    size_t count;
    id_runs runs;
    int at;
} part;

typedef struct loading {
    wjz_tx *tx;
    int32_t region;
    row_texts texts;
    part brought, read;
    const Wjz__Intake__AsReceived **received; /* of those that were brought */
    complaint *complaints;
    size_t count;
} loading;

static int divide(loading *l, const int64_t *ids, const Wjz__Intake__AsReceived *const *received, size_t count) {
    wjz_arena *arena = l->texts.arena;
    l->brought.ids = wjz_arena_alloc(arena, 2 * count * sizeof *ids);
    l->received = wjz_arena_alloc(arena, count * sizeof *l->received);
    l->complaints = wjz_arena_calloc(arena, count, sizeof *l->complaints);
    if (!l->brought.ids || !l->received || !l->complaints) return -ENOMEM;
    l->read.ids = l->brought.ids + count;
    for (size_t i = 0; i < count; i++) {
        if (received && received[i]) {
            l->received[l->brought.count] = received[i];
            l->brought.ids[l->brought.count++] = ids[i];
        } else {
            l->read.ids[l->read.count++] = ids[i];
        }
    }
    int r = find_runs(l->brought.ids, l->brought.count, arena, &l->brought.runs);
    return r ? r : find_runs(l->read.ids, l->read.count, arena, &l->read.runs);
}

static int ask_brought(loading *l) {
    part *p = &l->brought;
    p->at = wjz_tx_next(l->tx);
    if (p->runs.count) {
        const wjz_param params[] = {wjz_i32(l->region), wjz_i64s(p->runs.first, p->runs.count),
                                    wjz_i64s(p->runs.last, p->runs.count)};
        return ask_beside_runs(l->tx, params);
    }
    int32_t *feeds = wjz_arena_alloc(l->texts.arena, p->count * sizeof *feeds);
    if (!feeds) return -ENOMEM;
    for (size_t i = 0; i < p->count; i++)
        feeds[i] = l->received[i]->feed;
    return wjz_tx_send_v(l->tx, &BESIDE_FEW, wjz_i32(l->region), wjz_i64s(p->ids, p->count), wjz_i32s(feeds, p->count));
}

static int take_brought(loading *l) {
    beside b = {0};
    int r = l->brought.runs.count ? read_beside_runs(l->tx, l->brought.at, &l->texts, &b)
                                  : read_beside_few(l->tx, l->brought.at, &l->texts, &b);
    for (size_t i = 0; !r && i < l->brought.count; i++) {
        complaint *c = &l->complaints[l->count++];
        r = received_read(l->received[i], l->texts.arena, c);
        c->region = l->region;
        put_beside(&b, l->received[i]->feed, l->received[i]->anonymous, c);
    }
    return r;
}

static int ask_to_read(loading *l) {
    part *p = &l->read;
    p->at = wjz_tx_next(l->tx);
    if (!p->runs.count)
        return wjz_tx_send_v(l->tx, &LOAD_RECEIVED, wjz_i32(l->region), wjz_i64s(p->ids, p->count));
    const wjz_param params[] = {wjz_i32(l->region), wjz_i64s(p->runs.first, p->runs.count),
                                wjz_i64s(p->runs.last, p->runs.count)};
    int r = ask_beside_runs(l->tx, params);
    return r ? r : wjz_tx_send(l->tx, &LOAD_RUNS, params, WJZ_COUNT(params));
}

static int take_run_rows(loading *l) {
    beside b = {0};
    const wjz_rows *rows = wjz_tx_rows(l->tx, l->read.at + 2);
    int r = read_beside_runs(l->tx, l->read.at, &l->texts, &b);
    for (int i = 0; !r && i < wjz_rows_count(rows); i++) {
        int64_t id = wjz_row_int(rows, i, 0);
        if (!wjz_id_among(l->read.ids, l->read.count, id)) continue;
        complaint *c = &l->complaints[l->count++];
        *c = (complaint){.region = l->region, .id = id, .external_id = row_text(&l->texts, rows, i, 2)};
        read_said(rows, i, 4, &l->texts, c);
        put_beside(&b, (int32_t)wjz_row_int(rows, i, 1), wjz_row_bool(rows, i, 3), c);
    }
    return r ? r : l->texts.failed ? -ENOMEM : 0;
}

static int take_read(loading *l) {
    if (l->read.runs.count) return take_run_rows(l);
    const wjz_rows *rows = wjz_tx_rows(l->tx, l->read.at);
    complaint *first = l->complaints + l->count;
    l->count += (size_t)wjz_rows_count(rows);
    return read_complaints(rows, l->region, &l->texts, first);
}

int store_load_complaints(wjz_tx *tx, int32_t region, const int64_t *ids,
                          const Wjz__Intake__AsReceived *const *received, size_t count, wjz_arena *arena,
                          complaint **ret_complaints, size_t *ret_count, wjz_err *err) {
    loading l = {.tx = tx, .region = region, .texts = {.arena = arena}};
    int r = divide(&l, ids, received, count);
    if (!r && l.brought.count) r = ask_brought(&l);
    if (!r && l.read.count) r = ask_to_read(&l);
    if (r) return wjz_err_set(err, r, "could not ask for complaints of region %d", (int)region);
    r = wjz_tx_wait(tx, NULL, err);
    if (r) return r;
    if (l.brought.count) r = take_brought(&l);
    if (!r && l.read.count) r = take_read(&l);
    if (r) return wjz_err_set(err, r, "out of memory");
    *ret_complaints = l.complaints;
    *ret_count = l.count;
    return 0;
}

int store_renew_complaints(wjz_tx *tx, int32_t region, complaint *complaints, size_t *count, wjz_arena *arena,
                           wjz_err *err) {
    int64_t *ids = wjz_arena_alloc(arena, *count * sizeof *ids);
    row_texts texts = {.arena = arena};
    wjz_rows *rows = NULL;
    size_t changed = 0, kept = 0;
    if (!ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < *count; i++) {
        if (complaints[i].revision == CHANGED)
            ids[changed++] = complaints[i].id;
        else
            complaints[kept++] = complaints[i];
    }
    if (!changed) return 0;
    int r = wjz_tx_query_v(tx, &LOAD_CHANGED, &rows, err, wjz_i32(region), wjz_i64s(ids, changed));
    if (r) return r;
    memset(complaints + kept, 0, changed * sizeof *complaints);
    if (read_complaints(rows, region, &texts, complaints + kept)) return wjz_err_set(err, -ENOMEM, "out of memory");
    *count = kept + (size_t)wjz_rows_count(rows);
    return 0;
}
