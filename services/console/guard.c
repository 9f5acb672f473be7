#include "console/guard.h"

#include <errno.h>

#include "proto/bus.pb-c.h"
#include "proto/notification.pb-c.h"

static const wjz_stmt ANCHOR = {"console_anchor", "SELECT region, recipient, day, digest FROM console.anchor_audit()",
                                4};
static const wjz_stmt VIEWS = {"console_views_unusual",
                               "SELECT region, recipient, person, views::text, hour FROM console.unusual_views($1)", 5};

const wjz_emit_route CONSOLE_EMITS[] = {{&wjz__notification__notices_requested__descriptor, "notification"},
                                        {&wjz__bus__message_died__descriptor, "notification"},
                                        {0}};

/* A notice of values that stand in the row's columns from the third on, under these names. */
static int tell(wjz_tx *tx, wjz_bus *bus, const wjz_rows *rows, int row, const char *template, const char *event,
                const char *const *names, size_t count, wjz_err *err) {
    enum { VALUES_MOST = 4 };
    Wjz__Notification__Notice notice = WJZ__NOTIFICATION__NOTICE__INIT, *notices = &notice;
    Wjz__Notification__Notice__ValuesEntry entries[VALUES_MOST], *values[VALUES_MOST];
    Wjz__Notification__NoticesRequested body = WJZ__NOTIFICATION__NOTICES_REQUESTED__INIT;
    for (size_t i = 0; i < count; i++) {
        wjz__notification__notice__values_entry__init(values[i] = &entries[i]);
        entries[i].key = (char *)names[i];
        entries[i].value = (char *)wjz_row_text(rows, row, 2 + (int)i);
    }
    notice.event = (char *)event;
    notice.template_ = (char *)template;
    notice.to_case = WJZ__NOTIFICATION__NOTICE__TO_PERSON;
    notice.person = (char *)wjz_row_text(rows, row, 1);
    notice.n_values = count;
    notice.values = values;
    body.n_notices = 1;
    body.notices = &notices;
    return wjz_bus_emit(bus, tx, (int32_t)wjz_row_int(rows, row, 0), &body.base, err);
}

static int tell_anchor(wjz_tx *tx, wjz_bus *bus, wjz_err *err) {
    static const char *const names[] = {"day", "digest"};
    wjz_rows *rows;
    int r = wjz_tx_query(tx, &ANCHOR, NULL, 0, &rows, err);
    for (int i = 0; r == 0 && i < wjz_rows_count(rows); i++) {
        char *event = wjz_arena_printf(wjz_tx_arena(tx), "audit:%s", wjz_row_text(rows, i, 2));
        r = event ? tell(tx, bus, rows, i, "audit_anchored", event, names, WJZ_COUNT(names), err) : -ENOMEM;
    }
    return r;
}

/* Once an hour of a person, whichever instance notices it. */
static int tell_views(wjz_tx *tx, wjz_bus *bus, int views_most, wjz_err *err) {
    static const char *const names[] = {"person", "views", "hour"};
    wjz_rows *rows;
    int r = wjz_tx_query_v(tx, &VIEWS, &rows, err, wjz_i32(views_most));
    for (int i = 0; r == 0 && i < wjz_rows_count(rows); i++) {
        char *event =
            wjz_arena_printf(wjz_tx_arena(tx), "views:%s:%s", wjz_row_text(rows, i, 2), wjz_row_text(rows, i, 4));
        r = event ? tell(tx, bus, rows, i, "views_unusual", event, names, WJZ_COUNT(names), err) : -ENOMEM;
    }
    return r;
}

int guard_look(wjz_tx *tx, wjz_bus *bus, int views_most, wjz_err *err) {
    int r = tell_views(tx, bus, views_most, err);
    return r == 0 ? tell_anchor(tx, bus, err) : r;
}
