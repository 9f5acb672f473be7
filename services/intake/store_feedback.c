/* Feedback, and where complaints stand after it. See store.h. */
#include <errno.h>
#include <string.h>

#include "intake/content_hash.h"
#include "intake/store.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

static const wjz_stmt INSERT_FEEDBACK = {
    "intake_insert_feedback",
    "INSERT INTO intake.feedback (id, identity, at, finished_at, region, feed, redispatch_count, return_count, "
    "urge_count,"
    " satisfaction, solved, complaint_external_id, status, note, handle_result)"
    " SELECT * FROM unnest($1::int8[], $2::int8[], $3::timestamptz[], $4::timestamptz[], $5::int4[], $6::int4[], "
    "$7::int4[],"
    " $8::int4[], $9::int4[], $10::int2[], $11::int2[], $12::text[], $13::text[], $14::text[], $15::text[])"
    " ON CONFLICT (region, feed, complaint_external_id, identity) DO NOTHING",
    0};

static const wjz_stmt FIND_FEEDBACK = {
    "intake_find_feedback",
    "SELECT t.i, f.id, c.id"
    " FROM unnest($1::int4[], $2::int4[], $3::text[], $4::int8[]) WITH ORDINALITY t (region, feed, external_id, "
    "identity, i)"
    " JOIN intake.feedback f ON f.region = t.region AND f.feed = t.feed AND f.complaint_external_id = t.external_id"
    "  AND f.identity = t.identity"
    " LEFT JOIN intake.complaint c ON c.region = t.region AND c.feed = t.feed AND c.external_id = t.external_id",
    3};

static const wjz_stmt LOCK_STANDING = {
    "intake_lock_standing",
    "INSERT INTO intake.standing (region, complaint) SELECT * FROM unnest($1::int4[], $2::int8[])"
    " ON CONFLICT (region, complaint) DO UPDATE SET changed_at = now()",
    0};

/* What was said last of each thing, in feedback or a revision; when it was said is when it was visited or finished,
 * else when it came. */
static const wjz_stmt COMPUTE_STANDING = {
    "intake_compute_standing",
    "UPDATE intake.standing s SET changes = s.changes + 1, revision = v.revision, satisfaction = v.satisfaction,"
    " solved = v.solved, status = v.status, finished_at = v.finished_at, handle_result = v.handle_result,"
    " visit_note = v.visit_note, redispatch_count = v.redispatch_count, return_count = v.return_count,"
    " urge_count = v.urge_count, changed_at = now()"
    " FROM (SELECT region, complaint, max(revision) AS revision,"
    "   (array_agg(satisfaction ORDER BY said_at DESC, id DESC) FILTER (WHERE satisfaction <> 0))[1] AS satisfaction,"
    "   (array_agg(solved ORDER BY said_at DESC, id DESC) FILTER (WHERE solved <> 0))[1] AS solved,"
    "   (array_agg(note ORDER BY said_at DESC, id DESC) FILTER (WHERE note <> ''))[1] AS visit_note,"
    "   (array_agg(status ORDER BY done_at DESC, id DESC) FILTER (WHERE status <> ''))[1] AS status,"
    "   (array_agg(finished_at ORDER BY done_at DESC, id DESC) FILTER (WHERE finished_at IS NOT NULL))[1] AS "
    "finished_at,"
    "   (array_agg(handle_result ORDER BY done_at DESC, id DESC) FILTER (WHERE handle_result <> ''))[1] AS "
    "handle_result,"
    "   max(redispatch_count) AS redispatch_count, max(return_count) AS return_count, max(urge_count) AS urge_count"
    "  FROM (SELECT t.region, t.complaint, 0 AS revision, f.id, coalesce(f.at, f.stored_at) AS said_at,"
    "     coalesce(f.finished_at, f.at, f.stored_at) AS done_at, f.satisfaction, f.solved, f.note, f.status, "
    "f.finished_at,"
    "     f.handle_result, f.redispatch_count, f.return_count, f.urge_count"
    "    FROM unnest($1::int4[], $2::int8[]) t (region, complaint)"
    "    JOIN intake.complaint c ON c.region = t.region AND c.id = t.complaint"
    "    JOIN intake.feedback f ON f.region = c.region AND f.feed = c.feed AND f.complaint_external_id = c.external_id"
    "   UNION ALL"
    "   SELECT t.region, t.complaint, r.revision, r.revision, coalesce(r.visited_at, r.finished_at, r.stored_at),"
    "     coalesce(r.finished_at, r.stored_at), r.satisfaction, r.solved, r.visit_note, r.status, r.finished_at,"
    "     r.handle_result, r.redispatch_count, r.return_count, r.urge_count"
    "    FROM unnest($1::int4[], $2::int8[]) t (region, complaint)"
    "    JOIN intake.revision r ON r.region = t.region AND r.id = t.complaint) said"
    "  GROUP BY region, complaint) v"
    " WHERE s.region = v.region AND s.complaint = v.complaint",
    0};

static const wjz_stmt AWAIT_COMPLAINTS = {
    "intake_await_complaints",
    "INSERT INTO intake.feedback_waiting (region, feed, complaint_external_id, due_at)"
    " SELECT DISTINCT region, feed, external_id, now() FROM unnest($1::int4[], $2::int4[], $3::text[]) t (region, "
    "feed, external_id)"
    " ORDER BY 1, 2, 3 ON CONFLICT (region, feed, complaint_external_id) DO UPDATE SET due_at = now()",
    0};

/* Looked for again after as long as it has been waiting, at most ten minutes, at least a second. */
static const wjz_stmt ADOPT_FEEDBACK = {
    "intake_adopt_feedback",
    "WITH due AS (SELECT w.region, w.feed, w.complaint_external_id FROM intake.feedback_waiting w WHERE w.due_at <= "
    "now()"
    "  ORDER BY w.due_at LIMIT 512 FOR UPDATE SKIP LOCKED),"
    " found AS (SELECT d.region, d.feed, d.complaint_external_id, c.id FROM due d"
    "  JOIN intake.complaint c ON c.region = d.region AND c.feed = d.feed AND c.external_id = d.complaint_external_id),"
    " later AS (UPDATE intake.feedback_waiting w"
    "  SET due_at = now() + least(greatest(now() - w.since, interval '1 second'), interval '10 minutes')"
    "  FROM due d WHERE w.region = d.region AND w.feed = d.feed AND w.complaint_external_id = d.complaint_external_id"
    "  AND NOT EXISTS (SELECT FROM found f WHERE f.region = d.region AND f.feed = d.feed"
    "   AND f.complaint_external_id = d.complaint_external_id)),"
    " taken AS (DELETE FROM intake.feedback_waiting w USING found f WHERE w.region = f.region AND w.feed = f.feed"
    "  AND w.complaint_external_id = f.complaint_external_id)"
    " SELECT region, id FROM found ORDER BY region, id",
    2};

/* The platform's own number of the feedback, or what it says. */
static int64_t identity_of(const submitted_item *item) {
    const char *id = item->item->feedback->external_id;
    uint64_t hash = id[0] != '\0' ? XXH3_64bits_withSeed(id, strlen(id), 311) : item->hash;
    return (int64_t)hash;
}

int store_insert_feedback(wjz_tx *tx, const stored_item *items, size_t count) {
    enum { NUMBERS = 3, TEXTS = 4 };
    struct columns {
        int64_t *id, *identity, *at, *finished_at;
        int32_t *region, *feed, *counts[NUMBERS];
        int16_t *satisfaction, *solved;
        const char **texts[TEXTS];
    } c;
    wjz_arena *arena = wjz_tx_arena(tx);
    bool good = true;
#define MAKE(column) good = good && (c.column = wjz_arena_alloc(arena, count * sizeof *c.column)) != NULL
    MAKE(id);
    MAKE(identity);
    MAKE(at);
    MAKE(finished_at);
    MAKE(region);
    MAKE(feed);
    MAKE(satisfaction);
    MAKE(solved);
    for (size_t k = 0; k < NUMBERS; k++)
        MAKE(counts[k]);
    for (size_t k = 0; k < TEXTS; k++)
        MAKE(texts[k]);
#undef MAKE
    if (!good) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const Wjz__Intake__Feedback *it = items[i].item->item->feedback;
        c.id[i] = items[i].item->id;
        c.identity[i] = identity_of(items[i].item);
        c.at[i] = it->at_us;
        c.finished_at[i] = it->finished_at_us;
        c.region[i] = items[i].item->region;
        c.feed[i] = items[i].from->feed->number;
        c.counts[0][i] = (int32_t)it->redispatch_count;
        c.counts[1][i] = (int32_t)it->return_count;
        c.counts[2][i] = (int32_t)it->urge_count;
        c.satisfaction[i] = (int16_t)it->satisfaction;
        c.solved[i] = (int16_t)it->solved;
        c.texts[0][i] = it->complaint_external_id;
        c.texts[1][i] = it->status;
        c.texts[2][i] = it->note;
        c.texts[3][i] = it->handle_result;
    }
    return wjz_tx_send_v(tx, &INSERT_FEEDBACK, wjz_i64s(c.id, count), wjz_i64s(c.identity, count),
                         wjz_times(c.at, count), wjz_times(c.finished_at, count), wjz_i32s(c.region, count),
                         wjz_i32s(c.feed, count), wjz_i32s(c.counts[0], count), wjz_i32s(c.counts[1], count),
                         wjz_i32s(c.counts[2], count), wjz_i16s(c.satisfaction, count), wjz_i16s(c.solved, count),
                         wjz_texts(c.texts[0], count), wjz_texts(c.texts[1], count), wjz_texts(c.texts[2], count),
                         wjz_texts(c.texts[3], count));
}

typedef struct feedback_keys {
    int32_t *regions, *feeds;
    const char **external_ids;
    int64_t *identities;
} feedback_keys;

static bool make_keys(feedback_keys *keys, const stored_item *items, size_t count, wjz_arena *arena) {
    keys->regions = wjz_arena_alloc(arena, count * sizeof *keys->regions);
    keys->feeds = wjz_arena_alloc(arena, count * sizeof *keys->feeds);
    keys->external_ids = wjz_arena_alloc(arena, count * sizeof *keys->external_ids);
    keys->identities = wjz_arena_alloc(arena, count * sizeof *keys->identities);
    if (keys->regions == NULL || keys->feeds == NULL || keys->external_ids == NULL || keys->identities == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        keys->regions[i] = items[i].item->region;
        keys->feeds[i] = items[i].from->feed->number;
        keys->external_ids[i] = items[i].item->item->feedback->complaint_external_id;
        keys->identities[i] = identity_of(items[i].item);
    }
    return true;
}

int store_find_feedback(wjz_tx *tx, const stored_item *items, size_t count, known_item *out, wjz_err *err) {
    feedback_keys keys;
    if (!make_keys(&keys, items, count, wjz_tx_arena(tx))) return wjz_err_set(err, -ENOMEM, "out of memory");
    memset(out, 0, count * sizeof *out);
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND_FEEDBACK, &rows, err, wjz_i32s(keys.regions, count), wjz_i32s(keys.feeds, count),
                           wjz_texts(keys.external_ids, count), wjz_i64s(keys.identities, count));
    if (r < 0) return r;
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        known_item *known = &out[wjz_row_int(rows, row, 0) - 1];
        known->id = wjz_row_int(rows, row, 1);
        known->complaint = wjz_row_int(rows, row, 2);
    }
    return 0;
}

static int send_keys(wjz_tx *tx, const wjz_stmt *stmt, const complaint_key *keys, size_t count) {
    int32_t *regions = wjz_arena_alloc(wjz_tx_arena(tx), count * sizeof *regions);
    int64_t *ids = wjz_arena_alloc(wjz_tx_arena(tx), count * sizeof *ids);
    if (regions == NULL || ids == NULL) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        regions[i] = keys[i].region;
        ids[i] = keys[i].id;
    }
    return wjz_tx_send_v(tx, stmt, wjz_i32s(regions, count), wjz_i64s(ids, count));
}

int store_lock_standing(wjz_tx *tx, const complaint_key *keys, size_t count) {
    return send_keys(tx, &LOCK_STANDING, keys, count);
}

int store_compute_standing(wjz_tx *tx, const complaint_key *keys, size_t count) {
    return send_keys(tx, &COMPUTE_STANDING, keys, count);
}

int store_await_complaints(wjz_tx *tx, const stored_item *items, size_t count) {
    feedback_keys keys;
    if (!make_keys(&keys, items, count, wjz_tx_arena(tx))) return -ENOMEM;
    return wjz_tx_send_v(tx, &AWAIT_COMPLAINTS, wjz_i32s(keys.regions, count), wjz_i32s(keys.feeds, count),
                         wjz_texts(keys.external_ids, count));
}

int store_adopt_feedback(wjz_tx *tx, wjz_arena *arena, complaint_key **ret_keys, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, &ADOPT_FEEDBACK, NULL, 0, &rows, err);
    if (r < 0) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    complaint_key *keys = wjz_arena_calloc(arena, count + 1, sizeof *keys);
    if (keys == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        keys[i] = (complaint_key){(int32_t)wjz_row_int(rows, (int)i, 0), wjz_row_int(rows, (int)i, 1)};
    }
    *ret_keys = keys;
    *ret_count = count;
    return 0;
}
