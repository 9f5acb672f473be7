/* The way of a request: limits, form, who asks, whether they may, the answer, the audit. What is not let through here
 * reaches no handler; what a handler forgets, the store still refuses. */
#include "console/exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "console/console.h"
#include "console/endpoint.h"
#include "wjz/clock.h"
#include "wjz/log.h"

static const wjz_stmt ENTER = {
    "console_enter",
    "SELECT login, stage, region, person, name, organ, COALESCE(organ_name, ''), array_to_string(roles, ','), "
    "array_to_string(branches, ','),"
    " array_to_string(stations, ','), totp, locale, idle_until, ends_at FROM console.enter($1)",
    14};
static const wjz_stmt NOTE = {"console_note", "SELECT console.note($1, $2, $3, $4, $5, $6, $7)::text", 1};
static const wjz_stmt NOTE_AHEAD = {
    "console_note_ahead", "SELECT console.note($1, $2, $3, '', 'done', $4)::text WHERE console.has_role(VARIADIC $5)",
    1};
static const wjz_stmt KEEP = {
    "console_idempotent_keep",
    "INSERT INTO console.idempotent AS i (login, key, request) VALUES ($1, $2, $3) ON CONFLICT (login, key) DO UPDATE"
    " SET made_at = CASE WHEN i.status = 0 AND i.made_at < now() - interval '1 minute' THEN now() ELSE i.made_at END"
    " RETURNING i.request = $3, i.status, i.answer, i.made_at = now()",
    4};
static const wjz_stmt KEPT = {"console_idempotent_kept",
                              "UPDATE console.idempotent SET status = $3, answer = $4 WHERE login = $1 AND key = $2",
                              0};
static const wjz_stmt FORGET = {"console_idempotent_forget",
                                "DELETE FROM console.idempotent WHERE login = $1 AND key = $2 AND status = 0", 0};

/* --- transaction --- */

static wjz_param token_param(const exchange *x, uint8_t hash[TOKEN_HASH]) {
    token_hash(x->token, hash);
    return wjz_bytes(hash, x->token[0] ? TOKEN_HASH : 0);
}

int exchange_enter(exchange *x) {
    uint8_t hash[TOKEN_HASH];
    int r = wjz_tx_send_v(x->tx, &ENTER, token_param(x, hash));
    return r == 0 && x->endpoint->roles & VOUCHED ? vouch_send(x->console->vouch, x->tx) : r;
}

int exchange_begin(exchange *x, wjz_err *err) {
    int r = wjz_tx_begin(x->console->db, &x->tx, err);
    return r == 0 ? exchange_enter(x) : r;
}

static const char *keep_text(exchange *x, const wjz_rows *rows, int column) {
    const char *text = wjz_row_text(rows, 0, column);
    return text ? wjz_arena_strdup(x->arena, text) : NULL;
}

int exchange_wait(exchange *x, wjz_err *err) {
    int r = x->endpoint->roles & AT_ONCE ? wjz_tx_finish(x->tx, err) : wjz_tx_wait(x->tx, NULL, err);
    if (r < 0) return r;
    const wjz_rows *rows = wjz_tx_rows(x->tx, 0);
    x->who = (who){0};
    if (wjz_rows_count(rows) == 0) return 0;
    const char **texts[] = {&x->who.login, &x->who.stage,      NULL,          &x->who.person,   &x->who.name,
                            &x->who.organ, &x->who.organ_name, &x->who.roles, &x->who.branches, &x->who.stations,
                            NULL,          &x->who.locale};
    for (int i = 0; i < (int)WJZ_COUNT(texts); i++)
        if (texts[i] && !(*texts[i] = keep_text(x, rows, i))) return wjz_err_set(err, -ENOMEM, "out of memory");
    x->who.region = (int32_t)wjz_row_int(rows, 0, 2);
    x->who.totp = wjz_row_bool(rows, 0, 10);
    x->who.idle_until_us = wjz_row_time(rows, 0, 12);
    x->who.ends_at_us = wjz_row_time(rows, 0, 13);
    x->who.mask = strcmp(x->who.stage, "open") == 0 ? roles_from_text(x->who.roles) : 0;
    return 0;
}

int exchange_commit(exchange *x, wjz_err *err) {
    return x->tx ? wjz_tx_commit(&x->tx, err) : 0;
}

int exchange_note(exchange *x, const char *event, const char *kind, const char *object, const char *result,
                  const json_t *detail) {
    char *text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    int r = wjz_tx_send_v(x->tx, &NOTE, wjz_text(x->address), wjz_text(event), wjz_text(kind ? kind : ""),
                          wjz_text(object ? object : ""), wjz_text(result), wjz_json(text ? text : "{}"),
                          wjz_text(x->who.login ? x->who.login : ""));
    free(text);
    return r;
}

static int send_note_ahead(exchange *x, wjz_tx *tx, const char *event, const char *kind, const json_t *detail) {
    const char *names[ROLES];
    size_t count = roles_named(x->endpoint->roles, names);
    char *text = json_dumps(detail, JSON_COMPACT);
    if (!text) return -ENOMEM;
    wjz_param params[] = {wjz_text(x->address), wjz_text(event), wjz_text(kind), wjz_json(text),
                          wjz_texts(names, count)};
    int r = wjz_tx_send_aside(tx, &NOTE_AHEAD, params, (int)WJZ_COUNT(params));
    free(text);
    return r;
}

/* Sent at once in a transaction of its own, which the store makes durable while it reads; in the reading's own where no
 * connection is free. */
int exchange_note_ahead(exchange *x, const char *event, const char *kind, const json_t *detail) {
    wjz_err err = {0};
    uint8_t hash[TOKEN_HASH];
    wjz_param token = token_param(x, hash);
    if (wjz_tx_try_begin(x->console->db, &x->note, &err) < 0) return send_note_ahead(x, x->tx, event, kind, detail);
    int r = wjz_tx_send_aside(x->note, &ENTER, &token, 1);
    if (r == 0) r = send_note_ahead(x, x->note, event, kind, detail);
    return r == 0 ? wjz_tx_dispatch(x->note, &err) : r;
}

/* --- reading --- */

const char *exchange_path(const exchange *x, const char *name) {
    return wjz_request_param(x->request, name);
}

const char *exchange_text(const exchange *x, const char *name) {
    const char *text = json_string_value(json_object_get(x->body, name));
    return text ? text : "";
}

char *exchange_copy(const exchange *x, const char *name) {
    return wjz_arena_strdup(x->arena, exchange_text(x, name));
}

int64_t exchange_id(const exchange *x, const char *name) {
    const char *text = wjz_request_param(x->request, name);
    if (!text) text = exchange_text(x, name);
    return strtoll(text, NULL, 10);
}

/* --- answering --- */

static void set_header(exchange *x, const char *name, const char *value) {
    int e = wjz_respond_header(x->request, name, value);
    (void)e; /* values are ours; without memory there will be no answer either */
}

void exchange_headers(exchange *x, bool of_page) {
    const console_conf *conf = x->console->conf;
    set_header(x, "X-Frame-Options", "DENY");
    set_header(x, "Referrer-Policy", "no-referrer");
    set_header(x, "Cross-Origin-Opener-Policy", "same-origin");
    set_header(x, "Cross-Origin-Resource-Policy", "same-origin");
    set_header(x, "Permissions-Policy", "camera=(self), geolocation=(self), microphone=(), payment=()");
    if (conf->behind_proxy || conf->http_tls_key) set_header(x, "Strict-Transport-Security", "max-age=31536000");
    if (!of_page) set_header(x, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
}

static int keep(exchange *x, int status, const char *content_type, const void *data, size_t length) {
    if (x->answered) return 0;
    x->answer = (struct kept_answer){status, content_type, wjz_arena_strndup(x->arena, data, length), length};
    x->answered = x->answer.data != NULL;
    return x->answered ? 0 : -ENOMEM;
}

int answer_text(exchange *x, int status, const char *json) {
    return keep(x, status, "application/json", json, strlen(json));
}

int answer_json(exchange *x, int status, json_t *value) {
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    int r = text ? answer_text(x, status, text) : -ENOMEM;
    free(text);
    return r;
}

int answer_nothing(exchange *x) {
    return keep(x, 204, NULL, "", 0);
}

int answer_picture(exchange *x, const char *content_type, const void *data, size_t length) {
    set_header(x, "Cache-Control", "private, max-age=600");
    return keep(x, 200, content_type, data, length);
}

int answer_file(exchange *x, const char *content_type, const char *name, const void *data, size_t length) {
    char disposition[160];
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%.100s\"", name);
    set_header(x, "Content-Disposition", disposition);
    return keep(x, 200, content_type, data, length);
}

/* Once everything that it rests on is committed. */
static void send_answer(exchange *x) {
    const struct kept_answer *a = &x->answer;
    if (strcmp(x->operation->method, "GET") == 0 && a->status == 200 &&
        strcmp(a->content_type, "application/json") == 0) {
        char tag[24];
        snprintf(tag, sizeof tag, "\"%016" PRIx64 "\"", (uint64_t)XXH3_64bits(a->data, a->length));
        const char *known = wjz_request_header(x->request, "If-None-Match");
        set_header(x, "ETag", tag);
        set_header(x, "Cache-Control", "private, no-cache");
        if (known && strstr(known, tag)) {
            wjz_respond(x->request, 304, NULL, NULL, 0);
            return;
        }
    }
    wjz_respond(x->request, a->status, a->content_type, a->data, a->length);
}

static int refuse_with(exchange *x, int status, const wjz_problem *problem) {
    if (!x->answered) wjz_respond_problem(x->request, status, problem);
    x->answered = x->refused = true;
    return 0;
}

int refuse(exchange *x, int status, const char *code, const char *detail) {
    return refuse_with(x, status, &(wjz_problem){.code = code, .detail = detail});
}

int refuse_field(exchange *x, int status, const char *code, const char *field, const char *detail) {
    return refuse_with(x, status, &(wjz_problem){.code = code, .field = field, .detail = detail});
}

int refuse_later(exchange *x, int seconds, const char *detail) {
    return refuse_with(
        x, 503,
        &(wjz_problem){
            .code = "retry_later", .detail = detail, .remedy = "稍后重试 / try again later", .retry_after_s = seconds});
}

int refuse_as_asked(exchange *x, int r, const wjz_refusal *refusal, const wjz_err *err) {
    static const struct {
        int status;
        const char *code;
    } as[] = {[WJZ_REFUSAL_INVALID] = {422, "invalid"},     [WJZ_REFUSAL_NOT_FOUND] = {404, "not_found"},
              [WJZ_REFUSAL_CONFLICT] = {409, "conflict"},   [WJZ_REFUSAL_FORBIDDEN] = {403, "forbidden"},
              [WJZ_REFUSAL_TOO_LARGE] = {413, "too_large"}, [WJZ_REFUSAL_RETRY_LATER] = {503, "retry_later"}};
    if (r == -EHOSTUNREACH || r == -ETIMEDOUT)
        return refuse_later(x, 3, "服务暂时没有应答 / the service does not answer now");
    if (r != -EREMOTE) return r;
    if ((size_t)refusal->code >= WJZ_COUNT(as) || as[refusal->code].status == 0) {
        wjz_log_error("request refused by a service", "operation=%s error=\"%s\"", x->operation->id, err->text);
        return refuse(x, 502, "internal", NULL);
    }
    return refuse_with(x, as[refusal->code].status,
                       &(wjz_problem){.code = as[refusal->code].code,
                                      .detail = refusal->message,
                                      .field = refusal->field,
                                      .value = refusal->value,
                                      .remedy = refusal->remedy,
                                      .retry_after_s = refusal->code == WJZ_REFUSAL_RETRY_LATER
                                                           ? (int)(refusal->retry_after_ms + 999) / 1000
                                                           : 0});
}

/* --- what is not let through --- */

/* Behind a proxy the last address it added; whoever can reach us without it could write anything there. */
static const char *address_of(const exchange *x) {
    const char *said = x->console->conf->behind_proxy ? wjz_request_header(x->request, "X-Forwarded-For") : NULL;
    const char *last = said ? strrchr(said, ',') : NULL;
    if (!said || strlen(said) > 500) return wjz_request_peer(x->request);
    last = last ? last + 1 + strspn(last + 1, " ") : said;
    return *last ? last : wjz_request_peer(x->request);
}

static bool within_rate(exchange *x) {
    const char *asker = x->token[0] ? x->token : x->address;
    int wait_s = rate_take(x->console->requests, asker, strlen(asker), wjz_clock_monotonic_us());
    if (wait_s == 0) return true;
    refuse_with(x, 429,
                &(wjz_problem){.code = "too_many", .detail = "请求过多 / too many requests", .retry_after_s = wait_s});
    return false;
}

/* A change must come from our own pages: by the browser's word where it gives it, and by a token that other sites
 * cannot read. */
static bool from_our_pages(exchange *x) {
    const char *site = wjz_request_header(x->request, "Sec-Fetch-Site");
    bool change = strcmp(x->operation->method, "GET") != 0;
    if (!change) return true;
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
        refuse(x, 403, "cross_site", "请求来自别的网站 / the request comes from another site");
        return false;
    }
    if (x->operation->open || token_csrf_ok(x->token, wjz_request_header(x->request, "X-CSRF-Token"))) return true;
    refuse(x, 403, "csrf", "页面已过期，请刷新 / the page is out of date: reload it");
    return false;
}

static const char *get_parameter(const char *name, const char *place, void *arg) {
    const exchange *x = arg;
    return strcmp(place, "path") == 0 ? wjz_request_param(x->request, name) : wjz_request_query(x->request, name);
}

static bool has_form(exchange *x) {
    const operation *o = x->operation;
    schema_fault fault = {0};
    size_t length;
    const char *bytes = wjz_request_body(x->request, &length);
    if (document_check_parameters(x->console->document, o, get_parameter, x, &fault) < 0) {
        refuse_field(x, 400, "invalid", fault.field, fault.detail);
        return false;
    }
    if (o->conditional && !wjz_request_header(x->request, "If-Match")) {
        refuse(x, 428, "if_match_missing", "须带 If-Match / If-Match is required");
        return false;
    }
    if (!o->body) return true;
    const char *type = wjz_request_header(x->request, "Content-Type");
    if (!type || strncasecmp(type, "application/json", 16) != 0) {
        refuse(x, 415, "media_type", "须为 application/json / must be application/json");
        return false;
    }
    x->body = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
    if (!x->body) {
        refuse(x, 400, "malformed", "正文不是 JSON / the body is no JSON");
        return false;
    }
    if (document_check_body(x->console->document, o, x->body, &fault) == 0) return true;
    refuse_field(x, 422, "invalid", fault.field, fault.detail);
    return false;
}

/* --- the same request again --- */

static int begin_prepared(exchange *x, wjz_err *err) {
    int r = exchange_begin(x, err);
    return r == 0 && x->endpoint->prepare ? x->endpoint->prepare(x, err) : r;
}

static int repeat(exchange *x, wjz_err *err) {
    const char *key = x->operation->repeatable ? wjz_request_header(x->request, "Idempotency-Key") : NULL;
    if (!key) return 0;
    if (strlen(key) < 8 || strlen(key) > 100) {
        return refuse_field(x, 400, "invalid", "Idempotency-Key", "8 to 100 characters");
    }
    size_t length;
    const char *body = wjz_request_body(x->request, &length);
    uint8_t hash[32];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)wjz_request_path(x->request),
                              strlen(wjz_request_path(x->request)) + 1);
    crypto_generichash_update(&state, (const uint8_t *)body, length);
    crypto_generichash_final(&state, hash, sizeof hash);
    wjz_rows *rows;
    int r =
        wjz_tx_query_v(x->tx, &KEEP, &rows, err, wjz_text(x->who.login), wjz_text(key), wjz_bytes(hash, sizeof hash));
    if (r < 0) return r;
    bool same = wjz_row_bool(rows, 0, 0), ours = wjz_row_bool(rows, 0, 3);
    int status = (int)wjz_row_int(rows, 0, 1);
    if (!same)
        return refuse_field(x, 422, "key_reused", "Idempotency-Key",
                            "同一键已用于另一请求 / the key was used for another request");
    if (status == 204) return answer_nothing(x);
    if (status != 0) return answer_text(x, status, wjz_row_text(rows, 0, 2));
    if (!ours)
        return refuse_with(x, 409,
                           &(wjz_problem){.code = "in_progress",
                                          .detail = "同一请求正在处理 / the same request is being handled",
                                          .retry_after_s = 1});
    r = exchange_commit(x, err);
    if (r == 0) r = begin_prepared(x, err);
    if (r == 0) r = exchange_wait(x, err);
    if (r == 0) x->key = wjz_arena_strdup(x->arena, key);
    return r;
}

/* --- the whole --- */

static const char *object_of(const exchange *x) {
    if (x->object) return x->object;
    const char *path = x->operation->path, *open = strchr(path, '{');
    if (!open) return "";
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(open + 1, "}"), open + 1);
    const char *value = wjz_request_param(x->request, name);
    return value ? value : "";
}

static int note_refused(exchange *x, wjz_err *err) {
    int r = 0;
    if (x->endpoint->roles & AT_ONCE) { /* the transaction is over */
        r = exchange_commit(x, err);
        if (r == 0) r = exchange_begin(x, err);
    }
    if (r == 0)
        r = exchange_note(x, x->endpoint->event ? x->endpoint->event : x->operation->id, x->endpoint->object,
                          object_of(x), "refused", NULL);
    return r == 0 ? exchange_commit(x, err) : r;
}

static int admit(exchange *x, wjz_err *err) {
    unsigned allowed = x->endpoint->roles;
    if (x->operation->open) return 0;
    if (!x->who.login) return refuse(x, 401, "not_logged_in", "请登录 / log in");
    if (allowed & UNFINISHED) return 0;
    if (strcmp(x->who.stage, "open") != 0)
        return refuse(x, 401, "login_unfinished", "登录尚未完成 / the login is not finished");
    if (x->who.mask & allowed) return 0;
    int r = note_refused(x, err);
    return r < 0 ? r : refuse(x, 403, "forbidden", "无权进行此操作 / your role may not do this");
}

static int go_through(exchange *x, wjz_err *err) {
    int r = begin_prepared(x, err);
    if (x->answered) return 0;
    if (r == 0) r = exchange_wait(x, err);
    if (r == 0) r = admit(x, err);
    if (r < 0 || x->answered) return r;
    r = repeat(x, err);
    if (r < 0 || x->answered) return r;
    if (x->endpoint->event && strcmp(x->operation->method, "GET") == 0)
        r = exchange_note(x, x->endpoint->event, x->endpoint->object, object_of(x), "done", x->detail);
    if (r == 0) r = x->endpoint->run(x, err);
    if (r == 0 && x->key && !x->refused) {
        r = x->tx ? 0 : exchange_begin(x, err);
        if (r == 0)
            r = wjz_tx_send_v(x->tx, &KEPT, wjz_text(x->who.login), wjz_text(x->key),
                              wjz_i16((int16_t)x->answer.status), wjz_text(x->answer.data));
    }
    if (r == 0 && !x->refused) r = exchange_commit(x, err);
    return r == 0 && !x->refused && x->note ? wjz_tx_commit(&x->note, err) : r;
}

/* What was not done may be asked again under the same key. */
static void forget_key(exchange *x) {
    wjz_err err = {0};
    wjz_tx_abort(&x->tx);
    int r = exchange_begin(x, &err);
    if (r == 0) r = wjz_tx_send_v(x->tx, &FORGET, wjz_text(x->who.login), wjz_text(x->key));
    if (r == 0) r = exchange_commit(x, &err);
    if (r < 0) wjz_log_warn("key not forgotten", "operation=%s error=\"%s\"", x->operation->id, err.text);
}

static void answer_failure(exchange *x, int r, const wjz_err *err) {
    if (r == -ECONNRESET || r == -ETIMEDOUT || r == -EAGAIN || r == -ECANCELED) {
        refuse_later(x, 2, "数据库暂不可用 / the store is away");
        return;
    }
    if (r == -EINVAL) { /* what the form lets through and the store does not */
        wjz_log_warn("request not understood", "operation=%s error=\"%s\"", x->operation->id, err->text);
        refuse(x, 422, "invalid", "内容有误 / not understood");
        return;
    }
    wjz_log_error("request failed", "operation=%s code=%d error=\"%s\"", x->operation->id, r, err->text);
    refuse(x, 500, "internal", NULL);
}

static void handle(exchange *x) {
    wjz_err err = {0};
    int r = go_through(x, &err);
    if (r == 0 && x->answered && !x->refused && !x->streaming) send_answer(x);
    if (r < 0 && !x->refused) {
        x->answered = false; /* what it said has not come to pass */
        answer_failure(x, r, &err);
    }
    if (x->refused && x->key) forget_key(x);
}

void exchange_serve(wjz_request *request, void *arg) {
    console *c = arg;
    size_t index = (size_t)(wjz_request_served_by(request) - c->routes);
    exchange x = {
        .console = c, .request = request, .endpoint = c->endpoints[index], .arena = wjz_request_arena(request)};
    x.operation = document_find(c->document, x.endpoint->operation);
    x.address = address_of(&x);
    if (token_in_cookies(wjz_request_header(request, "Cookie"), "wjz_session", x.token) < 0) x.token[0] = '\0';
    exchange_headers(&x, false);
    if (within_rate(&x) &&
        (x.operation->open || x.token[0] || (refuse(&x, 401, "not_logged_in", "请登录 / log in"), false)) &&
        from_our_pages(&x) && has_form(&x))
        handle(&x);
    wjz_tx_abort(&x.tx);
    wjz_tx_abort(&x.note);
    json_decref(x.body);
    json_decref(x.detail);
}
