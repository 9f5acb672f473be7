/* CluesScored → assignments: gather the batch, lock and keep its clues, decide, write. */
#include "assignment/handlers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "assignment/assignment.h"
#include "assignment/store.h"
#include "wjz/clock.h"

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

static const char *join_agencies(wjz_arena *arena, const Wjz__Scoring__ClueState *state) {
    size_t size = 1;
    for (size_t i = 0; i < state->n_agencies; i++)
        size += strlen(state->agencies[i]) + 1;
    if (size == 1) return "";
    char *text = wjz_arena_alloc(arena, size), *end = text;
    if (text == NULL) return NULL;
    for (size_t i = 0; i < state->n_agencies; i++) {
        if (i > 0) *end++ = '\n';
        end = stpcpy(end, state->agencies[i]);
    }
    *end = '\0';
    return text;
}

static const char *or_none(const char *text) {
    return text[0] != '\0' ? text : "none";
}

static int read_clue(wjz_arena *arena, int32_t region, const Wjz__Scoring__ClueState *state, clue *ret_clue,
                     wjz_err *err) {
    if (state->clue == 0 || state->revision == 0 || state->stars < 1 || state->stars > 5)
        return wjz_err_set(err, -EINVAL, "clue %" PRIu64 " revision %" PRIu64 " has %" PRIu32 " stars, not 1 to 5",
                           state->clue, state->revision, state->stars);
    *ret_clue = (clue){.region = region,
                       .id = (int64_t)state->clue,
                       .revision = (int64_t)state->revision,
                       .index = state->index,
                       .stars = (int)state->stars,
                       .kind = state->kind,
                       .branch = or_none(state->branch),
                       .domain = or_none(state->domain),
                       .town = (int32_t)state->town,
                       .village = (int64_t)state->village,
                       .place = state->place,
                       .mediation = state->mediation,
                       .urgent = state->urgent,
                       .confidential = state->confidential,
                       .look_on_spot = state->look_on_spot,
                       .complaints = (int)state->complaint_count,
                       .merged_into = (int64_t)state->merged_into,
                       .feed = state->feed,
                       .report_region = (int32_t)state->report_region,
                       .agencies = join_agencies(arena, state),
                       .subject = state->subject,
                       .excluded = ""};
    return ret_clue->agencies != NULL ? 0 : out_of_memory(err);
}

/* By clue, and of one clue the highest revision first. */
static int by_clue_newest(const void *left, const void *right) {
    const clue *a = &((const store_told *)left)->told, *b = &((const store_told *)right)->told;
    if (a->region != b->region) return a->region < b->region ? -1 : 1;
    if (a->id != b->id) return a->id < b->id ? -1 : 1;
    return (a->revision < b->revision) - (a->revision > b->revision);
}

/* Sorts, and keeps the newest of each clue. Returns how many are left. */
static size_t keep_newest(store_told *clues, size_t count) {
    if (count == 0) return 0;
    qsort(clues, count, sizeof(store_told), by_clue_newest);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        const clue *last = &clues[kept - 1].told, *next = &clues[i].told;
        if (last->region != next->region || last->id != next->id) clues[kept++] = clues[i];
    }
    return kept;
}

static int gather(wjz_batch *batch, store_told **ret_clues, size_t *ret_count, wjz_err *err) {
    wjz_arena *arena = wjz_batch_arena(batch);
    size_t room = 0, count = 0;
    for (size_t m = 0; m < wjz_batch_count(batch); m++)
        room += ((const Wjz__Scoring__CluesScored *)wjz_batch_message(batch, m)->body)->n_clues;
    store_told *clues = wjz_arena_calloc(arena, room, sizeof(store_told));
    if (clues == NULL) return out_of_memory(err);
    for (size_t m = 0; m < wjz_batch_count(batch); m++) {
        const wjz_message *message = wjz_batch_message(batch, m);
        const Wjz__Scoring__CluesScored *body = (const Wjz__Scoring__CluesScored *)message->body;
        for (size_t i = 0; i < body->n_clues; i++) {
            int r = read_clue(arena, message->region, body->clues[i], &clues[count++].told, err);
            if (r < 0) return r;
        }
    }
    *ret_count = keep_newest(clues, count);
    *ret_clues = clues;
    return 0;
}

/* Of the clues, which are sorted by region, those regions that the picture has no organ for; how many. */
static size_t unknown_regions(const directory *people, const store_told *clues, size_t count, int32_t *regions) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t region = clues[i].told.region;
        bool seen = i > 0 && clues[i - 1].told.region == region;
        if (!seen && directory_organ_of_region(people, region) == NULL) regions[found++] = region;
    }
    return found;
}

/* A directory that is loaded while clues come in is seen by the first of them, not only at the next reading: nothing is
 * unroutable because the picture is old. Clues that came before it are then placed, too. */
static int see_new_regions(assignment_service *self, wjz_tx *tx, wjz_arena *arena, const store_told *clues,
                           size_t count, wjz_err *err) {
    int32_t *regions = wjz_arena_alloc(arena, count * sizeof(int32_t));
    if (regions == NULL) return out_of_memory(err);
    size_t unknown = unknown_regions(self->people, clues, count, regions);
    bool loaded = false;
    int r = unknown > 0 ? store_has_organ(tx, regions, unknown, &loaded, err) : 0;
    if (r < 0 || !loaded) return r;
    wjz_event_set(self->loop, &self->directory_wake);
    return assignment_renew_directory(self, tx, err);
}

static int decide(turn *now, const store_told *clues, size_t count, wjz_err *err) {
    for (size_t i = 0; i < count; i++) {
        if (!clues[i].newer) continue;
        int r = dispatch_told(&now->on, &clues[i].told, clues[i].open, clues[i].last, err);
        if (r < 0) return r;
    }
    return 0;
}

int on_clues_scored(wjz_batch *batch, void *state, wjz_err *err) {
    assignment_service *self = state;
    wjz_tx *tx = wjz_batch_tx(batch);
    wjz_arena *arena = wjz_batch_arena(batch);
    store_told *clues;
    size_t count;
    int r = gather(batch, &clues, &count, err);
    if (r < 0 || count == 0) return r;
    r = store_take_clues(tx, arena, clues, count, wjz_batch_careful(batch), err);
    if (r == 0) r = see_new_regions(self, tx, arena, clues, count, err);
    if (r < 0) return r;
    turn now;
    turn_begin(self, arena, &now);
    r = decide(&now, clues, count, err);
    if (r == 0) r = turn_write(self, &now, tx, err);
    turn_end(&now);
    return r;
}
