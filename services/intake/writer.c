/* See writer.h. */
#include "intake/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "intake/group.h"
#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/metrics.h"

enum {
    GROUP_ITEMS = 512,
    GROUP_SUBMISSIONS = 128,
    BULK_ITEMS = 64, /* in a transaction that takes long */
    ATTEMPTS = 5,
};

struct writer {
    writer_options options;
    feed *round; /* feeds with something waiting, in a ring; the last one served */
    size_t waiting_items;
    wjz_event work;
    wjz_event ended;
    int running;          /* writer fibers */
    size_t storing_items; /* in transactions under way */
    bool closing;
    bool meets_known; /* complaints of the last group were stored already */
    wjz_metric *queued, *stored, *group_sizes, *store_time, *refused;
};

/* --- the queue: one per feed, served in turn --- */

static void enqueue(writer *w, submission *it) {
    feed *of = it->feed;
    it->next = NULL;
    if (of->last != NULL)
        of->last->next = it;
    else
        of->first = it;
    of->last = it;
    of->waiting_items += it->count;
    w->waiting_items += it->count;
    if (of->in_round) return;
    of->in_round = true;
    if (w->round == NULL) {
        of->next_waiting = of;
    } else {
        of->next_waiting = w->round->next_waiting;
        w->round->next_waiting = of;
    }
    w->round = of;
}

/* The next feed's oldest submission, unless it would make the group larger than it may be. */
static submission *dequeue(writer *w, size_t room, bool anything) {
    if (w->round == NULL) return NULL;
    feed *of = w->round->next_waiting;
    submission *it = of->first;
    if (it->count > room && !anything) return NULL;
    of->first = it->next;
    if (of->first == NULL) of->last = NULL;
    of->waiting_items -= it->count;
    w->waiting_items -= it->count;
    if (of->first != NULL) {
        w->round = of;
        return it;
    }
    of->in_round = false;
    if (w->round == of)
        w->round = NULL;
    else
        w->round->next_waiting = of->next_waiting;
    return it;
}

/* What comes while a few items are being stored waits for them, and is one transaction then: a second one beside it
 * would cost more than it saves. Nobody waits for a bulk of items, nor does a full group wait. */
static bool may_begin(const writer *w) {
    size_t storing = w->storing_items;
    return storing == 0 || storing > BULK_ITEMS || w->waiting_items >= GROUP_ITEMS;
}

static size_t take_group(writer *w, submission **group, size_t *ret_items) {
    size_t count = 0;
    size_t items = 0;
    while (count < GROUP_SUBMISSIONS && items < GROUP_ITEMS) {
        submission *it = dequeue(w, GROUP_ITEMS - items, count == 0);
        if (it == NULL) break;
        items += it->count;
        group[count++] = it;
    }
    wjz_set(w->queued, (double)w->waiting_items);
    if (count > 0) wjz_observe(w->group_sizes, items);
    *ret_items = items;
    return count;
}

/* --- storing --- */

static group_context context_of(const writer *w, bool look_first) {
    return (group_context){
        .db = w->options.db, .bus = w->options.bus, .seal = w->options.seal, .look_first = look_first};
}

/* Whether the store is away or crowded, and the same may work later. */
static bool is_passing(int r) {
    return r == -ECONNRESET || r == -ETIMEDOUT || r == -EAGAIN || r == -ECANCELED || r == -ENOMEM || r == -EIO;
}

static bool has_known(submission *const *group, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < group[i]->count; j++) {
            outcome known = group[i]->items[j].outcome;
            if (known == DUPLICATE || known == REVISED) return true;
        }
    }
    return false;
}

/* Nearly all complaints are new, so the first attempt takes them to be, unless the last group knew better. */
static int store_repeatedly(writer *w, submission *const *group, size_t count, wjz_err *err) {
    bool look_first = false;
    for (size_t i = 0; i < count; i++)
        look_first = look_first || group[i]->look_first;
    int r = -EAGAIN;
    for (int attempt = 0; attempt < ATTEMPTS && (r == -EAGAIN || r == -EEXIST); attempt++) {
        group_context context = context_of(w, look_first);
        context.all_new = attempt == 0 && !w->meets_known;
        r = group_store(&context, group, count, err);
        if (context.all_new && r == -EEXIST) w->meets_known = true;
        if (!context.all_new && r == 0) w->meets_known = has_known(group, count);
        look_first = true;
    }
    return r == -EEXIST ? -EAGAIN : r;
}

static void reject(submitted_item *item, const wjz_err *err, wjz_arena *arena) {
    item->outcome = REJECTED;
    item->id = 0;
    item->code = "invalid";
    item->field = "";
    item->message = wjz_arena_printf(arena, "the store refuses the item: %s", err->text);
    if (item->message == NULL) item->message = "the store refuses the item";
    item->remedy = "compare the item with the description of its fields";
}

/* Finds the items that the store will not have by rehearsing each alone, then stores the others. */
static int store_good_items(writer *w, submission *it) {
    for (size_t i = 0; i < it->count; i++) {
        if (it->items[i].outcome == REJECTED) continue;
        submission alone = *it;
        alone.items = &it->items[i];
        alone.count = 1;
        submission *group = &alone;
        group_context context = context_of(w, false);
        context.rehearsal = true;
        int r = group_store(&context, &group, 1, &it->err);
        if (r < 0 && is_passing(r)) return r;
        if (r < 0 && r != -EEXIST) reject(&it->items[i], &it->err, it->arena);
    }
    return store_repeatedly(w, &it, 1, &it->err);
}

static void complete(writer *w, submission *it, int result) {
    it->result = result;
    wjz_event_set(w->options.loop, &it->done);
}

static void store_group(writer *w, submission **group, size_t count) {
    wjz_err err = {0};
    int64_t began = wjz_clock_monotonic_us();
    int r = store_repeatedly(w, group, count, &err);
    wjz_observe(w->store_time, (uint64_t)(wjz_clock_monotonic_us() - began));
    if (r == 0 || is_passing(r)) {
        if (r < 0) wjz_log_warn("items not stored", "submissions=%zu error=\"%s\"", count, err.text);
        for (size_t i = 0; i < count; i++) {
            if (r < 0) group[i]->err = err;
            complete(w, group[i], r < 0 ? -EAGAIN : 0);
        }
        return;
    }
    /* The fault lies in an item: the submissions are stored apart, and the one that has it item by item. */
    for (size_t i = 0; i < count; i++) {
        int alone = count > 1 ? store_repeatedly(w, &group[i], 1, &group[i]->err) : r;
        if (alone < 0 && !is_passing(alone)) alone = store_good_items(w, group[i]);
        complete(w, group[i], alone < 0 && is_passing(alone) ? -EAGAIN : alone);
    }
}

static void run(void *arg) {
    writer *w = arg;
    submission *group[GROUP_SUBMISSIONS];
    while (!w->closing || w->round != NULL) {
        size_t items = 0;
        size_t count = may_begin(w) ? take_group(w, group, &items) : 0;
        if (count > 0) {
            w->storing_items += items;
            store_group(w, group, count);
            w->storing_items -= items;
            /* Receipts leave before the next transaction is made; after a bulk that would keep the store waiting. */
            if (items <= BULK_ITEMS) wjz_fiber_let_pass(w->options.loop);
            continue;
        }
        wjz_event_clear(&w->work);
        wjz_event_wait(w->options.loop, &w->work);
    }
    wjz_event_set(w->options.loop, --w->running == 0 ? &w->ended : &w->work);
}

/* --- outside --- */

int writer_open(const writer_options *options, writer **ret_writer, wjz_err *err) {
    writer *w = calloc(1, sizeof *w);
    if (w == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    w->options = *options;
    w->queued = wjz_gauge("wjz_intake_queue_items", "", "Items that wait for the store");
    w->stored = wjz_counter("wjz_intake_stored_items_total", "", "Items handed to the store");
    w->refused = wjz_counter("wjz_intake_queue_refusals_total", "",
                             "Submissions refused because the queue was full or the store away");
    w->group_sizes = wjz_size_histogram("wjz_intake_group_items", "", "Items in one transaction");
    w->store_time = wjz_histogram("wjz_intake_store_seconds", "", "Time of one transaction");
    for (int i = 0; i < options->writers; i++) {
        int r = wjz_fiber_spawn(options->loop, run, w);
        if (r < 0) {
            writer_close(&w);
            return wjz_err_set(err, r, "could not start a writer");
        }
        w->running++;
    }
    *ret_writer = w;
    return 0;
}

void writer_close(writer **writer_at) {
    if (writer_at == NULL || *writer_at == NULL) return;
    writer *w = *writer_at;
    w->closing = true;
    wjz_event_set(w->options.loop, &w->work);
    if (w->running > 0) wjz_event_wait(w->options.loop, &w->ended);
    free(w);
    *writer_at = NULL;
}

int writer_submit(writer *w, submission *it) {
    size_t most = w->options.queue_items;
    bool full = w->waiting_items + it->count > most || it->feed->waiting_items + it->count > most / 2;
    if (w->closing || (full && w->waiting_items > 0) || !wjz_db_ready(w->options.db)) {
        wjz_count(w->refused, 1);
        return -EAGAIN;
    }
    it->done = (wjz_event){0};
    enqueue(w, it);
    wjz_event_set(w->options.loop, &w->work);
    wjz_event_wait(w->options.loop, &it->done);
    if (it->result == 0) wjz_count(w->stored, it->count);
    return it->result;
}

int writer_adopt_feedback(writer *w, wjz_err *err) {
    group_context context = context_of(w, false);
    size_t count = 0;
    int r = group_adopt(&context, &count, err);
    if (r == 0 && count > 0) wjz_log_info("feedback adopted", "complaints=%zu", count);
    return r;
}
