/* See tell_operators.h. */
#include "intake/tell_operators.h"

#include <errno.h>

#include "proto/notification.pb-c.h"

typedef Wjz__Notification__Notice__ValuesEntry entry;

enum { MOST_VALUES = 16 };

int tell_operators(intake *it, wjz_tx *tx, const feed *of, const char *template, const char *event,
                   const told_value *values, size_t count, wjz_err *err) {
    const told_value own[] = {{"feed", of->name}, {"title", of->title}};
    if (count + WJZ_COUNT(own) > MOST_VALUES) return wjz_err_set(err, -E2BIG, "%zu values in a notice", count);
    entry entries[MOST_VALUES], *listed[MOST_VALUES];
    for (size_t i = 0; i < count + WJZ_COUNT(own); i++) {
        const told_value *from = i < WJZ_COUNT(own) ? &own[i] : &values[i - WJZ_COUNT(own)];
        entries[i] = (entry)WJZ__NOTIFICATION__NOTICE__VALUES_ENTRY__INIT;
        entries[i].key = (char *)from->key; /* protobuf-c has no const; packing only reads */
        entries[i].value = (char *)from->text;
        listed[i] = &entries[i];
    }
    Wjz__Notification__Notice notice = WJZ__NOTIFICATION__NOTICE__INIT;
    notice.event = (char *)event;
    notice.template_ = (char *)template;
    notice.to_case = WJZ__NOTIFICATION__NOTICE__TO_ROLE;
    notice.role = (char *)"operator";
    notice.values = listed;
    notice.n_values = count + WJZ_COUNT(own);
    notice.subject_kind = (char *)"feed";
    notice.subject = (uint64_t)of->number;
    Wjz__Notification__NoticesRequested requested = WJZ__NOTIFICATION__NOTICES_REQUESTED__INIT;
    requested.notices = (Wjz__Notification__Notice *[]){&notice};
    requested.n_notices = 1;
    return wjz_bus_emit(it->bus, tx, of->region, &requested.base, err);
}
