#include "console/bind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/cursor.h"
#include "wjz/clock.h"

enum { ITEMS_MOST = 64 };

typedef struct binding {
    exchange *x;
    wjz_param *params;
    int count;
} binding;

static const char *value_of(const exchange *x, const char *name) {
    const char *text = wjz_request_param(x->request, name);
    return text ? text : wjz_request_query(x->request, name);
}

static void add(binding *b, wjz_param param) {
    b->params[b->count++] = param;
}

/* The parts of a list; the copy that they point into is the arena's. */
static int split(exchange *x, const char *text, const char **items, size_t *ret_count) {
    char *copy = wjz_arena_strdup(x->arena, text ? text : ""), *rest = copy;
    *ret_count = 0;
    if (!copy) return -ENOMEM;
    for (char *item; text && (item = strsep(&rest, ","));) {
        if (*ret_count == ITEMS_MOST) return -EINVAL;
        items[(*ret_count)++] = item;
    }
    return 0;
}

static int add_list(binding *b, const char *text) {
    const char **items = wjz_arena_calloc(b->x->arena, ITEMS_MOST, sizeof *items);
    size_t count;
    int r = items ? split(b->x, text, items, &count) : -ENOMEM;
    if (r < 0) return r;
    bool one = count == 1 && strcmp(items[0], "open") != 0; /* "open" stands for several states */
    add(b, one ? wjz_text(items[0]) : wjz_null_text());
    add(b, wjz_texts(items, one ? 0 : count));
    return 0;
}

static int add_numbers(binding *b, const char *text) {
    const char *items[ITEMS_MOST];
    size_t count;
    int32_t *numbers = wjz_arena_calloc(b->x->arena, ITEMS_MOST, sizeof *numbers);
    int r = numbers ? split(b->x, text, items, &count) : -ENOMEM;
    if (r < 0) return r;
    for (size_t i = 0; i < count; i++) {
        char *end;
        long number = strtol(items[i], &end, 10);
        if (end == items[i] || *end || number < INT32_MIN || number > INT32_MAX) return -EINVAL;
        numbers[i] = (int32_t)number;
    }
    add(b, wjz_i32s(numbers, count));
    return 0;
}

static int add_day(binding *b, const char *text, int seconds) {
    wjz_day day = {0};
    if (text && sscanf(text, "%4d-%2d-%2d", &day.year, &day.month, &day.day) != 3) return -EINVAL;
    add(b, wjz_time(text ? wjz_clock_from_day(day, seconds) : 0));
    return 0;
}

static int add_cursor(binding *b, const char *text, bool timed) {
    cursor c = {0};
    if (text && cursor_read(text, &c) < 0) return -EINVAL;
    add(b, timed ? wjz_time(text ? c.key : 0) : text ? wjz_i64(c.key) : wjz_null_i64());
    add(b, text ? wjz_i64(c.id) : wjz_null_i64());
    return 0;
}

/* Numbers and days among them have the form that the document asks for. */
static int add_filters(binding *b) {
    static const char *const names[] = {"q",       "domain",     "branch",  "kind",    "stars",  "organ",     "town",
                                        "station", "prosecutor", "state",   "outcome", "urgent", "mediation", "focus",
                                        "overdue", "mine",       "subject", "feed",    "from",   "to"};
    json_t *filters = json_object();
    for (size_t i = 0; i < WJZ_COUNT(names); i++) {
        const char *text = value_of(b->x, names[i]);
        if (text) (void)json_object_set_new(filters, names[i], json_string(text));
    }
    char *text = json_dumps(filters, JSON_COMPACT), *kept = text ? wjz_arena_strdup(b->x->arena, text) : NULL;
    free(text);
    json_decref(filters);
    if (!kept) return -ENOMEM;
    add(b, wjz_json(kept));
    return 0;
}

static int add_box(binding *b, const char *text) {
    double at[4] = {-180, -90, 180, 90};
    if (text && sscanf(text, "%lf,%lf,%lf,%lf", &at[0], &at[1], &at[2], &at[3]) != 4) return -EINVAL;
    for (int i = 0; i < 4; i++)
        add(b, wjz_f64(at[i]));
    return 0;
}

static int add_one(binding *b, const bind *what) {
    const char *text = what->name ? value_of(b->x, what->name) : NULL;
    switch (what->kind) {
    case BIND_TEXT:
    case BIND_FLAG:
        add(b, wjz_text(text));
        return 0;
    case BIND_ID:
    case BIND_NUMBER:
        add(b, text ? wjz_i64(strtoll(text, NULL, 10)) : wjz_null_i64());
        return 0;
    case BIND_LIST:
        return add_list(b, text);
    case BIND_NUMBERS:
        return add_numbers(b, text);
    case BIND_FROM:
        return add_day(b, text, 0);
    case BIND_TO:
        return add_day(b, text, 86400);
    case BIND_CURSOR:
    case BIND_TIME_CURSOR:
        return add_cursor(b, text, what->kind == BIND_TIME_CURSOR);
    case BIND_LIMIT:
        add(b, wjz_i64(bind_limit(b->x) + 1));
        return 0;
    case BIND_FILTERS:
        return add_filters(b);
    case BIND_BOX:
        return add_box(b, text);
    default:
        return -EINVAL;
    }
}

int bind_limit(const exchange *x) {
    const char *text = wjz_request_query(x->request, "limit");
    return text ? atoi(text) : PAGE_ROWS;
}

int bind_params(exchange *x, const bind *binds, wjz_param params[BIND_PARAMS], int *ret_count) {
    binding b = {x, params, 0};
    for (const bind *what = binds; what->kind != BIND_END; what++) {
        int r = add_one(&b, what);
        if (r == -EINVAL) refuse_field(x, 400, "invalid", what->name, "无法识别 / cannot be understood");
        if (r < 0) return r;
    }
    *ret_count = b.count;
    return 0;
}
