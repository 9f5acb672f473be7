/* See push_http.h. */
#include "intake/push_http.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "intake/identity.h"
#include "intake/json_item.h"
#include "intake/taking.h"
#include "wjz/id.h"
#include "wjz/log.h"

static void problem(wjz_request *request, int status, const char *code, const char *detail, const char *field,
                    const char *remedy) {
    wjz_respond_problem(request, status,
                        &(wjz_problem){.code = code, .detail = detail, .field = field, .remedy = remedy});
}

feed *http_authorise(const intake *it, wjz_request *request, const char *name, const char *key) {
    const char *header = wjz_request_header(request, "Authorization");
    if (key == NULL && header != NULL && strncasecmp(header, "Bearer ", 7) == 0) key = header + 7;
    uint8_t hash[WJZ_SEAL_MAC];
    feed *of = NULL;
    if (key != NULL && strlen(key) < 256) {
        identity_hash_key(it->seal, key, hash);
        of = feeds_find_bearer(&it->feeds, hash);
    }
    if (of == NULL) {
        if (wjz_respond_header(request, "WWW-Authenticate", "Bearer") < 0) wjz_log_warn("header refused", "%s", "");
        problem(request, 401, "unauthorized", "the key is missing or wrong", "Authorization",
                "send: Authorization: Bearer KEY");
        return NULL;
    }
    if (name != NULL && strcmp(of->name, name) != 0) {
        problem(request, 403, "forbidden", "the key belongs to another feed", "feed",
                "push to the feed that the key was made for");
        return NULL;
    }
    if (of->disabled) {
        problem(request, 403, "forbidden", "the feed is disabled", "feed", "ask the procuratorate's operator");
        return NULL;
    }
    return of;
}

void http_refuse_taking(wjz_request *request, int result, uint32_t retry_ms, const wjz_err *err) {
    bool rate = result == -EDQUOT;
    if (result == -EEXIST) {
        problem(request, 422, "key_reused", err->text, "Idempotency-Key", "make a new key for each request");
        return;
    }
    if (result == -EAGAIN || rate) {
        wjz_respond_problem(request, rate ? 429 : 503,
                            &(wjz_problem){.code = rate ? "too_many" : "retry_later",
                                           .detail = err->text,
                                           .remedy = "send the same request again after the delay",
                                           .retry_after_s = (int)((retry_ms + 999) / 1000)});
        return;
    }
    wjz_log_error("push failed", "error=\"%s\"", err->text);
    problem(request, 500, "internal", "the items could not be taken", NULL,
            "try again later; tell the operator when it stays");
}

/* --- reading --- */

/* Items as they stand in the body. */
typedef struct pushed {
    Wjz__Intake__FeedItem **items;
    submitted_item *refusals;
    size_t count, room;
    wjz_arena *arena;
    item_kind kind;
} pushed;

static bool make_room(pushed *p, size_t room) {
    p->room = room;
    p->items = wjz_arena_calloc(p->arena, room + 1, sizeof *p->items);
    p->refusals = wjz_arena_calloc(p->arena, room + 1, sizeof *p->refusals);
    return p->items != NULL && p->refusals != NULL;
}

/* item: what was read of it, NULL when nothing was. */
static void refuse_item(pushed *p, const Wjz__Intake__FeedItem *item, const issue *why) {
    p->refusals[p->count++] = (submitted_item){.item = item,
                                               .outcome = REJECTED,
                                               .code = why->code,
                                               .field = why->field,
                                               .message = why->message,
                                               .remedy = why->remedy,
                                               .value = why->value};
}

static void add_json(pushed *p, const json_t *object) {
    issue_list issues = {0};
    Wjz__Intake__FeedItem *item = json_read_item(object, p->kind, p->arena, &issues);
    const issue *why = issue_first_fatal(&issues);
    if (why == NULL)
        p->items[p->count++] = item;
    else
        refuse_item(p, item, why);
}

static void add_line(pushed *p, const char *line, size_t length) {
    wjz_err err;
    json_t *object = json_read(line, length, &err);
    if (object != NULL) {
        add_json(p, object);
        json_decref(object);
        return;
    }
    issue_list issues = {0};
    issue_add(&issues, p->arena, false, "malformed", "", NULL, "send one JSON object on each line",
              "the line is no JSON: %s", err.text);
    refuse_item(p, NULL, &issues.items[0]);
}

static bool is_blank_line(const char *line, size_t length) {
    return strspn(line, " \t\r") >= length;
}

/* Lines of an NDJSON body; a line that is no JSON is refused alone. -E2BIG. */
static int read_lines(pushed *p, const char *body, size_t length, size_t most) {
    size_t lines = 1;
    for (size_t i = 0; i < length; i++)
        lines += body[i] == '\n';
    if (!make_room(p, lines < most ? lines : most)) return -ENOMEM;
    for (size_t at = 0; at < length;) {
        const char *newline = memchr(body + at, '\n', length - at);
        size_t end = newline != NULL ? (size_t)(newline - body) : length;
        if (!is_blank_line(body + at, end - at)) {
            if (p->count == most) return -E2BIG;
            add_line(p, body + at, end - at);
        }
        at = end + 1;
    }
    return 0;
}

static int read_json(pushed *p, const char *body, size_t length, size_t most, wjz_err *err) {
    json_t *read = json_read(body, length, err);
    if (read == NULL) return err->code;
    size_t count = json_is_array(read) ? json_array_size(read) : 1;
    int r = count > most ? -E2BIG : make_room(p, count) ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < count; i++)
        add_json(p, json_is_array(read) ? json_array_get(read, i) : read);
    json_decref(read);
    return r;
}

static bool content_is(const wjz_request *request, const char *type) {
    const char *said = wjz_request_header(request, "Content-Type");
    size_t length = strlen(type);
    return said != NULL && strncasecmp(said, type, length) == 0 &&
           (said[length] == '\0' || said[length] == ';' || said[length] == ' ');
}

/* False when the request has been answered. */
static bool read_body(const intake *it, wjz_request *request, pushed *p) {
    size_t length = 0;
    const char *body = wjz_request_body(request, &length);
    bool lines = content_is(request, "application/x-ndjson") || content_is(request, "application/jsonl");
    if (!lines && !content_is(request, "application/json")) {
        problem(request, 415, "unsupported_media_type", "the body is of another kind", "Content-Type",
                "send application/json or application/x-ndjson");
        return false;
    }
    wjz_err err = {0};
    size_t most = (size_t)it->conf->http_items;
    int r = lines ? read_lines(p, body, length, most) : read_json(p, body, length, most, &err);
    if (r == -EINVAL)
        problem(request, 400, "malformed", err.text, NULL, "send one object, or a list of objects");
    else if (r == -E2BIG)
        problem(request, 413, "too_many_items", err.code != 0 ? err.text : "the request has too many items", NULL,
                wjz_arena_printf(p->arena, "divide it: at most %zu items", most));
    else if (r < 0)
        problem(request, 413, "too_large", "there is no memory for the request", NULL, "divide it");
    return r == 0;
}

/* --- answering --- */

static json_t *describe_item(const Wjz__Intake__ItemReceipt *it) {
    static const char *const OUTCOMES[] = {"unspecified", "accepted", "duplicate", "revised", "rejected"};
    json_t *item = json_object();
    (void)json_object_set_new(item, "external_id", json_string(it->external_id));
    (void)json_object_set_new(item, "outcome", json_string(OUTCOMES[(unsigned)it->outcome % WJZ_COUNT(OUTCOMES)]));
    if (it->id != 0) {
        char id[24];
        (void)snprintf(id, sizeof id, "%lld", (long long)it->id);
        (void)json_object_set_new(item, "id", json_string(id)); /* JSON's numbers lose digits in many clients */
    }
    const char *const names[] = {"code", "field", "value", "message", "remedy"};
    const char *const values[] = {it->code, it->field, it->value, it->message, it->remedy};
    for (size_t i = 0; i < WJZ_COUNT(names); i++) {
        if (values[i][0] != '\0') (void)json_object_set_new(item, names[i], json_string(values[i]));
    }
    return item;
}

static void answer(wjz_request *request, const Wjz__Intake__FeedReceipt *receipt) {
    static const char *const TOTALS[] = {NULL, "accepted", "duplicate", "revised", "rejected"};
    uint64_t counts[5] = {0};
    taking_count(receipt, counts);
    json_t *whole = json_object();
    json_t *items = json_array();
    (void)json_object_set_new(whole, "feed", json_string(receipt->feed));
    for (size_t i = 1; i < WJZ_COUNT(TOTALS); i++)
        (void)json_object_set_new(whole, TOTALS[i], json_integer((json_int_t)counts[i]));
    for (size_t i = 0; i < receipt->n_items; i++)
        (void)json_array_append_new(items, describe_item(receipt->items[i]));
    (void)json_object_set_new(whole, "items", items);
    char *text = json_dumps(whole, JSON_COMPACT);
    json_decref(whole);
    if (text == NULL) {
        problem(request, 500, "internal", "the receipt could not be written; the items are stored", NULL,
                "send the request again");
        return;
    }
    wjz_respond(request, 200, "application/json", text, strlen(text));
    free(text);
}

static bool is_good_key(const char *key) {
    size_t length = key != NULL ? strlen(key) : 1;
    if (length == 0 || length > 200) return false;
    for (size_t i = 0; key != NULL && i < length; i++) {
        if (key[i] < 0x21 || key[i] > 0x7e) return false;
    }
    return true;
}

/* Of a push without one: its receipt is kept, too, for those who look at the feed. None that is given has a space. */
static const char *own_key(wjz_arena *arena) {
    return wjz_arena_printf(arena, " %" PRId64, wjz_id_next());
}

static void push(wjz_request *request, intake *it, item_kind kind) {
    feed *of = http_authorise(it, request, wjz_request_param(request, "feed"), NULL);
    if (of == NULL) return;
    const char *key = wjz_request_header(request, "Idempotency-Key");
    if (!is_good_key(key)) {
        problem(request, 400, "invalid", "the idempotency key cannot be used", "Idempotency-Key",
                "send 1 to 200 visible ASCII characters");
        return;
    }
    pushed body = {.arena = wjz_request_arena(request), .kind = kind};
    if (!read_body(it, request, &body)) return;
    taking what = {.feed = of,
                   .items = body.items,
                   .refusals = body.refusals,
                   .count = body.count,
                   .key = key != NULL ? key : own_key(body.arena),
                   .key_is_new = key == NULL,
                   .arena = body.arena};
    Wjz__Intake__FeedReceipt *receipt = NULL;
    uint32_t retry_ms = 0;
    wjz_err err = {0};
    int r = taking_store(it, &what, &receipt, &retry_ms, &err);
    if (r < 0)
        http_refuse_taking(request, r, retry_ms, &err);
    else
        answer(request, receipt);
}

void push_complaints(wjz_request *request, void *arg) {
    push(request, arg, ITEM_COMPLAINT);
}

void push_records(wjz_request *request, void *arg) {
    push(request, arg, ITEM_ENFORCEMENT);
}

void push_feedback(wjz_request *request, void *arg) {
    push(request, arg, ITEM_FEEDBACK);
}
