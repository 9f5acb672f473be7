/* See check.h. */
#include "intake/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"
#include "wjz/utf8.h"

static const int64_t EARLIEST_US = 631152000 * WJZ_SECOND_US; /* 1990-01-01 */
static const int64_t AHEAD_US = WJZ_DAY_US;                   /* clocks differ, zones are mistaken */
static const int64_t DUE_AHEAD_US = 3660 * WJZ_DAY_US;
static const int64_t PRINTABLE_US = INT64_C(253402300800) * WJZ_SECOND_US; /* to the year 9999 */
static const int64_t MOST_FEN = INT64_C(100000000000000);                  /* a trillion yuan */

typedef struct checker {
    const check_rules *rules;
    wjz_arena *arena;
    issue_list *issues;
} checker;

static void check_text(const checker *c, const item_field *field, const char *text) {
    size_t length = strlen(text);
    size_t good = wjz_utf8_check(text, length);
    const char *shown = field->personal ? NULL : text;
    if (good < length) {
        issue_add(c->issues, c->arena, false, "not_utf8", field->name, NULL, "send text as UTF-8",
                  "byte %zu of %s is no UTF-8", good, field->name);
    } else if (length > field->limit) {
        issue_add(c->issues, c->arena, false, "too_long", field->name, shown,
                  "shorten it, or send the rest as an attachment", "%s has %zu bytes, at most %zu are taken",
                  field->name, length, field->limit);
    } else if (field->required && strspn(text, " \t\r\n") == length) {
        issue_add(c->issues, c->arena, false, "missing", field->name, NULL, "give every item its platform's number",
                  "%s is missing", field->name);
    }
}

static void check_list(const checker *c, const item_field *field, const ProtobufCMessage *body) {
    const Wjz__Intake__Complaint *complaint = (const Wjz__Intake__Complaint *)body;
    if (complaint->n_categories > 8) {
        issue_add(c->issues, c->arena, false, "too_long", field->name, NULL, "send the path of one category",
                  "%zu categories, at most 8 are taken", complaint->n_categories);
        return;
    }
    for (size_t i = 0; i < complaint->n_categories; i++) {
        check_text(c, field, complaint->categories[i]);
        if (strchr(complaint->categories[i], '\x1f') != NULL) {
            issue_add(c->issues, c->arena, false, "invalid", field->name, NULL, "leave control characters out",
                      "a category holds the control character U+001F");
        }
    }
}

static void check_time(const checker *c, const item_field *field, int64_t us) {
    bool due = strcmp(field->name, "due_at") == 0;
    int64_t latest = c->rules->now_us + (due ? DUE_AHEAD_US : AHEAD_US);
    if (us == 0 || (us >= EARLIEST_US && us <= latest)) return;
    char shown[WJZ_CLOCK_TEXT];
    bool printable = us > -PRINTABLE_US && us < PRINTABLE_US;
    issue_add(c->issues, c->arena, false, "invalid", field->name, printable ? wjz_clock_format(us, shown) : NULL,
              "send microseconds since 1970 UTC, or RFC 3339 in JSON; leave it out when it is not known",
              us < EARLIEST_US ? "%s lies before 1990" : "%s lies in the future", field->name);
}

static const char *number_text(const checker *c, int64_t number) {
    return wjz_arena_printf(c->arena, "%lld", (long long)number);
}

static void check_day(const checker *c, const item_field *field, int32_t day) {
    int32_t latest = (int32_t)(c->rules->now_us / WJZ_DAY_US) + 3660;
    if (day == 0 || (day >= EARLIEST_US / WJZ_DAY_US && day <= latest)) return;
    wjz_day shown = wjz_day_from_number(day);
    const char *text = wjz_arena_printf(c->arena, "%04d-%02d-%02d", shown.year, shown.month, shown.day);
    issue_add(c->issues, c->arena, false, "invalid", field->name, text, "leave it out when it is not known",
              "%s lies outside of 1990 to ten years from now", field->name);
}

static void check_choice(const checker *c, const item_field *field, int value) {
    int count = 0;
    while (field->words[count] != NULL)
        count++;
    if (value >= 0 && value < count) return;
    issue_add(c->issues, c->arena, false, "invalid", field->name, number_text(c, value),
              "use a number of the message's enum", "%s has the number %d, which means nothing", field->name, value);
}

static void check_number(const checker *c, const item_field *field, int64_t value, int64_t most) {
    if (value <= most) return;
    issue_add(c->issues, c->arena, false, "invalid", field->name, number_text(c, value), "check the unit",
              "%s is %lld, at most %lld is taken", field->name, (long long)value, (long long)most);
}

static void check_field(const checker *c, const ProtobufCMessage *body, const item_field *field) {
    const void *at = item_field_get(body, field);
    if (at == NULL) return;
    switch (field->shape) {
    case FIELD_TEXT:
        check_text(c, field, *(char *const *)at);
        break;
    case FIELD_LIST:
        check_list(c, field, body);
        break;
    case FIELD_TIME:
        check_time(c, field, *(const int64_t *)at);
        break;
    case FIELD_DAY:
        check_day(c, field, *(const int32_t *)at);
        break;
    case FIELD_MONEY:
        check_number(c, field, *(const int64_t *)at, MOST_FEN);
        break;
    case FIELD_COUNT:
        check_number(c, field, *(const uint32_t *)at, (int64_t)field->limit);
        break;
    case FIELD_CHOICE:
        check_choice(c, field, *(const int *)at);
        break;
    case FIELD_REAL: /* with its position */
    case FIELD_FLAG:
        break;
    }
}

static int compare_regions(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void check_region(const checker *c, uint32_t region) {
    int32_t code = (int32_t)region;
    if (region == 0 || code == c->rules->region) return;
    if (region <= 999999 && c->rules->region_count > 0 &&
        bsearch(&code, c->rules->regions, c->rules->region_count, sizeof code, compare_regions) != NULL) {
        return;
    }
    issue_add(c->issues, c->arena, false, "unknown_region", "region", number_text(c, region),
              "send the six-digit county code (GB/T 2260) of a county that has an organ here, or leave it out",
              "county %u is not known", (unsigned)region);
}

static void check_position(const checker *c, const Wjz__Intake__Position *position) {
    if (position == NULL) return;
    bool finite = isfinite(position->longitude) && isfinite(position->latitude) && isfinite(position->accuracy_m);
    bool none = position->longitude == 0 && position->latitude == 0; /* a phone that did not know */
    if (none && finite) return;
    if (finite && position->longitude >= 73 && position->longitude <= 136 && position->latitude >= 3 &&
        position->latitude <= 54)
        return;
    const char *shown = wjz_arena_printf(c->arena, "%.9g, %.9g", position->longitude, position->latitude);
    issue_add(c->issues, c->arena, false, "invalid", "position", shown,
              "send WGS 84 degrees, longitude first; leave it out when it is not known",
              "the position is no place in China");
}

static bool is_blank(const char *text) {
    return text[strspn(text, " \t\r\n")] == '\0';
}

static void check_complaint(const checker *c, const Wjz__Intake__Complaint *complaint) {
    if (is_blank(complaint->title) && is_blank(complaint->content)) {
        issue_add(c->issues, c->arena, false, "missing", "content", NULL, "send what was reported as content",
                  "both title and content are missing");
    }
    check_position(c, complaint->position);
    check_region(c, complaint->region);
}

static void check_status(const checker *c, const char *status) {
    if (status[0] == '\0') return;
    for (const char *const *word = ITEM_STATUSES; *word != NULL; word++) {
        if (strcmp(status, *word) == 0) return;
    }
    issue_add(c->issues, c->arena, false, "invalid", "status", status,
              "use received, dispatched, signed, returned, processing, delayed, replied, visited, redone, closed or "
              "cancelled",
              "the status has no meaning");
}

bool check_item(const Wjz__Intake__FeedItem *item, const check_rules *rules, wjz_arena *arena, issue_list *issues) {
    checker c = {rules, arena, issues};
    item_kind kind = ITEM_COMPLAINT;
    const ProtobufCMessage *body = NULL;
    if (!item_open(item, &kind, &body)) {
        issue_add(issues, arena, false, "missing", "item", NULL, "set complaint, enforcement_record or feedback",
                  "the item holds nothing");
        return false;
    }
    for (const item_field *field = item_fields(kind); field->name != NULL; field++)
        check_field(&c, body, field);
    if (kind == ITEM_COMPLAINT) {
        check_complaint(&c, item->complaint);
        check_status(&c, item->complaint->status);
    } else if (kind == ITEM_ENFORCEMENT) {
        check_region(&c, item->enforcement_record->region);
    } else {
        check_status(&c, item->feedback->status);
    }
    return issue_first_fatal(issues) == NULL;
}
