/* What people are told by scheduling. */
#include "scheduling/notices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "wjz/clock.h"

enum { MESSAGE_MOST = 256, VALUES_MOST = 10 };

static char *borrowed(const char *text) {
    return (char *)(uintptr_t)text; /* protobuf-c's fields are not const; packing only reads them */
}

static bool make_room(struct notices *notices) {
    if (notices->count < notices->room) return true;
    size_t room = notices->room == 0 ? 32 : 2 * notices->room;
    Wjz__Notification__Notice **grown = wjz_arena_alloc(notices->arena, room * sizeof(*grown));
    if (grown == NULL) return false;
    if (notices->count > 0) memcpy(grown, notices->items, notices->count * sizeof(*grown));
    notices->items = grown;
    notices->room = room;
    return true;
}

Wjz__Notification__Notice *notices_add(struct notices *notices, const char *event, const char *template,
                                       const char *code, struct about about) {
    Wjz__Notification__Notice *notice = wjz_arena_alloc(notices->arena, sizeof *notice);
    Wjz__Notification__Notice__ValuesEntry **values = wjz_arena_alloc(notices->arena, VALUES_MOST * sizeof(*values));
    if (notice == NULL || values == NULL || event == NULL || code == NULL || !make_room(notices)) {
        notices->out_of_memory = true;
        return NULL;
    }
    wjz__notification__notice__init(notice);
    notice->event = borrowed(event);
    notice->template_ = borrowed(template);
    notice->to_case = code[0] == '\0' ? WJZ__NOTIFICATION__NOTICE__TO_ROLE : WJZ__NOTIFICATION__NOTICE__TO_PERSON;
    if (code[0] == '\0')
        notice->role = borrowed("operator");
    else
        notice->person = borrowed(code);
    notice->subject_kind = borrowed(about.kind);
    notice->subject = (uint64_t)about.id;
    notice->values = values;
    notices->items[notices->count++] = notice;
    return notice;
}

Wjz__Notification__Notice *notices_add_guest(struct notices *notices, const char *event, const char *template,
                                             const char *email, struct about about) {
    Wjz__Notification__Notice *notice = notices_add(notices, event, template, "", about);
    Wjz__Notification__Guest *guest = wjz_arena_alloc(notices->arena, sizeof *guest);
    if (notice == NULL || guest == NULL || email == NULL) {
        notices->out_of_memory = true;
        return NULL;
    }
    wjz__notification__guest__init(guest);
    guest->email = borrowed(email);
    notice->to_case = WJZ__NOTIFICATION__NOTICE__TO_GUEST;
    notice->guest = guest;
    return notice;
}

void notices_value(struct notices *notices, Wjz__Notification__Notice *notice, const char *name, const char *text) {
    Wjz__Notification__Notice__ValuesEntry *entry = wjz_arena_alloc(notices->arena, sizeof *entry);
    if (notice == NULL || entry == NULL || text == NULL || notice->n_values == VALUES_MOST) {
        notices->out_of_memory = true;
        return;
    }
    wjz__notification__notice__values_entry__init(entry);
    entry->key = borrowed(name);
    entry->value = borrowed(text);
    notice->values[notice->n_values++] = entry;
}

void notices_time(struct notices *notices, Wjz__Notification__Notice *notice, const char *name, int64_t us) {
    char text[WJZ_CLOCK_TEXT];
    notices_value(notices, notice, name, wjz_arena_strdup(notices->arena, wjz_clock_format(us, text)));
}

void notices_number(struct notices *notices, Wjz__Notification__Notice *notice, const char *name, int64_t number) {
    notices_value(notices, notice, name, wjz_arena_printf(notices->arena, "%" PRId64, number));
}

int notices_emit(const struct notices *notices, wjz_bus *bus, wjz_tx *tx, int32_t region, wjz_err *err) {
    if (notices->out_of_memory) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = 0;
    for (size_t at = 0; r == 0 && at < notices->count; at += MESSAGE_MOST) {
        Wjz__Notification__NoticesRequested body = WJZ__NOTIFICATION__NOTICES_REQUESTED__INIT;
        body.notices = notices->items + at;
        body.n_notices = notices->count - at < MESSAGE_MOST ? notices->count - at : MESSAGE_MOST;
        r = wjz_bus_emit(bus, tx, region, &body.base, err);
    }
    return r;
}
