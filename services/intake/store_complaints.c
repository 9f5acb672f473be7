/* Complaints and their revisions in the store: columns of many rows in one statement. See store.h. */
#include <errno.h>
#include <string.h>

#include "intake/identity.h"
#include "intake/store.h"
#include "intake/store_known.h"

/* Columns by type; an array of count values each. Of each type first what a complaint has when it has just come, behind
 * it what its platform adds while it is handled: clocks, urgings, visits, votes. */
enum { TIME_RECEIVED, TIME_FINISHED, TIME_DISPATCHED, TIME_DUE, TIME_VISITED, TIMES, FIRST_TIMES = TIME_DISPATCHED };
enum {
    COUNT_PHOTO,
    COUNT_REDISPATCH,
    COUNT_RETURN,
    COUNT_URGE,
    COUNT_DELAY,
    COUNT_FOR,
    COUNT_AGAINST,
    COUNTS,
    FIRST_COUNTS = COUNT_REDISPATCH
};
enum {
    TEXT_EXTERNAL_ID,
    TEXT_CHANNEL,
    TEXT_ORDER_TYPE,
    TEXT_TITLE,
    TEXT_CONTENT,
    TEXT_CATEGORIES,
    TEXT_ADDRESS,
    TEXT_TOWN,
    TEXT_VILLAGE,
    TEXT_UNIT,
    TEXT_RESULT,
    TEXT_STATUS,
    TEXT_NOTE,
    TEXT_PARENT,
    TEXTS,
    FIRST_TEXTS = TEXT_NOTE
};

typedef struct columns {
    int64_t *id, *hash, *reporter;
    int64_t *times[TIMES];
    double *longitude, *latitude;
    bool *no_position;
    int32_t *region, *feed;
    int32_t *counts[COUNTS];
    int16_t *satisfaction, *solved;
    bool *anonymous, *confidential;
    const char **texts[TEXTS];
    wjz_blob *cipher;
} columns;

#define FIRST_NAMES                                                                                                    \
    "id, content_hash, reporter_hash, received_at, finished_at, longitude, latitude, region, feed, photo_count, "      \
    "anonymous, confidential, external_id, source_channel, order_type, title, content, categories, incident_address, " \
    "town, village, handler_unit, handle_result, status, reporter_cipher, satisfaction"
#define LATER_NAMES                                                                                                    \
    "dispatched_at, due_at, visited_at, redispatch_count, return_count, urge_count, delay_days, votes_for, "           \
    "votes_against, solved, visit_note, parent_id"
#define COLUMN_NAMES FIRST_NAMES ", " LATER_NAMES
/* In the select list: in FROM each array would become a table of its own first, which costs more than the insertion. */
#define FIRST_ARRAYS                                                                                                   \
    "unnest($1::int8[]), unnest($2::int8[]), unnest($3::int8[]), unnest($4::timestamptz[]), "                          \
    "unnest($5::timestamptz[]), unnest($6::float8[]), unnest($7::float8[]), unnest($8::int4[]), "                      \
    "unnest($9::int4[]), unnest($10::int4[]), unnest($11::bool[]), unnest($12::bool[]), "                              \
    "unnest($13::text[]), unnest($14::text[]), unnest($15::text[]), unnest($16::text[]), "                             \
    "unnest($17::text[]), unnest($18::text[]), unnest($19::text[]), unnest($20::text[]), "                             \
    "unnest($21::text[]), unnest($22::text[]), unnest($23::text[]), unnest($24::text[]), unnest($25::bytea[]), "       \
    "unnest($26::int2[])"
#define COLUMN_ARRAYS                                                                                                  \
    FIRST_ARRAYS                                                                                                       \
    ", unnest($27::timestamptz[]), unnest($28::timestamptz[]), unnest($29::timestamptz[]), "                           \
    "unnest($30::int4[]), unnest($31::int4[]), unnest($32::int4[]), unnest($33::int4[]), unnest($34::int4[]), "        \
    "unnest($35::int4[]), unnest($36::int2[]), unnest($37::text[]), unnest($38::text[])"
#define COLUMN_VALUES                                                                                                  \
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, "  \
    "$25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38"
enum { COLUMN_COUNT = 38 };

/* Without a look for what is there already: a fifth less work, and -EEXIST when something is. */
static const wjz_stmt INSERT_NEW_COMPLAINTS = {
    "intake_insert_new_complaints", "INSERT INTO intake.complaint (" COLUMN_NAMES ") SELECT " COLUMN_ARRAYS, 0};

/* All of them have just come: the table's defaults stand for the rest, a third of the columns and 7 % of the work. */
static const wjz_stmt INSERT_JUST_COME = {"intake_insert_just_come",
                                          "INSERT INTO intake.complaint (" FIRST_NAMES ") SELECT " FIRST_ARRAYS, 0};

/* One alone: to take apart arrays of one item costs a quarter more. */
static const wjz_stmt INSERT_NEW_COMPLAINT = {
    "intake_insert_new_complaint", "INSERT INTO intake.complaint (" COLUMN_NAMES ") VALUES (" COLUMN_VALUES ")", 0};

#define MESSAGE_ROW WJZ_OUTBOX_ROW("$39", "$40", "$41", "$42", "$43", "$44", "$45")
/* With its message and the receipt of its batch, which one statement stores with a tenth less work than three. */
static const wjz_stmt INSERT_ALONE = {
    "intake_insert_alone",
    "WITH complaint AS (INSERT INTO intake.complaint (" COLUMN_NAMES ") VALUES (" COLUMN_VALUES
    ")), message AS (INSERT INTO intake.outbox " MESSAGE_ROW
    ") INSERT INTO intake.batch (region, feed, sequence, content_hash, receipt) VALUES ($46, $47, $48, $49, $50)",
    0};

static const wjz_stmt INSERT_COMPLAINTS = {"intake_insert_complaints",
                                           "INSERT INTO intake.complaint (" COLUMN_NAMES ") SELECT " COLUMN_ARRAYS
                                           " ON CONFLICT (region, feed, external_id) DO NOTHING",
                                           0};

static const wjz_stmt INSERT_REVISIONS = {
    "intake_insert_revisions",
    "INSERT INTO intake.revision (" COLUMN_NAMES ", revision) SELECT " COLUMN_ARRAYS ", unnest($39::int4[])", 0};

static const wjz_stmt FIND_COMPLAINTS = {
    "intake_find_complaints",
    "SELECT t.i, c.id, c.content_hash,"
    " ARRAY(SELECT r.content_hash FROM intake.revision r WHERE r.region = c.region AND r.id = c.id ORDER BY r.revision)"
    " FROM unnest($1::int4[], $2::int4[], $3::text[]) WITH ORDINALITY t (region, feed, external_id, i)"
    " JOIN intake.complaint c ON c.region = t.region AND c.feed = t.feed AND c.external_id = t.external_id",
    4};

bool complaint_has_position(const Wjz__Intake__Complaint *it) {
    return it->position != NULL && (it->position->longitude != 0 || it->position->latitude != 0);
}

static bool make_columns(columns *c, size_t count, wjz_arena *arena) {
    bool good = true;
#define MAKE(column) good = good && (c->column = wjz_arena_alloc(arena, count * sizeof *c->column)) != NULL
    MAKE(id);
    MAKE(hash);
    MAKE(reporter);
    MAKE(longitude);
    MAKE(latitude);
    MAKE(no_position);
    MAKE(region);
    MAKE(feed);
    MAKE(satisfaction);
    MAKE(solved);
    MAKE(anonymous);
    MAKE(confidential);
    MAKE(cipher);
    for (size_t i = 0; i < TIMES; i++)
        MAKE(times[i]);
    for (size_t i = 0; i < COUNTS; i++)
        MAKE(counts[i]);
    for (size_t i = 0; i < TEXTS; i++)
        MAKE(texts[i]);
#undef MAKE
    return good;
}

/* From the widest to the narrowest, divided by U+001F. */
static const char *join_categories(const Wjz__Intake__Complaint *it, wjz_arena *arena) {
    if (it->n_categories == 0) return "";
    const char *joined = it->categories[0];
    for (size_t i = 1; i < it->n_categories && joined != NULL; i++) {
        joined = wjz_arena_printf(arena, "%s\x1f%s", joined, it->categories[i]);
    }
    return joined;
}

static void fill_numbers(columns *c, size_t i, const Wjz__Intake__Complaint *it) {
    c->times[TIME_RECEIVED][i] = it->received_at_us;
    c->times[TIME_DISPATCHED][i] = it->dispatched_at_us;
    c->times[TIME_DUE][i] = it->due_at_us;
    c->times[TIME_FINISHED][i] = it->finished_at_us;
    c->times[TIME_VISITED][i] = it->visited_at_us;
    c->counts[COUNT_REDISPATCH][i] = (int32_t)it->redispatch_count;
    c->counts[COUNT_RETURN][i] = (int32_t)it->return_count;
    c->counts[COUNT_URGE][i] = (int32_t)it->urge_count;
    c->counts[COUNT_DELAY][i] = (int32_t)it->delay_days;
    c->counts[COUNT_FOR][i] = (int32_t)it->votes_for;
    c->counts[COUNT_AGAINST][i] = (int32_t)it->votes_against;
    c->counts[COUNT_PHOTO][i] = (int32_t)it->photo_count;
    c->satisfaction[i] = (int16_t)it->satisfaction;
    c->solved[i] = (int16_t)it->solved;
    c->no_position[i] = !complaint_has_position(it);
    c->longitude[i] = c->no_position[i] ? 0 : it->position->longitude;
    c->latitude[i] = c->no_position[i] ? 0 : it->position->latitude;
}

static void fill_texts(columns *c, size_t i, const Wjz__Intake__Complaint *it, wjz_arena *arena) {
    c->texts[TEXT_EXTERNAL_ID][i] = it->external_id;
    c->texts[TEXT_CHANNEL][i] = it->source_channel;
    c->texts[TEXT_ORDER_TYPE][i] = it->order_type;
    c->texts[TEXT_TITLE][i] = it->title;
    c->texts[TEXT_CONTENT][i] = it->content;
    c->texts[TEXT_CATEGORIES][i] = join_categories(it, arena);
    c->texts[TEXT_ADDRESS][i] = it->incident_address;
    c->texts[TEXT_TOWN][i] = it->town;
    c->texts[TEXT_VILLAGE][i] = it->village;
    c->texts[TEXT_UNIT][i] = it->handler_unit;
    c->texts[TEXT_RESULT][i] = it->handle_result;
    c->texts[TEXT_STATUS][i] = it->status;
    c->texts[TEXT_NOTE][i] = it->visit_note;
    c->texts[TEXT_PARENT][i] = it->parent_id;
}

static int fill(columns *c, const stored_item *items, size_t count, const wjz_seal *seal, wjz_arena *arena) {
    for (size_t i = 0; i < count; i++) {
        const submitted_item *from = items[i].item;
        const Wjz__Intake__Complaint *it = from->item->complaint;
        c->id[i] = from->id;
        c->hash[i] = (int64_t)from->hash;
        c->region[i] = from->region;
        c->feed[i] = items[i].from->feed->number;
        c->anonymous[i] = it->reporter != NULL && it->reporter->anonymous;
        c->confidential[i] = it->reporter != NULL && it->reporter->confidential;
        c->reporter[i] = from->reporter_hash;
        int r = identity_seal(seal, from->id, it->reporter, !items[i].from->drop_id_numbers, arena, &c->cipher[i]);
        if (r < 0) return r;
        fill_numbers(c, i, it);
        fill_texts(c, i, it, arena);
        if (c->texts[TEXT_CATEGORIES][i] == NULL) return -ENOMEM;
    }
    return 0;
}

static size_t make_first_params(const columns *c, size_t count, wjz_param *params) {
    size_t n = 0;
    params[n++] = wjz_i64s(c->id, count);
    params[n++] = wjz_i64s(c->hash, count);
    params[n++] = wjz_i64s(c->reporter, count);
    for (size_t i = 0; i < FIRST_TIMES; i++)
        params[n++] = wjz_times(c->times[i], count);
    params[n++] = wjz_f64s(c->longitude, c->no_position, count);
    params[n++] = wjz_f64s(c->latitude, c->no_position, count);
    params[n++] = wjz_i32s(c->region, count);
    params[n++] = wjz_i32s(c->feed, count);
    for (size_t i = 0; i < FIRST_COUNTS; i++)
        params[n++] = wjz_i32s(c->counts[i], count);
    params[n++] = wjz_bools(c->anonymous, count);
    params[n++] = wjz_bools(c->confidential, count);
    for (size_t i = 0; i < FIRST_TEXTS; i++)
        params[n++] = wjz_texts(c->texts[i], count);
    params[n++] = wjz_blobs(c->cipher, count);
    params[n++] = wjz_i16s(c->satisfaction, count);
    return n;
}

static size_t make_params(const columns *c, size_t count, wjz_param *params) {
    size_t n = make_first_params(c, count, params);
    for (size_t i = FIRST_TIMES; i < TIMES; i++)
        params[n++] = wjz_times(c->times[i], count);
    for (size_t i = FIRST_COUNTS; i < COUNTS; i++)
        params[n++] = wjz_i32s(c->counts[i], count);
    params[n++] = wjz_i16s(c->solved, count);
    for (size_t i = FIRST_TEXTS; i < TEXTS; i++)
        params[n++] = wjz_texts(c->texts[i], count);
    return n;
}

static size_t make_row_params(const columns *c, wjz_param *params) {
    size_t n = 0;
    params[n++] = wjz_i64(c->id[0]);
    params[n++] = wjz_i64(c->hash[0]);
    params[n++] = wjz_i64(c->reporter[0]);
    for (size_t i = 0; i < FIRST_TIMES; i++)
        params[n++] = wjz_time(c->times[i][0]);
    params[n++] = c->no_position[0] ? wjz_null_f64() : wjz_f64(c->longitude[0]);
    params[n++] = c->no_position[0] ? wjz_null_f64() : wjz_f64(c->latitude[0]);
    params[n++] = wjz_i32(c->region[0]);
    params[n++] = wjz_i32(c->feed[0]);
    for (size_t i = 0; i < FIRST_COUNTS; i++)
        params[n++] = wjz_i32(c->counts[i][0]);
    params[n++] = wjz_bool(c->anonymous[0]);
    params[n++] = wjz_bool(c->confidential[0]);
    for (size_t i = 0; i < FIRST_TEXTS; i++)
        params[n++] = wjz_text(c->texts[i][0]);
    params[n++] = wjz_bytes(c->cipher[0].data, c->cipher[0].length);
    params[n++] = wjz_i16(c->satisfaction[0]);
    for (size_t i = FIRST_TIMES; i < TIMES; i++)
        params[n++] = wjz_time(c->times[i][0]);
    for (size_t i = FIRST_COUNTS; i < COUNTS; i++)
        params[n++] = wjz_i32(c->counts[i][0]);
    params[n++] = wjz_i16(c->solved[0]);
    for (size_t i = FIRST_TEXTS; i < TEXTS; i++)
        params[n++] = wjz_text(c->texts[i][0]);
    return n;
}

static bool has_just_come(const Wjz__Intake__Complaint *it) {
    return it->dispatched_at_us == 0 && it->due_at_us == 0 && it->visited_at_us == 0 && it->redispatch_count == 0 &&
           it->return_count == 0 && it->urge_count == 0 && it->delay_days == 0 && it->votes_for == 0 &&
           it->votes_against == 0 && it->solved == 0 && it->visit_note[0] == '\0' && it->parent_id[0] == '\0';
}

static bool have_just_come(const stored_item *items, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!has_just_come(items[i].item->item->complaint)) return false;
    return true;
}

static int send_rows(wjz_tx *tx, const wjz_stmt *stmt, const stored_item *items, const int32_t *numbers, size_t count,
                     const wjz_seal *seal) {
    columns c;
    wjz_arena *arena = wjz_tx_arena(tx);
    if (!make_columns(&c, count, arena)) return -ENOMEM;
    int r = fill(&c, items, count, seal, arena);
    if (r < 0) return r;
    wjz_param params[COLUMN_COUNT + 1];
    size_t n = stmt == &INSERT_NEW_COMPLAINT ? make_row_params(&c, params)
               : stmt == &INSERT_JUST_COME   ? make_first_params(&c, count, params)
                                             : make_params(&c, count, params);
    if (numbers != NULL) params[n++] = wjz_i32s(numbers, count);
    return wjz_tx_send(tx, stmt, params, (int)n);
}

int store_insert_alone(wjz_tx *tx, const stored_item *item, const wjz_seal *seal,
                       const wjz_param message[WJZ_OUTBOX_PARAMS], const void *receipt, size_t length) {
    columns c;
    const submission *from = item->from;
    if (!make_columns(&c, 1, wjz_tx_arena(tx))) return -ENOMEM;
    int r = fill(&c, item, 1, seal, wjz_tx_arena(tx));
    if (r < 0) return r;
    wjz_param params[COLUMN_COUNT + WJZ_OUTBOX_PARAMS + 5];
    size_t n = make_row_params(&c, params);
    for (size_t i = 0; i < WJZ_OUTBOX_PARAMS; i++)
        params[n++] = message[i];
    params[n++] = wjz_i32(from->feed->region);
    params[n++] = wjz_i32(from->feed->number);
    params[n++] = wjz_i64((int64_t)from->sequence);
    params[n++] = wjz_i64((int64_t)from->hash);
    params[n++] = wjz_bytes(receipt, length);
    return wjz_tx_send(tx, &INSERT_ALONE, params, (int)n);
}

int store_insert_complaints(wjz_tx *tx, const stored_item *items, size_t count, bool all_new, const wjz_seal *seal) {
    const wjz_stmt *stmt = !all_new                       ? &INSERT_COMPLAINTS
                           : count == 1                   ? &INSERT_NEW_COMPLAINT
                           : have_just_come(items, count) ? &INSERT_JUST_COME
                                                          : &INSERT_NEW_COMPLAINTS;
    return send_rows(tx, stmt, items, NULL, count, seal);
}

int store_insert_revisions(wjz_tx *tx, const stored_item *items, const int32_t *numbers, size_t count,
                           const wjz_seal *seal) {
    return send_rows(tx, &INSERT_REVISIONS, items, numbers, count, seal);
}

int store_find_complaints(wjz_tx *tx, const stored_item *items, size_t count, known_item *out, wjz_err *err) {
    wjz_arena *arena = wjz_tx_arena(tx);
    int32_t *regions = wjz_arena_alloc(arena, count * sizeof *regions);
    int32_t *numbers = wjz_arena_alloc(arena, count * sizeof *numbers);
    const char **ids = wjz_arena_alloc(arena, count * sizeof *ids);
    if (regions == NULL || numbers == NULL || ids == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        regions[i] = items[i].item->region;
        numbers[i] = items[i].from->feed->number;
        ids[i] = items[i].item->item->complaint->external_id;
    }
    memset(out, 0, count * sizeof *out);
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND_COMPLAINTS, &rows, err, wjz_i32s(regions, count), wjz_i32s(numbers, count),
                           wjz_texts(ids, count));
    return r < 0 ? r : store_take_known(rows, arena, out, err);
}
