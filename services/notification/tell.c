/* Telling: look up who is meant, compose, store, and start sending once it is durable. */
#include "notification/tell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "notification/notification.h"
#include "notification/store.h"
#include "wjz/clock.h"
#include "wjz/metrics.h"

/* --- after the commit --- */

struct told {
    int32_t region;
    int64_t notice;
    char person[96];
};

/* What is to be done once the notices are durable; outlives the transaction's memory. */
struct aftermath {
    struct notification *self;
    bool wake[CHANNELS];
    size_t notices;
    size_t count; /* of told: each inbox once, by the last notice in it */
    struct told told[];
};

static void publish(struct notification *self, struct told *told) {
    Wjz__Notification__InboxChanged changed = WJZ__NOTIFICATION__INBOX_CHANGED__INIT;
    changed.person = told->person;
    changed.notice = (uint64_t)told->notice;
    wjz_bus_publish(self->bus, told->region, &changed.base);
}

static void after_commit(void *arg, int result) {
    struct aftermath *aftermath = arg;
    struct notification *self = aftermath->self;
    if (result == 0) {
        for (size_t i = 0; i < aftermath->count; i++)
            publish(self, &aftermath->told[i]);
        for (int kind = 0; kind < CHANNELS; kind++)
            if (aftermath->wake[kind]) channel_wake(self->channels[kind]);
        wjz_count(wjz_counter("wjz_notices_total", "", "Notices stored."), aftermath->notices);
    }
    free(aftermath);
}

/* Pages that show the inbox read it anew, once for all that came. */
static void note_told(struct aftermath *aftermath, const struct notice *notice) {
    struct told *at = aftermath->told, *end = at + aftermath->count;
    while (at < end && (at->region != notice->region || strcmp(at->person, notice->recipient) != 0))
        at++;
    if (at == end) {
        *at = (struct told){.region = notice->region};
        strncat(at->person, notice->recipient, sizeof at->person - 1);
        aftermath->count++;
    }
    at->notice = notice->id;
}

static int prepare_aftermath(struct notification *self, wjz_tx *tx, const struct notice *notices, size_t count) {
    struct aftermath *aftermath = calloc(1, sizeof *aftermath + count * sizeof aftermath->told[0]);
    if (aftermath == NULL) return -ENOMEM;
    aftermath->self = self;
    aftermath->notices = count;
    for (size_t i = 0; i < count; i++) {
        note_told(aftermath, &notices[i]);
        for (int kind = 0; kind < CHANNELS; kind++)
            aftermath->wake[kind] = aftermath->wake[kind] || notices[i].due_us[kind] != 0;
    }
    int r = wjz_tx_after(tx, after_commit, aftermath);
    if (r < 0) free(aftermath);
    return r;
}

/* --- looking up --- */

/* Notices of a batch are about the same few regions, people and stations: each is asked for once. */
static void add_region(int32_t *regions, size_t *count, int32_t region) {
    for (size_t i = 0; i < *count; i++)
        if (regions[i] == region) return;
    regions[(*count)++] = region;
}

static void add_code(const char **codes, size_t *count, const char *code) {
    for (size_t i = 0; i < *count; i++)
        if (strcmp(codes[i], code) == 0) return;
    codes[(*count)++] = code;
}

static bool has_station(const int32_t *regions, const char *const *stations, size_t count, int32_t region,
                        const char *station) {
    for (size_t i = 0; i < count; i++)
        if (regions[i] == region && strcmp(stations[i], station) == 0) return true;
    return false;
}

static int look_up_duties(wjz_tx *tx, wjz_arena *arena, const struct ask *asks, size_t count, struct duty **ret_duties,
                          size_t *ret_count, wjz_err *err) {
    int32_t *regions = wjz_arena_alloc(arena, count * sizeof *regions);
    const char **stations = wjz_arena_alloc(arena, count * sizeof *stations);
    if (regions == NULL || stations == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) {
        const char *station = ask_duty_station(asks[i].notice);
        if (station == NULL || has_station(regions, stations, asked, asks[i].region, station)) continue;
        regions[asked] = asks[i].region;
        stations[asked++] = station;
    }
    return asked == 0 ? 0 : store_duties(tx, regions, stations, asked, arena, ret_duties, ret_count, err);
}

/* The codes in the values. */
static int collect_named(wjz_arena *arena, const struct ask *asks, size_t count, const char ***ret_codes,
                         size_t *ret_count) {
    size_t most = 0, codes = 0;
    for (size_t i = 0; i < count; i++)
        most += asks[i].notice->n_values;
    const char **code = wjz_arena_alloc(arena, most * sizeof *code);
    if (code == NULL) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < asks[i].notice->n_values; j++) {
            const Wjz__Notification__Notice__ValuesEntry *value = asks[i].notice->values[j];
            if (ask_is_code(value->key) && value->value[0] != '\0') add_code(code, &codes, value->value);
        }
    }
    *ret_codes = code;
    *ret_count = codes;
    return 0;
}

static int look_up_people(wjz_tx *tx, wjz_arena *arena, const struct ask *asks, size_t count, struct composer *composer,
                          wjz_err *err) {
    size_t most = count + composer->duty_count, codes = 0, region_count = 0, named_count = 0;
    const char **code = wjz_arena_alloc(arena, most * sizeof *code), **named = NULL;
    int32_t *regions = wjz_arena_alloc(arena, count * sizeof *regions);
    struct person *people = NULL;
    struct name *names = NULL;
    if (code == NULL || regions == NULL || collect_named(arena, asks, count, &named, &named_count) < 0)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        add_region(regions, &region_count, asks[i].region);
        if (asks[i].notice->to_case == WJZ__NOTIFICATION__NOTICE__TO_PERSON)
            add_code(code, &codes, asks[i].notice->person);
    }
    for (size_t i = 0; i < composer->duty_count; i++)
        add_code(code, &codes, composer->duties[i].person);
    int r = store_people(tx, code, codes, regions, region_count, named, named_count, arena, &people,
                         &composer->person_count, &names, &composer->name_count, err);
    composer->people = people;
    composer->names = names;
    return r;
}

int tell(struct notification *self, wjz_tx *tx, wjz_arena *arena, const struct ask *asks, size_t count, bool careful,
         wjz_err *err) {
    for (size_t i = 0; i < count; i++) {
        int r = ask_check(asks[i].notice, i, err);
        if (r < 0) return r;
    }
    if (count == 0) return 0;
    struct composer composer = {
        .templates = self->templates,
        .seal = self->seal,
        .link_ms = self->conf->link_valid,
        .now_us = wjz_clock_us(),
    };
    for (int kind = 0; kind < CHANNELS; kind++)
        composer.open[kind] = self->channels[kind] != NULL;

    struct duty *duties = NULL;
    int r = look_up_duties(tx, arena, asks, count, &duties, &composer.duty_count, err);
    if (r < 0) return r;
    composer.duties = duties;
    r = look_up_people(tx, arena, asks, count, &composer, err);
    if (r < 0) return r;

    struct notice *notices = NULL;
    size_t notice_count = 0;
    r = compose(&composer, asks, count, arena, &notices, &notice_count, err);
    if (r < 0) return r;
    r = store_notices(tx, notices, notice_count, careful, arena);
    if (r == 0) r = prepare_aftermath(self, tx, notices, notice_count);
    return r < 0 ? wjz_err_set(err, r, "could not store %zu notices", notice_count) : 0;
}
