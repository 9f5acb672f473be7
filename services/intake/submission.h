/* What a door hands to the writer: items of one feed that are stored in one transaction, and their receipts. */
#ifndef INTAKE_SUBMISSION_H
#define INTAKE_SUBMISSION_H

#include "intake/feeds.h"
#include "intake/item.h"
#include "wjz/db.h"
#include "wjz/loop.h"

typedef enum outcome {
    OUTCOME_NONE,
    ACCEPTED,
    DUPLICATE,
    REVISED,
    REJECTED
} outcome; /* numbers of ItemReceipt.Outcome */

typedef struct submitted_item {
    const Wjz__Intake__FeedItem *item;
    uint64_t hash;
    int32_t region;
    outcome outcome; /* REJECTED by the door: the writer leaves the item alone */
    int64_t id;
    int64_t reporter_hash;                       /* of a complaint; the writer's */
    const char *code, *field, *message, *remedy; /* when rejected; never NULL then */
    const char *value;                           /* that came in the field; NULL or "": not to be told */
} submitted_item;

struct submission;

/* Writes something of the door's into the same transaction, once the outcomes are known. May be called again when the
 * transaction has to be repeated. */
typedef int submission_also_fn(wjz_tx *tx, const struct submission *it, void *arg, wjz_err *err);

typedef struct submission {
    feed *feed;
    submitted_item *items;
    size_t count;
    bool any_version; /* a file: what equals an earlier revision is a duplicate, too */
    bool drop_id_numbers;
    uint64_t sequence; /* of a batch, 0: none */
    const char *key;   /* Idempotency-Key, NULL: none */
    uint64_t hash;     /* of the whole, for the two */
    bool look_first;   /* the sequence or key may have been stored before */
    submission_also_fn *also;
    void *also_arg;
    wjz_arena *arena; /* results are made in it */
    /* results */
    int result;      /* 0: durable */
    bool key_reused; /* the key belongs to another request; nothing was stored */
    wjz_blob stored; /* receipt of the first time, when sequence or key had been stored with the same content */
    wjz_err err;
    /* the writer's */
    wjz_event done;
    struct submission *next;
} submission;

#endif
