#include "console/people.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "wjz/clock.h"

static const int64_t KEPT_US = 60 * WJZ_SECOND_US;

struct people {
    json_t *names;      /* code → name */
    int64_t read_at_us; /* monotonic; 0: never */
};

static const wjz_stmt NAMES = {"console_person_names", "SELECT code, name FROM console.person_name", 2};

people *people_new(void) {
    people *p = calloc(1, sizeof *p);
    json_t *names = json_object();
    if (!p || !names) {
        free(p);
        json_decref(names);
        return NULL;
    }
    *p = (people){.names = names};
    return p;
}

void people_destroy(people **at) {
    people *p = at ? WJZ_STEAL(*at) : NULL;
    if (!p) return;
    json_decref(p->names);
    free(p);
}

int people_ask(const people *p, wjz_tx *tx, int *ret_at) {
    bool old = p->read_at_us == 0 || wjz_clock_monotonic_us() - p->read_at_us > KEPT_US;
    *ret_at = old ? wjz_tx_next(tx) : 0;
    return old ? wjz_tx_send(tx, &NAMES, NULL, 0) : 0;
}

int people_keep(people *p, const wjz_rows *rows) {
    json_t *names = json_object();
    int r = names ? 0 : -ENOMEM;
    for (int i = 0; r == 0 && i < wjz_rows_count(rows); i++)
        if (json_object_set_new(names, wjz_row_text(rows, i, 0), json_string(wjz_row_text(rows, i, 1))) < 0)
            r = -ENOMEM;
    if (r < 0) {
        json_decref(names);
        return r;
    }
    json_decref(p->names);
    p->names = names;
    p->read_at_us = wjz_clock_monotonic_us();
    return 0;
}

const char *people_name(people *p, const char *code) {
    const char *name = json_string_value(json_object_get(p->names, code));
    if (!name) p->read_at_us = 0;
    return name ? name : code;
}
