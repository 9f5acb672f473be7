#include "console/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/console.h"
#include "console/store_clues.h"

int ask_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    const question *q = x->endpoint->what;
    return q->about ? wjz_tx_send_v(x->tx, q->target, wjz_i64(exchange_id(x, q->about))) : 0;
}

/* If-Match holds the version, with or without quotation marks. */
static bool matches(const exchange *x, const char *version) {
    const char *wanted = wjz_request_header(x->request, "If-Match");
    if (!x->operation->conditional || !wanted || strcmp(wanted, "*") == 0) return true;
    size_t length = strlen(version);
    wanted += *wanted == '"';
    return strncmp(wanted, version, length) == 0 && (wanted[length] == '\0' || strcmp(wanted + length, "\"") == 0);
}

int ask_target(exchange *x, target *ret_target) {
    const question *q = x->endpoint->what;
    *ret_target = (target){.region = x->who.region, .version = ""};
    if (!q->about) return 0;
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    if (wjz_rows_count(rows) == 0) {
        refuse(x, 404, "not_found", "没有，或无权查看 / there is none, or none for you");
        return 1;
    }
    ret_target->region = (int32_t)wjz_row_int(rows, 0, 0);
    ret_target->version = wjz_arena_strdup(x->arena, wjz_row_text(rows, 0, 1));
    ret_target->clue = wjz_row_int(rows, 0, 2);
    if (!ret_target->version) return -ENOMEM;
    if (matches(x, ret_target->version)) return 0;
    refuse(x, 412, "changed", "已被他人改动，请刷新 / it has changed since: read it again");
    return 1;
}

int ask_send(exchange *x, const question *q, const target *t, const ProtobufCMessage *message,
             const ProtobufCMessage **ret_answer, wjz_err *err) {
    wjz_refusal refusal = {0};
    int r = exchange_commit(x, err);
    if (r < 0) return r;
    r = wjz_bus_request(x->console->bus, q->service, t->region, message, x->console->conf->ask_timeout, q->answers,
                        x->arena, ret_answer, &refusal, err);
    if (r < 0) {
        r = refuse_as_asked(x, r, &refusal, err);
        return r < 0 ? r : 1;
    }
    r = exchange_begin(x, err);
    return r < 0 ? r : exchange_wait(x, err);
}

/* Passwords and the like do not belong into the audit; reasons do. */
static json_t *detail_of(const exchange *x) {
    json_t *detail = json_object();
    static const char *const kept[] = {"reason", "reason_code", "organ", "prosecutor", "outcome", "stars",  "into",
                                       "to",     "state",       "roles", "granted",    "note",    "version"};
    for (size_t i = 0; i < WJZ_COUNT(kept); i++) {
        json_t *value = json_object_get(x->body, kept[i]);
        if (value) (void)json_object_set(detail, kept[i], value);
    }
    return detail;
}

int ask_done(exchange *x, const target *t, const int64_t *clues, size_t count, json_t *answer, wjz_err *err) {
    json_t *detail = x->detail ? json_incref(x->detail) : detail_of(x);
    const question *q = x->endpoint->what;
    const char *object = x->object ? x->object : q->about ? exchange_path(x, q->about) : "";
    int r = count > 0 ? wjz_tx_send_v(x->tx, &REFRESH, wjz_i32(t->region), wjz_i64s(clues, count)) : 0;
    if (r == 0)
        r = exchange_note(x, x->endpoint->event ? x->endpoint->event : x->operation->id, x->endpoint->object, object,
                          "done", detail);
    json_decref(detail);
    if (r == 0) r = wjz_tx_wait(x->tx, NULL, err);
    if (r < 0) {
        json_decref(answer);
        return r;
    }
    events_tell(x->console->events, count > 0 ? "clue" : "changed", t->region, count > 0 ? clues[0] : 0);
    return answer ? answer_json(x, q->status ? q->status : 200, answer) : answer_nothing(x);
}

const char *ask_text(const char *name, void *arg) {
    const exchange *x = arg;
    const question *q = x->endpoint->what;
    if (q->actor && strcmp(name, q->actor) == 0) return x->who.person;
    return wjz_request_param(x->request, name);
}

int ask_run(exchange *x, wjz_err *err) {
    const question *q = x->endpoint->what;
    target t;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    const ProtobufCMessage *answer, *message = message_from_json(q->asks, q->names, x->body, ask_text, x, x->arena);
    if (!message) return wjz_err_set(err, -ENOMEM, "out of memory");
    r = ask_send(x, q, &t, message, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    json_t *shown = q->show ? q->show(x, &t, answer) : message_to_json(answer, q->answer_names);
    return ask_done(x, &t, &t.clue, t.clue != 0, shown, err);
}
