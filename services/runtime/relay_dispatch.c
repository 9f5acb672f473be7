/* Relay, the choice: which consumer gets which message, and what becomes of messages whose consumer is gone.
 *
 *     commit ─▶ waiting ─▶ in flight ─▶ acknowledged ─▶ row deleted
 *                  ▲           │ └────▶ rejected ─────▶ row waits for its backoff, or dead letter
 *                  └───────────┘
 *        consumer died, left, reconnected; lease ended */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/relay_state.h"
#include "runtime/wire.h"
#include "wjz/clock.h"

enum { SUSPECT_AFTER = 2 /* deaths */ };
enum { FEW_BYTES = 4096 /* messages of one item each that fill a consumer's window, or one that names some hundred */ };

/* --- parcels --- */

void wjz_parcels_append(wjz_parcels *list, wjz_parcel *parcel) {
    parcel->list = list;
    parcel->next = NULL;
    parcel->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = parcel;
    list->last = parcel;
    list->count++;
    list->bytes += parcel->length;
}

void wjz_parcels_prepend(wjz_parcels *list, wjz_parcel *parcel) {
    parcel->list = list;
    parcel->previous = NULL;
    parcel->next = list->first;
    *(list->first ? &list->first->previous : &list->last) = parcel;
    list->first = parcel;
    list->count++;
    list->bytes += parcel->length;
}

void wjz_parcel_unlink(wjz_parcel *parcel) {
    wjz_parcels *list = parcel->list;
    if (!list) return;
    *(parcel->previous ? &parcel->previous->next : &list->first) = parcel->next;
    *(parcel->next ? &parcel->next->previous : &list->last) = parcel->previous;
    list->count--;
    list->bytes -= parcel->length;
    parcel->list = NULL;
    parcel->holder = NULL;
}

void wjz_parcel_free(wjz_parcel *parcel) {
    if (!parcel) return;
    wjz_parcel_unlink(parcel);
    parcel->destination->fresh -= parcel->fresh;
    if (wjz_idmap_get(&parcel->destination->parcels, parcel->id) == parcel)
        wjz_idmap_take(&parcel->destination->parcels, parcel->id);
    free(parcel->error);
    free(parcel->data);
    free(parcel);
}

static void show_depth(wjz_destination *destination) {
    uint64_t credit = 0;
    for (wjz_consumer_link *link = destination->consumers; link; link = link->next)
        credit += link->credit;
    wjz_set(destination->depth, (double)destination->held);
    wjz_set(destination->credit, (double)credit);
}

void wjz_parcel_hold(wjz_parcel *parcel) {
    parcel->destination->held++;
    parcel->destination->bytes += parcel->length;
}

void wjz_parcel_let_go(wjz_parcel *parcel) {
    parcel->destination->held--;
    parcel->destination->bytes -= parcel->length;
}

void wjz_parcel_forget_fresh(wjz_parcel *parcel) {
    if (parcel->fresh == 0) return;
    parcel->destination->fresh -= parcel->fresh;
    parcel->fresh = 0;
    uint8_t *shorter = realloc(parcel->data, parcel->length + WJZ_ATTEMPT_BYTES);
    if (shorter) parcel->data = shorter;
}

static bool in_flight_anywhere(const wjz_relay *relay) {
    for (size_t i = 0; i < relay->destination_count; i++)
        for (wjz_consumer_link *link = relay->destinations[i].consumers; link; link = link->next)
            if (link->in_flight.count > 0) return true;
    return false;
}

void wjz_relay_check_idle(wjz_relay *relay) {
    if (relay->closing && relay->committing == 0 && !in_flight_anywhere(relay))
        wjz_event_set(relay->ground->loop, &relay->idle);
}

size_t wjz_destination_room(const wjz_destination *destination, size_t *ret_bytes) {
    const wjz_relay_options *options = &destination->relay->options;
    *ret_bytes = destination->bytes < options->memory_bytes ? options->memory_bytes - destination->bytes : 0;
    size_t most = (size_t)options->memory_messages;
    return *ret_bytes > 0 && destination->held < most ? most - destination->held : 0;
}

wjz_destination *wjz_relay_destination(const wjz_relay *relay, const char *name) {
    for (size_t i = 0; i < relay->destination_count; i++)
        if (strcmp(relay->destinations[i].name, name) == 0) return &relay->destinations[i];
    return NULL;
}

/* --- dispatch --- */

void wjz_parcel_requeue(wjz_parcel *parcel) {
    wjz_destination *destination = parcel->destination;
    wjz_parcel_unlink(parcel);
    if (parcel->lost) {
        wjz_parcel_let_go(parcel);
        wjz_parcel_free(parcel);
        return;
    }
    wjz_count(destination->relay->redelivered, 1);
    wjz_parcels_prepend(parcel->deaths >= SUSPECT_AFTER ? &destination->suspects : &destination->waiting, parcel);
}

void wjz_link_requeue_all(wjz_consumer_link *link) {
    while (link->in_flight.last)
        wjz_parcel_requeue(link->in_flight.last);
}

/* The consumer is no more: what it had in hand goes to others, unless it has outlived too many of them. */
static void bereave(wjz_consumer_link *link) {
    wjz_relay *relay = link->destination->relay;
    bool in_order = link->state == WJZ_LINK_LEAVING;
    for (wjz_parcel *parcel = link->in_flight.first, *next; parcel; parcel = next) {
        next = parcel->next;
        if (in_order || ++parcel->deaths < relay->options.attempts) continue;
        wjz_parcel_unlink(parcel);
        wjz_parcel_let_go(parcel);
        parcel->error = strdup("the consumers that had it in hand died, one after the other");
        parcel->attempts = relay->options.attempts - 1; /* no more of them */
        wjz_parcels_append(&relay->rejected, parcel);
        wjz_event_set(relay->ground->loop, &relay->work);
    }
    wjz_link_requeue_all(link);
}

void wjz_link_enter(wjz_consumer_link *link, wjz_link_state state) {
    if (state == WJZ_LINK_ABSENT || state == WJZ_LINK_GONE) bereave(link);
    if (state != WJZ_LINK_JOINED) link->credit = 0;
    link->state = state;
    link->blocked = false;
}

void wjz_link_free(wjz_consumer_link *link) {
    wjz_consumer_link **at = &link->destination->consumers;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    wjz_link_requeue_all(link);
    free(link);
}

static void free_gone(wjz_destination *destination) {
    for (wjz_consumer_link *link = destination->consumers, *next; link; link = next) {
        next = link->next;
        if (link->state == WJZ_LINK_GONE) wjz_link_free(link);
    }
}

static bool takes(const wjz_consumer_link *link) {
    return link->state == WJZ_LINK_JOINED && !link->blocked && link->credit > 0;
}

/* A consumer that works on a suspect gets nothing beside it, so that a death tells who is guilty. */
static bool has_suspect(const wjz_consumer_link *link) {
    return link->in_flight.count == 1 && link->in_flight.first->deaths >= SUSPECT_AFTER;
}

/* The rank of a consumer for a region, the same with every producer (rendezvous hashing, mixed as in MurmurHash3). */
static uint64_t rank(const wjz_consumer_link *link, int32_t region) {
    uint64_t mixed = (uint64_t)(uint32_t)region << 32 | link->number;
    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xff51afd7ed558ccd);
    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return mixed ^ mixed >> 33;
}

/* Whether what it has in hand is little work, also where it is many messages: what comes one by one while it stands
 * still for some milliseconds is one transaction when it goes on, sooner than another one has found out what it did. */
static bool has_little(const wjz_consumer_link *link) {
    return link->credit * 2 > link->window || link->in_flight.bytes < FEW_BYTES;
}

/* The region's own consumer while that has little in hand: what comes slowly makes batches there, instead of several
 * transactions side by side that wait for each other. Else the one with most free credit. While suspects wait, the
 * first consumer is kept free for them. not: NULL, or who is no choice. */
static wjz_consumer_link *pick(const wjz_destination *destination, int32_t region, const wjz_consumer_link * not ) {
    wjz_consumer_link *best = NULL, *own = NULL, *link = destination->consumers;
    if (link && destination->suspects.count > 0) link = link->next;
    for (; link; link = link->next) {
        if (link == not || !takes(link) || has_suspect(link)) continue;
        if (!best || link->credit > best->credit) best = link;
        if (!own || rank(link, region) > rank(own, region)) own = link;
    }
    return own && has_little(own) ? own : best;
}

static wjz_consumer_link *pick_idle(const wjz_destination *destination) {
    for (wjz_consumer_link *link = destination->consumers; link; link = link->next)
        if (takes(link) && link->in_flight.count == 0) return link;
    return NULL;
}

/* Hands the parcel to the consumer. False when it went nowhere and stays where it is. */
static bool send_parcel(wjz_consumer_link *link, wjz_parcel *parcel) {
    wjz_relay *relay = parcel->destination->relay;
    size_t length = wjz_envelope_set_attempt(parcel->data, parcel->length + parcel->fresh,
                                             (uint32_t)(parcel->attempts + 1), parcel->era);
    const wjz_blob frames[] = {{link->identity, link->identity_length}, {parcel->data, length}};
    int r = wjz_socket_send(relay->socket, frames, 2);
    if (r == -EAGAIN) link->blocked = true;
    if (r == -EHOSTUNREACH) wjz_link_enter(link, WJZ_LINK_GONE);
    if (r < 0) return false;
    wjz_parcel_forget_fresh(parcel);
    wjz_count(relay->sent, 1);
    parcel->sent_at_us = wjz_clock_monotonic_us();
    return true;
}

static void send_first(wjz_parcels *list, wjz_consumer_link *link) {
    wjz_parcel *parcel = list->first;
    if (!send_parcel(link, parcel)) return; /* and the link takes nothing more */
    wjz_parcel_unlink(parcel);
    wjz_parcels_append(&link->in_flight, parcel);
    parcel->holder = link;
    link->credit--;
}

void wjz_destination_dispatch(wjz_destination *destination) {
    wjz_consumer_link *link;
    if (destination->relay->closing) return;
    while (destination->suspects.first && (link = pick_idle(destination)))
        send_first(&destination->suspects, link);
    while (destination->waiting.first && (link = pick(destination, destination->waiting.first->region, NULL)))
        send_first(&destination->waiting, link);
    free_gone(destination);
    show_depth(destination);
}

/* To another consumer if one has credit, else to the same once more at no cost of credit: it ignores what it has in
 * hand, and handles what it has lost. */
static void resend(wjz_parcel *parcel) {
    if (parcel->lost) return;
    wjz_consumer_link *holder = parcel->holder, *other = pick(parcel->destination, parcel->region, holder);
    wjz_count(parcel->destination->relay->redelivered, 1);
    if (other && send_parcel(other, parcel)) {
        wjz_parcel_unlink(parcel);
        wjz_parcels_append(&other->in_flight, parcel);
        parcel->holder = other;
        other->credit--;
        return;
    }
    parcel->sent_at_us = wjz_clock_monotonic_us(); /* next try after another lease */
    (void)!send_parcel(holder, parcel);
}

void wjz_relay_resend_late(wjz_relay *relay) {
    int64_t before_us = wjz_clock_monotonic_us() - relay->options.lease_ms * INT64_C(1000);
    for (size_t i = 0; i < relay->destination_count && !relay->closing; i++) {
        for (wjz_consumer_link *link = relay->destinations[i].consumers; link; link = link->next)
            for (wjz_parcel *parcel = link->in_flight.first, *next; parcel && link->state != WJZ_LINK_GONE;
                 parcel = next) {
                next = parcel->next;
                if (parcel->sent_at_us < before_us) resend(parcel);
            }
        wjz_destination_dispatch(&relay->destinations[i]);
    }
}
