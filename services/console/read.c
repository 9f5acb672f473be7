#include "console/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/cursor.h"

int read_prepare(exchange *x, wjz_err *err) {
    const read_spec *spec = x->endpoint->what;
    wjz_param params[BIND_PARAMS];
    int count;
    int r = bind_params(x, spec->params, params, &count);
    if (r == 0) r = wjz_tx_send(x->tx, &spec->stmt, params, count);
    return r < 0 ? wjz_err_set(err, r, "could not ask \"%s\"", spec->stmt.name) : 0;
}

int read_answer_one(exchange *x, const wjz_rows *rows) {
    const char *json = wjz_rows_count(rows) > 0 ? wjz_row_text(rows, 0, 0) : NULL;
    return json ? answer_text(x, 200, json)
                : refuse(x, 404, "not_found", "没有，或无权查看 / there is none, or none for you");
}

int read_one(exchange *x, WJZ_UNUSED wjz_err *err) {
    return read_answer_one(x, wjz_tx_rows(x->tx, 1));
}

static size_t length_of(const wjz_rows *rows, int count) {
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += strlen(wjz_row_text(rows, i, 0)) + 1;
    return length;
}

int read_answer_page(exchange *x, const wjz_rows *rows) {
    int count = wjz_rows_count(rows), limit = bind_limit(x);
    bool more = count > limit;
    if (more) count = limit;
    char *text = wjz_arena_alloc(x->arena, length_of(rows, count) + 80);
    if (!text) return -ENOMEM;
    char *at = stpcpy(text, "{\"items\":[");
    for (int i = 0; i < count; i++) {
        if (i > 0) *at++ = ',';
        at = stpcpy(at, wjz_row_text(rows, i, 0));
    }
    at = stpcpy(at, "],\"next\":");
    if (more) {
        char next[CURSOR_TEXT];
        cursor_write((cursor){wjz_row_int(rows, count - 1, 1), wjz_row_int(rows, count - 1, 2)}, next);
        at = stpcpy(stpcpy(stpcpy(at, "\""), next), "\"");
    } else {
        at = stpcpy(at, "null");
    }
    strcpy(at, "}");
    return answer_text(x, 200, text);
}

int read_page(exchange *x, WJZ_UNUSED wjz_err *err) {
    return read_answer_page(x, wjz_tx_rows(x->tx, 1));
}
