/* A subject is recognised by its name as the analysis of complaints has it: without the county and town in front, for
 * nobody who complains writes the name of the register in full. */
#include "scoring/enforcement.h"

#include <errno.h>
#include <string.h>

#include "scoring/extract.h"
#include "scoring/matters.h"
#include "scoring/normalise.h"
#include "scoring/store.h"
#include "scoring/store_packs.h"

enum { SCORED_AGAIN = 2000 /* complaints of one batch of records */ };

enum { NAMES_LIMIT = 8 /* in the name of one subject */ };

static int normalise_subject(enforcement *record, wjz_arena *arena) {
    const text_part part = {WJZ__SCORING__FIELD__FIELD_NONE, record->subject_name, strlen(record->subject_name)};
    normal_text *text = NULL;
    text_spots spots;
    text_name names[NAMES_LIMIT];
    int r = normalise(&part, 1, arena, &text);
    if (!r) r = extract_spots(text, text->part_char[1] - 1, arena, &spots);
    if (r) return r;
    uint32_t from = 0, length = (uint32_t)strcspn(text->bytes, "\n");
    size_t count = extract_names(&spots, names, NAMES_LIMIT);
    if (count > 0 && names[count - 1].to == length) from = names[count - 1].from;
    record->subject_name = wjz_arena_strndup(arena, text->bytes + from, length - from);
    return record->subject_name ? 0 : -ENOMEM;
}

/* The locks of a turn, in a turn's order: a complaint that is scored beside us sees these records, or is seen by us. */
static int take_locks(scoring_service *self, wjz_tx *tx, int32_t region, followed **ret_index, wjz_err *err) {
    int active_at = 0;
    int r = store_ask_active(tx, &active_at);
    if (r) return wjz_err_set(err, r, "could not ask for the lock of rule packs");
    r = wjz_tx_wait(tx, NULL, err);
    if (!r) r = follow_enter(&self->regions, self->loop, tx, region, ret_index, err);
    return r ? r : follow_lock(*ret_index, tx, wjz_tx_arena(tx), err);
}

int enforcement_take(scoring_service *self, wjz_tx *tx, int32_t region, const int64_t *ids, size_t count,
                     wjz_arena *arena, wjz_err *err) {
    enforcement *records = NULL;
    size_t found = 0, complaint_count = 0;
    int64_t *complaints = NULL;
    followed *index = NULL;
    int r = take_locks(self, tx, region, &index, err);
    if (!r) r = store_load_enforcement(tx, region, ids, count, arena, &records, &found, err);
    if (r) return r;
    follow_unchanged(index);
    if (!found) return 0;
    const char **subjects = wjz_arena_alloc(arena, found * sizeof *subjects);
    if (!subjects) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < found; i++) {
        r = normalise_subject(&records[i], arena);
        if (r) return wjz_err_set(err, r, "could not normalise the subject of record %lld", (long long)records[i].id);
        subjects[i] = records[i].subject_name;
    }
    r = store_put_penalties(tx, region, records, found, arena);
    if (!r) r = follow_note(index, tx);
    if (r) return wjz_err_set(err, r, "could not write penalties of region %d", (int)region);
    r = store_complaints_of_subjects(tx, region, subjects, found, SCORED_AGAIN, arena, &complaints, &complaint_count,
                                     err);
    if (r || !complaint_count) return r;
    return matters_take(self, tx, region, complaints, NULL, complaint_count, arena, err);
}
