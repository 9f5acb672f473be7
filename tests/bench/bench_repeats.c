/* Whether finding repeats stays as quick as it is while clues grow: complaints join indexes of 10 thousand, 100
 * thousand and a million others.
 *
 *     bench_repeats DEPLOY [MOST]
 *
 * DEPLOY: the folder with rules, gazetteer, repeats and demo. MOST: of the sizes, the largest (default 1000000).
 * Complaints are the generator's, in the order of their report. Prints for each size the microseconds of the
 * processor that a complaint takes from its matter to its clue (candidates, links, partition, identity; the median of
 * its batches), times those at the smallest size, the bytes of index for a complaint, and precision and recall of pairs
 * of complaints in one clue against the generator's truth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/generator.h"
#include "scoring/analysis.h"
#include "scoring/large.h"
#include "scoring/matter.h"
#include "scoring/regroup.h"
#include "scoring/repeats_rules.h"

enum { AHEAD = 8 /* complaints, in fetching from memory */ };
enum { BATCH = 256, MEASURED = 32 /* batches */, SIZES = 3 };

static const size_t sizes[SIZES] = {10000, 100000, 1000000};

typedef struct packed {
    size_t at, length; /* in what is kept */
    uint64_t truth;    /* the matter it is */
    int64_t clue;
} packed;

static struct {
    const char *deploy;
    rule_pack *pack;
    gazetteer *places;
    repeat_rules *rules;
    repeats_index *index;
    pair_memo *memo;
    generator *generator;
    packed *matters; /* of complaint id - 1 */
    size_t count;
    large_array kept; /* packed matters, one after another, as a store has them */
    size_t kept_used;
    wjz_arena *turn;
    int64_t last_clue;
} bench;

static void stop(const char *what, const char *why) {
    fprintf(stderr, "bench_repeats: %s: %s\n", what, why);
    exit(1);
}

static double processor_us(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

static int64_t next_clue(void) {
    return ++bench.last_clue;
}

/* --- complaints --- */

static void open_generator(size_t size) {
    char path[1000];
    wjz_err err = {0};
    snprintf(path, sizeof path, "%s/demo/complaints.yaml", bench.deploy);
    if (generator_open(path, size + (size_t)MEASURED * BATCH, 1, 1785513600000000, &bench.generator, &err))
        stop(path, err.text);
}

static const char *bytes_of(const packed *kept) {
    return (const char *)bench.kept.bytes + kept->at;
}

static void keep(packed *kept, const void *data) {
    if (large_grow(&bench.kept, bench.kept_used + kept->length)) stop("memory", "none left");
    kept->at = bench.kept_used;
    bench.kept_used += kept->length;
    memcpy((char *)bench.kept.bytes + kept->at, data, kept->length);
}

static const matter *make_matter(void) {
    const demo_complaint *d = generator_next(bench.generator);
    if (!d) stop("generator", "has no more complaints");
    complaint c = {.id = (int64_t)bench.count + 1,
                   .feed = "demo",
                   .external_id = d->external_id,
                   .title = d->title,
                   .content = d->content,
                   .order_type = d->order_type,
                   .categories = d->category,
                   .incident_address = d->address,
                   .town = d->town,
                   .village = "",
                   .handler_unit = d->handler_unit,
                   .handle_result = "",
                   .status = d->status,
                   .visit_note = "",
                   .parent_id = "",
                   .received_at_us = d->received_at_us};
    wjz_err err = {0};
    Wjz__Scoring__Finding *finding = NULL;
    matter *m = NULL;
    if (analyse(bench.pack, bench.places, &c, bench.turn, &finding, &err)) stop("analyse", err.text);
    packed *kept = &bench.matters[bench.count++];
    kept->truth = d->matter;
    const void *data = NULL;
    if (matter_of(bench.rules, &c, finding, bench.turn, &m) || matter_pack(m, bench.turn, &data, &kept->length))
        stop("memory", "none left");
    keep(kept, data);
    return m;
}

/* --- one batch, as matters.c takes it --- */

static const packed *kept_of(const regroup_want *want) {
    return &bench.matters[want->complaint - 1];
}

static void fetch(const packed *kept) {
    for (size_t at = 0; at < kept->length; at += 64)
        __builtin_prefetch(bytes_of(kept) + at);
}

static void supply(regroup *g) {
    regroup_want *wants = NULL;
    size_t missing = 0;
    if (regroup_missing(g, &wants, &missing)) stop("memory", "none left");
    for (size_t i = 0; i < missing + 2 * AHEAD; i++) {
        if (i < missing) __builtin_prefetch(kept_of(&wants[i]));
        if (i >= AHEAD && i - AHEAD < missing) fetch(kept_of(&wants[i - AHEAD]));
        if (i < 2 * AHEAD) continue;
        const packed *kept = kept_of(&wants[i - 2 * AHEAD]);
        matter *m = NULL;
        if (matter_unpack(bytes_of(kept), kept->length, bench.turn, &m)) stop("supply", "cannot unpack");
        regroup_supply(g, &wants[i - 2 * AHEAD], m);
    }
}

static int by_clue(const void *a, const void *b) {
    int64_t x = ((const old_clue *)a)->clue, y = ((const old_clue *)b)->clue;
    return (x > y) - (x < y);
}

static void settle(regroup_group *groups, size_t count) {
    size_t members = 0, all = 0, unique = 0;
    for (size_t i = 0; i < count; i++)
        members += groups[i].count;
    old_clue *clues = wjz_arena_calloc(bench.turn, members, sizeof *clues);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            if (groups[i].members[j].clue) clues[all++].clue = groups[i].members[j].clue;
        }
    }
    qsort(clues, all, sizeof *clues, by_clue);
    for (size_t i = 0; i < all; i++) {
        if (unique == 0 || clues[unique - 1].clue != clues[i].clue) clues[unique++] = clues[i];
    }
    if (regroup_identify(groups, count, clues, unique, next_clue, bench.turn)) stop("identify", "failed");
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i].count; j++)
            repeats_index_set_clue(bench.index, groups[i].members[j].slot, groups[i].clue);
    }
}

/* The processor's microseconds for a complaint of a batch. */
static double take_batch(size_t count) {
    regroup *g = NULL;
    regroup_group *groups = NULL;
    size_t group_count = 0, first = bench.count;
    regroup_item items[BATCH];
    for (size_t i = 0; i < count; i++)
        items[i] = (regroup_item){(int64_t)(first + i) + 1, make_matter()};
    double before = processor_us();
    if (regroup_new(bench.rules, bench.index, bench.memo, bench.turn, &g) || regroup_put(g, items, count))
        stop("memory", "none left");
    supply(g);
    if (regroup_link(g)) stop("memory", "none left");
    supply(g);
    if (regroup_groups(g, &groups, &group_count)) stop("memory", "none left");
    settle(groups, group_count);
    regroup_destroy(&g);
    double took = (processor_us() - before) / (double)count;
    wjz_arena_reset(bench.turn);
    return took;
}

/* --- truth --- */

static int by_truth(const void *a, const void *b) {
    const packed *x = a, *y = b;
    return x->truth != y->truth ? (x->truth > y->truth) - (x->truth < y->truth)
                                : (x->clue > y->clue) - (x->clue < y->clue);
}

static int by_own_clue(const void *a, const void *b) {
    const packed *x = a, *y = b;
    return (x->clue > y->clue) - (x->clue < y->clue);
}

static double pairs_of(size_t run) {
    return (double)run * (double)(run - 1) / 2;
}

/* Of the pairs that are in one clue the part that is one matter, and the other way round. Reorders the matters. */
static void measure_truth(size_t size) {
    double both = 0, same = 0, joined = 0;
    packed *m = bench.matters;
    for (size_t i = 0; i < bench.count; i++)
        m[i].clue = repeats_index_entry(bench.index, repeats_index_find(bench.index, (int64_t)i + 1))->clue;
    qsort(m, bench.count, sizeof *m, by_truth);
    for (size_t i = 0, whole = 0, run = 0; i <= bench.count; i++) {
        if (i && (i == bench.count || by_truth(&m[i], &m[i - 1]))) both += pairs_of(i - run), run = i;
        if (i && (i == bench.count || m[i].truth != m[i - 1].truth)) same += pairs_of(i - whole), whole = i;
    }
    qsort(m, bench.count, sizeof *m, by_own_clue);
    for (size_t i = 0, run = 0; i <= bench.count; i++) {
        if (i && (i == bench.count || by_own_clue(&m[i], &m[i - 1]))) joined += pairs_of(i - run), run = i;
    }
    printf("repeats_%zu_precision\t%.3f\nrepeats_%zu_recall\t%.3f\n", size, both / joined, size, both / same);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(size_t size) {
    static double smallest;
    double took[MEASURED];
    bench.count = 0;
    bench.kept_used = 0;
    if (repeats_index_new(&bench.index) || pair_memo_new(&bench.memo)) stop("memory", "none left");
    open_generator(size);
    while (bench.count < size)
        take_batch(size - bench.count < BATCH ? size - bench.count : BATCH);
    for (int i = 0; i < MEASURED; i++)
        took[i] = take_batch(BATCH);
    qsort(took, MEASURED, sizeof *took, by_size);
    double median = took[MEASURED / 2];
    if (!smallest) smallest = median;
    printf("repeats_%zu_us\t%.2f\nrepeats_%zu_ratio\t%.2f\nrepeats_%zu_index_bytes\t%.0f\n", size, median, size,
           median / smallest, size, (double)repeats_index_bytes(bench.index) / (double)bench.count);
    measure_truth(size);
    fflush(stdout);
    generator_close(&bench.generator);
    repeats_index_destroy(&bench.index);
    pair_memo_destroy(&bench.memo);
    large_free(&bench.kept);
}

static const char *folder(const char *name) {
    static char path[1000];
    snprintf(path, sizeof path, "%s/%s", bench.deploy, name);
    return path;
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) stop("usage", "bench_repeats DEPLOY [MOST]");
    size_t most = argc == 3 ? strtoul(argv[2], NULL, 10) : sizes[SIZES - 1];
    wjz_err err = {0};
    bench.deploy = argv[1];
    bench.turn = wjz_arena_new(0);
    bench.matters = large_calloc((sizes[SIZES - 1] + (size_t)MEASURED * BATCH) * sizeof *bench.matters);
    if (!bench.turn || !bench.matters) stop("memory", "none left");
    if (rule_pack_load(folder("rules"), &bench.pack, &err) ||
        gazetteer_load(folder("gazetteer"), &bench.places, &err) ||
        repeat_rules_load(folder("repeats"), &bench.rules, &err))
        stop(bench.deploy, err.text);
    for (int i = 0; i < SIZES && sizes[i] <= most; i++)
        measure(sizes[i]);
    return 0;
}
