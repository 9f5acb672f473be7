/* Notices: one table row per kind, one function that fills the message. */
#include "assignment/notices.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "wjz/clock.h"
#include "wjz/digits.h"

typedef enum event_key { EVENT_ONCE, EVENT_PER_REVISION, EVENT_PER_COUNT, EVENT_PER_DAY } event_key;

typedef struct notice_row {
    const char *template, *event; /* event: what follows the id */
    event_key key;
    bool acknowledged, urgent;
} notice_row;

static const notice_row ROWS[] = {
    [NOTICE_NEW] = {"assignment_new", ":assigned", EVENT_ONCE, true, false},
    [NOTICE_MOVED] = {"assignment_new", ":assigned", EVENT_PER_REVISION, true, false},
    [NOTICE_BACK] = {"assignment_back", ":assigned", EVENT_ONCE, true, false},
    [NOTICE_ESCALATED] = {"assignment_escalated", ":assigned", EVENT_ONCE, true, true},
    [NOTICE_MISSED] = {"assignment_missed", ":escalated", EVENT_ONCE, false, false},
    [NOTICE_OVERDUE] = {"assignment_overdue", ":overdue", EVENT_PER_REVISION, true, true},
    [NOTICE_CHANGED] = {"assignment_changed", ":changed", EVENT_PER_REVISION, false, false},
    [NOTICE_GONE] = {"assignment_gone", ":gone", EVENT_PER_REVISION, false, false},
    [NOTICE_RETURNED] = {"assignment_returned", ":returned", EVENT_ONCE, false, false},
    [NOTICE_SETTLED_BACK] = {"clue_back", ":back", EVENT_PER_COUNT, false, false},
    [NOTICE_UNROUTABLE] = {"clue_unroutable", ":unroutable", EVENT_PER_REVISION, false, true},
    [NOTICE_UNSTAFFED] = {"organ_unstaffed", ":unstaffed", EVENT_PER_DAY, false, true},
    [NOTICE_RECUSAL] = {"recusal_declared", ":recusal", EVENT_PER_REVISION, true, true},
    [NOTICE_RECUSAL_OVERDUE] = {"recusal_overdue", ":recusal_overdue", EVENT_PER_REVISION, false, true},
};

/* protobuf-c's texts are not const, but it only reads what it packs. */
static char *borrowed(const char *text) {
    return (char *)(uintptr_t)text;
}

/* before, the number, after: each notice has five, too many for printf. NULL when out of memory. */
static char *decimal(const ledger *book, const char *before, int64_t number, const char *after) {
    char digits[WJZ_DIGITS_MOST], *end = digits + sizeof digits, *first = wjz_digits((uint64_t)number, end);
    size_t head = strlen(before), count = (size_t)(end - first), tail = strlen(after) + 1;
    char *text = wjz_arena_alloc(book->arena, head + count + tail);
    if (text == NULL) return NULL;
    memcpy(text, before, head);
    memcpy(text + head, first, count);
    memcpy(text + head + count, after, tail);
    return text;
}

static char *event_of(ledger *book, const notice_row *row, const notice_about *about) {
    const assignment *of = about->of;
    switch (row->key) {
    case EVENT_ONCE:
        return decimal(book, "assignment:", of->id, row->event);
    case EVENT_PER_REVISION:
        return wjz_arena_printf(book->arena, "assignment:%" PRId64 "%s:%" PRId64, of->id, row->event, of->revision);
    case EVENT_PER_COUNT:
        return wjz_arena_printf(book->arena, "assignment:%" PRId64 "%s:%d", of->id, row->event,
                                about->told->complaints);
    case EVENT_PER_DAY:
        break;
    }
    wjz_day day = wjz_clock_day(book->now_us);
    return wjz_arena_printf(book->arena, "organ:%s%s:%04d-%02d-%02d", of->organ, row->event, day.year, day.month,
                            day.day);
}

enum { MOST_VALUES = 14 };

/* Values are texts; what is empty is left out, and the template shows its own default. */
static int fill_values(ledger *book, const notice_about *about, Wjz__Notification__Notice *notice) {
    const assignment *of = about->of;
    char until[WJZ_CLOCK_TEXT];
    const struct {
        const char *key, *value;
    } values[] = {
        {"assignment", decimal(book, "", of->id, "")},
        {"clue", decimal(book, "", of->clue, "")},
        {"stars", decimal(book, "", of->stars, "")},
        {"index", decimal(book, "", lrint(about->told->index), "")},
        {"complaints", decimal(book, "", about->told->complaints, "")},
        {"branch", of->branch},
        {"domain", of->domain},
        {"organ", of->organ},
        {"station", of->station},
        {"prosecutor", of->prosecutor},
        {"consult", of->consult},
        {"accept_until", wjz_arena_strdup(book->arena, wjz_clock_format(of->accept_until_us, until))},
        {"reason", about->reason != NULL ? about->reason : ""},
        {"from", about->from != NULL ? about->from : ""},
    };
    _Static_assert(WJZ_COUNT(values) == MOST_VALUES, "room for every value");
    Wjz__Notification__Notice__ValuesEntry *entries = wjz_arena_calloc(book->arena, MOST_VALUES, sizeof(*entries));
    notice->values = wjz_arena_calloc(book->arena, MOST_VALUES, sizeof(*notice->values));
    if (entries == NULL || notice->values == NULL) return -ENOMEM;
    for (size_t i = 0; i < WJZ_COUNT(values); i++) {
        if (values[i].value == NULL) return -ENOMEM;
        if (values[i].value[0] == '\0') continue;
        Wjz__Notification__Notice__ValuesEntry *entry = &entries[notice->n_values];
        wjz__notification__notice__values_entry__init(entry);
        entry->key = borrowed(values[i].key);
        entry->value = borrowed(values[i].value);
        notice->values[notice->n_values++] = entry;
    }
    return 0;
}

static int address(ledger *book, const notice_about *about, const char *to, Wjz__Notification__Notice *notice) {
    if (to != NULL && to[0] != '\0') {
        notice->to_case = WJZ__NOTIFICATION__NOTICE__TO_PERSON;
        notice->person = borrowed(to);
        return 0;
    }
    notice->to_case = WJZ__NOTIFICATION__NOTICE__TO_ROLE;
    bool on_duty = to != NULL && about->of->station[0] != '\0';
    notice->role = on_duty ? wjz_arena_printf(book->arena, "duty:%s", about->of->station) : borrowed("operator");
    return notice->role != NULL ? 0 : -ENOMEM;
}

int notices_add(ledger *book, const directory *dir, notice_kind kind, const notice_about *about, const char *to,
                wjz_err *err) {
    const notice_row *row = &ROWS[kind];
    const assignment *of = about->of;
    Wjz__Notification__Notice *notice = wjz_arena_alloc(book->arena, sizeof(*notice));
    if (notice == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    wjz__notification__notice__init(notice);
    notice->event = event_of(book, row, about);
    notice->template_ = borrowed(row->template);
    notice->subject_kind = borrowed("assignment");
    notice->subject = (uint64_t)of->id;
    notice->fresh = of->is_new && row->key == EVENT_ONCE;
    bool urgent = row->urgent || of->urgent;
    notice->urgency = urgent ? WJZ__NOTIFICATION__URGENCY__URGENT : WJZ__NOTIFICATION__URGENCY__NORMAL;
    if (notice->event == NULL || address(book, about, to, notice) < 0 || fill_values(book, about, notice) < 0)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    if (row->acknowledged && of->accept_until_us != 0) {
        notice->acknowledge_until_us = of->accept_until_us;
        const char *superior = notices_superior(dir, of->organ, of->branch, to != NULL ? to : "");
        notice->escalate_to = borrowed(superior != NULL ? superior : "");
    }
    return ledger_tell(book, of->region, notice, err);
}

const char *notices_superior(const directory *dir, const char *organ_code, const char *branch,
                             const char *person_code) {
    const person *holder = directory_person(dir, person_code);
    unsigned rank = holder != NULL ? holder->roles & (ROLE_BRANCH_HEAD | ROLE_CHIEF) : 0;
    if ((rank & ROLE_CHIEF) != 0) return NULL;
    size_t count;
    const person *people = directory_people_of(dir, organ_code, &count);
    for (size_t i = 0; i < count && rank == 0; i++)
        if ((people[i].roles & ROLE_BRANCH_HEAD) != 0 && lines_have(people[i].branches, branch)) return people[i].code;
    const person *chief = directory_with_role(dir, organ_code, ROLE_CHIEF);
    return chief != NULL ? chief->code : NULL;
}
