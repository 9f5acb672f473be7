/* See feed_http.h. */
#include "intake/feed_http.h"

#include <csv.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "intake/push_http.h"
#include "intake/store_import.h"
#include "wjz/clock.h"
#include "wjz/log.h"

enum { GAPS_TOLD = 32 };

static void not_reachable(wjz_request *request) {
    wjz_respond_problem(
        request, 503,
        &(wjz_problem){
            .code = "retry_later", .detail = "the store is away", .remedy = "ask again later", .retry_after_s = 1});
}

static void set_time(json_t *object, const char *name, int64_t us) {
    char text[WJZ_CLOCK_TEXT];
    (void)json_object_set_new(object, name, us != 0 ? json_string(wjz_clock_format(us, text)) : json_null());
}

static json_t *describe_gaps(const feed *of) {
    sequence_range gaps[GAPS_TOLD];
    size_t count = sequences_missing(&of->sequences, gaps, GAPS_TOLD);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(
            list, json_pack("{s:I, s:I}", "first", (json_int_t)gaps[i].first, "last", (json_int_t)gaps[i].last));
    }
    return list;
}

static json_t *describe(const feed *of, const feed_health *health) {
    json_t *whole = json_object();
    (void)json_object_set_new(whole, "feed", json_string(of->name));
    (void)json_object_set_new(whole, "accepted", json_integer((json_int_t)(health->accepted + of->counts.accepted)));
    (void)json_object_set_new(whole, "duplicate", json_integer((json_int_t)(health->duplicate + of->counts.duplicate)));
    (void)json_object_set_new(whole, "revised", json_integer((json_int_t)(health->revised + of->counts.revised)));
    (void)json_object_set_new(whole, "rejected", json_integer((json_int_t)(health->rejected + of->counts.rejected)));
    int64_t newest =
        of->counts.newest_report_us > health->newest_report_us ? of->counts.newest_report_us : health->newest_report_us;
    set_time(whole, "last_push_at", of->counts.last_us > health->last_us ? of->counts.last_us : health->last_us);
    set_time(whole, "newest_report_at", newest);
    (void)json_object_set_new(whole, "received_up_to", json_integer((json_int_t)of->sequences.floor));
    (void)json_object_set_new(whole, "missing", describe_gaps(of));
    return whole;
}

void feed_status(wjz_request *request, void *arg) {
    intake *it = arg;
    feed *of = http_authorise(it, request, wjz_request_param(request, "feed"), NULL);
    if (of == NULL) return;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    feed_health health;
    wjz_err err = {0};
    int r = wjz_tx_begin(it->db, &tx, &err);
    if (r == 0) r = store_read_health(tx, of, &health, &err);
    if (r < 0) {
        not_reachable(request);
        return;
    }
    json_t *whole = describe(of, &health);
    char *text = json_dumps(whole, JSON_COMPACT);
    json_decref(whole);
    wjz_respond(request, 200, "application/json", text != NULL ? text : "{}", text != NULL ? strlen(text) : 2);
    free(text);
}

/* --- errors of an import --- */

typedef struct page {
    char *data;
    size_t length, room;
} page;

static int add(page *to, const char *text, size_t length) {
    if (to->length + length > to->room) {
        size_t room = (to->length + length) * 2;
        char *grown = realloc(to->data, room);
        if (grown == NULL) return -ENOMEM;
        to->data = grown;
        to->room = room;
    }
    memcpy(to->data + to->length, text, length);
    to->length += length;
    return 0;
}

/* Quoted; an apostrophe before what a spreadsheet would take for a formula. */
static int add_cell(page *to, const char *text, bool last) {
    char quoted[4096];
    char safe[2000];
    bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    int length = snprintf(safe, sizeof safe, "%s%s", formula ? "'" : "", text);
    if (length >= (int)sizeof safe) length = (int)sizeof safe - 1;
    size_t written = csv_write(quoted, sizeof quoted, safe, (size_t)length);
    if (written > sizeof quoted) written = 0;
    int r = add(to, quoted, written);
    return r < 0 ? r : add(to, last ? "\r\n" : ",", last ? 2 : 1);
}

static int add_number(page *to, int64_t number) {
    char text[24];
    int length = snprintf(text, sizeof text, "%lld,", (long long)number);
    return add(to, text, (size_t)length);
}

static int add_rows(page *to, const wjz_rows *rows) {
    int r = 0;
    for (int row = 0; r == 0 && row < wjz_rows_count(rows); row++) {
        r = add_number(to, wjz_row_int(rows, row, 0));
        if (r == 0) r = add_number(to, wjz_row_int(rows, row, 1));
        for (int column = 3; r == 0 && column < 8; column++)
            r = add_cell(to, wjz_row_text(rows, row, column), false);
        if (r == 0) r = add_cell(to, wjz_row_bool(rows, row, 8) ? "taken" : "rejected", true);
    }
    return r;
}

static int gather_errors(wjz_tx *tx, const import_row *import, page *to, wjz_err *err) {
    static const char HEADER[] = "\xEF\xBB\xBF"
                                 "sheet,row,column,value,code,message,remedy,row_was\r\n";
    int32_t sheet = 0;
    int64_t line = 0;
    int32_t number = 0;
    int r = add(to, HEADER, sizeof HEADER - 1);
    while (r == 0) {
        wjz_rows *rows = NULL;
        r = store_read_errors(tx, import, sheet, line, number, &rows, err);
        int count = r == 0 ? wjz_rows_count(rows) : 0;
        if (count == 0) break;
        r = add_rows(to, rows);
        sheet = (int32_t)wjz_row_int(rows, count - 1, 0);
        line = wjz_row_int(rows, count - 1, 1);
        number = (int32_t)wjz_row_int(rows, count - 1, 2);
    }
    return r;
}

void feed_import_errors(wjz_request *request, void *arg) {
    intake *it = arg;
    feed *of = http_authorise(it, request, wjz_request_param(request, "feed"), NULL);
    if (of == NULL) return;
    const char *text = wjz_request_param(request, "import");
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    import_row import = {0};
    page csv = {0};
    wjz_err err = {0};
    int r = wjz_tx_begin(it->db, &tx, &err);
    if (r == 0) r = store_read_import(tx, strtoll(text, NULL, 10), wjz_request_arena(request), &import, &err);
    if (r == 0 && import.feed != of->number) r = -ENOENT;
    if (r == 0) r = gather_errors(tx, &import, &csv, &err);
    if (r == -ENOENT) {
        wjz_respond_problem(
            request, 404,
            &(wjz_problem){.code = "not_found", .detail = "the feed has no such import", .field = "import"});
    } else if (r < 0) {
        not_reachable(request);
    } else {
        wjz_respond(request, 200, "text/csv; charset=utf-8", csv.data, csv.length);
    }
    free(csv.data);
}
