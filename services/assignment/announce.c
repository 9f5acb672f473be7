/* Announce: the ledger's changes and notices as messages, within the turn's transaction. */
#include "assignment/announce.h"

#include <errno.h>

enum { MOST_ITEMS = 256 };

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

static int32_t change_region(const ledger *book, size_t index) {
    return book->changed[index]->region;
}

static int32_t notice_region(const ledger *book, size_t index) {
    return book->notice_regions[index];
}

/* How many from first on have its region: what one message can carry. */
static size_t run_of(const ledger *book, size_t first, size_t count, int32_t (*region_of)(const ledger *, size_t)) {
    size_t run = 1;
    while (run < MOST_ITEMS && first + run < count && region_of(book, first + run) == region_of(book, first))
        run++;
    return run;
}

static int emit_changes(wjz_bus *bus, wjz_tx *tx, const ledger *book, size_t first, size_t count, wjz_err *err) {
    Wjz__Assignment__AssignmentState *states = wjz_arena_calloc(book->arena, count, sizeof(*states));
    Wjz__Assignment__AssignmentState **items = wjz_arena_calloc(book->arena, count, sizeof(*items));
    if (states == NULL || items == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        ledger_message(book->changed[first + i], &states[i]);
        items[i] = &states[i];
    }
    Wjz__Assignment__AssignmentsChanged body = WJZ__ASSIGNMENT__ASSIGNMENTS_CHANGED__INIT;
    body.n_assignments = count;
    body.assignments = items;
    return wjz_bus_emit(bus, tx, change_region(book, first), &body.base, err);
}

static int emit_notices(wjz_bus *bus, wjz_tx *tx, const ledger *book, size_t first, size_t count, wjz_err *err) {
    Wjz__Notification__NoticesRequested body = WJZ__NOTIFICATION__NOTICES_REQUESTED__INIT;
    body.n_notices = count;
    body.notices = book->notices + first;
    return wjz_bus_emit(bus, tx, notice_region(book, first), &body.base, err);
}

int announce(wjz_bus *bus, wjz_tx *tx, const ledger *book, wjz_err *err) {
    int r = 0;
    for (size_t first = 0, run; r == 0 && first < book->changed_count; first += run) {
        run = run_of(book, first, book->changed_count, change_region);
        r = emit_changes(bus, tx, book, first, run, err);
    }
    for (size_t first = 0, run; r == 0 && first < book->notice_count; first += run) {
        run = run_of(book, first, book->notice_count, notice_region);
        r = emit_notices(bus, tx, book, first, run, err);
    }
    return r;
}
