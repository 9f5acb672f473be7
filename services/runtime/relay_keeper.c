/* Relay, the side of the outbox: one fiber that does all its changes one after the other, on the housekeeping
 * connections. None of it waits for the disk; what a crash of the server undoes is only done again: a row whose
 * deletion was undone is sent once more, and its consumer's inbox knows it. Nobody waits for the deletion of what was
 * acknowledged either, so that rests until it is worth a transaction.
 *
 * A row is deleted only in the era in which its consumer committed: the deletion then comes later in the server's log
 * than the effect, and no crash keeps the one without the other. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bus.pb-c.h"
#include "runtime/relay_state.h"
#include "runtime/wire.h"
#include "wjz/clock.h"
#include "wjz/log.h"

enum { BATCH = 1024, TIDY_MS = 100, CLAIM = 64, REJECTS = 64, STATS_MS = 5000, FAILED_PAUSE_MS = 200 };
enum { BACKOFF_FIRST_MS = 1000, BACKOFF_LAST_MS = 300000, CLOSE_WAIT_MS = 1000 };

static int64_t now_us(void) {
    return wjz_clock_monotonic_us();
}

static double lease_s(const wjz_relay *relay) {
    return relay->options.lease_ms / 1000.0;
}

static const wjz_stmt *stmt(const wjz_relay *relay, wjz_queue_stmt which) {
    return &relay->ground->sql->stmts[which];
}

void wjz_relay_doubt(wjz_relay *relay) {
    relay->undone = true;
    wjz_event_set(relay->ground->loop, &relay->work);
}

/* In a new era deletions may have been undone, and what consumers did. */
static void note_era(wjz_relay *relay, int64_t era) {
    if (relay->era != 0 && relay->era != era) wjz_relay_doubt(relay);
    relay->era = era;
}

/* A transaction whose loss would do no harm. */
static int begin(wjz_relay *relay, wjz_tx **ret_tx, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(relay->ground->housekeeping, &tx, err);
    if (r < 0) return r;
    wjz_tx_lazy(tx);
    note_era(relay, wjz_tx_era(tx));
    *ret_tx = WJZ_STEAL(tx);
    return 0;
}

/* Primary keys of some parcels, as statements take them. */
struct keys {
    int32_t regions[BATCH];
    int64_t ids[BATCH];
    const char *destinations[BATCH];
    size_t count;
};

static void keys_add(struct keys *keys, const wjz_parcel *parcel) {
    keys->regions[keys->count] = parcel->region;
    keys->ids[keys->count] = (int64_t)parcel->id;
    keys->destinations[keys->count++] = parcel->destination->name;
}

/* --- acknowledged --- */

void wjz_relay_acknowledged(wjz_relay *relay, wjz_parcel *parcel) {
    wjz_parcel_forget_fresh(parcel);
    free(WJZ_STEAL(parcel->data));
    wjz_parcels_append(&relay->acknowledged, parcel);
    size_t count = relay->acknowledged.count;
    if (count == 1) relay->tidy_at_us = now_us() + TIDY_MS * INT64_C(1000);
    if (count == 1 || count == BATCH) wjz_event_set(relay->ground->loop, &relay->work);
}

static bool wants_tidying(const wjz_relay *relay) {
    size_t count = relay->acknowledged.count;
    return count >= BATCH || (count > 0 && relay->tidy_at_us <= now_us());
}

/* What was acknowledged in another era may have been undone since: its row, if there is one, is read again. */
static void drop_outdated(wjz_relay *relay) {
    for (wjz_parcel *parcel = relay->acknowledged.first, *next; parcel; parcel = next) {
        next = parcel->next;
        if (parcel->era == 0 || relay->era == 0 || parcel->era == relay->era) continue;
        wjz_parcel_free(parcel);
        wjz_relay_doubt(relay);
    }
}

static int delete_acknowledged(wjz_relay *relay, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = begin(relay, &tx, err);
    if (r < 0) return r;
    drop_outdated(relay);
    if (relay->acknowledged.count == 0) return 0;
    struct keys *keys = wjz_arena_calloc(wjz_tx_arena(tx), 1, sizeof *keys);
    if (!keys) return wjz_err_set(err, -ENOMEM, "could not delete acknowledged messages: out of memory");
    for (wjz_parcel *parcel = relay->acknowledged.first; parcel && keys->count < BATCH; parcel = parcel->next)
        keys_add(keys, parcel);
    size_t count = keys->count;
    r = wjz_tx_send_v(tx, stmt(relay, WJZ_OUTBOX_DELETE), wjz_i32s(keys->regions, count), wjz_i64s(keys->ids, count),
                      wjz_texts(keys->destinations, count));
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r < 0) return r;
    while (count-- > 0) /* new ones were appended behind these */
        wjz_parcel_free(relay->acknowledged.first);
    relay->tidy_at_us = now_us() + TIDY_MS * INT64_C(1000);
    return 0;
}

/* --- rejected --- */

static int64_t backoff_ms(int attempts) {
    return attempts > 8 ? BACKOFF_LAST_MS : (int64_t)BACKOFF_FIRST_MS << attempts;
}

static const char *error_of(const wjz_parcel *parcel) {
    return parcel->error ? parcel->error : "";
}

static int put_off(wjz_relay *relay, wjz_tx *tx, const wjz_parcel *parcel) {
    int64_t pause_ms = backoff_ms(parcel->attempts), look_at_us = now_us() + pause_ms * 1000;
    wjz_destination *destination = parcel->destination;
    if (look_at_us < destination->look_at_us) destination->look_at_us = look_at_us;
    return wjz_tx_send_v(tx, stmt(relay, WJZ_OUTBOX_REJECT), wjz_i32(parcel->region), wjz_i64((int64_t)parcel->id),
                         wjz_text(destination->name), wjz_f64((double)pause_ms / 1000), wjz_text(error_of(parcel)));
}

/* To the dead letters, and the news of it to notification; but there is no news of news that could not be told. */
static int bury(wjz_relay *relay, wjz_tx *tx, const wjz_parcel *parcel, wjz_err *err) {
    wjz_envelope envelope;
    if (wjz_envelope_read(parcel->data, parcel->length, &envelope, NULL) < 0)
        envelope = (wjz_envelope){.type = "", .type_length = 0};
    int r = wjz_tx_send_v(tx, stmt(relay, WJZ_OUTBOX_BURY), wjz_i32(parcel->region), wjz_i64((int64_t)parcel->id),
                          wjz_text(parcel->destination->name), wjz_text(error_of(parcel)));
    if (r < 0 || wjz_envelope_is(&envelope, &wjz__bus__message_died__descriptor)) return r;
    char *type = wjz_arena_strndup(wjz_tx_arena(tx), envelope.type, envelope.type_length);
    if (!type) return -ENOMEM;
    Wjz__Bus__MessageDied died = WJZ__BUS__MESSAGE_DIED__INIT;
    died.service = (char *)(uintptr_t)relay->ground->service;
    died.destination = (char *)(uintptr_t)parcel->destination->name;
    died.type = type;
    died.id = parcel->id;
    died.attempts = (uint32_t)parcel->attempts + 1;
    died.error = (char *)(uintptr_t)error_of(parcel);
    return wjz_relay_emit(relay, tx, parcel->region, &died.base, NULL, err);
}

static bool is_last(const wjz_relay *relay, const wjz_parcel *parcel) {
    return parcel->attempts + 1 >= relay->options.attempts;
}

static void forget_rejected(wjz_relay *relay, size_t count) {
    while (count-- > 0) {
        wjz_parcel *parcel = relay->rejected.first;
        if (is_last(relay, parcel)) {
            wjz_count(relay->dead, 1);
            wjz_log_error("message died", "id=%" PRIu64 " destination=%s attempts=%d error=\"%s\"", parcel->id,
                          parcel->destination->name, parcel->attempts + 1, error_of(parcel));
        }
        wjz_parcel_free(parcel);
    }
}

static int settle_rejected(wjz_relay *relay, wjz_err *err) {
    if (relay->rejected.count == 0) return 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(relay->ground->housekeeping, &tx, err);
    size_t count = 0;
    for (wjz_parcel *parcel = relay->rejected.first; parcel && r == 0 && count < REJECTS;
         parcel = parcel->next, count++)
        r = is_last(relay, parcel) ? bury(relay, tx, parcel, err) : put_off(relay, tx, parcel);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r == 0) forget_rejected(relay, count);
    return r;
}

/* --- leases --- */

static size_t collect_ending(wjz_parcels *list, int64_t before_us, struct keys *keys) {
    for (wjz_parcel *parcel = list->first; parcel && keys->count < BATCH; parcel = parcel->next)
        if (!parcel->lost && parcel->leased_until_us < before_us) keys_add(keys, parcel);
    return keys->count;
}

static int send_renew(wjz_relay *relay, wjz_tx *tx, const struct keys *keys, wjz_rows **ret_rows, wjz_err *err) {
    return wjz_tx_query_v(tx, stmt(relay, WJZ_OUTBOX_RENEW), ret_rows, err, wjz_i32s(keys->regions, keys->count),
                          wjz_i64s(keys->ids, keys->count), wjz_texts(keys->destinations, keys->count),
                          wjz_i32((int32_t)wjz_registry_number(relay->ground->registry)), wjz_f64(lease_s(relay)));
}

/* What is not ours any more (another instance took it for abandoned) is dropped when it is not in flight; else it is
 * finished, but never sent again by us. */
static void mark_lost(wjz_relay *relay, const struct keys *keys, int64_t before_us) {
    for (size_t i = 0; i < keys->count; i++)
        for (size_t d = 0; d < relay->destination_count; d++) {
            wjz_destination *destination = &relay->destinations[d];
            if (destination->name != keys->destinations[i]) continue;
            wjz_parcel *parcel = wjz_idmap_get(&destination->parcels, (uint64_t)keys->ids[i]);
            if (!parcel || parcel->leased_until_us >= before_us) continue;
            parcel->lost = true;
            if (parcel->list != &destination->waiting && parcel->list != &destination->suspects) continue;
            wjz_parcel_let_go(parcel);
            wjz_parcel_free(parcel);
        }
}

/* Whether the commits that nobody confirmed took place shows when the lease can be renewed. A row that is not there
 * yet, because the server has not noticed the loss, is found when its lease ends. */
static int settle_doubtful(wjz_relay *relay, wjz_err *err) {
    if (relay->doubtful.count == 0) return 0;
    int64_t until_us = now_us() + relay->options.lease_ms * INT64_C(1000);
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = begin(relay, &tx, err);
    if (r < 0) return r;
    struct keys *keys = wjz_arena_calloc(wjz_tx_arena(tx), 1, sizeof *keys);
    if (!keys) return wjz_err_set(err, -ENOMEM, "could not look for uncertain messages: out of memory");
    collect_ending(&relay->doubtful, INT64_MAX, keys);
    wjz_rows *rows;
    r = send_renew(relay, tx, keys, &rows, err);
    if (r < 0) return r;
    size_t count = keys->count;
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        wjz_parcel *parcel = relay->doubtful.first;
        while (parcel && (parcel->id != (uint64_t)wjz_row_int(rows, row, 0) ||
                          strcmp(parcel->destination->name, wjz_row_text(rows, row, 1)) != 0))
            parcel = parcel->next;
        if (!parcel || wjz_idmap_put(&parcel->destination->parcels, parcel->id, parcel) < 0) continue;
        wjz_parcel_unlink(parcel);
        parcel->leased_until_us = until_us;
        parcel->era = relay->era;
        wjz_parcels_append(&parcel->destination->waiting, parcel);
        count--;
    }
    r = wjz_tx_commit(&tx, err);
    while (count-- > 0) { /* never committed; newer ones were appended behind these */
        wjz_parcel_let_go(relay->doubtful.first);
        wjz_parcel_free(relay->doubtful.first);
    }
    for (size_t i = 0; i < relay->destination_count; i++)
        wjz_destination_dispatch(&relay->destinations[i]);
    return r;
}

static int renew(wjz_relay *relay, wjz_err *err) {
    int64_t lease_us = relay->options.lease_ms * INT64_C(1000), before_us = now_us() + lease_us * 2 / 3;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = begin(relay, &tx, err);
    if (r < 0) return r;
    struct keys *keys = wjz_arena_calloc(wjz_tx_arena(tx), 1, sizeof *keys);
    if (!keys) return wjz_err_set(err, -ENOMEM, "could not renew leases: out of memory");
    for (size_t i = 0; i < relay->destination_count; i++) {
        collect_ending(&relay->destinations[i].waiting, before_us, keys);
        collect_ending(&relay->destinations[i].suspects, before_us, keys);
        for (wjz_consumer_link *link = relay->destinations[i].consumers; link; link = link->next)
            collect_ending(&link->in_flight, before_us, keys);
    }
    if (keys->count == 0) return 0;
    int64_t until_us = now_us() + lease_us;
    wjz_rows *rows;
    r = send_renew(relay, tx, keys, &rows, err);
    if (r < 0) return r;
    for (int row = 0; row < wjz_rows_count(rows); row++)
        for (size_t i = 0; i < relay->destination_count; i++) {
            if (strcmp(relay->destinations[i].name, wjz_row_text(rows, row, 1)) != 0) continue;
            wjz_parcel *parcel = wjz_idmap_get(&relay->destinations[i].parcels, (uint64_t)wjz_row_int(rows, row, 0));
            if (parcel) parcel->leased_until_us = until_us;
        }
    mark_lost(relay, keys, before_us);
    return wjz_tx_commit(&tx, err);
}

/* --- reading back --- */

static int take_rows(wjz_destination *destination, const wjz_rows *rows, int64_t until_us) {
    int64_t era = destination->relay->era;
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        wjz_blob envelope = wjz_row_bytes(rows, row, 2);
        uint8_t *data = malloc(envelope.length + WJZ_ATTEMPT_BYTES);
        if (!data) return -ENOMEM; /* found again when the lease ends */
        memcpy(data, envelope.data, envelope.length);
        const wjz_claimed claimed = {.id = (uint64_t)wjz_row_int(rows, row, 1),
                                     .region = (int32_t)wjz_row_int(rows, row, 0),
                                     .attempts = (int)wjz_row_int(rows, row, 3),
                                     .data = data,
                                     .length = envelope.length,
                                     .leased_until_us = until_us,
                                     .era = era};
        wjz_destination_claimed(destination, &claimed);
    }
    return 0;
}

/* When to look again after a look that found nothing: at the end of the next backoff, or at the next sweep. */
static int64_t next_look_us(const wjz_relay *relay, const wjz_rows *next) {
    int64_t pause_us = relay->options.lease_ms * INT64_C(1000) / 3;
    double backoff_us = wjz_row_real(next, 0, 0) * 1e6 + 1000;
    if (!wjz_row_null(next, 0, 0) && backoff_us < (double)pause_us) pause_us = (int64_t)backoff_us;
    return now_us() + pause_us;
}

static int claim_rows(wjz_destination *destination, int64_t most, size_t bytes, wjz_err *err) {
    wjz_relay *relay = destination->relay;
    int64_t until_us = now_us() + relay->options.lease_ms * INT64_C(1000);
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = begin(relay, &tx, err);
    if (r == 0)
        r = wjz_tx_send_v(tx, stmt(relay, WJZ_OUTBOX_CLAIM), wjz_text(destination->name), wjz_i64(most),
                          wjz_i32((int32_t)wjz_registry_number(relay->ground->registry)), wjz_f64(lease_s(relay)),
                          wjz_i64((int64_t)bytes));
    wjz_rows *next;
    if (r == 0) r = wjz_tx_query_v(tx, stmt(relay, WJZ_OUTBOX_NEXT), &next, err, wjz_text(destination->name));
    if (r < 0) return r;
    const wjz_rows *rows = wjz_tx_rows(tx, 0);
    bool found = wjz_rows_count(rows) > 0;
    int64_t look_at_us = found ? 0 : next_look_us(relay, next);
    if (look_at_us < destination->look_at_us) destination->look_at_us = look_at_us;
    if (found) destination->spilled = true;
    r = take_rows(destination, rows, until_us);
    if (r < 0) return wjz_err_set(err, r, "could not read back messages: out of memory");
    return wjz_tx_commit(&tx, err);
}

/* Takes free rows into memory as far as there is room. */
static int claim(wjz_destination *destination, wjz_err *err) {
    size_t bytes, room = wjz_destination_room(destination, &bytes);
    destination->spilled = false; /* what is spilled from now on says so itself */
    destination->look_at_us = INT64_MAX;
    int r = claim_rows(destination, room < CLAIM ? (int64_t)room : CLAIM, bytes, err);
    if (r < 0) {
        destination->spilled = true; /* who knows */
        destination->look_at_us = 0;
    }
    wjz_destination_dispatch(destination);
    return r;
}

static bool joined(const wjz_destination *destination) {
    const wjz_consumer_link *link = destination->consumers;
    while (link && link->state != WJZ_LINK_JOINED)
        link = link->next;
    return link;
}

/* Reading back pays when somebody takes the messages and a good part of the memory is free. */
static bool wants_claim(const wjz_destination *destination) {
    size_t bytes, room = wjz_destination_room(destination, &bytes);
    return destination->look_at_us <= now_us() && joined(destination) && room > 0 &&
           room >= (size_t)destination->relay->options.memory_messages / 2;
}

static int claim_all(wjz_relay *relay, wjz_err *err) {
    int r = 0;
    for (size_t i = 0; i < relay->destination_count && r == 0; i++)
        if (wants_claim(&relay->destinations[i])) r = claim(&relay->destinations[i], err);
    return r;
}

static wjz_param destination_names(const wjz_relay *relay, wjz_arena *arena) {
    const char **names = wjz_arena_calloc(arena, relay->destination_count, sizeof *names);
    for (size_t i = 0; names && i < relay->destination_count; i++)
        names[i] = relay->destinations[i].name;
    return wjz_texts(names, names ? relay->destination_count : 0);
}

/* Frees what instances of this service that are no more had in hand. */
static int free_orphans(wjz_relay *relay, wjz_err *err) {
    enum { DEAD = 256 };
    int32_t dead[DEAD];
    size_t count = 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    relay->orphans = false;
    int r = begin(relay, &tx, err);
    if (r < 0) return r;
    for (const wjz_peer *peer = wjz_registry_peers(relay->ground->registry); peer; peer = peer->next)
        if (!peer->alive && count < DEAD && strcmp(peer->service, relay->ground->service) == 0)
            dead[count++] = (int32_t)peer->number;
    wjz_rows *rows;
    r = wjz_tx_query_v(tx, stmt(relay, WJZ_OUTBOX_ORPHANS), &rows, err, destination_names(relay, wjz_tx_arena(tx)),
                       wjz_text(relay->ground->service), wjz_i32s(dead, count));
    int64_t freed = r == 0 ? wjz_rows_affected(rows) : 0;
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r == 0 && freed > 0) wjz_relay_look(relay);
    return r;
}

/* Our rows are free for whoever looks for some. */
static int release_rows(wjz_relay *relay, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    if (!wjz_db_ready(relay->ground->housekeeping)) return -ETIMEDOUT; /* others see that we are gone */
    int r = begin(relay, &tx, err);
    if (r == 0)
        r = wjz_tx_send_v(tx, stmt(relay, WJZ_OUTBOX_RELEASE), destination_names(relay, wjz_tx_arena(tx)),
                          wjz_i32((int32_t)wjz_registry_number(relay->ground->registry)));
    return r < 0 ? r : wjz_tx_commit(&tx, err);
}

static int read_again(wjz_relay *relay, wjz_err *err) {
    if (!relay->undone) return 0;
    relay->undone = false;
    int r = release_rows(relay, err);
    if (r < 0)
        relay->undone = true;
    else
        wjz_relay_look(relay);
    return r;
}

static int show_stats(wjz_relay *relay, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = begin(relay, &tx, err);
    if (r < 0) return r;
    wjz_rows *rows;
    r = wjz_tx_query_v(tx, stmt(relay, WJZ_OUTBOX_STATS), &rows, err, destination_names(relay, wjz_tx_arena(tx)));
    for (int row = 0; r == 0 && row < wjz_rows_count(rows); row++)
        for (size_t i = 0; i < relay->destination_count; i++) {
            wjz_destination *destination = &relay->destinations[i];
            if (strcmp(destination->name, wjz_row_text(rows, row, 0)) != 0) continue;
            wjz_set(destination->rows, (double)wjz_row_int(rows, row, 1));
            wjz_set(destination->oldest, wjz_row_real(rows, row, 2));
        }
    return r;
}

/* --- the fiber --- */

static int work(wjz_relay *relay, wjz_err *err) {
    int r = wants_tidying(relay) ? delete_acknowledged(relay, err) : 0;
    if (r == 0) r = settle_rejected(relay, err);
    if (r == 0) r = settle_doubtful(relay, err);
    if (r == 0 && relay->renew_at_us <= now_us()) {
        relay->renew_at_us = now_us() + relay->options.lease_ms * INT64_C(1000) / 3;
        r = renew(relay, err);
        relay->orphans = true;
        wjz_relay_resend_late(relay);
    }
    if (r == 0 && relay->orphans && (r = free_orphans(relay, err)) < 0) relay->orphans = true;
    if (r == 0) r = read_again(relay, err);
    if (r == 0) r = claim_all(relay, err);
    if (r == 0 && relay->stats_at_us <= now_us()) {
        relay->stats_at_us = now_us() + STATS_MS * INT64_C(1000);
        r = show_stats(relay, err);
    }
    return r;
}

static bool has_work(const wjz_relay *relay) {
    for (size_t i = 0; i < relay->destination_count; i++)
        if (wants_claim(&relay->destinations[i])) return true;
    return wants_tidying(relay) || relay->rejected.count > 0 || relay->doubtful.count > 0 || relay->orphans ||
           relay->undone;
}

static uint64_t pause_ms(const wjz_relay *relay) {
    int64_t until_us = relay->renew_at_us < relay->stats_at_us ? relay->renew_at_us : relay->stats_at_us;
    if (relay->acknowledged.count > 0 && relay->tidy_at_us < until_us) until_us = relay->tidy_at_us;
    for (size_t i = 0; i < relay->destination_count; i++) {
        int64_t look_at_us = relay->destinations[i].look_at_us;
        if (look_at_us > now_us() && look_at_us < until_us) until_us = look_at_us; /* else it waits for room */
    }
    int64_t pause_us = until_us - now_us();
    return pause_us > 0 ? (uint64_t)pause_us / 1000 + 1 : 0;
}

/* What consumers have in hand is given a moment to come back; the rest of our rows is free for others at once. */
static void wind_up(wjz_relay *relay) {
    wjz_err err = {0};
    (void)!wjz_event_wait_ms(relay->ground->loop, &relay->idle, CLOSE_WAIT_MS);
    int r = 0;
    while (relay->acknowledged.count > 0 && r == 0)
        r = delete_acknowledged(relay, &err);
    while (relay->rejected.count > 0 && r == 0)
        r = settle_rejected(relay, &err);
    if (r == 0) r = release_rows(relay, &err);
    if (r < 0) wjz_log_warn("outbox not released", "error=\"%s\"", err.text);
    /* Transactions that still run report to us when they end. */
    while (relay->committing > 0)
        wjz_fiber_sleep(relay->ground->loop, 10);
    while (relay->dispatching)
        wjz_fiber_yield(relay->ground->loop);
    wjz_relay_end(relay);
}

void wjz_relay_keep(void *arg) {
    wjz_relay *relay = arg;
    bool failing = false;
    while (!relay->closing) {
        wjz_err err = {0};
        wjz_event_clear(&relay->work);
        int r = work(relay, &err);
        if (r < 0 && !failing) wjz_log_warn("could not keep outbox", "error=\"%s\"", err.text);
        failing = r < 0;
        if (relay->closing) break;
        if (failing)
            wjz_fiber_sleep(relay->ground->loop, FAILED_PAUSE_MS);
        else if (!has_work(relay))
            (void)!wjz_event_wait_ms(relay->ground->loop, &relay->work, pause_ms(relay));
    }
    wind_up(relay);
}
