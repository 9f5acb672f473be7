/* See feeds.h. */
#include "intake/feeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void feeds_free(feeds *all) {
    for (size_t i = 0; i < all->count; i++) {
        sequences_free(&all->items[i]->sequences);
        free(all->items[i]);
    }
    free(all->items);
    *all = (feeds){0};
}

feed *feeds_find(const feeds *all, const char *name) {
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->items[i]->name, name) == 0) return all->items[i];
    }
    return NULL;
}

feed *feeds_find_number(const feeds *all, int32_t number) {
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i]->number == number) return all->items[i];
    }
    return NULL;
}

feed *feeds_find_curve(const feeds *all, const char *public_key) {
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i]->curve_key[0] != '\0' && strcmp(all->items[i]->curve_key, public_key) == 0)
            return all->items[i];
    }
    return NULL;
}

static void make_metrics(feed *it) {
    static const char *const OUTCOMES[] = {"unspecified", "accepted", "duplicate", "revised", "rejected"};
    char labels[160];
    for (size_t i = 0; i < WJZ_COUNT(OUTCOMES); i++) {
        (void)snprintf(labels, sizeof labels, "feed=\"%s\",outcome=\"%s\"", it->name, OUTCOMES[i]);
        it->metrics[i] = wjz_counter("wjz_intake_items_total", labels, "Items received, by feed and outcome");
    }
    (void)snprintf(labels, sizeof labels, "feed=\"%s\"", it->name);
    it->held_back =
        wjz_counter("wjz_intake_over_rate_total", labels, "Pushes told to wait because the feed sends too much");
}

/* Compares with every feed, so that the time tells nothing about which one it is. */
feed *feeds_find_bearer(const feeds *all, const uint8_t hash[WJZ_SEAL_MAC]) {
    feed *found = NULL;
    for (size_t i = 0; i < all->count; i++) {
        bool same = wjz_seal_same(all->items[i]->bearer_hash, hash, WJZ_SEAL_MAC);
        if (same && all->items[i]->has_bearer) found = all->items[i];
    }
    return found;
}

void feed_gone(feed *it) {
    it->disabled = true;
    it->has_bearer = false;
    it->curve_key[0] = '\0';
}

feed *feeds_put(feeds *all, const char *name) {
    feed *found = feeds_find(all, name);
    if (found != NULL) return found;
    if (all->count == all->room) {
        size_t room = all->room == 0 ? 16 : all->room * 2;
        feed **grown = realloc(all->items, room * sizeof *grown);
        if (grown == NULL) return NULL;
        all->items = grown;
        all->room = room;
    }
    found = calloc(1, sizeof *found);
    if (found == NULL) return NULL;
    (void)snprintf(found->name, sizeof found->name, "%s", name);
    make_metrics(found);
    all->items[all->count++] = found;
    return found;
}
