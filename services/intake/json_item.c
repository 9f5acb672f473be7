/* See json_item.h. */
#include "intake/json_item.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "intake/cell.h"
#include "wjz/clock.h"

/* jansson reads recursively on the fiber's small stack, and makes 200 bytes of a "{}": so depth and number of values
 * are looked at first. 0, -EINVAL too deep, -E2BIG too many. */
static int look_ahead(const char *text, size_t length) {
    int depth = 0;
    int values = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_DEPTH) return -EINVAL;
            if (++values > JSON_VALUES) return -E2BIG;
        } else if (c == ']' || c == '}') {
            depth--;
        } else if (c == ',') {
            if (++values > JSON_VALUES) return -E2BIG;
        }
    }
    return 0;
}

json_t *json_read(const char *text, size_t length, wjz_err *err) {
    int r = look_ahead(text, length);
    if (r < 0) {
        (void)(r == -E2BIG ? wjz_err_set(err, r, "the JSON has more than %d values", JSON_VALUES)
                           : wjz_err_set(err, r, "the JSON is nested deeper than %d levels", JSON_DEPTH));
        return NULL;
    }
    json_error_t error;
    json_t *read = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (read == NULL) (void)wjz_err_set(err, -EINVAL, "line %d, column %d: %s", error.line, error.column, error.text);
    return read;
}

typedef struct reader {
    item_kind kind;
    wjz_arena *arena;
    issue_list *issues;
    ProtobufCMessage *body;
} reader;

/* A text as it stands, a number or a truth value as JSON has it; NULL of what has parts, and of what may be personal.
 */
static const char *show(const reader *r, const item_field *field, const json_t *value) {
    if (field->personal) return NULL;
    if (json_is_string(value)) return json_string_value(value);
    if (json_is_boolean(value)) return json_is_true(value) ? "true" : "false";
    if (json_is_integer(value)) return wjz_arena_printf(r->arena, "%lld", (long long)json_integer_value(value));
    return json_is_real(value) ? wjz_arena_printf(r->arena, "%.17g", json_real_value(value)) : NULL;
}

static void fault(const reader *r, const item_field *field, const json_t *value, const char *wanted) {
    const char *shown = show(r, field, value);
    issue_add(r->issues, r->arena, false, "invalid", field->name, shown, wanted, "%s has a value of another kind",
              field->name);
}

static void take_text(const reader *r, const item_field *field, const json_t *value, char **to) {
    if (!json_is_string(value)) {
        fault(r, field, value, "send a string");
        return;
    }
    size_t length = json_string_length(value);
    const char *text = json_string_value(value);
    if (strlen(text) != length) {
        issue_add(r->issues, r->arena, false, "not_utf8", field->name, NULL, "leave control characters out",
                  "%s holds U+0000", field->name);
        return;
    }
    *to = wjz_arena_strndup(r->arena, text, length);
    if (*to == NULL) *to = (char *)(uintptr_t)protobuf_c_empty_string;
}

static void take_time(const reader *r, const item_field *field, const json_t *value, int64_t *to) {
    const char *text = json_string_value(value);
    if (text == NULL || wjz_clock_parse(text, to) < 0)
        fault(r, field, value, "send RFC 3339, e.g. 2026-03-05T09:07:00+08:00");
}

static void take_day(const reader *r, const item_field *field, const json_t *value, int32_t *to) {
    const char *text = json_string_value(value);
    int64_t us = 0;
    if (text == NULL || strlen(text) != 10 || cell_time(text, &us) < 0)
        fault(r, field, value, "send a day, e.g. 2026-03-05");
    else
        *to = wjz_day_number(wjz_clock_day(us));
}

static void take_money(const reader *r, const item_field *field, const json_t *value, int64_t *to) {
    double yuan = json_number_value(value);
    if (!json_is_number(value) || yuan < 0 || yuan > 1e12)
        fault(r, field, value, "send yuan as a number, e.g. 15000.5");
    else
        *to = llround(yuan * 100);
}

static void take_count(const reader *r, const item_field *field, const json_t *value, uint32_t *to) {
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > UINT32_MAX)
        fault(r, field, value, "send a whole number");
    else
        *to = (uint32_t)number;
}

static void take_choice(const reader *r, const item_field *field, const json_t *value, int *to) {
    const char *word = json_string_value(value);
    for (int i = 0; word != NULL && field->words[i] != NULL; i++) {
        if (strcmp(field->words[i], word) != 0) continue;
        *to = i;
        return;
    }
    const char *allowed = "";
    for (int i = 0; field->words[i] != NULL && allowed != NULL; i++) {
        allowed = wjz_arena_printf(r->arena, "%s%s%s", allowed, i > 0 ? ", " : "send ", field->words[i]);
    }
    fault(r, field, value, allowed != NULL ? allowed : "");
}

static void take_list(const reader *r, const item_field *field, const json_t *value) {
    Wjz__Intake__Complaint *complaint = (Wjz__Intake__Complaint *)r->body;
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > 64) {
        fault(r, field, value, "send a list of strings, from the widest category to the narrowest");
        return;
    }
    char **list = wjz_arena_calloc(r->arena, count + 1, sizeof *list);
    if (list == NULL) return;
    for (size_t i = 0; i < count; i++) {
        list[i] = (char *)(uintptr_t)protobuf_c_empty_string;
        take_text(r, field, json_array_get(value, i), &list[i]);
    }
    complaint->categories = list;
    complaint->n_categories = count;
}

static void take_field(const reader *r, const item_field *field, const json_t *value) {
    if (json_is_null(value)) return;
    void *to = item_field_make(r->body, field, r->arena);
    if (to == NULL) return;
    switch (field->shape) {
    case FIELD_TEXT:
        take_text(r, field, value, to);
        break;
    case FIELD_TIME:
        take_time(r, field, value, to);
        break;
    case FIELD_DAY:
        take_day(r, field, value, to);
        break;
    case FIELD_MONEY:
        take_money(r, field, value, to);
        break;
    case FIELD_COUNT:
        take_count(r, field, value, to);
        break;
    case FIELD_REAL:
        if (json_is_number(value))
            *(double *)to = json_number_value(value);
        else
            fault(r, field, value, "send a number");
        break;
    case FIELD_FLAG:
        if (json_is_boolean(value))
            *(protobuf_c_boolean *)to = json_is_true(value);
        else
            fault(r, field, value, "send true or false");
        break;
    case FIELD_CHOICE:
        take_choice(r, field, value, to);
        break;
    case FIELD_LIST:
        take_list(r, field, value);
        break;
    }
}

/* The field called key inside "reporter" or "position", or at the top when prefix is "". */
static const item_field *find_field(const reader *r, const char *prefix, const char *key, field_home home) {
    for (const item_field *field = item_fields(r->kind); field->name != NULL; field++) {
        size_t skip = strlen(prefix);
        if (field->home != home || strncmp(field->name, prefix, skip) != 0) continue;
        if (strcmp(field->name + skip, key) == 0) return field;
    }
    return NULL;
}

static void take_object(const reader *r, const json_t *object, const char *prefix, field_home home) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) { /* jansson has no const iteration */
        bool reporter = home == IN_ITEM && r->kind == ITEM_COMPLAINT && strcmp(key, "reporter") == 0;
        bool position = home == IN_ITEM && r->kind == ITEM_COMPLAINT && strcmp(key, "position") == 0;
        const item_field *field = find_field(r, prefix, key, home);
        if ((reporter || position) && json_is_object(value)) {
            take_object(r, value, reporter ? "reporter_" : "", reporter ? IN_REPORTER : IN_POSITION);
        } else if (field != NULL) {
            take_field(r, field, value);
        } else {
            issue_add(r->issues, r->arena, false, "unknown_field", key, NULL,
                      "see /openapi.json for the fields; leave out what has none", "there is no field of this name");
        }
    }
}

Wjz__Intake__FeedItem *json_read_item(const json_t *object, item_kind kind, wjz_arena *arena, issue_list *issues) {
    if (!json_is_object(object)) {
        issue_add(issues, arena, false, "invalid", "", NULL, "send an object for each item",
                  "the item is no JSON object");
        return NULL;
    }
    Wjz__Intake__FeedItem *item = item_new(kind, arena);
    const ProtobufCMessage *body = NULL;
    if (item == NULL || !item_open(item, &kind, &body)) {
        issue_add(issues, arena, false, "too_long", "", NULL, "send fewer items at once",
                  "there is no memory for the item");
        return NULL;
    }
    reader r = {kind, arena, issues, (ProtobufCMessage *)(uintptr_t)body}; /* our own, just made */
    take_object(&r, object, "", IN_ITEM);
    return item;
}

Wjz__Intake__FeedItem *json_to_item(const json_t *object, item_kind kind, wjz_arena *arena, issue_list *issues) {
    Wjz__Intake__FeedItem *item = json_read_item(object, kind, arena, issues);
    return issue_first_fatal(issues) == NULL ? item : NULL;
}
