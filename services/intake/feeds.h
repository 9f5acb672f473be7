/* The feeds as this process knows them: who may send what, how fast, and what came. The store's table is the truth; it
 * is read at start, every few seconds, and when another instance says that it changed one. */
#ifndef INTAKE_FEEDS_H
#define INTAKE_FEEDS_H

#include "intake/bucket.h"
#include "intake/sequences.h"
#include "wjz/metrics.h"
#include "wjz/seal.h"

struct submission;

/* Since the last time they were written to intake.feed_day. */
typedef struct feed_counts {
    uint64_t accepted, duplicate, revised, rejected;
    int64_t last_us, newest_report_us;
} feed_counts;

typedef struct feed {
    int32_t number;
    int32_t region;
    char name[64];
    char title[256]; /* cut where it is longer */
    char profile[64];
    char curve_key[41]; /* "": none */
    uint8_t bearer_hash[WJZ_SEAL_MAC];
    bool has_bearer;
    bool disabled;
    uint32_t rate; /* items per second; 0: default */
    bucket bucket;
    sequences sequences;   /* batches that came, also those being stored */
    bool sequences_due;    /* not yet read from the store */
    uint64_t reading;      /* the latest in which the store had it */
    uint64_t stored_floor; /* its floor as the store has it */
    uint64_t gap_first;    /* the oldest gap as last looked at, 0: none; since when, and whether operators know */
    int64_t gap_since_us;
    bool gap_told;
    int64_t silent_after_us; /* since the last batch; 0: never mind */
    int64_t silence_told_us; /* the last batch before the silence that operators know of */
    int32_t rejecting_told;  /* the day (wjz_day_number) of whose rejections they know */
    feed_counts counts;
    wjz_metric *metrics[5]; /* items, by ItemReceipt.Outcome */
    wjz_metric *held_back;  /* pushes told to wait because of the rate */
    /* the writer's: submissions that wait, oldest first */
    struct submission *first, *last;
    size_t waiting_items;
    int64_t gaps_read_us;      /* when the store was asked about gaps */
    struct feed *next_waiting; /* in the writer's round */
    bool in_round;
} feed;

typedef struct feeds {
    feed **items; /* by name; a feed is never freed or moved while the service runs */
    size_t count, room;
    uint64_t asked, taken; /* readings of the store, as they were begun: an older one never undoes a later */
} feeds;

void feeds_free(feeds *all);
/* NULL when there is none. */
feed *feeds_find(const feeds *all, const char *name);
feed *feeds_find_number(const feeds *all, int32_t number);
/* The feed whose platform has this CURVE key, or this key's hash; disabled ones too. */
feed *feeds_find_curve(const feeds *all, const char *public_key);
feed *feeds_find_bearer(const feeds *all, const uint8_t hash[WJZ_SEAL_MAC]);
/* The store has it no more: nobody is admitted for it, and what is under way ends as it would. */
void feed_gone(feed *it);
/* Finds or makes. NULL when out of memory. */
feed *feeds_put(feeds *all, const char *name);

#endif
