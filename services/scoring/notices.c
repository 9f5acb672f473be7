/* Which values a notice has is said by its template in deploy/templates. */
#include "scoring/notices.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { MESSAGE_MOST = 256, VALUES_MOST = 16 };

/* protobuf-c's texts are not const, but it only reads what it packs. */
static char *borrowed(const char *text) {
    return (char *)(uintptr_t)text;
}

static bool make_room(notices *n) {
    if (n->count < n->room) return true;
    size_t room = n->room ? 2 * n->room : 16;
    Wjz__Notification__Notice **items = wjz_arena_alloc(n->arena, room * sizeof(*items));
    if (!items) return false;
    if (n->count) memcpy(items, n->items, n->count * sizeof(*items));
    n->items = items;
    n->room = room;
    return true;
}

Wjz__Notification__Notice *notices_add(notices *n, const char *event, const char *template, const char *to,
                                       const char *subject_kind, int64_t subject) {
    Wjz__Notification__Notice *notice = wjz_arena_alloc(n->arena, sizeof *notice);
    Wjz__Notification__Notice__ValuesEntry **values = wjz_arena_alloc(n->arena, VALUES_MOST * sizeof(*values));
    if (!notice || !values || !event || !make_room(n)) {
        n->failed = true;
        return NULL;
    }
    wjz__notification__notice__init(notice);
    notice->event = borrowed(event);
    notice->template_ = borrowed(template);
    if (*to == '\0' || strcmp(to, "operator") == 0) {
        notice->to_case = WJZ__NOTIFICATION__NOTICE__TO_ROLE;
        notice->role = borrowed("operator");
    } else {
        notice->to_case = WJZ__NOTIFICATION__NOTICE__TO_PERSON;
        notice->person = borrowed(to);
    }
    notice->subject_kind = borrowed(subject_kind);
    notice->subject = (uint64_t)subject;
    notice->values = values;
    n->items[n->count++] = notice;
    return notice;
}

void notices_value(notices *n, Wjz__Notification__Notice *notice, const char *name, const char *value) {
    if (!notice || (value && !*value)) return;
    Wjz__Notification__Notice__ValuesEntry *entry = wjz_arena_alloc(n->arena, sizeof *entry);
    if (!entry || !value || notice->n_values == VALUES_MOST) {
        n->failed = true;
        return;
    }
    wjz__notification__notice__values_entry__init(entry);
    entry->key = borrowed(name);
    entry->value = borrowed(value);
    notice->values[notice->n_values++] = entry;
}

void notices_number(notices *n, Wjz__Notification__Notice *notice, const char *name, int64_t value) {
    notices_value(n, notice, name, wjz_arena_printf(n->arena, "%" PRId64, value));
}

int notices_send(notices *n, wjz_bus *bus, wjz_tx *tx, int32_t region, wjz_err *err) {
    if (n->failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = 0;
    for (size_t from = 0; r == 0 && from < n->count; from += MESSAGE_MOST) {
        Wjz__Notification__NoticesRequested message = WJZ__NOTIFICATION__NOTICES_REQUESTED__INIT;
        message.notices = n->items + from;
        message.n_notices = n->count - from < MESSAGE_MOST ? n->count - from : MESSAGE_MOST;
        r = wjz_bus_emit(bus, tx, region, &message.base, err);
    }
    return r;
}
