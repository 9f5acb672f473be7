/* Feeds: health, gaps, receipts, imports. All changes are intake's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/ask.h"
#include "console/console.h"
#include "console/cursor.h"
#include "console/read.h"
#include "console/sheet.h"
#include "console/sql.h"
#include "proto/intake.pb-c.h"
#include "wjz/clock.h"

#define SQL_COUNTS(since)                                                                                              \
    "(SELECT json_build_object('accepted', COALESCE(sum(d.accepted), 0), 'duplicate', COALESCE(sum(d.duplicate), 0), " \
    "'revised', COALESCE(sum(d.revised), 0),"                                                                          \
    " 'rejected', COALESCE(sum(d.rejected), 0)) FROM console.feed_day d WHERE d.feed = f.number AND d.day >= " since   \
    ")"

/* Of alias f, console.feed, with x its last day and gaps. */
#define SQL_FEED                                                                                                       \
    "json_build_object('name', f.name, 'title', f.title, 'profile', f.profile, 'region', f.region, 'legal_basis', "    \
    "f.legal_basis, 'clue_source', f.clue_source,"                                                                     \
    " 'source_kind', f.source_kind, 'organ', f.organ, 'rate_per_second', f.rate_per_second, 'disabled', f.disabled, "  \
    "'changed_at', f.changed_at, 'last_at', x.last_at,"                                                                \
    " 'newest_report_at', x.newest, 'today', " SQL_COUNTS("current_date") ", 'week', " SQL_COUNTS(                     \
        "current_date - 6") ", 'missing', g.missing,"                                                                  \
                            " 'health', CASE WHEN f.disabled THEN 'disabled' WHEN g.missing > 0 THEN 'gaps' "          \
                            "WHEN x.last_at IS NULL THEN 'never'"                                                      \
                            " WHEN x.rejected * 5 > x.accepted + x.rejected THEN 'rejecting' WHEN x.last_at < now() "  \
                            "- interval '1 day' THEN 'silent' ELSE 'good' END)"
#define SQL_FEED_FROM                                                                                                  \
    " FROM console.feed f LEFT JOIN LATERAL (SELECT max(d.last_at) AS last_at, max(d.newest_report_at) AS newest, "    \
    "COALESCE(sum(d.accepted) FILTER (WHERE d.day >= current_date - 1), 0) AS accepted,"                               \
    " COALESCE(sum(d.rejected) FILTER (WHERE d.day >= current_date - 1), 0) AS rejected FROM console.feed_day d "      \
    "WHERE d.feed = f.number) x ON true"                                                                               \
    " LEFT JOIN LATERAL (SELECT count(*) AS missing FROM console.feed_gaps(f.name)) g ON true"

static const read_spec FEEDS = {{"console_feeds",
                                 "SELECT json_build_object('items', COALESCE(json_agg(" SQL_FEED
                                 " ORDER BY f.name), '[]'))::text" SQL_FEED_FROM,
                                 1},
                                {{0}}};

static const read_spec FEED = {
    {"console_feed",
     "SELECT json_build_object('feed', " SQL_FEED ", 'days', COALESCE((SELECT json_agg(json_build_object('day', d.day, "
     "'accepted', d.accepted, 'duplicate', d.duplicate,"
     " 'revised', d.revised, 'rejected', d.rejected) ORDER BY d.day) FROM console.feed_day d WHERE d.feed = f.number "
     "AND d.day >= COALESCE($2::timestamptz::date, current_date - 30)"
     " AND d.day < COALESCE($3::timestamptz::date, current_date + 1)), '[]'),"
     " 'gaps', COALESCE((SELECT json_agg(json_build_object('first', y.first::text, 'last', y.last::text)) FROM "
     "console.feed_gaps(f.name) y), '[]'),"
     " 'waiting_feedback', console.waiting_feedback(f.number))::text" SQL_FEED_FROM " WHERE f.name = $1",
     1},
    {{"feed", BIND_TEXT}, {"from", BIND_FROM}, {"to", BIND_TO}, {0}}};

/* --- receipts: how many of each outcome, and what was refused, are in the message --- */

enum { REFUSALS_SHOWN = 20 };

/* Numbered batches, then pushes over HTTP, each in their own order; a cursor is the last of both that was shown. */
static const read_spec RECEIPTS = {
    {"console_receipts",
     "(SELECT false AS pushed, r.sequence AS place, '' AS key, r.stored_at, r.receipt FROM console.receipt r"
     " WHERE r.feed = $1 AND ($2::int8 IS NULL OR r.sequence < $2) ORDER BY r.sequence DESC LIMIT $4)"
     " UNION ALL (SELECT true, p.number, p.key, p.stored_at, p.receipt FROM console.push_receipt p"
     " WHERE p.feed = $1 AND ($3::int8 IS NULL OR p.number < $3) ORDER BY p.number DESC LIMIT $4)"
     " ORDER BY pushed, place DESC",
     5},
    {{"feed", BIND_TEXT}, {"cursor", BIND_CURSOR}, {"limit", BIND_LIMIT}, {0}}};

static json_t *refusal_json(const Wjz__Intake__ItemReceipt *item, size_t position) {
    return json_pack("{s:I, s:s, s:s, s:s, s:s}", "position", (json_int_t)position, "code", item->code, "field",
                     item->field, "message", item->message, "remedy", item->remedy);
}

static json_t *receipt_json(exchange *x, const wjz_rows *rows, int row) {
    const ProtobufCMessage *body;
    wjz_blob bytes = wjz_row_bytes(rows, row, 4);
    bool pushed = wjz_row_bool(rows, row, 0), keyed = pushed && !wjz_row_null(rows, row, 2);
    const char *place = wjz_arena_printf(x->arena, "%" PRId64, wjz_row_int(rows, row, 1));
    json_int_t counts[5] = {0};
    json_t *refusals = json_array();
    char at[WJZ_CLOCK_TEXT];
    if (wjz_message_unpack(&wjz__intake__feed_receipt__descriptor, bytes.data, bytes.length, x->arena, &body, NULL) ==
        0) {
        const Wjz__Intake__FeedReceipt *receipt = (const void *)body;
        for (size_t i = 0; i < receipt->n_items; i++) {
            const Wjz__Intake__ItemReceipt *item = receipt->items[i];
            counts[item->outcome <= 4 ? item->outcome : 0]++;
            if (item->outcome == WJZ__INTAKE__ITEM_RECEIPT__OUTCOME__REJECTED &&
                json_array_size(refusals) < REFUSALS_SHOWN)
                (void)json_array_append_new(refusals, refusal_json(item, i + 1));
        }
    }
    return json_pack("{s:o, s:s?, s:s?, s:s, s:I, s:I, s:I, s:I, s:o}", "id",
                     json_sprintf("%s-%s", pushed ? "push" : "batch", place), "sequence", pushed ? NULL : place, "key",
                     keyed ? wjz_row_text(rows, row, 2) : NULL, "stored_at",
                     wjz_clock_format(wjz_row_time(rows, row, 3), at), "accepted", counts[1], "duplicate", counts[2],
                     "revised", counts[3], "rejected", counts[4], "refusals", refusals);
}

/* The rows of a page, the latest first as far as the order of each kind allows. */
static json_t *receipts_page(exchange *x, const wjz_rows *rows, cursor *last, bool *ret_more) {
    json_t *items = json_array();
    int count = wjz_rows_count(rows), pushes = 0, limit = bind_limit(x);
    while (pushes < count && !wjz_row_bool(rows, pushes, 0))
        pushes++;
    int batch = 0, push = pushes;
    while (batch + push - pushes < limit && (batch < pushes || push < count)) {
        bool next_is_push =
            batch == pushes || (push < count && wjz_row_time(rows, push, 3) > wjz_row_time(rows, batch, 3));
        (void)json_array_append_new(items, receipt_json(x, rows, next_is_push ? push : batch));
        if (next_is_push)
            last->id = wjz_row_int(rows, push++, 1);
        else
            last->key = wjz_row_int(rows, batch++, 1);
    }
    *ret_more = batch < pushes || push < count;
    return items;
}

static int receipts_run(exchange *x, WJZ_UNUSED wjz_err *err) {
    const char *from = wjz_request_query(x->request, "cursor");
    char next[CURSOR_TEXT];
    bool more = false;
    cursor last = {INT64_MAX, INT64_MAX};
    if (from && *from && cursor_read(from, &last) < 0) return -EINVAL; /* it was read before */
    json_t *items = receipts_page(x, wjz_tx_rows(x->tx, 1), &last, &more);
    if (more) cursor_write(last, next);
    return answer_json(x, 200, json_pack("{s:o, s:s?}", "items", items, "next", more ? next : NULL));
}

/* --- imports --- */

#define SQL_IMPORT                                                                                                     \
    "json_build_object('id', i.id::text, 'feed', i.feed, 'file_name', i.file_name, 'size', i.size, 'received', "       \
    "i.received, 'dry_run', i.dry_run, 'actor', i.actor,"                                                              \
    " 'stage', (ARRAY['receiving', 'running', 'finished', 'failed'])[i.stage], 'rows', i.rows_read, 'rows_total', "    \
    "NULLIF(i.rows_total, 0), 'accepted', i.accepted,"                                                                 \
    " 'duplicate', i.duplicate, 'revised', i.revised, 'rejected', i.rejected, 'error', NULLIF(i.error, ''), "          \
    "'profile', i.profile, 'encoding', i.encoding,"                                                                    \
    " 'begun_at', i.begun_at, 'finished_at', i.finished_at)::text"

static const read_spec IMPORTS = {{"console_imports",
                                   "SELECT " SQL_IMPORT
                                   ", i.id, i.id FROM console.import i WHERE ($1::text IS NULL OR i.feed = $1) AND "
                                   "($2::int8 IS NULL OR i.id < $3::int8) ORDER BY i.id DESC LIMIT $4",
                                   3},
                                  {{"feed", BIND_TEXT}, {"cursor", BIND_CURSOR}, {"limit", BIND_LIMIT}, {0}}};
static const read_spec IMPORT = {{"console_import", "SELECT " SQL_IMPORT " FROM console.import i WHERE i.id = $1", 1},
                                 {{"import", BIND_ID}, {0}}};
static const read_spec ROW_ERRORS = {
    {"console_row_errors",
     "SELECT json_build_object('sheet', e.sheet, 'line', e.line, 'field', e.field, 'value', e.value, 'code', e.code, "
     "'message', e.message, 'remedy', e.remedy, 'taken', e.taken)::text,"
     " e.sheet * 10000000000::int8 + e.line, e.number::int8 FROM console.import_error e JOIN console.import i ON "
     "i.region = e.region AND i.id = e.import WHERE e.import = $1"
     " AND ($2::int8 IS NULL OR (e.sheet * 10000000000::int8 + e.line, e.number) > ($2, $3::int8)) ORDER BY e.sheet, "
     "e.line, e.number LIMIT $4",
     3},
    {{"import", BIND_ID}, {"cursor", BIND_CURSOR}, {"limit", BIND_LIMIT}, {0}}};
static const read_spec ROW_ERRORS_FILE = {
    {"console_row_errors_file",
     "SELECT json_build_array(e.sheet, e.line, e.field, e.value, e.code, e.message, e.remedy, CASE WHEN e.taken THEN "
     "'是' ELSE '否' END)::text"
     " FROM console.import_error e JOIN console.import i ON i.region = e.region AND i.id = e.import WHERE e.import = "
     "$1 ORDER BY e.sheet, e.line, e.number LIMIT 100000",
     1},
    {{"import", BIND_ID}, {0}}};

static int errors_file_run(exchange *x, wjz_err *err) {
    static const char *const titles[] = {"工作表", "行", "字段", "值", "代码", "说明", "处理办法", "已照收该行"};
    sheet *s = NULL;
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    int r = sheet_new(titles, WJZ_COUNT(titles), &s);
    for (int i = 0; r == 0 && i < wjz_rows_count(rows); i++)
        r = sheet_add_json(s, wjz_row_text(rows, i, 0));
    if (r == 0) r = sheet_answer_csv(x, s, "errors.csv");
    sheet_destroy(&s);
    return r < 0 ? wjz_err_set(err, r, "could not make the file") : 0;
}

static const wjz_stmt FEED_REGION = {"console_feed_region",
                                     "SELECT region, '', 0::int8 FROM console.feed WHERE name = $1", 3};
static const wjz_stmt IMPORT_TARGET = {"console_import_target",
                                       "SELECT region, '', 0::int8 FROM console.import WHERE id = $1", 3};

static const question BEGIN = {.service = "intake", .answers = &wjz__intake__import_begun__descriptor, .status = 201};

static int begin_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send_v(x->tx, &FEED_REGION, wjz_text(exchange_text(x, "feed")));
}

static int begin_run(exchange *x, wjz_err *err) {
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    if (wjz_rows_count(rows) == 0) return refuse_field(x, 422, "not_found", "feed", "没有此数据源 / no such feed");
    target t = {.region = (int32_t)wjz_row_int(rows, 0, 0)};
    const ProtobufCMessage *answer;
    uint8_t hash[32];
    const char *hex = exchange_text(x, "sha256");
    for (size_t i = 0; i < sizeof hash; i++) {
        unsigned byte = 0;
        sscanf(hex + 2 * i, "%2x", &byte);
        hash[i] = (uint8_t)byte;
    }
    Wjz__Intake__BeginImport message = WJZ__INTAKE__BEGIN_IMPORT__INIT;
    message.feed = wjz_arena_strdup(x->arena, exchange_text(x, "feed"));
    message.file_name = wjz_arena_strdup(x->arena, exchange_text(x, "file_name"));
    message.size = (uint64_t)json_integer_value(json_object_get(x->body, "size"));
    message.sha256 = (ProtobufCBinaryData){sizeof hash, hash};
    message.dry_run = json_is_true(json_object_get(x->body, "dry_run"));
    message.actor = (char *)x->who.person;
    int r = ask_send(x, &BEGIN, &t, &message.base, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    const Wjz__Intake__ImportBegun *begun = (const void *)answer;
    x->detail = json_pack("{s:s, s:s}", "feed", exchange_text(x, "feed"), "file_name", exchange_text(x, "file_name"));
    x->object = wjz_arena_printf(x->arena, "%llu", (unsigned long long)begun->import);
    return ask_done(x, &t, NULL, 0,
                    json_pack("{s:s, s:I, s:b}", "import", x->object, "received", (json_int_t)begun->received,
                              "finished", (int)begun->finished),
                    err);
}

static const question CHUNK = {.service = "intake",
                               .answers = &wjz__intake__import_chunk_taken__descriptor,
                               .about = "import",
                               .target = &IMPORT_TARGET};

static int chunk_run(exchange *x, wjz_err *err) {
    target t;
    const ProtobufCMessage *answer;
    size_t length;
    const char *bytes = wjz_request_body(x->request, &length);
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    Wjz__Intake__ImportChunk message = WJZ__INTAKE__IMPORT_CHUNK__INIT;
    message.import = (uint64_t)exchange_id(x, "import");
    message.offset = strtoull(wjz_request_query(x->request, "offset"), NULL, 10);
    message.data = (ProtobufCBinaryData){length, (uint8_t *)bytes};
    r = ask_send(x, &CHUNK, &t, &message.base, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    return answer_json(x, 200,
                       json_pack("{s:I}", "received",
                                 (json_int_t)((const Wjz__Intake__ImportChunkTaken *)(const void *)answer)->received));
}

/* --- a feed's definition --- */

static const question DEFINE = {.service = "intake",
                                .asks = &wjz__intake__define_feed__descriptor,
                                .answers = &wjz__intake__feed_defined__descriptor};

/* An organ's administrator for the county of the organ; a feed of another county is not seen, so not changed. */
static int define_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send_v(x->tx, &FEED_REGION, wjz_text(exchange_path(x, "feed")));
}

static const wjz_stmt MY_REGIONS = {
    "console_may_define",
    "SELECT $1::int8::int4 = ANY (console.my_regions()), EXISTS (SELECT FROM console.feed_names($2))", 2};

static int define_run(exchange *x, wjz_err *err) {
    wjz_rows *rows;
    const char *name = exchange_path(x, "feed");
    bool seen = wjz_rows_count(wjz_tx_rows(x->tx, 1)) > 0;
    if (strcmp(name, exchange_text(x, "name")) != 0)
        return refuse_field(x, 422, "invalid", "name", "与地址不符 / not that of the address");
    json_int_t region = json_integer_value(json_object_get(x->body, "region"));
    int r = wjz_tx_query_v(x->tx, &MY_REGIONS, &rows, err, wjz_i64(region ? region : x->who.region), wjz_text(name));
    if (r < 0) return r;
    if (!wjz_row_bool(rows, 0, 0) || (!seen && wjz_row_bool(rows, 0, 1)))
        return refuse(x, 403, "forbidden", "不属本院区划 / of another county");
    target t = {.region = (int32_t)(region ? region : x->who.region)};
    const ProtobufCMessage *answer,
        *message = message_from_json(DEFINE.asks, NULL, x->body, field_text_none, NULL, x->arena);
    if (!message) return -ENOMEM;
    r = ask_send(x, &DEFINE, &t, message, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    x->detail = json_deep_copy(x->body);
    x->object = name;
    return ask_done(x, &t, NULL, 0, message_to_json(answer, NULL), err);
}

const endpoint FEED_ENDPOINTS[] = {
    READ_ONE("listFeeds", FEED_PEOPLE, &FEEDS),
    READ_ONE("readFeed", FEED_PEOPLE, &FEED),
    {"defineFeed", ORGAN_ADMIN | SYSTEM_ADMIN, define_prepare, define_run, &DEFINE, "feed_define", "feed"},
    {"listReceipts", FEED_PEOPLE, read_prepare, receipts_run, &RECEIPTS, NULL, NULL},
    READ_PAGE("listImports", FEED_PEOPLE, &IMPORTS),
    {"beginImport", ORGAN_ADMIN | SYSTEM_ADMIN, begin_prepare, begin_run, &BEGIN, "import", "import"},
    {"sendChunk", ORGAN_ADMIN | SYSTEM_ADMIN, ask_prepare, chunk_run, &CHUNK, NULL, "import"},
    READ_ONE("readImport", FEED_PEOPLE, &IMPORT),
    READ_PAGE("listRowErrors", FEED_PEOPLE, &ROW_ERRORS),
    {"downloadRowErrors", FEED_PEOPLE, read_prepare, errors_file_run, &ROW_ERRORS_FILE, "export", "import"},
    {0},
};
