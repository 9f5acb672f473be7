/* All SQL of intake. */
#ifndef INTAKE_STORE_H
#define INTAKE_STORE_H

#include "intake/submission.h"
#include "wjz/bus.h"
#include "wjz/seal.h"

/* --- complaints, records, feedback: many rows a statement, within the writer's transaction --- */

/* A reference to an item of a group. */
typedef struct stored_item {
    submitted_item *item;
    submission *from;
} stored_item;

/* A position of 0, 0 is none. */
bool complaint_has_position(const Wjz__Intake__Complaint *complaint);

/* Queues the insertion of complaints whose id and reporter_hash are set; those that are known already are left out, or
 * with all_new fail it with -EEXIST. Result: wjz_rows_affected. */
WJZ_MUST_CHECK int store_insert_complaints(wjz_tx *tx, const stored_item *items, size_t count, bool all_new,
                                           const wjz_seal *seal);
/* Queues the same for a new one that is all of a batch with a sequence, with the message about it (wjz_bus_emit_row)
 * and the receipt. */
WJZ_MUST_CHECK int store_insert_alone(wjz_tx *tx, const stored_item *item, const wjz_seal *seal,
                                      const wjz_param message[WJZ_OUTBOX_PARAMS], const void *receipt, size_t length);
WJZ_MUST_CHECK int store_insert_records(wjz_tx *tx, const stored_item *items, size_t count);
WJZ_MUST_CHECK int store_insert_feedback(wjz_tx *tx, const stored_item *items, size_t count);

/* What the store knows of an item by its identity. */
typedef struct known_item {
    int64_t id;      /* 0: nothing */
    int64_t *hashes; /* of the original and its revisions, in order; of feedback none */
    size_t hash_count;
    int64_t complaint; /* of feedback: its complaint, 0 when that has not come */
} known_item;

/* Waits. out[i] belongs to items[i]. */
WJZ_MUST_CHECK int store_find_complaints(wjz_tx *tx, const stored_item *items, size_t count, known_item *out,
                                         wjz_err *err);
WJZ_MUST_CHECK int store_find_records(wjz_tx *tx, const stored_item *items, size_t count, known_item *out,
                                      wjz_err *err);
WJZ_MUST_CHECK int store_find_feedback(wjz_tx *tx, const stored_item *items, size_t count, known_item *out,
                                       wjz_err *err);

/* Queues later versions: item->id is the original's, numbers from 1. */
WJZ_MUST_CHECK int store_insert_revisions(wjz_tx *tx, const stored_item *items, const int32_t *numbers, size_t count,
                                          const wjz_seal *seal);
WJZ_MUST_CHECK int store_insert_record_revisions(wjz_tx *tx, const stored_item *items, const int32_t *numbers,
                                                 size_t count);

typedef struct complaint_key {
    int32_t region;
    int64_t id;
} complaint_key;

/* Queues: makes the rows of standing and locks them until the end of the transaction. keys in ascending order, each
 * once. */
WJZ_MUST_CHECK int store_lock_standing(wjz_tx *tx, const complaint_key *keys, size_t count);
/* Queues: computes standing anew from the rows that are there now. */
WJZ_MUST_CHECK int store_compute_standing(wjz_tx *tx, const complaint_key *keys, size_t count);

/* Queues: feedback whose complaint has not come. */
WJZ_MUST_CHECK int store_await_complaints(wjz_tx *tx, const stored_item *items, size_t count);
/* Takes up to 512 awaited complaints that are due: those that have come are removed and given; the others are looked
 * for again later. Waits. */
WJZ_MUST_CHECK int store_adopt_feedback(wjz_tx *tx, wjz_arena *arena, complaint_key **ret_keys, size_t *ret_count,
                                        wjz_err *err);

/* --- receipts --- */

/* Queues: fails at the commit with -EEXIST when the sequence or key is stored already. */
WJZ_MUST_CHECK int store_insert_receipt(wjz_tx *tx, const submission *from, const void *receipt, size_t length);
/* Waits. The receipt stored for the sequence or key, copied to the arena, and the hash of its content; length 0 when
 * there is none. */
WJZ_MUST_CHECK int store_find_receipt(wjz_tx *tx, const submission *from, wjz_arena *arena, wjz_blob *ret_receipt,
                                      uint64_t *ret_hash, wjz_err *err);

/* --- feeds --- */

typedef struct feed_definition {
    const char *name, *title, *profile, *legal_basis, *clue_source, *source_kind, *organ;
    const char *curve_key;      /* NULL: unchanged */
    const uint8_t *bearer_hash; /* 32 bytes, NULL: unchanged */
    int32_t region;
    int32_t rate;
    int32_t silent_after_s; /* 0: it may be silent for ever */
    bool disabled;
} feed_definition;

/* Queues. A feed from the file does not change what an operator has changed. */
WJZ_MUST_CHECK int store_define_feed_from_file(wjz_tx *tx, const feed_definition *feed);
WJZ_MUST_CHECK int store_define_feed(wjz_tx *tx, const feed_definition *feed);
/* The definition without keys, in the arena. Waits. */
WJZ_MUST_CHECK int store_read_definition(wjz_tx *tx, const char *name, wjz_arena *arena, feed_definition *ret_feed,
                                         bool *ret_found, wjz_err *err);
/* Reads all feeds into the registry, with the batches above their floor for feeds that are new to it. Waits. */
WJZ_MUST_CHECK int store_read_feeds(wjz_tx *tx, feeds *all, wjz_err *err);
/* Adds the batches above the floor that the store has. Waits. */
WJZ_MUST_CHECK int store_read_sequences(wjz_tx *tx, feed *of, wjz_err *err);
/* Adds what other instances received in these gaps. Waits. */
WJZ_MUST_CHECK int store_read_gaps(wjz_tx *tx, feed *of, const sequence_range *gaps, size_t count, wjz_err *err);
/* Queues: everything up to floor is durable. */
WJZ_MUST_CHECK int store_raise_floor(wjz_tx *tx, const feed *of, uint64_t floor);
/* Adds to the day's counts. Queues. */
WJZ_MUST_CHECK int store_add_counts(wjz_tx *tx, const feed *of, const feed_counts *counts);
typedef struct feed_health {
    uint64_t accepted, duplicate, revised, rejected;
    int64_t last_us, newest_report_us;
} feed_health;

/* Sums of all days. Waits. */
WJZ_MUST_CHECK int store_read_health(wjz_tx *tx, const feed *of, feed_health *ret_health, wjz_err *err);
/* Counts of today alone; the times of all days. Waits. */
WJZ_MUST_CHECK int store_read_today(wjz_tx *tx, const feed *of, feed_health *ret_health, wjz_err *err);
/* Queues: forgets receipts that are older than the days given, and gives up gaps that old. */
WJZ_MUST_CHECK int store_forget_receipts(wjz_tx *tx, int days);
typedef struct county_organs {
    bool has_one;       /* in force, or the organ that was named is */
    const char *others; /* counties that have, the nearest codes first: "510184, 510104"; "": none has */
} county_organs;

/* Who could be given what comes from the county, or from a feed for which that organ stands in ("": none does). In the
 * arena. Waits. */
WJZ_MUST_CHECK int store_read_county_organs(wjz_tx *tx, int32_t region, const char *organ, wjz_arena *arena,
                                            county_organs *ret_organs, wjz_err *err);
/* Counties that have an organ, ascending, malloced. Waits. */
WJZ_MUST_CHECK int store_read_regions(wjz_tx *tx, int32_t **ret_regions, size_t *ret_count, wjz_err *err);

#endif
